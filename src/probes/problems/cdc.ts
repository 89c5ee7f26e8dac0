import type { ProblemKind } from './kind.ts';

/** Fitness for change data capture: PostgreSQL. */
export const CDC_PROBLEMS = {
  CDC_WAL_LEVEL: {
    actor: 'dba',
    says: ({ what }) => `Change data capture needs wal_level logical; it is ${what}`,
    fix: () =>
      'Set wal_level to logical and restart (RDS and Aurora: rds.logical_replication = 1; Cloud SQL: cloudsql.logical_decoding = on).',
  },
  CDC_ROLE: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username }) => `${username} may not replicate`,
    fix: ({ username }) => `Give ${username} the REPLICATION attribute (RDS and Aurora: GRANT rds_replication).`,
  },
  CDC_NO_FREE_SLOT: {
    actor: 'dba',
    says: ({ what }) => `No replication slot or sender is free (${what})`,
    fix: () => 'Drop slots that nobody reads, or raise max_replication_slots and max_wal_senders and restart.',
  },
  CDC_STANDBY: {
    actor: 'user',
    roles: ['host'],
    says: () => 'This server is a standby; before version 16 a standby cannot decode changes',
    fix: () => 'Connect to the primary.',
  },
  CDC_REPLICA_IDENTITY: {
    actor: 'dba',
    says: ({ what }) => `Updates and deletes cannot be captured for ${what}`,
    fix: () => 'Add a primary key, or set REPLICA IDENTITY FULL.',
  },
  CDC_LONG_TRANSACTION: {
    actor: 'dba',
    says: ({ what }) => `A transaction has been open for ${what}; a new replication slot waits for it`,
    fix: () => 'End the transaction before the first sync.',
  },
  CDC_UNBOUNDED_WAL: {
    actor: 'dba',
    says: () => 'max_slot_wal_keep_size is unlimited: a consumer that stops can fill the disk',
    fix: () => 'Set max_slot_wal_keep_size to what the disk can spare, and reload.',
  },
  CDC_ENDPOINT: {
    actor: 'user',
    roles: ['host'],
    says: ({ what }) => `Changes cannot be captured through this endpoint: ${what}`,
    fix: ({ fix }) => fix || 'Give the host and port of the server itself.',
  },
  CDC_SESSION_REFUSED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ server, username }) => `${server} lets ${username} begin no replication session`,
    fix: () => 'Read what the server said (the evidence of this step), and its log.',
  },
} as const satisfies Record<string, ProblemKind>;
