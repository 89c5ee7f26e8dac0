import type { DiscoverQuery, StreamPosition } from '../probe.ts';
import { nameOf, positionOf } from './positions.ts';
import { columns, indexColumns, primaryKeys, tableFacts, tableNamed, tablePage } from './queries.ts';
import type { Row, Session } from './session.ts';

/** A table as the catalogue tells it: its names are the server's own, not yet fit to be shown. */
export interface Table extends StreamPosition {
  kind: string;
  estimate: string | null;
  engine: string;
  /** With its indexes; null where nothing is known. */
  bytes: string | null;
  keys: readonly string[];
}

export interface TableColumn {
  name: string;
  type: string;
  kind: string;
  nullable: boolean;
}

/** A page of tables that the user may see something of, in the order of their names. */
export async function tablesOf(
  session: Session,
  { query, after, limit }: Pick<DiscoverQuery, 'query' | 'after' | 'limit'>,
): Promise<Table[]> {
  const rows = await session.query(tablePage(session.scope, { part: query, after, limit }));
  return described(session, rows.map(positionOf));
}

/** The table of this name, `database.table` or `table`; nothing where the user sees none. */
export async function tableOf(session: Session, name: string): Promise<Table | undefined> {
  const [row] = await session.query(tableNamed(session.scope, name));
  return row && (await described(session, [positionOf(row)]))[0];
}

export async function columnsOf(session: Session, table: Table): Promise<TableColumn[]> {
  const rows = await session.query(columns(table));
  return rows.map((row) => ({
    name: row['name'] ?? '',
    type: row['type'] ?? '',
    kind: (row['kind'] ?? '').toLowerCase(),
    nullable: row['nullable'] === 'YES',
  }));
}

/** An index as its columns stand in it. */
export interface TableIndex {
  name: string;
  unique: boolean;
  /** One of its columns may be without a value, and then tells no row. */
  nullable: boolean;
  columns: readonly string[];
}

export type IndexedTable = Omit<Table, 'keys'> & { indexes: readonly TableIndex[] };

/** These tables and no others. */
export async function indexedTables(session: Session, positions: readonly StreamPosition[]): Promise<IndexedTable[]> {
  if (positions.length === 0) return [];
  const facts = await factsOf(session, positions);
  const indexes = new Map<string, Map<string, TableIndex>>();
  for (const row of await session.query(indexColumns(positions))) {
    const name = nameOf(positionOf(row));
    const index = row['index_name'] ?? '';
    const ofTable = indexes.get(name) ?? new Map<string, TableIndex>();
    const sofar = ofTable.get(index)?.columns ?? [];
    ofTable.set(index, {
      name: index,
      unique: row['is_not_unique'] === '0',
      nullable: row['nullable'] === 'YES' || ofTable.get(index)?.nullable === true,
      columns: [...sofar, row['column_name'] ?? ''],
    });
    indexes.set(name, ofTable);
  }
  return positions.map((position) => ({
    ...tableFrom(position, facts),
    indexes: [...(indexes.get(nameOf(position))?.values() ?? [])],
  }));
}

async function factsOf(session: Session, positions: readonly StreamPosition[]): Promise<Map<string, Row>> {
  return new Map((await session.query(tableFacts(positions))).map((row) => [nameOf(positionOf(row)), row]));
}

function tableFrom(position: StreamPosition, facts: ReadonlyMap<string, Row>): Omit<Table, 'keys'> {
  const row = facts.get(nameOf(position));
  return {
    ...position,
    kind: row?.['kind'] ?? 'BASE TABLE',
    estimate: row?.['estimate'] ?? null,
    engine: row?.['engine'] ?? '',
    bytes: row?.['bytes'] ?? null,
  };
}

async function described(session: Session, positions: readonly StreamPosition[]): Promise<Table[]> {
  if (positions.length === 0) return [];
  const facts = await factsOf(session, positions);
  const keys = new Map<string, string[]>();
  for (const row of await session.query(primaryKeys(positions))) {
    const name = nameOf(positionOf(row));
    keys.set(name, [...(keys.get(name) ?? []), row['column_name'] ?? '']);
  }
  return positions.map((position) => ({
    ...tableFrom(position, facts),
    keys: keys.get(nameOf(position)) ?? [],
  }));
}
