import type { ProblemKind } from './kind.ts';

/** What only Oracle says. Sources: "Database Error Messages", node-oracledb's errors, LogMiner's requirements. */
export const ORACLE_PROBLEMS = {
  SERVICE_UNKNOWN: {
    actor: 'user',
    fields: ['service_name', 'sid'],
    says: ({ host, what }) => `The listener on ${host} does not know ${what}`,
    fix: () =>
      'Check the name (lsnrctl services shows all). What people call SID is often a service name, and the other way round.',
  },
  LISTENER_REFUSED: {
    actor: 'dba',
    says: ({ host, what }) => `The listener on ${host} refused ${what} for a reason of its own`,
    fix: () => 'Look up the number of the error (driver_code), and look at the log of the listener.',
  },
  ORACLE_TOO_OLD: {
    actor: 'dba',
    says: () => 'This database is older than 12.1, which cannot be logged in to here',
    fix: () => 'Update the database to 12.1 or newer.',
  },
  NATIVE_ENCRYPTION: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: ({ server }) => `${server} demands native network encryption, which is not spoken here`,
    fix: () => 'Offer TLS (TCPS) instead, or set SQLNET.ENCRYPTION_SERVER and CRYPTO_CHECKSUM_SERVER to ACCEPTED.',
  },
  DRIVER_MISSING: {
    actor: 'user',
    says: ({ server, what }) =>
      `${server} was reached, but the login was not tested: the driver ${what} is not installed`,
    fix: ({ what }) => `Whoever runs Headwater installs it beside Headwater: npm i ${what}. Then test again.`,
  },
  TLS_RENEWED: {
    actor: 'user',
    roles: ['tls_mode'],
    says: ({ server }) => `${server} was reached, but the login was not tested: it makes TLS anew for each session`,
    fix: () => 'Check the credentials by other means, or test through TCP in a network or SSH tunnel that you trust.',
  },
  CDC_ARCHIVE_LOG: {
    actor: 'dba',
    says: ({ what }) => `Change data capture needs ARCHIVELOG mode; it is ${what}`,
    fix: () => 'Turn ARCHIVELOG mode on, which needs a restart (RDS: turn automated backups on).',
  },
  CDC_SUPPLEMENTAL_LOG: {
    actor: 'dba',
    says: () => 'Supplemental logging is off: the log does not say which row was changed',
    fix: () => 'Turn minimal supplemental logging on for the database.',
  },
  CDC_TABLE_LOG: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ what }) => `Not all columns of ${what} go into the log: values that did not change are missing`,
    fix: () => 'Add supplemental logging of all columns to these tables.',
  },
  CDC_ARCHIVE_KEPT: {
    actor: 'dba',
    says: ({ what }) => `The oldest archived log is ${what} old; a source that stands still for longer starts anew`,
    fix: () => 'Keep archived logs for 7 days or more (RDS: archivelog retention hours), unless the database is new.',
  },
  CDC_LONG_NAMES: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ what }) => `LogMiner passes over names of more than 30 bytes: ${what}`,
    fix: () => 'Shorten the names, or leave these tables out.',
  },
  CDC_COMMON_USER: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username }) =>
      `This is a container database, and ${username} is no common user: LogMiner runs in the root`,
    fix: () => 'Use a common user (c##…) with its rights in all containers, unless the platform mines a single one.',
  },
} as const satisfies Record<string, ProblemKind>;
