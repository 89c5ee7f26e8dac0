import type { CursorAdvice, StreamPosition, SyncAdvice } from '../probe.ts';
import { type IndexedTable, indexedTables } from './catalogue.ts';
import { nameOf, positionOf } from './positions.ts';
import { cursorColumns } from './queries.ts';
import type { Row, Session } from './session.ts';

const MOST_CURSORS = 5;
const NOT_TABLES: ReadonlySet<string> = new Set(['VIEW', 'SYSTEM VIEW', 'SEQUENCE']);
const LOGGED_FORMATS: ReadonlySet<string> = new Set(['ROW']);
/** Beyond, reading all of it again and again is no way to keep up. */
const SMALL_ROWS = 10_000;

/** How to sync these tables: by what the catalogue says of them, and of no others. */
export async function adviseOn(
  session: Session,
  positions: readonly StreamPosition[],
): Promise<(SyncAdvice | undefined)[]> {
  if (positions.length === 0) return [];
  const tables = await indexedTables(session, positions);
  const columns = byTable(await session.query(cursorColumns(positions)));
  const log = await logFormat(session);
  return tables.map((table) => {
    // A name that had to be cleaned to be shown is not the table's.
    const isThere = table.engine !== '' || table.kind !== 'BASE TABLE';
    return isThere ? advice(session, table, columns.get(nameOf(table)) ?? [], log) : undefined;
  });
}

/** `log`: the format of the binary log; OFF where there is none. */
function advice(session: Session, table: IndexedTable, columns: readonly Row[], log: string): SyncAdvice {
  const keys = keysOf(session, table);
  const cursors = columns.flatMap((row) => cursorFrom(session, table, row)).sort((a, b) => rank(a) - rank(b));
  const [rows, bytes] = [table.estimate, table.bytes].map((text) => (text === null ? undefined : Number(text)));
  const cdc = captured(table, log, keys.length > 0);
  const [best] = cursors;
  return {
    keys,
    cursors: cursors.slice(0, MOST_CURSORS).map(({ place: _, ...cursor }) => cursor),
    ...(rows === undefined ? {} : { row_estimate: rows }),
    ...(bytes === undefined ? {} : { bytes }),
    cdc,
    ...suggestion(cdc.possible, keys.length > 0, best, rows),
  };
}

function suggestion(
  isCaptured: boolean,
  hasKey: boolean,
  cursor: CursorAdvice | undefined,
  rows: number | undefined,
): Pick<SyncAdvice, 'suggested' | 'because'> {
  if (isCaptured && hasKey)
    return { suggested: 'cdc', because: 'Every change is in the log, and a key tells its row.' };
  if (cursor?.index !== undefined)
    return { suggested: 'cursor', because: `${cursor.column} tells what is new, and an index finds it.` };
  if (cursor && rows !== undefined && rows > SMALL_ROWS)
    return {
      suggested: 'cursor',
      because: `${cursor.column} tells what is new; an index on it would spare reading all.`,
    };
  return { suggested: 'full', because: cursor ? 'It is small.' : 'No column tells what is new.' };
}

function captured({ kind, engine }: IndexedTable, log: string, hasKey: boolean): SyncAdvice['cdc'] {
  if (NOT_TABLES.has(kind)) return { possible: false, why: 'It is not a table: nothing is written to the log for it.' };
  if (log === 'OFF') return { possible: false, why: 'The binary log is off.' };
  if (!LOGGED_FORMATS.has(log)) return { possible: false, why: `binlog_format is ${log}, and changes need ROW.` };
  if (/^(memory|federated|connect|spider)$/i.test(engine))
    return { possible: false, why: 'Its engine keeps no rows of its own on this server.' };
  if (!hasKey) return { possible: true, why: 'Without a key, updates and deletes cannot be matched to rows.' };
  return { possible: true };
}

/** The primary key first, then those that tell a row as well as it does. */
function keysOf(session: Session, { indexes }: IndexedTable): string[][] {
  const telling = indexes.filter(({ unique, nullable }) => unique && !nullable);
  const isPrimary = (name: string) => Number(name !== 'PRIMARY');
  return [...telling]
    .sort((a, b) => isPrimary(a.name) - isPrimary(b.name))
    .map(({ columns }) => columns.map((column) => session.clean(column)));
}

/** A cursor and its place among others: what moves with every change first, then what an index finds. */
type Ranked = CursorAdvice & { place: number };

const rank = ({ place, index }: Ranked) => place * 2 + Number(index === undefined);

function cursorFrom(session: Session, { indexes }: IndexedTable, row: Row): Ranked[] {
  const column = row['column_name'] ?? '';
  const extra = (row['extra'] ?? '').toLowerCase();
  const kind = (row['kind'] ?? '').toLowerCase();
  const told = WAYS.find((way) => way.fits({ extra, kind, column }));
  if (!told) return [];
  const index = indexes.find(({ columns }) => columns[0] === column);
  return [
    {
      column: session.clean(column),
      type: session.clean(row['type']),
      ...(index ? { index: session.clean(index.name) } : {}),
      why: told.why,
      place: WAYS.indexOf(told),
    },
  ];
}

interface Way {
  fits: (column: { extra: string; kind: string; column: string }) => boolean;
  why: string;
}

const WAYS: readonly Way[] = [
  {
    fits: ({ extra }) => extra.includes('on update current_timestamp'),
    why: 'The server sets it with every insert and update. Deletes are not seen.',
  },
  {
    fits: ({ kind, column }) => /^(timestamp|datetime)$/.test(kind) && /(updat|modif|chang)/i.test(column),
    why: 'By its name it is set with every update; make sure that the application does. Deletes are not seen.',
  },
  {
    fits: ({ extra }) => extra.includes('auto_increment'),
    why: 'It grows with every insert. Updates and deletes are not seen.',
  },
  {
    fits: ({ kind, column }) =>
      /^(timestamp|datetime)$/.test(kind) && /(creat|insert|add|at$|_on$|time|date)/i.test(column),
    why: 'By its name it is set once. Updates and deletes are not seen.',
  },
];

async function logFormat(session: Session): Promise<string> {
  const rows = await session.query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', 'binlog_format')");
  const values = new Map(rows.map((row) => Object.values(row)).map(([name, value]) => [name?.toLowerCase(), value]));
  if (values.get('log_bin') !== 'ON') return 'OFF';
  return session.clean(values.get('binlog_format') ?? 'ROW', 20).toUpperCase();
}

function byTable(rows: readonly Row[]): Map<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const name = nameOf(positionOf(row));
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  return found;
}
