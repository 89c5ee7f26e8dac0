import type { Column } from './probe.ts';

/** What is shown of records is bounded: it ends up in a model's context. */
export const LONGEST_VALUE = 200;
const SHORTEST_VALUE = 20;
const MOST_COLUMNS = 200;
const MOST_BYTES = 48 * 1024;

export interface ShownColumns {
  columns: readonly Column[];
  /** How many there are besides. */
  columns_left_out?: number;
}

export function shownColumns(columns: readonly Column[]): ShownColumns {
  const more = columns.length - MOST_COLUMNS;
  return more <= 0 ? { columns } : { columns: columns.slice(0, MOST_COLUMNS), columns_left_out: more };
}

/** How long a value may be; many columns leave each of them less room. */
export function longestValue(columns: number): number {
  return Math.max(SHORTEST_VALUE, Math.min(LONGEST_VALUE, Math.floor(MOST_BYTES / Math.max(1, columns) / 2)));
}

/** Rows up to a bound in all; the first in any case, because its values are bounded too. */
export function shownRows<T>(rows: Iterable<T>): T[] {
  const shown: T[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += Buffer.byteLength(JSON.stringify(row));
    if (bytes > MOST_BYTES && shown.length > 0) break;
    shown.push(row);
  }
  return shown;
}
