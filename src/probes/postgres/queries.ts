/**
 * Catalogue queries. All are read-only, and none enumerates what it can answer with one row.
 * `$1` of the table queries is the selected schemas, or NULL for all but system schemas.
 */

export const SERVER = `
SELECT current_setting('server_version') AS version, current_database() AS database,
  current_setting('server_encoding') AS encoding`;

/** For each selected schema: whether it exists and may be used. */
export const SCHEMAS = `
SELECT w.name, (n.oid IS NOT NULL)::text AS found,
       COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false)::text AS usable
FROM unnest($1::text[]) AS w(name) LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.name`;

const SELECTED = `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND ($1::text[] IS NULL OR n.nspname = ANY($1::text[]))`;
const FROM = 'FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace';
const READABLE = `pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))`;

/** One table that may be read. Views come second: a view can be slow. */
export const READABLE_TABLE = `
SELECT n.nspname AS namespace, c.relname AS name ${FROM}
WHERE c.relkind IN ('r', 'p') AND ${SELECTED} AND ${READABLE} LIMIT 1`;

export const READABLE_VIEW = `
SELECT n.nspname AS namespace, c.relname AS name ${FROM}
WHERE c.relkind IN ('m', 'v') AND ${SELECTED} AND ${READABLE} LIMIT 1`;

/** Schemas with tables of which none may be read. */
export const DENIED_SCHEMAS = `
SELECT DISTINCT n.nspname AS namespace ${FROM}
WHERE c.relkind IN ('r', 'p', 'm', 'v') AND ${SELECTED} ORDER BY 1 LIMIT 20`;

const KEYS = `(SELECT string_agg(a.attname, E'\\x1f' ORDER BY array_position(i.indkey::int2[], a.attnum))
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
  WHERE i.indrelid = s.oid AND i.indisprimary)`;

/** A page of streams by name: `$2` part of a name (LIKE pattern), `$3`, `$4` the last of the page before, `$5` limit. */
export const STREAMS = `
SELECT s.namespace, s.name, s.kind, s.estimate, ${KEYS} AS keys FROM (
  SELECT c.oid, n.nspname AS namespace, c.relname AS name, c.relkind AS kind, c.reltuples::int8 AS estimate ${FROM}
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND ${SELECTED} AND ${READABLE}
    AND ($2::text IS NULL OR n.nspname || '.' || c.relname ILIKE $2)
    AND ($3::text IS NULL OR (n.nspname, c.relname) > ($3::name, $4::name))
  ORDER BY n.nspname, c.relname LIMIT $5::int
) s ORDER BY s.namespace, s.name`;

/** One stream by \`schema.name\`, or by name alone where that is enough. */
export const STREAM = `
SELECT s.oid, s.namespace, s.name, s.kind, s.estimate, ${KEYS} AS keys FROM (
  SELECT c.oid, n.nspname AS namespace, c.relname AS name, c.relkind AS kind, c.reltuples::int8 AS estimate ${FROM}
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${SELECTED} AND ${READABLE}
    AND (n.nspname || '.' || c.relname = $2 OR c.relname = $2)
  ORDER BY n.nspname || '.' || c.relname = $2 DESC, n.nspname LIMIT 1
) s`;

export const COLUMNS = `
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, (NOT a.attnotnull)::text AS nullable
FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum`;

/**
 * Everything the CDC checks look at but the tables, in one round trip. Settings that a version lacks are NULL. It asks
 * the functions behind pg_replication_slots, pg_stat_replication and pg_stat_activity, which any user of the views may
 * call, and pg_roles once: on a new connection the views' joins would take longer than all the rest.
 */
export const CDC_FACTS = `
SELECT current_setting('wal_level') AS wal_level,
  current_setting('server_version_num')::int AS version,
  pg_catalog.pg_is_in_recovery()::text AS standby,
  current_setting('max_replication_slots')::int AS slots,
  (SELECT count(*) FROM pg_catalog.pg_get_replication_slots()) AS slots_used,
  current_setting('max_wal_senders')::int AS senders,
  (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders()) AS senders_used,
  current_setting('max_slot_wal_keep_size', true) AS wal_keep,
  (SELECT extract(epoch FROM now() - min(a.xact_start))::int FROM pg_catalog.pg_stat_get_activity(NULL) a
   WHERE a.pid <> pg_catalog.pg_backend_pid()) AS oldest_transaction_s,
  roles.*
FROM (
  SELECT bool_or(r.rolname = current_user AND (r.rolreplication OR r.rolsuper))::text AS replicates,
    COALESCE(bool_or(r.rolname IN ('rds_replication', 'rds_superuser', 'rdsadmin') AND pg_catalog.pg_has_role(current_user, r.oid, 'member')), false)::text AS managed_replicates,
    COALESCE(bool_or(r.rolname = 'pg_read_all_stats' AND pg_catalog.pg_has_role(current_user, r.oid, 'member')), false)::text AS sees_transactions
  FROM pg_catalog.pg_roles r
  WHERE r.rolname IN (current_user, 'rds_replication', 'rds_superuser', 'rdsadmin', 'pg_read_all_stats')
) roles`;

/** Tables whose updates and deletes cannot be captured, a few of them. */
export const CDC_TABLES = `
SELECT n.nspname AS namespace, c.relname AS name ${FROM}
WHERE c.relkind IN ('r', 'p') AND ${SELECTED} AND ${READABLE} AND (c.relreplident = 'n' OR (c.relreplident = 'd'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))) LIMIT 6`;
