import { type ProblemKind, place } from './kind.ts';

/** TLS and certificates. */
export const TLS_PROBLEMS = {
  TLS_NOT_OFFERED: {
    actor: 'dba',
    roles: ['tls_mode'],
    says: ({ server, what }) => `TLS mode ${what} demands TLS, but this ${server} does not offer it`,
    fix: () => 'Turn TLS on at the server, or, on a network you trust, set tls_mode to prefer or disable.',
  },
  TLS_REQUIRED: {
    actor: 'user',
    roles: ['tls_mode'],
    says: ({ server, username }) => `${server} does not let ${username} in without TLS`,
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
    says: ({ host, what }) => `The certificate of ${host} expired ${what} ago`,
    fix: () => 'Renew the certificate at the server.',
  },
  TLS_AUTHORITY_EXPIRED: {
    actor: 'user',
    roles: ['tls_ca', 'tls_mode'],
    says: ({ host, what }) => `An authority behind the certificate of ${host} has expired (it was issued by ${what})`,
    fix: () =>
      'If it is the one in tls_ca, put its renewed PEM there. If the server sends it along, have it renewed at the server. The certificate itself is valid.',
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
  TLS_TOO_OLD: {
    actor: 'dba',
    roles: [],
    says: (facts) => `${place(facts)} speaks only versions of TLS that are no longer safe (before 1.2)`,
    fix: ({ server }) => `Turn TLS 1.2 or newer on at ${server}, or at the proxy in front of it.`,
  },
  TLS_NOT_SPOKEN: {
    actor: 'user',
    roles: ['port', 'tls_mode'],
    says: (facts) => `What ${place(facts)} answers to a TLS handshake is not TLS`,
    fix: () => 'Check the port; if it is right, the server (or a proxy in between) offers no TLS there.',
  },
  CLIENT_CERTIFICATE_REJECTED: {
    actor: 'dba',
    roles: ['tls_cert', 'tls_key'],
    says: ({ server }) => `${server} does not accept the client certificate`,
    fix: () =>
      'Use a certificate from an authority that the server trusts, for this user and not expired; or have its authority added there.',
  },
  CLIENT_KEY_UNUSABLE: {
    actor: 'user',
    roles: ['tls_cert', 'tls_key'],
    says: ({ what }) => `The client certificate and its key cannot be used: ${what}`,
    fix: () => 'Give both as PEM text: the certificate in tls_cert, its own key without a passphrase in tls_key.',
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
} as const satisfies Record<string, ProblemKind>;
