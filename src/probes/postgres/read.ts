import type { Column, DiscoverQuery, Preview, ReadSession, Stream, StreamPage } from '../probe.ts';
import { advise } from './advice.ts';
import { COLUMNS, STREAM, STREAMS } from './queries.ts';
import type { Row, Session } from './session.ts';
import { quote } from './sql.ts';

const KINDS: Readonly<Record<string, string>> = {
  r: 'table',
  p: 'table',
  v: 'view',
  m: 'materialized_view',
  f: 'foreign_table',
};
const KEY_SEPARATOR = '\x1f';
const LONGEST_VALUE = 200;
const SHORTEST_VALUE = 20;
/** More than PostgreSQL lets a table have. */
const MOST_COLUMNS = 1700;
/** More than is shown, so that a secret that sits across the cut is still known for one. */
const CUT_AT = LONGEST_VALUE * 4;
const PREVIEW_LIMIT_MS = 5000;
const MOST_BYTES = 48 * 1024;

/** Discovery and preview over a session whose gates have passed. */
export function readSession(session: Session): ReadSession {
  return {
    discover: (query) => (query.stream === undefined ? page(session, query) : named(session, query.stream)),
    advise: (streams) => advise(session, streams),
    preview: (stream, limit) => preview(session, stream, limit),
  };
}

async function page(session: Session, { query, limit, after }: DiscoverQuery): Promise<StreamPage> {
  const pattern = query === undefined ? undefined : `%${query.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
  const rows = await session.raw(STREAMS(session.schemas, { pattern, after, limit: limit + 1 }));
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const streams = shown.map((row) => streamOf(session, row));
  return last ? { streams, next: { namespace: last['namespace'] ?? '', name: last['name'] ?? '' } } : { streams };
}

async function named(session: Session, name: string): Promise<StreamPage> {
  const row = await find(session, name);
  if (!row) return { streams: [] };
  const columns = await columnsOf(session, row);
  return { streams: [{ ...streamOf(session, row), columns: columns.map((column) => shownColumn(session, column)) }] };
}

/** The catalogue's row of a stream, or nothing where there is none that may be read. */
async function find(session: Session, name: string): Promise<Row | undefined> {
  const [row] = await session.raw(STREAM(session.schemas, name));
  return row;
}

function streamOf(session: Session, row: Row): Stream {
  const estimate = Number(session.clean(row['estimate'], 20));
  return {
    namespace: session.clean(row['namespace']),
    name: session.clean(row['name']),
    kind: KINDS[row['kind'] ?? ''] ?? 'table',
    // -1: never analysed. Views have no statistics of their own.
    ...(estimate >= 0 && row['kind'] !== 'v' ? { row_estimate: estimate } : {}),
    ...(row['keys'] ? { keys: row['keys'].split(KEY_SEPARATOR).map((key) => session.clean(key)) } : {}),
  };
}

async function columnsOf(session: Session, stream: Row): Promise<Column[]> {
  const rows = await session.raw(COLUMNS(stream['oid'] ?? '0'));
  return rows.slice(0, MOST_COLUMNS).map((row) => ({
    name: row['name'] ?? '',
    type: session.clean(row['type'], 100),
    nullable: row['nullable'] === 'true',
  }));
}

/** Values are cut at the server, so that a large one never travels. */
async function preview(session: Session, name: string, limit: number): Promise<Preview | undefined> {
  const stream = await find(session, name);
  if (!stream) return undefined;
  const columns = await columnsOf(session, stream);
  const list = columns.map(({ name: column }, i) => `left(t.${quote(column)}::text, ${CUT_AT}) AS c${i}`);
  const from = `${quote(stream['namespace'] ?? '')}.${quote(stream['name'] ?? '')}`;
  const select = `SELECT ${list.join(', ') || '1'} FROM ${from} t LIMIT ${limit + 1}`;
  const fetched = await session.readOnly(select, PREVIEW_LIMIT_MS, session.clean(from, 140));
  const names = distinct(columns.map(({ name: column }) => session.clean(column)));
  // Many columns leave each of them less room.
  const longest = Math.max(
    SHORTEST_VALUE,
    Math.min(LONGEST_VALUE, Math.floor(MOST_BYTES / Math.max(1, columns.length) / 2)),
  );
  const rows: Record<string, unknown>[] = [];
  let bytes = 0;
  for (const raw of fetched.slice(0, limit)) {
    const row = Object.fromEntries(
      columns.map(({ type }, i) => [names[i] ?? '', shownValue(session, raw[`c${i}`] ?? null, type, longest)]),
    );
    bytes += JSON.stringify(row).length;
    if (bytes > MOST_BYTES && rows.length > 0) break;
    rows.push(row);
  }
  return {
    columns: columns.map((column, i) => ({ ...column, name: names[i] ?? '' })),
    rows,
    truncated: rows.length < fetched.length,
  };
}

/** Names that cleaning has made equal, told apart again. */
function distinct(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name} (${times})`;
  });
}

function shownColumn(session: Session, column: Column): Column {
  return { ...column, name: session.clean(column.name) };
}

function shownValue(session: Session, text: string | null, type: string, longest: number): unknown {
  if (text === null) return null;
  const shown = session.clean(text, longest);
  if (type === 'boolean') return text === 'true' || text === 't';
  // Wider types stay text: a JavaScript number would lose digits.
  if (/^(smallint|integer|real|double precision)$/.test(type) && Number.isFinite(Number(shown))) return Number(shown);
  return shown;
}
