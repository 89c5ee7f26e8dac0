/** Texts that go into SQL, for a server or for a person. */

/** A PostgreSQL identifier, quoted. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** A text constant. It never holds a NUL: no config and no catalogue does. */
export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

export function textArray(texts: readonly string[]): string {
  return `ARRAY[${texts.map(literal).join(', ')}]::text[]`;
}

export interface TableName {
  namespace: string;
  name: string;
}

/** A name with dots in it can be read in several ways; the first dot is the likeliest. */
export function candidates(asked: string): [TableName, ...TableName[]] {
  const dots = [...asked]
    .flatMap((char, at) => (char === '.' ? [at] : []))
    .filter((at) => at > 0 && at < asked.length - 1);
  const [first, ...others] = dots.map((at) => ({ namespace: asked.slice(0, at), name: asked.slice(at + 1) }));
  return first ? [first, ...others] : [{ namespace: 'public', name: asked }];
}

export function relation({ namespace, name }: TableName): string {
  return `${quote(namespace)}.${quote(name)}`;
}

/** A statement that runs only where a condition holds, so that running it again does no harm. */
export function onlyIf(condition: string, statement: string): string {
  const body = `BEGIN\n  IF ${condition} THEN\n    ${statement}\n  END IF;\nEND`;
  // A name may hold anything, the end of the block too.
  let tag = 'do';
  while (body.includes(`$${tag}$`)) tag += '_';
  return `DO $${tag}$\n${body}\n$${tag}$;`;
}
