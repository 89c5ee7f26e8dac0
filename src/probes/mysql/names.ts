/** An identifier, quoted in the one way that every SQL mode reads alike. */
export function quote(identifier: string): string {
  return `\`${identifier.replaceAll('`', '``')}\``;
}

/** A table by its own name and its database's. */
export function qualified(namespace: string, name: string): string {
  return `${quote(namespace)}.${quote(name)}`;
}

/** All of a database, as rights are given on it: there its name is a pattern. */
export function allOf(database: string): string {
  return `${quote(database.replace(/[\\_%]/g, (sign) => `\\${sign}`))}.*`;
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

/** A text in a statement that a person is to read, where it can be both read and safe. */
export function legible(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) && !text.includes('\\') ? `'${text.replaceAll("'", "''")}'` : literal(text);
}

/** A selected table, `database.table`; undefined where it has no dot. The table's name may have more. */
export function positionFrom(name: string): { namespace: string; name: string } | undefined {
  const dot = name.indexOf('.');
  return dot <= 0 || dot === name.length - 1 ? undefined : { namespace: name.slice(0, dot), name: name.slice(dot + 1) };
}
