import type { StreamPosition } from '../probe.ts';
import { literal } from './sql.ts';

/** What advice is made of. Each stream is known by its place in the list. */

type Streams = readonly StreamPosition[];

const NAMED = (streams: Streams) => `
FROM (VALUES ${streams.map(({ namespace, name }, at) => `(${at}, ${literal(namespace)}, ${literal(name)})`).join(', ')}) w(at, namespace, name)
JOIN pg_catalog.pg_namespace n ON n.nspname = w.namespace AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`;

export const ADVISED_TABLES = (streams: Streams) => `
SELECT w.at, c.relkind AS kind, c.relpersistence AS persistence, c.relreplident AS identity,
  CASE WHEN c.relkind <> 'v' THEN c.reltuples::int8 END AS estimate, current_setting('wal_level') AS wal_level,
  (SELECT bool_or(i.indisprimary AND i.indimmediate) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)::text AS has_primary,
  (SELECT bool_or(i.indisreplident) FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid)::text AS has_identity ${NAMED(streams)}`;

/** With indexes, of all partitions. It asks for a lock that readers have. */
export const ADVISED_SIZES = (streams: Streams) => `
SELECT w.at, CASE WHEN c.relkind = 'p' THEN (SELECT sum(pg_catalog.pg_total_relation_size(p.relid)) FROM pg_catalog.pg_partition_tree(c.oid) p)
  WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_total_relation_size(c.oid) END AS bytes ${NAMED(streams)}`;

/** Indexes of columns alone, keys first: the primary one, then the unique ones. */
export const ADVISED_INDEXES = (streams: Streams) => `
SELECT w.at, x.relname AS name, (i.indisunique AND i.indpred IS NULL AND i.indisvalid)::text AS is_key,
  (i.indpred IS NULL AND i.indisvalid)::text AS is_whole,
  (SELECT string_agg(a.attname, E'\\x1f' ORDER BY array_position(i.indkey::int2[], a.attnum)) FROM pg_catalog.pg_attribute a
   WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) AS columns ${NAMED(streams)}
JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indexprs IS NULL
JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid ORDER BY w.at, i.indisprimary DESC, i.indisunique DESC, x.relname`;

/** Columns by which rows could be told in order: times and whole numbers. */
export const ADVISED_COLUMNS = (streams: Streams) => `
SELECT w.at, a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, (NOT a.attnotnull)::text AS nullable,
  (a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype))::text AS is_time,
  (a.atttypid NOT IN ('timestamp'::regtype, 'timestamptz'::regtype) AND (a.attidentity <> '' OR COALESCE(
    pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval(%', false)))::text AS grows ${NAMED(streams)}
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  AND a.atttypid IN ('timestamp'::regtype, 'timestamptz'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)
  AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY w.at, a.attnum`;
