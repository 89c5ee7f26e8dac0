import type { CursorAdvice, StreamPosition, SyncAdvice } from '../probe.ts';
import { ADVISED_COLUMNS, ADVISED_INDEXES, ADVISED_SIZES, ADVISED_TABLES } from './advice-queries.ts';
import { hasNoIdentity, notCaptured } from './cdc/tables.ts';
import type { Row, Session } from './session.ts';

const SEPARATOR = '\x1f';
const MOST_CURSORS = 3;
const MOST_KEYS = 4;
/** Tables that are read whole in no time: rows. */
const SMALL = 10_000;

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
  const rows = Number(table['estimate'] ?? -1);
  const keys = indexes.filter((index) => index['is_key'] === 'true').slice(0, MOST_KEYS);
  const cursors = cursorsOf(columns, indexes, clean);
  const cdc = captured(table, clean);
  return {
    keys: keys.map((index) => columnsOf(index).map(clean)),
    cursors: cursors.map(({ rank: _, ...cursor }) => cursor),
    ...(rows >= 0 ? { row_estimate: rows } : {}),
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

type Ranked = CursorAdvice & { rank: number };

/** Names by which people keep the time of the last change; and of the making of a row. */
const CHANGED =
  /(^|_)(updated?|modified|changed|edited|touched|last_?(update|modif|change)\w*)(_|$)|^(updated|modified)(at|on)$/i;
const CREATED = /(^|_)(created?|inserted|added|placed|logged|occurred|received|ingested)(_|$)|^created(at|on)$/i;

function cursorsOf(
  columns: readonly Row[],
  indexes: readonly Row[],
  clean: (text: string | null | undefined) => string,
): Ranked[] {
  const ranked = columns.flatMap((column) => {
    const judged = judge(column, indexes);
    if (!judged) return [];
    const name = column['name'] ?? '';
    const index = indexes.find((each) => each['is_whole'] === 'true' && columnsOf(each)[0] === name)?.['name'];
    const mayBeNull = column['nullable'] === 'true';
    const cursor: Ranked = {
      column: clean(name),
      type: clean(column['type']),
      ...(index ? { index: clean(index) } : {}),
      why: mayBeNull ? `${judged.why}; rows where it is NULL are missed` : judged.why,
      rank: judged.rank + (mayBeNull ? 2 : 0) + (index ? 0 : 1),
    };
    return [cursor];
  });
  return ranked.sort((a, b) => a.rank - b.rank).slice(0, MOST_CURSORS);
}

function judge(column: Row, indexes: readonly Row[]): { rank: number; why: string } | undefined {
  const name = column['name'] ?? '';
  if (column['is_time'] === 'true') {
    if (CHANGED.test(name)) return { rank: 0, why: 'by its name the time of the last change' };
    if (CREATED.test(name)) return { rank: 20, why: 'by its name the time a row was made; later changes are not seen' };
    return { rank: 30, why: 'a time; whether new rows always have a later one, only its owner knows' };
  }
  if (column['grows'] === 'true') return { rank: 10, why: 'grows with every new row; later changes are not seen' };
  const isKey = indexes.some((index) => index['is_key'] === 'true' && index['columns'] === name);
  return isKey
    ? { rank: 15, why: 'a key of whole numbers, which usually grow; later changes are not seen' }
    : undefined;
}

const SEES_CHANGES = 10;

function suggestion(
  canCapture: boolean,
  [best]: readonly Ranked[],
  rows: number,
): Pick<SyncAdvice, 'suggested' | 'because'> {
  if (canCapture) return { suggested: 'cdc', because: 'All its changes can be captured, deletes too.' };
  if (best && best.rank < SEES_CHANGES)
    return { suggested: 'cursor', because: `${best.column} tells new and changed rows; deletes are not seen.` };
  if (rows >= 0 && rows <= SMALL)
    return { suggested: 'full', because: 'It is small enough to be read whole each time.' };
  if (best) return { suggested: 'cursor', because: `${best.column} tells new rows; changes and deletes are not seen.` };
  return { suggested: 'full', because: 'Nothing tells which of its rows are new or changed.' };
}
