import type { StreamPosition } from '../probe.ts';
import { readings } from './names.ts';
import { someTables, tablesNamed } from './queries.ts';
import type { Row, Session } from './session.ts';

/** A table as the catalogue tells it: its names are the server's own, not yet fit to be shown. */
export interface Table extends StreamPosition {
  id: string;
  readable: boolean;
  /** Its changes are captured. */
  tracked: boolean;
  keyed: boolean;
}

/** A table that the config names. */
export interface SelectedTable {
  whole: string;
  /** As the config is most likely meant. */
  asked: StreamPosition;
  /** Absent where the user sees no such table. */
  known?: Table;
  readable: boolean;
}

const KINDS: ReadonlySet<string> = new Set(['U', 'V']);

/** Every table of the config, each looked up by itself. */
export async function selectedTables(session: Session): Promise<SelectedTable[]> {
  const wanted = session.config.tables ?? [];
  const rows = await session.query(tablesNamed(wanted));
  return wanted.map((whole) => {
    const row = rows.find((each) => each['whole'] === whole);
    const known = row && row['id'] !== null && KINDS.has(kindOf(row)) ? tableOf(row) : undefined;
    const asked = readings(whole)[0] ?? { namespace: 'dbo', name: whole };
    return { whole, asked, ...(known ? { known } : {}), readable: known?.readable ?? false };
  });
}

/** A few of the tables whose changes are captured, or are not. */
export async function tablesTracked(session: Session, tracked: boolean, limit: number): Promise<Table[]> {
  return (await session.query(someTables(session.schemas, tracked, limit))).map(tableOf);
}

function tableOf(row: Row): Table {
  return {
    id: row['id'] ?? '',
    namespace: row['namespace'] ?? '',
    name: row['name'] ?? '',
    readable: row['readable'] === '1',
    tracked: row['tracked'] === '1',
    keyed: Number(row['keyed']) > 0,
  };
}

/** sys.objects pads its types to two characters. */
export function kindOf(row: Row): string {
  return (row['kind'] ?? '').trim();
}
