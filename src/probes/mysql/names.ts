/** An identifier, quoted in the one way that every SQL mode reads alike. */
export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}

/** A table by its own name and its database's. */
export function qualified(namespace: string, name: string): string {
  return `${quote(namespace)}.${quote(name)}`;
}

/** An account as the server writes it, `reader@%`, quoted; a name may hold an @, a host never does. */
export function quoteAccount(account: string): string {
  const at = account.lastIndexOf('@');
  return at < 0 ? `${quote(account)}@${quote('%')}` : `${quote(account.slice(0, at))}@${quote(account.slice(at + 1))}`;
}

/** A text in a statement: no SQL mode and no character set can read it as anything else. */
export function literal(text: string): string {
  if (/^[\w .,$-]*$/.test(text)) return `'${text}'`;
  return `_utf8mb4 0x${Buffer.from(text, 'utf8').toString('hex')}`;
}

export function literals(texts: readonly string[]): string {
  return texts.map(literal).join(', ');
}
