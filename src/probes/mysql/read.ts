import type { Column, DiscoverQuery, Preview, ReadSession, Stream, StreamPage } from '../probe.ts';
import { LONGEST_VALUE, longestValue, shownRows } from '../shown.ts';
import { adviseOn } from './advice.ts';
import { columnsOf, type Table, type TableColumn, tableOf, tablesOf } from './catalogue.ts';
import { qualified, quote } from './names.ts';
import type { Session } from './session.ts';

const KINDS: Readonly<Record<string, string>> = { VIEW: 'view', 'SYSTEM VIEW': 'view', SEQUENCE: 'sequence' };
/** More than is shown, so that a secret that sits across the cut is still known for one. */
const CUT_AT = LONGEST_VALUE * 4;
const PREVIEW_LIMIT_MS = 5000;

/** Discovery and preview over a session whose gates have passed. */
export function readSession(session: Session): ReadSession {
  return {
    discover: (query) => (query.stream === undefined ? page(session, query) : named(session, query.stream)),
    advise: (streams) => adviseOn(session, streams),
    preview: (stream, limit) => preview(session, stream, limit),
  };
}

async function page(session: Session, query: DiscoverQuery): Promise<StreamPage> {
  const { limit } = query;
  const tables = await tablesOf(session, { ...query, limit: limit + 1 });
  const shown = tables.slice(0, limit);
  const last = tables.length > limit ? shown.at(-1) : undefined;
  const streams = shown.map((table) => streamOf(session, table));
  return last ? { streams, next: { namespace: last.namespace, name: last.name } } : { streams };
}

async function named(session: Session, name: string): Promise<StreamPage> {
  const table = await tableOf(session, name);
  if (!table) return { streams: [] };
  const columns = await columnsOf(session, table);
  return { streams: [{ ...streamOf(session, table), columns: columns.map((column) => shownColumn(session, column)) }] };
}

function streamOf(session: Session, { namespace, name, kind, estimate, keys }: Table): Stream {
  return {
    namespace: session.clean(namespace),
    name: session.clean(name),
    kind: KINDS[kind] ?? 'table',
    // Views have no statistics of their own.
    ...(estimate !== null && Number.isSafeInteger(Number(estimate)) ? { row_estimate: Number(estimate) } : {}),
    ...(keys.length > 0 ? { keys: keys.map((key) => session.clean(key)) } : {}),
  };
}

/** Values are cut at the server, so that a large one never travels. */
async function preview(session: Session, name: string, limit: number): Promise<Preview | undefined> {
  const table = await tableOf(session, name);
  if (!table) return undefined;
  const columns = await columnsOf(session, table);
  const list = columns.map((column, i) => `${asText(column)} AS c${i}`);
  const from = qualified(table.namespace, table.name);
  const select = `SELECT ${list.join(', ') || '1'} FROM ${from} AS t LIMIT ${limit + 1}`;
  const fetched = await session.readOnly(select, PREVIEW_LIMIT_MS, session.clean(from, 140));
  const longest = longestValue(columns.length);
  const shown = fetched
    .slice(0, limit)
    .map((raw) =>
      Object.fromEntries(
        columns.map((column, i) => [
          session.clean(column.name),
          shownValue(session, raw[`c${i}`] ?? null, column.kind, longest),
        ]),
      ),
    );
  const rows = shownRows(shown);
  return {
    columns: columns.map((column) => shownColumn(session, column)),
    rows,
    truncated: rows.length < fetched.length,
  };
}

const BINARY = /^(tiny|medium|long)?blob$|^(var)?binary$|^vector$/;
const GEOMETRY = /^(geometry|point|linestring|polygon|multi(point|linestring|polygon)|geom(etry)?collection)$/;

/** A column's value as a text that is not too long, whatever its type. */
function asText({ name, kind }: TableColumn): string {
  const column = `t.${quote(name)}`;
  if (BINARY.test(kind)) return `CONCAT('0x', HEX(LEFT(${column}, ${LONGEST_VALUE})))`;
  if (kind === 'bit') return `CAST(${column} + 0 AS CHAR)`;
  if (GEOMETRY.test(kind)) return `LEFT(ST_AsText(${column}), ${CUT_AT})`;
  return `LEFT(CAST(${column} AS CHAR), ${CUT_AT})`;
}

function shownColumn(session: Session, { name, type, nullable }: TableColumn): Column {
  return { name: session.clean(name), type: session.clean(type), nullable };
}

function shownValue(session: Session, text: string | null, kind: string, longest: number): unknown {
  if (text === null) return null;
  // Wider types stay text: a JavaScript number would lose digits.
  if (/^(tinyint|smallint|mediumint|int|float|double|year)$/.test(kind) && Number.isFinite(Number(text)))
    return Number(text);
  return session.clean(text, longest);
}
