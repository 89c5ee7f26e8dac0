import type { StreamPosition, SyncAdvice } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { best, MOST_KEYS, type Ranked, ranked, suggestion, timeNamed, unranked } from '../sync-advice.ts';
import { ADVISED_COLUMNS, ADVISED_INDEXES, ADVISED_SIZES, ADVISED_TABLES } from './advice-queries.ts';
import { withoutCapture } from './editions.ts';
import type { Row, Session } from './session.ts';
import { kindOf } from './tables.ts';
import { columnOf, shownType } from './types.ts';

/** How to sync each of these tables, from the catalogue and its statistics alone: no row is read. */
export async function advise(
  session: Session,
  streams: readonly StreamPosition[],
): Promise<(SyncAdvice | undefined)[]> {
  if (streams.length === 0) return [];
  const tables = await session.query(ADVISED_TABLES(streams));
  const indexes = await session.query(ADVISED_INDEXES(streams));
  const columns = await session.query(ADVISED_COLUMNS(streams));
  const sizes = await sizesOf(session, streams);
  const of = (rows: readonly Row[], at: number) => rows.filter((row) => row['at'] === String(at));
  return streams.map((_, at) => {
    const [table] = of(tables, at);
    return table && adviceOf(session, table, indexesIn(of(indexes, at)), of(columns, at), of(sizes, at)[0]);
  });
}

/** They wait where somebody holds a lock on the table, so they may be left out. */
async function sizesOf(session: Session, streams: readonly StreamPosition[]): Promise<Row[]> {
  try {
    return await session.query(ADVISED_SIZES(streams));
  } catch (error) {
    if (error instanceof StepFailure && SPARED.has(error.problem.code)) return [];
    throw error;
  }
}

const SPARED: ReadonlySet<string> = new Set(['QUERY_FAILED', 'QUERY_TIMEOUT']);

interface Index {
  name: string;
  columns: string[];
  /** Tells every row from all others. */
  isKey: boolean;
}

function indexesIn(rows: readonly Row[]): Index[] {
  const indexes = new Map<string, Index>();
  for (const { id, index, is_key, name } of rows) {
    const known = indexes.get(id ?? '') ?? { name: index ?? '', columns: [], isKey: is_key === '1' };
    known.columns.push(name ?? '');
    indexes.set(id ?? '', known);
  }
  return [...indexes.values()];
}

function adviceOf(
  session: Session,
  table: Row,
  indexes: readonly Index[],
  columns: readonly Row[],
  sizes: Row | undefined,
): SyncAdvice {
  const keys = indexes.filter(({ isKey }) => isKey).slice(0, MOST_KEYS);
  const cursors = best(cursorsOf(session, columns, indexes));
  const cdc = captured(session, table, keys.length > 0);
  const [rows, bytes] = ['estimate', 'bytes'].map((name) => numberIn(sizes?.[name]));
  return {
    keys: keys.map((key) => key.columns.map((column) => session.clean(column, 128))),
    cursors: cursors.map(unranked),
    ...(rows === undefined ? {} : { row_estimate: rows }),
    ...(bytes === undefined ? {} : { bytes }),
    cdc,
    ...suggestion(cdc.possible && keys.length > 0, cursors, rows),
  };
}

function numberIn(text: string | null | undefined): number | undefined {
  const number = Number(text ?? Number.NaN);
  return Number.isSafeInteger(number) ? number : undefined;
}

function captured(session: Session, table: Row, hasKey: boolean): SyncAdvice['cdc'] {
  const why = notCaptured(session, table);
  if (why !== undefined) return { possible: false, why };
  const minded = [
    ...(table['tracked'] === '1' ? [] : ['this table is not captured yet (sys.sp_cdc_enable_table)']),
    ...(hasKey ? [] : ['without a key, updates and deletes cannot be matched to rows']),
  ];
  return { possible: true, ...(minded.length > 0 ? { why: minded.join('; ') } : {}) };
}

function notCaptured({ server }: Session, table: Row): string | undefined {
  if (kindOf(table) === 'V') return 'it is a view';
  const lacking = server && withoutCapture(server, table['tier'] ?? '');
  if (lacking) return `${lacking.what} has no change data capture`;
  if (table['in_memory'] === '1') return 'it is memory-optimized';
  if (Number(table['columnstore']) > 0) return 'it is a clustered columnstore';
  return table['captures'] === '1' ? undefined : 'change data capture is not turned on for the database';
}

function cursorsOf(session: Session, columns: readonly Row[], indexes: readonly Index[]): Ranked[] {
  return columns.map((row) => {
    const column = columnOf(row);
    const index = indexes.find((each) => each.columns[0] === column.name)?.name;
    const cursor = {
      column: session.clean(column.name, 128),
      type: session.clean(shownType(column), 100),
      ...(index === undefined ? {} : { index: session.clean(index, 128) }),
      ...judge(column.name, column.base, row),
    };
    return ranked(cursor, column.nullable ? 'rows where it is NULL' : undefined);
  });
}

function judge(name: string, base: string, row: Row): { rank: number; why: string } {
  // Transactions end in another order than that in which they were given their numbers.
  if (base === 'timestamp')
    return { rank: -1, why: 'set by the server with every change; read it up to MIN_ACTIVE_ROWVERSION()' };
  if (row['grows'] === '1') return { rank: 10, why: 'grows with every new row; later changes are not seen' };
  return timeNamed(name);
}
