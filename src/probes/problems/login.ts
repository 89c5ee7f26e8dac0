import { type ProblemKind, place } from './kind.ts';

/** Logging in. */
export const LOGIN_PROBLEMS = {
  SERVER_NOT_READY: {
    actor: 'dba',
    retryable: true,
    says: ({ server }) => `${server} is not ready for logins`,
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
    roles: ['username', 'database'],
    says: ({ username, database, server }) =>
      `${server} has no rule that lets ${username} into ${database} from this address`,
    fix: ({ username, database }) =>
      `If both names are right: add a rule to pg_hba.conf for user ${username}, database ${database} and the address that Headwater connects from, then reload.`,
  },
  CLIENT_CERTIFICATE_REQUIRED: {
    actor: 'user',
    roles: ['tls_cert', 'tls_key'],
    says: ({ server, username }) =>
      `${server} wants a client certificate${username === undefined ? '' : ` from ${username}`}`,
    fix: () =>
      'Put the certificate into tls_cert and its key into tls_key; whoever runs the server issues them. Or have password authentication permitted for this user.',
  },
  AUTH_METHOD_UNSUPPORTED: {
    actor: 'dba',
    says: ({ what }) => `The server asks for a way to log in that cannot be used here (${what})`,
    fix: ({ fix }) => fix || 'Permit password authentication (scram-sha-256) for this user.',
  },
  LOGIN_REFUSED: {
    actor: 'dba',
    says: ({ server, username }) => `${server} refused the login of ${username} for a reason of its own`,
    fix: () => 'Read what the server said (the evidence of this step), and its log.',
  },
  AUTH_TIMEOUT: {
    actor: 'dba',
    retryable: true,
    says: (facts) => `${place(facts)} did not answer the login`,
    fix: () => 'Test again; if it stays, look at the load and the log of the server.',
  },
  AUTH_REJECTED_WITHOUT_TLS: {
    actor: 'user',
    roles: ['username', 'password', 'tls_mode'],
    says: ({ username }) => `The server rejected the login of ${username}, which came without TLS`,
    fix: () => 'Check user name and password. If the account demands TLS, set tls_mode to require: servers do not say.',
  },
  ADDRESS_NOT_PERMITTED: {
    actor: 'dba',
    says: ({ server }) => `${server} has no account that may come from the address that Headwater connects from`,
    fix: ({ username }) => `Create the account ${username} for that address (the evidence of this step shows it).`,
  },
  ADDRESS_BLOCKED: {
    actor: 'dba',
    retryable: true,
    says: ({ server }) => `${server} has blocked the address of Headwater after too many failed connections`,
    fix: () => 'Empty the host cache of the server; if it comes back, raise max_connect_errors.',
  },
  PASSWORD_EXPIRED: {
    actor: 'dba',
    roles: ['password'],
    says: ({ username }) => `The password of ${username} has expired`,
    fix: () => 'Set a new password for the user, and put it into the config.',
  },
  ACCOUNT_LOCKED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username }) => `The account of ${username} is locked`,
    fix: ({ username }) => `Unlock the account of ${username}.`,
  },
  LOGIN_NEEDS_TLS: {
    actor: 'user',
    roles: ['tls_mode'],
    says: ({ server, username }) =>
      `${server} asks for the password of ${username} itself, which is not sent over a connection without TLS`,
    fix: () => 'Set tls_mode to require (or verify-full); where the server has no TLS, have it turned on.',
  },
} as const satisfies Record<string, ProblemKind>;
