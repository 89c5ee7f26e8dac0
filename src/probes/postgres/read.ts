import type { Column, DiscoverQuery, Preview, ReadSession, Stream } from '../probe.ts';
import { quote } from './errors.ts';
import { COLUMNS, STREAM, STREAMS } from './queries.ts';
import type { Session } from './session.ts';

const KINDS: Readonly<Record<string, string>> = { r: 'table', p: 'table', v: 'view', m: 'materialized_view', f: 'foreign_table' };
const KEY_SEPARATOR = '\x1f';
const LONGEST_VALUE = 200;
const MOST_BYTES = 48 * 1024;

/** Discovery and preview over a session whose gates have passed. */
export function readSession(session: Session): ReadSession {
  return {
    discover: (query) => (query.stream === undefined ? page(session, query) : named(session, query.stream)),
    preview: (stream, limit) => preview(session, stream, limit),
  };
}

async function page(session: Session, { query, limit, after }: DiscoverQuery): Promise<Stream[]> {
  const pattern = query === undefined ? null : `%${query.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
  const values = [session.schemas, pattern, after?.namespace ?? null, after?.name ?? null, limit];
  return (await session.query(STREAMS, values)).map((row) => streamOf(row));
}

async function named(session: Session, name: string): Promise<Stream[]> {
  const found = await find(session, name);
  if (!found) return [];
  return [{ ...found.stream, columns: await columnsOf(session, found.oid) }];
}

async function find(session: Session, name: string): Promise<{ stream: Stream; oid: string } | undefined> {
  const [row] = await session.query(STREAM, [session.schemas, name]);
  return row ? { stream: streamOf(row), oid: row['oid'] ?? '0' } : undefined;
}

function streamOf(row: Readonly<Record<string, string | null>>): Stream {
  const estimate = Number(row['estimate']);
  return {
    namespace: row['namespace'] ?? '',
    name: row['name'] ?? '',
    kind: KINDS[row['kind'] ?? ''] ?? 'table',
    // -1: never analysed. Views have no statistics of their own.
    ...(estimate >= 0 && row['kind'] !== 'v' ? { row_estimate: estimate } : {}),
    ...(row['keys'] ? { keys: row['keys'].split(KEY_SEPARATOR) } : {}),
  };
}

async function columnsOf(session: Session, oid: string): Promise<Column[]> {
  const rows = await session.query(COLUMNS, [oid]);
  return rows.map((row) => ({ name: row['name'] ?? '', type: row['type'] ?? '', nullable: row['nullable'] === 'true' }));
}

/** Values are cut at the server, so that a large one never travels. */
async function preview(session: Session, name: string, limit: number): Promise<Preview | undefined> {
  const found = await find(session, name);
  if (!found) return undefined;
  const columns = await columnsOf(session, found.oid);
  const list = columns.map(({ name: column }) => `left(t.${quote(column)}::text, ${LONGEST_VALUE + 1}) AS ${quote(column)}`);
  const from = `${quote(found.stream.namespace)}.${quote(found.stream.name)}`;
  const fetched = await session.query(
    `BEGIN READ ONLY; SET LOCAL statement_timeout = 5000; SELECT ${list.join(', ') || '1'} FROM ${from} t LIMIT ${limit + 1}; ROLLBACK`,
    undefined,
    'READ_FAILED',
  );
  const rows: Record<string, unknown>[] = [];
  let bytes = 0;
  for (const raw of fetched.slice(0, limit)) {
    const row = Object.fromEntries(columns.map(({ name: column, type }) => [column, valueOf(raw[column] ?? null, type)]));
    bytes += JSON.stringify(row).length;
    if (bytes > MOST_BYTES) break;
    rows.push(row);
  }
  return { columns, rows, truncated: rows.length < fetched.length };
}

function valueOf(text: string | null, type: string): unknown {
  if (text === null) return null;
  if (type === 'boolean') return text === 'true' || text === 't';
  // Wider types stay text: a JavaScript number would lose digits.
  if (/^(smallint|integer|real|double precision)$/.test(type) && Number.isFinite(Number(text))) return Number(text);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
