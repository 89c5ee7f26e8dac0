import type { StreamPosition, SyncAdvice } from '../probe.ts';
import { best, MOST_KEYS, type Ranked, ranked, suggestion, timeNamed, unranked } from '../sync-advice.ts';
import { ADVISED_COLUMNS, ADVISED_INDEXES, ADVISED_SIZES, ADVISED_TABLES } from './advice-queries.ts';
import { hasNoIdentity, notCaptured } from './cdc/tables.ts';
import type { Row, Session } from './session.ts';

const SEPARATOR = '\x1f';

/** How to sync each of these tables, from the catalogue and its statistics alone: no row is read. */
export async function advise(
  session: Session,
  streams: readonly StreamPosition[],
): Promise<(SyncAdvice | undefined)[]> {
  if (streams.length === 0) return [];
  // One flight. Sizes wait where somebody has locked a table, so they may be left out.
  const [tables, indexes, columns, sizes] = await Promise.all([
    session.raw(ADVISED_TABLES(streams)),
    session.raw(ADVISED_INDEXES(streams)),
    session.raw(ADVISED_COLUMNS(streams)),
    session.raw(ADVISED_SIZES(streams)).catch((): Row[] => []),
  ]);
  const of = (rows: readonly Row[], at: number) => rows.filter((row) => row['at'] === String(at));
  return streams.map((_, at) => {
    const [table] = of(tables, at);
    const bytes = of(sizes, at)[0]?.['bytes'];
    return table && adviceOf(session, table, of(indexes, at), of(columns, at), bytes);
  });
}

function adviceOf(
  session: Session,
  table: Row,
  indexes: readonly Row[],
  columns: readonly Row[],
  bytes: string | null | undefined,
): SyncAdvice {
  const clean = (text: string | null | undefined) => session.clean(text, 63);
  const estimate = Number(table['estimate'] ?? -1);
  const rows = estimate >= 0 ? estimate : undefined;
  const keys = indexes.filter((index) => index['is_key'] === 'true').slice(0, MOST_KEYS);
  const cursors = cursorsOf(columns, indexes, clean);
  const cdc = captured(table, clean);
  return {
    keys: keys.map((index) => columnsOf(index).map(clean)),
    cursors: cursors.map(unranked),
    ...(rows === undefined ? {} : { row_estimate: rows }),
    ...(bytes === null || bytes === undefined ? {} : { bytes: Number(bytes) }),
    cdc,
    ...suggestion(cdc.possible, cursors, rows),
  };
}

const columnsOf = (index: Row): string[] => (index['columns'] ?? '').split(SEPARATOR);

function captured(table: Row, clean: (text: string | null | undefined) => string): SyncAdvice['cdc'] {
  const asTable = {
    kind: table['kind'] ?? '',
    persistence: table['persistence'] ?? '',
    identity: table['identity'] ?? '',
    hasPrimaryKey: table['has_primary'] === 'true',
    hasIdentityIndex: table['has_identity'] === 'true',
  };
  const why = notCaptured(asTable);
  if (why !== undefined) return { possible: false, why: `it ${why}` };
  if (hasNoIdentity(asTable))
    return { possible: false, why: 'nothing tells its rows apart: it needs a primary key, or REPLICA IDENTITY FULL' };
  if (table['wal_level'] === 'logical') return { possible: true };
  return { possible: false, why: `wal_level of the server is ${clean(table['wal_level'])}, not logical` };
}

function cursorsOf(
  columns: readonly Row[],
  indexes: readonly Row[],
  clean: (text: string | null | undefined) => string,
): Ranked[] {
  const cursors = columns.flatMap((column) => {
    const judged = judge(column, indexes);
    if (!judged) return [];
    const name = column['name'] ?? '';
    const index = indexes.find((each) => each['is_whole'] === 'true' && columnsOf(each)[0] === name)?.['name'];
    const cursor = { column: clean(name), type: clean(column['type']), ...(index ? { index: clean(index) } : {}) };
    return [ranked({ ...cursor, ...judged }, column['nullable'] === 'true' ? 'rows where it is NULL' : undefined)];
  });
  return best(cursors);
}

function judge(column: Row, indexes: readonly Row[]): { rank: number; why: string } | undefined {
  const name = column['name'] ?? '';
  if (column['is_time'] === 'true') return timeNamed(name);
  if (column['grows'] === 'true') return { rank: 10, why: 'grows with every new row; later changes are not seen' };
  const isKey = indexes.some((index) => index['is_key'] === 'true' && index['columns'] === name);
  return isKey
    ? { rank: 15, why: 'a key of whole numbers, which usually grow; later changes are not seen' }
    : undefined;
}
