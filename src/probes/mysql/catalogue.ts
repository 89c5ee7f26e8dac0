import type { DiscoverQuery, StreamPosition } from '../probe.ts';
import { columns, primaryKeys, tableFacts, tableNamed, tablePage } from './queries.ts';
import { nameOf, positionOf } from './read-steps.ts';
import type { Row, Session } from './session.ts';

/** A table as the catalogue tells it: its names are the server's own, not yet fit to be shown. */
export interface Table extends StreamPosition {
  kind: string;
  estimate: string | null;
  engine: string;
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

async function described(session: Session, positions: readonly StreamPosition[]): Promise<Table[]> {
  if (positions.length === 0) return [];
  const facts = new Map<string, Row>();
  for (const row of await session.query(tableFacts(positions))) facts.set(nameOf(positionOf(row)), row);
  const keys = new Map<string, string[]>();
  for (const row of await session.query(primaryKeys(positions))) {
    const name = nameOf(positionOf(row));
    keys.set(name, [...(keys.get(name) ?? []), row['column_name'] ?? '']);
  }
  return positions.map((position) => {
    const row = facts.get(nameOf(position));
    return {
      ...position,
      kind: row?.['kind'] ?? 'BASE TABLE',
      estimate: row?.['estimate'] ?? null,
      engine: row?.['engine'] ?? '',
      keys: keys.get(nameOf(position)) ?? [],
    };
  });
}
