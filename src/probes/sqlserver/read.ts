import type { Column, DiscoverQuery, Preview, ReadSession, Stream, StreamPage } from '../probe.ts';
import { longestValue, shownRows } from '../shown.ts';
import { advise } from './advice.ts';
import { qualified, quote } from './names.ts';
import { columns, primaryKeys, streamNamed, streamPage } from './queries.ts';
import type { Row, Session } from './session.ts';
import { kindOf } from './tables.ts';
import { asText, columnOf, shownType, shownValue, type TableColumn } from './types.ts';

const PREVIEW_LIMIT_MS = 5000;
const MOST_COLUMNS = 1024;
/** More than is shown, so that a secret that sits across the cut is still known for one. */
const CUT_AT = 4;

/** Discovery and preview over a session whose gates have passed. */
export function readSession(session: Session): ReadSession {
  return {
    discover: (query) => (query.stream === undefined ? page(session, query) : named(session, query.stream)),
    advise: (streams) => advise(session, streams),
    preview: (stream, limit) => preview(session, stream, limit),
  };
}

async function page(session: Session, { query: part, after, limit }: DiscoverQuery): Promise<StreamPage> {
  const rows = await session.query(streamPage(session.schemas, { part, after, limit: limit + 1 }));
  const shown = rows.slice(0, limit);
  const keys = await keysOf(session, shown);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const streams = shown.map((row) => streamOf(session, row, keys));
  return last ? { streams, next: { namespace: last['namespace'] ?? '', name: last['name'] ?? '' } } : { streams };
}

async function named(session: Session, name: string): Promise<StreamPage> {
  const row = await find(session, name);
  if (!row) return { streams: [] };
  const [keys, found] = [await keysOf(session, [row]), await columnsOf(session, row)];
  return {
    streams: [{ ...streamOf(session, row, keys), columns: found.map((column) => shownColumn(session, column)) }],
  };
}

async function find(session: Session, name: string): Promise<Row | undefined> {
  return (await session.query(streamNamed(session.schemas, name)))[0];
}

async function keysOf(session: Session, rows: readonly Row[]): Promise<Map<string, string[]>> {
  const ids = rows.filter((row) => kindOf(row) === 'U').map((row) => row['id'] ?? '');
  const keys = new Map<string, string[]>();
  if (ids.length === 0) return keys;
  for (const { id, name } of await session.query(primaryKeys(ids)))
    keys.set(id ?? '', [...(keys.get(id ?? '') ?? []), name ?? '']);
  return keys;
}

function streamOf(session: Session, row: Row, keys: ReadonlyMap<string, readonly string[]>): Stream {
  const estimate = Number(row['estimate'] ?? Number.NaN);
  const own = keys.get(row['id'] ?? '') ?? [];
  return {
    namespace: session.clean(row['namespace']),
    name: session.clean(row['name']),
    kind: kindOf(row) === 'V' ? 'view' : 'table',
    ...(Number.isSafeInteger(estimate) && kindOf(row) === 'U' ? { row_estimate: estimate } : {}),
    ...(own.length > 0 ? { keys: own.map((key) => session.clean(key)) } : {}),
  };
}

async function columnsOf(session: Session, row: Row): Promise<TableColumn[]> {
  const table = { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
  const rows = await session.query(columns(row['id'] ?? '', table));
  return rows.slice(0, MOST_COLUMNS).map(columnOf);
}

/** Values are cut at the server, so that a large one never travels. */
async function preview(session: Session, name: string, limit: number): Promise<Preview | undefined> {
  const row = await find(session, name);
  if (!row) return undefined;
  const found = await columnsOf(session, row);
  const longest = longestValue(found.length);
  const list = found.map((column, i) => `${asText(`t.${quote(column.name)}`, column, longest * CUT_AT)} AS c${i}`);
  const from = qualified(row['namespace'] ?? '', row['name'] ?? '');
  const select = `SELECT TOP (${limit + 1}) ${list.join(', ') || 'CAST(1 AS nvarchar(1)) AS c0'} FROM ${from} AS t`;
  const facts = { ...session.facts, what: session.clean(from, 140) };
  const fetched = await session.query(select, { code: 'READ_FAILED', facts, limitMs: PREVIEW_LIMIT_MS });
  const names = distinct(found.map((column) => session.clean(column.name)));
  const rows = shownRows(
    fetched
      .slice(0, limit)
      .map((raw) =>
        Object.fromEntries(
          found.map(({ base }, i) => [
            names[i] ?? '',
            shownValue(raw[`c${i}`] ?? null, base, (text) => session.clean(text, longest)),
          ]),
        ),
      ),
  );
  return {
    columns: found.map((column, i) => ({ ...shownColumn(session, column), name: names[i] ?? '' })),
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

function shownColumn(session: Session, column: TableColumn): Column {
  return { name: session.clean(column.name), type: session.clean(shownType(column), 100), nullable: column.nullable };
}
