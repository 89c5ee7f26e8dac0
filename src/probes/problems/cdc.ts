import type { ProblemKind } from './kind.ts';

/** Fitness for change data capture. */
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
  CDC_BINLOG_OFF: {
    actor: 'dba',
    says: () => 'Change data capture needs the binary log, and it is off',
    fix: () =>
      'Turn log_bin on and restart (RDS and Aurora: automated backups on, binlog_format ROW in the parameter group).',
  },
  CDC_BINLOG_FORMAT: {
    actor: 'dba',
    says: ({ what }) => `Change data capture needs binlog_format ROW; it is ${what}`,
    fix: () => 'Set binlog_format to ROW, in the configuration of the server as well. Open sessions keep the old one.',
  },
  CDC_ROW_IMAGE: {
    actor: 'dba',
    says: ({ what }) => `Change data capture needs binlog_row_image FULL; it is ${what}`,
    fix: () => 'Set binlog_row_image to FULL, in the configuration of the server as well.',
  },
  CDC_PARTIAL_ROWS: {
    actor: 'dba',
    says: ({ what }) => `The binary log holds only parts of changed JSON values (binlog_row_value_options ${what})`,
    fix: () => 'Empty binlog_row_value_options.',
  },
  CDC_BINLOG_COMPRESSED: {
    actor: 'dba',
    says: ({ what }) => `The binary log is compressed (${what}), which not every reader understands`,
    fix: () => 'Turn the compression off, or make sure that the platform reads it.',
  },
  CDC_SERVER_ID: {
    actor: 'dba',
    says: () => 'server_id is 0: such a server lets nobody read its binary log',
    fix: () => 'Give the server a server_id of its own, in its configuration as well.',
  },
  CDC_RETENTION: {
    actor: 'dba',
    says: ({ what }) => `The binary log is kept for ${what} only; a source that stands still for longer starts anew`,
    fix: () => 'Keep it for 7 days or more (RDS and Aurora: mysql.rds_set_configuration).',
  },
  CDC_GRANTS: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} lacks rights that change data capture needs: ${what}`,
    fix: ({ username }) => `Grant them to ${username}.`,
  },
  CDC_REPLICA_SILENT: {
    actor: 'dba',
    roles: ['host'],
    says: () => 'This server is a replica that does not log the changes it receives',
    fix: () => 'Connect to the primary, or turn log_replica_updates (log_slave_updates) on and restart.',
  },
  CDC_NO_PRIMARY_KEY: {
    actor: 'dba',
    says: ({ what }) => `Tables without a primary key: ${what}; their updates and deletes cannot be matched to rows`,
    fix: () => 'Add a primary key, or leave these tables out.',
  },
  CDC_NOT_TRANSACTIONAL: {
    actor: 'dba',
    says: ({ what }) => `Tables of an engine without transactions: ${what}; a snapshot of them is not consistent`,
    fix: () => 'Turn them into InnoDB, or leave these tables out.',
  },
} as const satisfies Record<string, ProblemKind>;
