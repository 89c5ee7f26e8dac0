import type { Column, DiscoverQuery, Preview, ReadSession, Stream, StreamPage } from '../probe.ts';
import { longestValue, shownRows } from '../shown.ts';
import { COLUMNS, primaryKeys, streamNamed, streamPage } from './queries.ts';
import { qualified, quote } from './remedies.ts';
import type { Row, Session } from './session.ts';
import { positionOf } from './tables.ts';
import { asText, shownType, shownValue, type TableColumn } from './types.ts';

const PREVIEW_LIMIT_MS = 5000;
/** More than is shown, so that a secret that sits across the cut is still known for one. */
const CUT_AT = 4;

/** Discovery and preview over a session whose gates have passed. */
export function readSession(session: Session): ReadSession {
  return {
    discover: (query) => (query.stream === undefined ? page(session, query) : named(session, query.stream)),
    preview: (stream, limit) => preview(session, stream, limit),
  };
}

async function page(session: Session, { query: part, after, limit }: DiscoverQuery): Promise<StreamPage> {
  const { schemas } = session.config;
  const pattern = part === undefined ? [] : [`%${part.toUpperCase().replace(/[|%_]/g, (char) => `|${char}`)}%`];
  const position = after ? [after.namespace, after.namespace, after.name] : [];
  const statement = streamPage(schemas, part !== undefined, after !== undefined, limit + 1);
  const rows = await session.query(statement, [...(schemas ?? []), ...pattern, ...position]);
  const shown = rows.slice(0, limit);
  const keys = await keysOf(session, shown);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const streams = shown.map((row) => streamOf(session, row, keys));
  return last ? { streams, next: positionOf(last) } : { streams };
}

async function named(session: Session, name: string): Promise<StreamPage> {
  const row = await find(session, name);
  if (!row) return { streams: [] };
  const columns = (await columnsOf(session, row)).map((column) => shownColumn(session, column));
  return { streams: [{ ...streamOf(session, row, await keysOf(session, [row])), columns }] };
}

async function find(session: Session, name: string): Promise<Row | undefined> {
  const { schemas } = session.config;
  for (const spelled of new Set([name, name.toUpperCase()])) {
    const [row] = await session.query(streamNamed(schemas), [...(schemas ?? []), spelled, spelled, spelled]);
    if (row) return row;
  }
  return undefined;
}

async function keysOf(session: Session, rows: readonly Row[]): Promise<Map<string, string[]>> {
  const tables = rows.filter((row) => row['kind'] === 'table').map(wholeOf);
  const keys = new Map<string, string[]>();
  if (tables.length === 0) return keys;
  for (const row of await session.query(primaryKeys(tables.length), tables))
    keys.set(wholeOf(row), [...(keys.get(wholeOf(row)) ?? []), row['key'] ?? '']);
  return keys;
}

function wholeOf(row: Row): string {
  return `${row['namespace']}.${row['name']}`;
}

function streamOf(session: Session, row: Row, keys: ReadonlyMap<string, readonly string[]>): Stream {
  const estimate = row['estimate'] === null ? Number.NaN : Number(row['estimate']);
  const own = keys.get(wholeOf(row)) ?? [];
  return {
    namespace: session.clean(row['namespace']),
    name: session.clean(row['name']),
    kind: row['kind'] === 'view' ? 'view' : 'table',
    ...(Number.isSafeInteger(estimate) ? { row_estimate: estimate } : {}),
    ...(own.length > 0 ? { keys: own.map((key) => session.clean(key)) } : {}),
  };
}

async function columnsOf(session: Session, row: Row): Promise<TableColumn[]> {
  const { namespace, name } = positionOf(row);
  return (await session.query(COLUMNS, [namespace, name])).map((column) => ({
    name: column['name'] ?? '',
    type: column['type'] ?? '',
    length: Number(column['length']),
    precision: column['precision'] ?? undefined,
    scale: column['scale'] ?? undefined,
    nullable: column['nullable'] === 'Y',
  }));
}

/** Values are cut at the server, so that a large one never travels. */
async function preview(session: Session, name: string, limit: number): Promise<Preview | undefined> {
  const row = await find(session, name);
  if (!row) return undefined;
  const columns = await columnsOf(session, row);
  const longest = longestValue(columns.length);
  const list = columns.map((column, i) => `${asText(`t.${quote(column.name)}`, column, longest * CUT_AT)} AS c${i}`);
  const from = qualified(row['namespace'] ?? '', row['name'] ?? '');
  const select = `SELECT ${list.join(', ') || "'1' AS c0"} FROM ${from} t FETCH FIRST ${limit + 1} ROWS ONLY`;
  const facts = { ...session.facts, what: session.clean(from, 280) };
  const fetched = await session.query(select, [], { code: 'READ_FAILED', facts, limitMs: PREVIEW_LIMIT_MS });
  const shown = columns.map((column) => shownColumn(session, column));
  const rows = shownRows(
    fetched
      .slice(0, limit)
      .map((raw) =>
        Object.fromEntries(
          columns.map(({ type }, i) => [
            shown[i]?.name ?? '',
            shownValue(raw[`c${i}`] ?? null, type, (text) => session.clean(text, longest)),
          ]),
        ),
      ),
  );
  return { columns: shown, rows, truncated: rows.length < fetched.length };
}

function shownColumn(session: Session, column: TableColumn): Column {
  return { name: session.clean(column.name), type: session.clean(shownType(column), 100), nullable: column.nullable };
}
