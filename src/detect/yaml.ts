type Mapping = Readonly<Record<string, unknown>>;

/** What a YAML file holds, with its anchors and merges; nothing where it is none. Its errors quote it, so none is told. */
export async function yamlOf(text: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { merge: true, logLevel: 'silent', prettyErrors: false, uniqueKeys: false });
    return document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 100 });
  } catch {
    return undefined;
  }
}

export function mapping(value: unknown): Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
