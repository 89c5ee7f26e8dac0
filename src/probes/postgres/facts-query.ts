import { candidates, literal } from './sql.ts';

/** What is asked of the role and, for change data capture, of the server: one row each, whatever the database holds. */

/** How the session that tries replication names itself, so that it is not counted as somebody's. */
export const TRIAL_NAME = 'headwater replication check';

/**
 * Settings that a version lacks are NULL; times are in seconds since 1970. It asks the functions behind
 * pg_replication_slots, pg_stat_replication and pg_stat_activity, which any user of the views may call, and as few
 * functions and catalogues as it can: on a new connection each costs more than its answer.
 */
const server = (version: number) => `
  current_setting('wal_level') AS wal_level,
  pg_catalog.pg_is_in_recovery() AS standby,
  current_setting('max_replication_slots') AS slots,
  current_setting('max_wal_senders') AS senders,
  (SELECT count(*) FROM pg_catalog.pg_get_replication_slots()) AS slots_used,
  (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders()) - activity.trials AS senders_used,
  current_setting('max_slot_wal_keep_size', true) AS wal_keep,
  current_setting('idle_replication_slot_timeout', true) AS idle_slot,
  current_setting('wal_sender_timeout') AS sender_timeout,
  extract(epoch FROM activity.oldest) AS oldest_transaction,
  (SELECT extract(epoch FROM min(x.prepared)) FROM pg_catalog.pg_prepared_xact() x) AS oldest_prepared,
  pg_catalog.pg_has_role('pg_read_all_stats', 'MEMBER') AS sees_transactions,
  ${version >= 140_000 ? 'wal.wal_bytes, extract(epoch FROM wal.stats_reset) AS wal_since,' : ''}`;

const ACTIVITY = `CROSS JOIN (
  SELECT min(a.xact_start) FILTER (WHERE a.pid <> pg_catalog.pg_backend_pid()) AS oldest,
    count(*) FILTER (WHERE a.application_name = ${literal(TRIAL_NAME)}) AS trials
  FROM pg_catalog.pg_stat_get_activity(NULL) a) activity`;

export function factsQuery(version: number, checksCdc: boolean): string {
  const isAsked = checksCdc && version >= 100_000;
  return `
SELECT ${isAsked ? server(version) : ''} extract(epoch FROM now()) AS now,
  r.rolsuper AS super, r.rolcreatedb AS creates_databases, r.rolcreaterole AS creates_roles,
  r.rolbypassrls AS bypasses_row_security, r.rolreplication AS replicates, r.rolconnlimit AS connections,
  r.rolvaliduntil AS valid_until, extract(epoch FROM r.rolvaliduntil) AS valid_until_s
FROM pg_catalog.pg_roles r ${isAsked ? ACTIVITY : ''} ${isAsked && version >= 140_000 ? 'CROSS JOIN pg_catalog.pg_stat_get_wal() wal' : ''} WHERE r.rolname = current_user`;
}

/** Every slot: there are at most max_replication_slots. How far behind is in bytes. */
export const slotsQuery = (version: number) => `
SELECT s.slot_name AS name, s.plugin, s.slot_type AS type, s.active,
  (SELECT d.datname FROM pg_catalog.pg_database d WHERE d.oid = s.datoid) AS database,
  ${version >= 130_000 ? 's.wal_status' : 'NULL'} AS status, ${version >= 170_000 ? 's.invalidation_reason' : 'NULL'} AS invalid,
  pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
    ELSE pg_catalog.pg_current_wal_lsn() END, s.restart_lsn) AS behind
FROM pg_catalog.pg_get_replication_slots() s`;

/** The publication, where there is one, and which of the selected tables (by their place in the list) are in it. */
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
SELECT pg_catalog.has_database_privilege(current_database(), 'CREATE') AS may_publish, p.pubname AS name,
  p.puballtables AS all_tables, p.pubinsert AS inserts, p.pubupdate AS updates, p.pubdelete AS deletes, ${members} AS members
FROM (SELECT) one LEFT JOIN pg_catalog.pg_publication p ON p.pubname = ${literal(publication)}`;
}
