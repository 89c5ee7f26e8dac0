import type { ProblemKind } from './kind.ts';

/** What only PostgreSQL and its kin can lack: roles, slots and publications. Source of the CDC rules: its manual, and Debezium's and Streamkap's demands. */
export const POSTGRES_PROBLEMS = {
  ROLE_CONNECTION_LIMIT: {
    actor: 'dba',
    retryable: true,
    roles: ['username'],
    says: ({ username }) => `The connection limit of the role ${username} is used up`,
    fix: ({ username }) => `Raise the connection limit of ${username}, or close sessions of its own.`,
  },
  TABLE_ROW_SECURITY: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ username, what }) => `Row security decides which rows ${username} sees of ${what}`,
    fix: ({ username }) => `If all rows are to be read, let ${username} bypass it (BYPASSRLS), or give it a policy.`,
  },
  CDC_VERSION: {
    actor: 'dba',
    says: ({ what }) => `PostgreSQL ${what} cannot stream its changes`,
    fix: () => 'Upgrade to a version that is still maintained; 10 is the least.',
  },
  CDC_VERSION_OLD: {
    actor: 'dba',
    says: ({ what }) =>
      `PostgreSQL ${what} is no longer maintained, and cannot bound what a slot keeps or publish partitioned tables`,
    fix: () => 'Plan an upgrade to a version that is still maintained.',
  },
  CDC_SESSION_NOT_PERMITTED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username }) => `pg_hba.conf lets ${username} in for queries, but not for a replication session`,
    fix: ({ username }) => `Add a rule for replication sessions of ${username} to pg_hba.conf, and reload.`,
  },
  CDC_POOLER: {
    actor: 'user',
    roles: ['host', 'port'],
    says: ({ host, port }) => `A pooler or proxy answers at ${host}:${port}, and passes no replication session on`,
    fix: () => 'Give the host and port of the server itself.',
  },
  CDC_SLOT_UNFIT: {
    actor: 'user',
    roles: ['slot_name'],
    says: ({ what }) => `The replication slot cannot be used: ${what}`,
    fix: () => 'Name another slot in slot_name (one that is not there yet is created), or have this one dropped.',
  },
  CDC_SLOT_LOST: {
    actor: 'dba',
    roles: ['slot_name'],
    says: ({ what }) => `The replication slot ${what} has lost changes that were not read in time`,
    fix: () => 'Drop it, and let it be created anew; the source then starts with a new snapshot.',
  },
  CDC_SLOT_ACTIVE: {
    actor: 'user',
    roles: ['slot_name'],
    says: ({ what }) => `Somebody reads the replication slot ${what} right now, and a slot has one reader`,
    fix: () => 'If that is not this source itself, name another slot.',
  },
  CDC_SLOT_NEAR_LOSS: {
    actor: 'dba',
    roles: ['slot_name'],
    says: ({ what }) => `The replication slot ${what} is about to lose changes that were not read`,
    fix: () => 'Let its reader catch up, or raise max_slot_wal_keep_size.',
  },
  CDC_PUBLICATION_MISSING: {
    actor: 'dba',
    roles: ['publication'],
    says: ({ what, username }) => `There is no publication ${what}, and ${username} may not create it`,
    fix: () => 'Have it created, for the tables that are selected.',
  },
  CDC_PUBLICATION_TABLES: {
    actor: 'dba',
    roles: ['publication', 'tables'],
    says: ({ what }) => `The publication does not hold ${what}, so their changes would not come`,
    fix: () => 'Add them to the publication.',
  },
  CDC_PUBLICATION_PARTIAL: {
    actor: 'dba',
    roles: ['publication'],
    says: ({ what }) => `The publication leaves changes out: ${what}`,
    fix: () => 'Let it publish inserts, updates and deletes.',
  },
  CDC_NOT_CAPTURED: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ what }) => `Changes are not captured of ${what}`,
    fix: () => 'Leave these out of tables, or read them without change data capture; unlogged tables can be logged.',
  },
  CDC_HEADROOM: {
    actor: 'dba',
    says: ({ what }) => `A consumer that is down for ${what} must start anew`,
    fix: () => 'Keep more: raise max_slot_wal_keep_size (and idle_replication_slot_timeout), and reload.',
  },
  CDC_SLOTS_LEFT: {
    actor: 'dba',
    says: ({ what }) => `Replication slots that nobody reads hold back WAL: ${what}`,
    fix: ({ fix }) =>
      `If their readers are gone for good, drop them: ${fix || 'SELECT pg_drop_replication_slot(NAME);'} They can fill the disk.`,
  },
} as const satisfies Record<string, ProblemKind>;
