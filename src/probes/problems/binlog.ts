import type { ProblemKind } from './kind.ts';

/** Fitness for change data capture: MySQL and MariaDB. */
export const BINLOG_PROBLEMS = {
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
    says: ({ what }) => `The binary log is kept for ${what} only; a consumer that is down for longer has to start anew`,
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
  CDC_GTID: {
    actor: 'dba',
    says: ({ what }) => `gtid_mode is ${what} and this server is one of several: no reader can be moved between them`,
    fix: () =>
      'Turn on enforce_gtid_consistency and then gtid_mode, in the steps of its manual, on every server; or never move the reader.',
  },
  CDC_TIME_ZONE: {
    actor: 'dba',
    says: ({ what }) =>
      `The server takes its time zone from its machine, which calls it ${what}: a reader cannot be sure of DATETIME values`,
    fix: () =>
      "Tell the platform the connection's time zone, or set time_zone of the server to a name (Europe/Berlin) or an offset.",
  },
  CDC_BINLOG_FILTERED: {
    actor: 'dba',
    roles: ['database', 'schemas'],
    says: ({ what }) => `The binary log leaves out what is to be read: ${what}`,
    fix: () => "Take the filter out of the server's own configuration, and restart.",
  },
} as const satisfies Record<string, ProblemKind>;
