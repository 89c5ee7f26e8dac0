import type { Column } from '../probe.ts';

/** A record of an API's answer. */
export type ApiRecord = Readonly<Record<string, unknown>>;

/** Where APIs usually put their list. */
const USUAL = ['data', 'items', 'results', 'records', 'values', 'entries', 'value', 'rows'];

/**
 * The list of records in an answer: at the JSON Pointer that was given, else the answer itself or the usual places,
 * else the answer as one record.
 * @returns undefined where there is no list at the pointer
 */
export function recordsOf(answer: unknown, pointer: string | undefined): ApiRecord[] | undefined {
  if (pointer !== undefined) {
    const found = at(answer, pointer);
    return Array.isArray(found) ? found.map(asRecord) : undefined;
  }
  if (Array.isArray(answer)) return answer.map(asRecord);
  for (const name of USUAL) {
    const found = at(answer, `/${name}`);
    if (Array.isArray(found)) return found.map(asRecord);
  }
  return [asRecord(answer)];
}

function asRecord(value: unknown): ApiRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : { value };
}

function at(value: unknown, pointer: string): unknown {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return parts.reduce<unknown>(
    (inner, part) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, part)
        ? (inner as Record<string, unknown>)[part]
        : undefined,
    value,
  );
}

/** Columns as the records show them: every key, with the JSON type of its values. */
export function columnsOf(records: readonly ApiRecord[]): Column[] {
  const types = new Map<string, Set<string>>();
  for (const record of records) {
    for (const [name, value] of Object.entries(record))
      types.set(name, (types.get(name) ?? new Set()).add(typeOf(value)));
  }
  return [...types].map(([name, seen]) => {
    const own = [...seen].filter((type) => type !== 'null');
    const everywhere = records.every((record) => Object.hasOwn(record, name));
    return { name, type: own.join(' | ') || 'null', nullable: seen.has('null') || !everywhere };
  });
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * The beginning of a value's JSON: a little over `most` characters where there is more. Every level of nesting takes
 * at least one of them, so that it goes no deeper than that either. `scalar`: what is shown in place of a number.
 */
export function shortJson(value: unknown, most: number, scalar: (value: unknown) => unknown): string {
  let text = '';
  const write = (piece: string) => {
    text += piece;
    return text.length <= most;
  };
  const list = (open: string, items: readonly unknown[], close: string, item: (at: number) => boolean): boolean =>
    write(open) && items.every((_, at) => (at === 0 || write(',')) && item(at)) && write(close);
  const put = (inner: unknown): boolean => {
    if (typeof inner === 'string') return write(JSON.stringify(inner.slice(0, most)));
    if (typeof inner !== 'object' || inner === null) return write(JSON.stringify(scalar(inner)));
    if (Array.isArray(inner)) return list('[', inner, ']', (at) => put(inner[at]));
    const entries = Object.entries(inner);
    const entry = ([name, of]: [string, unknown]) => write(`${JSON.stringify(name.slice(0, most))}:`) && put(of);
    return list('{', entries, '}', (at) => entry(entries[at] ?? ['', null]));
  };
  put(value);
  return text;
}
