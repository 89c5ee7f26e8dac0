import { nameKey } from '../sources/source.ts';
import type { Connection } from './connection.ts';

const LONGEST_NAME = 255;

/**
 * A step of a migration: computes the keys of all names anew, which SQL cannot. Of several names that have become one,
 * the source that was made first keeps its own, and the others get a number behind theirs: nobody loses a source.
 */
export function renewNameKeys(connection: Connection): void {
  const rows = connection
    .prepare('SELECT tenant, id, name, name_key FROM sources ORDER BY tenant, id')
    .all([]) as unknown as readonly NamedRow[];
  if (rows.every(({ name, name_key }) => nameKey(name) === name_key)) return;
  const first = new Map<string, string>();
  for (const { tenant, id, name } of rows) {
    const place = placeOf(tenant, name);
    if (!first.has(place)) first.set(place, id);
  }
  const rename = connection.prepare('UPDATE sources SET name_key = ? WHERE tenant = ? AND id = ?');
  const renumber = connection.prepare(
    'UPDATE sources SET name = ?, name_key = ?, version = version + 1 WHERE tenant = ? AND id = ?',
  );
  // Until all are renewed, a new key may be somebody's old one.
  connection.exec('DROP INDEX sources_by_name');
  for (const { tenant, id, name, name_key } of rows) {
    const free = first.get(placeOf(tenant, name)) === id ? name : freeName(tenant, name, first);
    if (free !== name) {
      first.set(placeOf(tenant, free), id);
      renumber.run([free, nameKey(free), tenant, id]);
    } else if (nameKey(name) !== name_key) rename.run([nameKey(name), tenant, id]);
  }
  connection.exec('CREATE UNIQUE INDEX sources_by_name ON sources (tenant, name_key)');
}

interface NamedRow {
  tenant: string;
  id: string;
  name: string;
  name_key: string;
}

function placeOf(tenant: string, name: string): string {
  return JSON.stringify([tenant, nameKey(name)]);
}

function freeName(tenant: string, name: string, taken: ReadonlyMap<string, unknown>): string {
  for (let n = 2; ; n += 1) {
    const end = ` (${n})`;
    const free = name.slice(0, LONGEST_NAME - end.length).replace(/[\uD800-\uDBFF]$/, '') + end;
    if (!taken.has(placeOf(tenant, free))) return free;
  }
}
