import type { Row, Session } from './session.ts';
import { candidates, literal, relation, type TableName } from './sql.ts';
import { SURPLUS, type Surplus, surplusRights } from './surplus.ts';

/** A table that the config names, and what the catalogue says of it. */
export interface SelectedTable extends TableName, Surplus {
  /** As the config has it. */
  asked: string;
  found: boolean;
  /** The schema may be used. */
  usable: boolean;
  readable: boolean;
  /** Some of its columns only. */
  inPart: boolean;
  kind: string;
  persistence: string;
  /** d: by the primary key, n: none, f: the whole row, i: by an index. */
  identity: string;
  hasPrimaryKey: boolean;
  /** The index that its replica identity names is there. */
  hasIdentityIndex: boolean;
  /** A unique index without NULLs that could be its replica identity. */
  candidateIndex: string | undefined;
  /** The user may create a publication of it. */
  owned: boolean;
  isPartition: boolean;
  /** Row security hides rows from the user. */
  hidesRows: boolean;
}

/** One row per way to read a name. Each is looked up by the index of its catalogue, however many tables there are. */
export function selectedTablesQuery(names: readonly string[]): string {
  const ways = names.flatMap((asked, at) =>
    candidates(asked).map(({ namespace, name }) => `(${at}, ${literal(namespace)}, ${literal(name)})`),
  );
  return `
SELECT w.at, w.namespace, w.name, (n.oid IS NOT NULL)::text AS schema_found, c.oid::text AS oid, c.relkind AS kind,
  c.relpersistence AS persistence, c.relreplident AS identity, c.relispartition::text AS partition,
  COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false)::text AS usable,
  COALESCE(pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'), false)::text AS readable,
  COALESCE(NOT pg_catalog.has_table_privilege(c.oid, 'SELECT'), false)::text AS in_part,
  COALESCE(pg_catalog.pg_has_role(c.relowner, 'USAGE'), false)::text AS owned,
  COALESCE(pg_catalog.row_security_active(c.oid), false)::text AS hides_rows,
  i.*, ${SURPLUS}
FROM (VALUES ${ways.join(', ')}) w(at, namespace, name)
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.namespace
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
LEFT JOIN LATERAL (
  SELECT bool_or(x.indisprimary AND x.indimmediate)::text AS has_primary, bool_or(x.indisreplident)::text AS has_identity,
    min(xc.relname) FILTER (WHERE x.indisunique AND NOT x.indisprimary AND x.indimmediate AND x.indisvalid AND x.indpred IS NULL
      AND x.indexprs IS NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = x.indrelid
        AND a.attnum = ANY (x.indkey::int2[]) AND NOT a.attnotnull)) AS candidate
  FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class xc ON xc.oid = x.indexrelid WHERE x.indrelid = c.oid
) i ON true ORDER BY w.at`;
}

/** Partitions, which by themselves have nothing that tells their rows apart, of the selected tables; some of them. */
export function keylessPartitionsQuery(tables: readonly TableName[]): string {
  return `
SELECT n.nspname AS namespace, c.relname AS name, c.relreplident AS identity
FROM (VALUES ${tables.map((table) => `(${literal(relation(table))}::regclass)`).join(', ')}) w(root)
CROSS JOIN LATERAL pg_catalog.pg_partition_tree(w.root) t
JOIN pg_catalog.pg_class c ON c.oid = t.relid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.isleaf AND t.relid <> w.root AND c.relkind = 'r' AND (c.relreplident = 'n' OR (c.relreplident IN ('d', 'i') AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid
    AND CASE c.relreplident WHEN 'd' THEN x.indisprimary AND x.indimmediate ELSE x.indisreplident END)))
ORDER BY c.oid LIMIT ${MOST_PARTITIONS}`;
}

const MOST_PARTITIONS = 200;

export function selectedTables(names: readonly string[], rows: readonly Row[], username: string): SelectedTable[] {
  return names.map((asked, at) => {
    const ways = rows.filter((row) => row['at'] === String(at));
    const row = ways.find((each) => each['oid'] !== null) ?? {};
    const isTrue = (name: string) => row[name] === 'true';
    const [first] = candidates(asked);
    return {
      asked,
      namespace: row['namespace'] ?? first.namespace,
      name: row['name'] ?? first.name,
      found: row['oid'] !== undefined,
      usable: isTrue('usable'),
      readable: isTrue('readable'),
      inPart: isTrue('in_part'),
      kind: row['kind'] ?? '',
      persistence: row['persistence'] ?? '',
      identity: row['identity'] ?? '',
      hasPrimaryKey: isTrue('has_primary'),
      hasIdentityIndex: isTrue('has_identity'),
      candidateIndex: row['candidate'] ?? undefined,
      owned: isTrue('owned'),
      isPartition: isTrue('partition'),
      hidesRows: isTrue('hides_rows'),
      ...surplusRights(row, username),
    };
  });
}

/** Some names in words: a few of them, and how many more. */
export function listed(session: Session, tables: readonly TableName[], most = 5): string {
  const shown = tables.slice(0, most).map((table) => session.clean(relation(table), 140));
  const more = tables.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
