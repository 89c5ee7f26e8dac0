import type { StreamPosition } from '../probe.ts';
import { qualified } from './names.ts';
import type { Row, Session } from './session.ts';

/** Without a selection, a test looks at no more: enough to find one that may be read, where some may. */
export const FEW_TABLES = 10;
const SHOWN_TABLES = 5;

export function positionOf(row: Row): StreamPosition {
  return { namespace: row['namespace'] ?? '', name: row['name'] ?? '' };
}

/** One text for a table's two names, which may hold dots. */
export function nameOf({ namespace, name }: StreamPosition): string {
  return qualified(namespace, name);
}

/** A few of them, as they are shown. */
export function named(session: Session, tables: readonly StreamPosition[]): string {
  const shown = tables
    .slice(0, SHOWN_TABLES)
    .map((table) => session.clean(nameOf(table), 140))
    .join(', ');
  return tables.length > SHOWN_TABLES ? `${shown} and more` : shown;
}
