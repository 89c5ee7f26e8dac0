import type { ProblemKind } from './kind.ts';

/** What only SQL Server and Azure SQL say. Sources: "Database Engine events and errors", "About change data capture". */
export const SQLSERVER_PROBLEMS = {
  FIREWALL_REFUSED: {
    actor: 'cloud_admin',
    says: ({ host, what }) => `The firewall of ${host} does not let in ${what ?? 'the address of Headwater'}`,
    fix: ({ what }) =>
      `Add a firewall rule for ${what ?? 'the address that Headwater connects from'} to the server (Azure portal: Networking), then wait five minutes.`,
  },
  PUBLIC_ACCESS_DENIED: {
    actor: 'cloud_admin',
    roles: ['host'],
    says: ({ host }) => `${host} takes no connections from public networks`,
    fix: () => 'Connect through its private endpoint, or permit public access from selected networks (Networking).',
  },
  SERVER_UNKNOWN: {
    actor: 'user',
    roles: ['host', 'username'],
    says: ({ host }) => `The gateway behind ${host} knows no server of that name`,
    fix: ({ username }) =>
      `Give the host as NAME.database.windows.net; where it is reached by another name, the user as ${username?.replace(/@.*/, '')}@NAME.`,
  },
  ROUTED_ELSEWHERE: {
    actor: 'network_admin',
    roles: ['host'],
    says: ({ host, what }) => `${host} sends its clients on to ${what}, which was not followed`,
    fix: ({ fix }) => fix || 'Permit that host and port as well, or set the connection policy of the server to Proxy.',
  },
  CDC_EDITION: {
    actor: 'dba',
    says: ({ what }) => `Changes cannot be captured on ${what}`,
    fix: () =>
      'Use an edition with change data capture: Standard, Enterprise, Developer, Managed Instance or Azure SQL.',
  },
  CDC_TIER: {
    actor: 'cloud_admin',
    says: ({ what }) => `Azure SQL captures no changes in the service tier ${what}`,
    fix: () => 'Move the database to S3 or larger, or to the vCore model.',
  },
  CDC_OLD_VERSION: {
    actor: 'dba',
    says: ({ what }) => `${what} is older than what connectors are tested with (SQL Server 2017)`,
    fix: () => 'Update the server, or make sure that the platform supports this version.',
  },
  CDC_NOT_ENABLED: {
    actor: 'dba',
    says: ({ database }) => `Change data capture is not turned on for the database ${database}`,
    fix: () => 'Turn it on for the database, then for each table.',
  },
  CDC_AGENT_STOPPED: {
    actor: 'dba',
    says: ({ what }) => `SQL Server Agent does not run (${what}): nothing is captured without it`,
    fix: () => 'Start the service SQL Server Agent, and have it start by itself.',
  },
  CDC_TABLE_NOT_TRACKED: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ what }) => `The changes of ${what} are not captured`,
    fix: () => 'Turn change data capture on for these tables.',
  },
  CDC_GATED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} is not in the role that may read captured changes (${what})`,
    fix: () => 'Add the user to the role.',
  },
  CDC_TWO_INSTANCES: {
    actor: 'dba',
    says: ({ what }) => `Two capture instances exist already for ${what}: a change of columns needs a free one`,
    fix: () => 'Disable the capture instance that nobody reads (sys.sp_cdc_disable_table).',
  },
  CDC_NOTHING_CAPTURED: {
    actor: 'dba',
    says: () => 'The capture job has not captured anything yet',
    fix: () => 'Change a row of a captured table and test again; if it stays, look at the job cdc.<database>_capture.',
  },
  CDC_CHANGES_KEPT: {
    actor: 'dba',
    says: ({ what }) => `Captured changes are kept for ${what} only; a source that stands still for longer starts anew`,
    fix: () => 'Keep them for 3 days or more.',
  },
  CDC_NO_SNAPSHOTS: {
    actor: 'dba',
    says: () => 'Snapshot isolation is off: a first snapshot locks tables, or reads them at different moments',
    fix: () => 'Allow snapshot isolation for the database.',
  },
} as const satisfies Record<string, ProblemKind>;
