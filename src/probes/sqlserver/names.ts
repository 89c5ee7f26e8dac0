/** An identifier in brackets: the one way of quoting that no setting changes. */
export function quote(identifier: string): string {
  return `[${identifier.replaceAll(']', ']]')}]`;
}

/** A table by its own name and its schema's. */
export function qualified(namespace: string, name: string): string {
  return `${quote(namespace)}.${quote(name)}`;
}

/** A text in a statement. */
export function literal(text: string): string {
  return `N'${text.replaceAll("'", "''")}'`;
}

/** The ways in which `schema.table` can be read, where names hold dots. The most likely first. */
export function readings(whole: string): { namespace: string; name: string }[] {
  const dots = [...whole].flatMap((char, i) => (char === '.' ? [i] : []));
  return dots
    .map((at) => ({ namespace: whole.slice(0, at), name: whole.slice(at + 1) }))
    .filter(({ namespace, name }) => namespace !== '' && name !== '');
}
