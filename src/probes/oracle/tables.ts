import type { StreamPosition } from '../probe.ts';
import { tablesNamed } from './queries.ts';
import type { Row, Session } from './session.ts';

/** A table that the config names. */
export interface SelectedTable {
  whole: string;
  /** As the config is most likely meant: without quotes Oracle makes capitals of names. */
  asked: StreamPosition;
  /** As the dictionary has it; absent where the user sees no such table. */
  known?: StreamPosition;
}

export function positionOf(row: Row): StreamPosition {
  return { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
}

/** Every table of the config, each looked up as it is written and in capitals. */
export async function selectedTables(session: Session): Promise<SelectedTable[]> {
  const wanted = session.config.tables ?? [];
  const spelled = [...new Set(wanted.flatMap((whole) => [whole, whole.toUpperCase()]))];
  const rows = (await session.query(tablesNamed(spelled.length), spelled)).map(positionOf);
  return wanted.map((whole) => {
    const spelledAs = (text: string) => rows.find(({ namespace, name }) => `${namespace}.${name}` === text);
    const known = spelledAs(whole) ?? spelledAs(whole.toUpperCase());
    const dot = whole.indexOf('.');
    const asked = { namespace: whole.slice(0, dot).toUpperCase(), name: whole.slice(dot + 1).toUpperCase() };
    return { whole, asked, ...(known ? { known } : {}) };
  });
}
