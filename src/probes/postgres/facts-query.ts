import { literal, textArray } from './sql.ts';
import { candidates } from './tables.ts';

/** What is asked of the role and, for change data capture, of the server: one row each, whatever the database holds. */

/** Group roles by which managed services let a role replicate. */
const MANAGED = textArray(['rds_replication', 'rds_superuser', 'rdsadmin']);

const ROLE = `
  bool_or(r.rolname = current_user AND r.rolsuper)::text AS super,
  bool_or(r.rolname = current_user AND r.rolcreatedb)::text AS creates_databases,
  bool_or(r.rolname = current_user AND r.rolcreaterole)::text AS creates_roles,
  bool_or(r.rolname = current_user AND r.rolbypassrls)::text AS bypasses_row_security,
  bool_or(r.rolname = current_user AND (r.rolreplication OR r.rolsuper))::text AS replicates,
  max(r.rolconnlimit) FILTER (WHERE r.rolname = current_user) AS connections,
  max(r.rolvaliduntil) FILTER (WHERE r.rolname = current_user) AS valid_until,
  max(CASE WHEN r.rolname = current_user AND isfinite(r.rolvaliduntil) THEN extract(epoch FROM r.rolvaliduntil - now())::int8 END) AS valid_for_s,
  COALESCE(bool_or(r.rolname = ANY (${MANAGED}) AND pg_catalog.pg_has_role(current_user, r.oid, 'member')), false)::text AS managed_replicates,
  COALESCE(bool_or(r.rolname = 'pg_read_all_stats' AND pg_catalog.pg_has_role(current_user, r.oid, 'member')), false)::text AS sees_transactions`;

const FROM_ROLES = `FROM pg_catalog.pg_roles r
  WHERE r.rolname IN (current_user, 'pg_read_all_stats') OR r.rolname = ANY (${MANAGED})`;

/** How the session that tries replication names itself, so that it is not counted as somebody's. */
export const TRIAL_NAME = 'headwater replication check';

/**
 * Settings that a version lacks are NULL. It asks the functions behind pg_replication_slots, pg_stat_replication and
 * pg_stat_activity, which any user of the views may call, and pg_roles once: on a new connection the views' joins would
 * take longer than all the rest.
 */
const server = (version: number) => `
  current_setting('wal_level') AS wal_level,
  pg_catalog.pg_is_in_recovery()::text AS standby,
  current_setting('max_replication_slots') AS slots,
  current_setting('max_wal_senders') AS senders,
  (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders() w WHERE w.pid NOT IN (
    SELECT a.pid FROM pg_catalog.pg_stat_get_activity(NULL) a WHERE a.application_name = ${literal(TRIAL_NAME)})) AS senders_used,
  current_setting('max_slot_wal_keep_size', true) AS wal_keep,
  pg_catalog.pg_size_bytes(current_setting('max_slot_wal_keep_size', true)) AS wal_keep_bytes,
  extract(epoch FROM current_setting('idle_replication_slot_timeout', true)::interval)::int8 AS idle_slot_s,
  current_setting('wal_sender_timeout') AS sender_timeout,
  (SELECT extract(epoch FROM now() - min(a.xact_start))::int8 FROM pg_catalog.pg_stat_get_activity(NULL) a
   WHERE a.pid <> pg_catalog.pg_backend_pid()) AS oldest_transaction_s,
  (SELECT extract(epoch FROM now() - min(x.prepared))::int8 FROM pg_catalog.pg_prepared_xact() x) AS oldest_prepared_s,
  pg_catalog.has_database_privilege(current_database(), 'CREATE')::text AS may_publish,
  ${version >= 140_000 ? "(SELECT (w.wal_bytes / GREATEST(extract(epoch FROM now() - w.stats_reset), 1))::numeric(20, 3) || ' ' || extract(epoch FROM now() - w.stats_reset)::int8 FROM pg_catalog.pg_stat_get_wal() w)" : 'NULL'} AS wal_rate`;

export function factsQuery(version: number, checksCdc: boolean): string {
  const isKnown = version >= 100_000;
  return `SELECT ${checksCdc && isKnown ? `${server(version)}, ` : ''}roles.* FROM (SELECT ${ROLE} ${FROM_ROLES}) roles`;
}

/** Every slot: there are at most max_replication_slots. How far behind is in bytes. Columns that a version lacks are NULL. */
export const SLOTS = `
SELECT s.slot_name AS name, s.plugin, s.slot_type AS type, s.active::text AS active, d.datname AS database,
  to_jsonb(s) ->> 'wal_status' AS status, to_jsonb(s) ->> 'invalidation_reason' AS invalid,
  pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
    ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn) AS behind
FROM pg_catalog.pg_get_replication_slots() s LEFT JOIN pg_catalog.pg_database d ON d.oid = s.datoid ORDER BY behind DESC NULLS LAST`;

/** The publication, and which of the selected tables (by their place in the list) are in it. */
export function publicationQuery(publication: string, tables: readonly string[], version: number): string {
  const ways = tables.flatMap((asked, at) =>
    candidates(asked).map(({ namespace, name }) => `(${at}, ${literal(namespace)}, ${literal(name)})`),
  );
  const ancestors = version >= 120_000 ? 'pg_catalog.pg_partition_ancestors(c.oid)' : '(SELECT c.oid) AS self';
  const bySchema =
    version >= 150_000
      ? 'OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace x WHERE x.pnpubid = p.oid AND x.pnnspid = n.oid)'
      : '';
  const members =
    ways.length === 0
      ? 'NULL'
      : `(SELECT string_agg(w.at::text, ',') FROM (VALUES ${ways.join(', ')}) w(at, namespace, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = w.namespace
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
  WHERE p.puballtables OR EXISTS (SELECT FROM pg_catalog.pg_publication_rel x WHERE x.prpubid = p.oid
    AND (x.prrelid = c.oid OR x.prrelid IN (SELECT * FROM ${ancestors}))) ${bySchema})`;
  return `
SELECT p.puballtables::text AS all_tables, p.pubinsert::text AS inserts, p.pubupdate::text AS updates,
  p.pubdelete::text AS deletes, ${members} AS members
FROM pg_catalog.pg_publication p WHERE p.pubname = ${literal(publication)}`;
}
