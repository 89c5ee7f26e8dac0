/** Who can mend a failure. */
export type Actor = 'user' | 'dba' | 'network_admin' | 'cloud_admin' | 'vendor';

/** What a problem's sentences may speak of. Values from outside are cleaned before they get here. */
export interface Facts {
  host?: string;
  port?: number;
  username?: string;
  database?: string;
  /** The product's name: `PostgreSQL`. */
  server?: string;
  /** Anything one problem alone needs. */
  what?: string;
  /** A fix that only the place of the failure knows. */
  fix?: string;
}

interface ProblemKind {
  actor: Actor;
  retryable?: boolean;
  /** Roles of the config fields to change. */
  roles?: readonly string[];
  /** The headline: what happened, in one sentence. */
  says: (facts: Facts) => string;
  /** The one thing to do. */
  fix: (facts: Facts) => string;
}

const withoutStop = (sentence: string) => sentence.replace(/\.$/, '');

const place = ({ host, port }: Facts) => `${host}:${port}`;

/**
 * Every way a step can fail or warn, in one table. Codes are stable: agents and tests rely on them.
 * Sources: facts of the protocols themselves, and the errors that real servers answer with.
 */
export const PROBLEMS = {
  CONFIG_UNUSABLE: {
    actor: 'user',
    says: ({ what }) => withoutStop(what ?? 'The config cannot be used'),
    fix: ({ fix }) => fix || 'Correct the config.',
  },
  HOST_REFUSED: {
    actor: 'network_admin',
    roles: ['host'],
    says: ({ host, what }) => `Connections to ${host} are not permitted: ${what}`,
    fix: ({ fix }) => fix || 'Use a permitted host.',
  },
  DNS_NOT_FOUND: {
    actor: 'user',
    roles: ['host'],
    says: ({ host }) => `There is no host named ${host}`,
    fix: ({ host }) =>
      `Check the spelling of ${host}. If it is a private name, it resolves only inside its own network.`,
  },
  DNS_FAILED: {
    actor: 'network_admin',
    retryable: true,
    says: ({ host }) => `The name server did not answer for ${host}`,
    fix: () => 'Try again in a moment. If it stays, the DNS of the machine that runs Headwater needs attention.',
  },
  DNS_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    says: ({ host }) => `Looking up ${host} took too long`,
    fix: () => 'Try again in a moment. If it stays, the DNS of the machine that runs Headwater needs attention.',
  },
  TCP_REFUSED: {
    actor: 'user',
    roles: ['port', 'host'],
    says: (facts) => `Nothing listens on ${place(facts)}`,
    fix: ({ server, port }) =>
      `Check the port (is ${port} right?) and that ${server} runs there and listens on that address.`,
  },
  TCP_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: (facts) => `No answer from ${place(facts)}: a firewall drops the packets, or the host is down`,
    fix: (facts) =>
      `Permit TCP from the machine that runs Headwater to ${place(facts)} (firewall, security group, IP allow-list).`,
  },
  TCP_UNREACHABLE: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host'],
    says: (facts) => `There is no route to ${place(facts)}`,
    fix: (facts) =>
      `Connect the networks, or use an address of ${facts.host} that is reachable from where Headwater runs.`,
  },
  CONNECTION_LOST: {
    actor: 'network_admin',
    retryable: true,
    roles: ['host', 'port'],
    says: (facts) => `${place(facts)} accepted the connection and then dropped it`,
    fix: (facts) =>
      `Look at the log of the server behind ${place(facts)}; a proxy or firewall in between may also cut connections.`,
  },
  TLS_NOT_OFFERED: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: ({ server, what }) => `TLS mode ${what} demands TLS, but this ${server} does not offer it`,
    fix: () => 'Turn TLS on at the server, or, on a network you trust, set tls_mode to prefer or disable.',
  },
  TLS_REQUIRED: {
    actor: 'user',
    roles: ['tls_mode'],
    says: ({ server }) => `This ${server} accepts this user over TLS only`,
    fix: () => 'Set tls_mode to require (or verify-full).',
  },
  TLS_UNTRUSTED: {
    actor: 'user',
    roles: ['tls_ca', 'tls_mode'],
    says: ({ host, what }) => `The certificate of ${host} is from an authority that is not trusted (${what})`,
    fix: () => 'Put the PEM of the authority into tls_ca (managed databases publish theirs), or use tls_mode require.',
  },
  TLS_SELF_SIGNED: {
    actor: 'user',
    roles: ['tls_ca', 'tls_mode'],
    says: ({ host }) => `The certificate of ${host} is self-signed`,
    fix: () => 'Put the certificate itself into tls_ca, or use tls_mode require.',
  },
  TLS_EXPIRED: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: ({ host, what }) => `The certificate of ${host} expired ${what} days ago`,
    fix: () => 'Renew the certificate at the server.',
  },
  TLS_NOT_YET_VALID: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: ({ host }) => `The certificate of ${host} is not valid yet`,
    fix: () => "Correct the server's clock or certificate.",
  },
  TLS_WRONG_NAME: {
    actor: 'user',
    roles: ['host', 'tls_mode'],
    says: ({ host, what }) => `The certificate does not name ${host}; it names ${what}`,
    fix: ({ what }) => `Use a host that the certificate names (${what}), or tls_mode verify-ca.`,
  },
  TLS_FAILED: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: (facts) => `The TLS handshake with ${place(facts)} failed`,
    fix: () => 'Check which TLS versions and certificates the server is set up with; TLS 1.2 or newer is needed.',
  },
  TLS_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['port', 'tls_mode'],
    says: (facts) => `${place(facts)} accepted the connection and then said nothing`,
    fix: ({ server, port }) =>
      `Check that ${port} is the port of ${server} itself; an overloaded server or a proxy in between can also hang.`,
  },
  CLEAR_TEXT: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: ({ host }) => `The connection to ${host} crosses a public network without TLS`,
    fix: () => 'Turn TLS on at the server and set tls_mode to require.',
  },
  CERTIFICATE_EXPIRES: {
    actor: 'dba',
    says: ({ host, what }) => `The certificate of ${host} ${what}`,
    fix: () => 'Renew the certificate at the server.',
  },
  WRONG_PROTOCOL: {
    actor: 'user',
    roles: ['port', 'host'],
    says: (facts) => `${place(facts)} is not ${facts.server}: ${facts.what}`,
    fix: ({ server }) => `Give the port on which ${server} itself listens.`,
  },
  PROTOCOL_TIMEOUT: {
    actor: 'network_admin',
    retryable: true,
    roles: ['port'],
    says: (facts) => `${place(facts)} accepted the connection and then said nothing`,
    fix: ({ server, port }) =>
      `Check that ${port} is the port of ${server} itself; an overloaded server or a proxy in between can also hang.`,
  },
  SERVER_NOT_READY: {
    actor: 'dba',
    retryable: true,
    says: ({ server, what }) => `${server} is not ready for logins: ${what}`,
    fix: () => 'Wait until the server is up, then test again.',
  },
  TOO_MANY_CONNECTIONS: {
    actor: 'dba',
    retryable: true,
    says: ({ server }) => `${server} has no free connection`,
    fix: () => 'Close idle connections or raise the connection limit of the server or the role.',
  },
  AUTH_REJECTED: {
    actor: 'user',
    roles: ['username', 'password'],
    says: ({ username }) => `The server rejected the user name or password (user ${username})`,
    fix: ({ username }) =>
      `Check both: servers do not say which of the two is wrong. The password of ${username} may have been changed.`,
  },
  PASSWORD_MISSING: {
    actor: 'user',
    roles: ['password'],
    says: ({ username }) => `The server asks for a password of ${username}, and none is set`,
    fix: () => 'Add the password, best as a reference such as ${env:HEADWATER_SECRET_DB}.',
  },
  USER_UNKNOWN: {
    actor: 'user',
    roles: ['username'],
    says: ({ username }) => `There is no user ${username}`,
    fix: () => 'Check the user name, or have the user created.',
  },
  LOGIN_NOT_PERMITTED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username }) => `The user ${username} exists but may not log in`,
    fix: ({ username }) => `Give ${username} the right to log in.`,
  },
  HOST_NOT_PERMITTED: {
    actor: 'dba',
    says: ({ username, database, server }) =>
      `${server} has no rule that lets ${username} into ${database} from this address`,
    fix: ({ username, database }) =>
      `Add a rule to pg_hba.conf for user ${username}, database ${database} and the address that Headwater connects from, then reload.`,
  },
  AUTH_METHOD_UNSUPPORTED: {
    actor: 'dba',
    says: ({ what }) => `The server asks for a way to log in that cannot be used here (${what})`,
    fix: () => 'Permit password authentication (scram-sha-256) for this user.',
  },
  AUTH_TIMEOUT: {
    actor: 'dba',
    retryable: true,
    says: (facts) => `${place(facts)} did not answer the login`,
    fix: () => 'Test again; if it stays, look at the load and the log of the server.',
  },
  DATABASE_NOT_FOUND: {
    actor: 'user',
    roles: ['database'],
    says: ({ database }) => `The login is right, but there is no database ${database}`,
    fix: () => 'Check the name of the database; it is case-sensitive.',
  },
  DATABASE_DENIED: {
    actor: 'dba',
    roles: ['database'],
    says: ({ username, database }) => `${username} may not connect to the database ${database}`,
    fix: ({ username, database }) => `Grant ${username} the right to connect to ${database}.`,
  },
  SCHEMA_NOT_FOUND: {
    actor: 'user',
    roles: ['schemas'],
    says: ({ what }) => `There is no schema ${what}`,
    fix: () => 'Correct schemas, or leave it out to read all that the user may see.',
  },
  SCHEMA_DENIED: {
    actor: 'dba',
    roles: ['schemas'],
    says: ({ username, what }) => `${username} may not use the schema ${what}`,
    fix: ({ username, what }) => `Grant ${username} usage of ${what}.`,
  },
  TABLES_DENIED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} may read none of the tables in ${what}`,
    fix: ({ username }) => `Grant ${username} the right to read them.`,
  },
  NO_TABLES: {
    actor: 'user',
    roles: ['database', 'schemas'],
    says: ({ what }) => `There are no tables in ${what}`,
    fix: () => 'Check that this is the database you mean.',
  },
  READ_FAILED: {
    actor: 'dba',
    says: ({ what }) => `Reading one row failed: ${what}`,
    fix: () => 'Look at the table named in the evidence, or at the rights of the user.',
  },
  QUERY_TIMEOUT: {
    actor: 'dba',
    retryable: true,
    says: (facts) => `${place(facts)} took too long to answer a small query`,
    fix: () => 'Test again; if it stays, look at the load and the locks of the server.',
  },
  QUERY_FAILED: {
    actor: 'dba',
    says: ({ server, what }) => `${server} refused a catalogue query: ${what}`,
    fix: () => 'Look at the log of the server.',
  },
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
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface ProblemDetails {
  evidence?: string;
  /** The server's or system's own code: `28P01`, `ECONNREFUSED`. */
  driver_code?: string;
  sql?: string;
  command?: string;
}

/** One thing found wrong: a code, the facts its sentences speak of, and what came with it. */
export interface Problem extends ProblemDetails {
  code: ProblemCode;
  facts: Facts;
}

/** Thrown by a step to fail it. */
export class StepFailure extends Error {
  readonly problem: Problem;
  constructor(code: ProblemCode, facts: Facts, details: ProblemDetails = {}) {
    super(code);
    this.name = 'StepFailure';
    this.problem = { code, facts, ...details };
  }
}

export function problemKind(code: ProblemCode): ProblemKind {
  return PROBLEMS[code];
}
