import type { Suspicion } from './suspicion.ts';

/** Why a login failed or a certificate was not trusted, whoever runs the server. */

const CLIENTS: Readonly<Record<string, (where: { host: string; port: string; username: string }) => string>> = {
  postgresql: ({ host, port, username }) => `psql "host=${host} port=${port} user=${username}"`,
  mysql: ({ host, port, username }) => `mysql --host=${host} --port=${port} --user=${username} --password`,
  mongodb: ({ host, port, username }) => `mongosh --host ${host} --port ${port} --username ${username}`,
  sqlserver: ({ host, port, username }) => `sqlcmd -S ${host},${port} -U ${username}`,
};

export const LOGIN_SUSPICIONS: readonly Suspicion[] = [
  {
    of: ['AUTH_REJECTED', 'AUTH_REJECTED_WITHOUT_TLS'],
    when: ({ padded }) => padded === true,
    likelihood: 'likely',
    cause: () => 'The password was stored with white space or a line end around it',
    evidence: () => ['the password that was sent begins or ends with white space'],
    fix: () => 'Store the password without it (printf in place of echo), and test again.',
    roles: ['password'],
  },
  {
    of: ['AUTH_REJECTED'],
    likelihood: 'possible',
    cause: ({ facts }) => `The password is not (or no longer) that of ${facts.username}`,
    fix: () => 'Take the password anew from where it is kept, and test again.',
    roles: ['password'],
    tellApart: ({ place, facts }) => {
      const client = CLIENTS[place.engine];
      const where = { host: place.host, port: String(place.port), username: facts.username ?? '' };
      return client
        ? `Whoever knows the password logs in by hand: ${client(where)}. If that works, the stored password is another one.`
        : 'Whoever knows the password logs in by hand with it.';
    },
  },
  {
    of: ['AUTH_REJECTED'],
    likelihood: 'possible',
    cause: ({ facts }) => `There is no user ${facts.username} on this server`,
    fix: () => 'Check the user name, or have the user created (the hand-off has the script).',
    roles: ['username'],
  },
  {
    of: ['AUTH_REJECTED'],
    when: ({ place }) => place.engine === 'postgresql' || place.engine === 'sqlserver',
    likelihood: 'possible',
    cause: ({ facts }) => `The password of ${facts.username} has expired; the server says the same then`,
    fix: () => 'Have a new one set, without an end or with a later one.',
    actor: 'dba',
    tellApart: ({ place }) =>
      place.engine === 'postgresql'
        ? "On the server: SELECT rolvaliduntil FROM pg_roles WHERE rolname = 'the user';"
        : "On the server: SELECT LOGINPROPERTY('the user', 'IsExpired');",
  },
  {
    of: ['AUTH_REJECTED'],
    when: ({ place }) => place.engine === 'mysql',
    likelihood: 'possible',
    cause: ({ facts }) =>
      `The account of ${facts.username} demands a client certificate (REQUIRE X509); the server says the same then`,
    fix: () => 'Give tls_cert and tls_key, or have the demand taken from the account.',
    roles: ['tls_cert', 'tls_key'],
    tellApart: () => "On the server: SHOW CREATE USER 'the user'@'its host';",
  },
  {
    of: ['AUTH_REJECTED'],
    when: ({ place }) => place.engine === 'mongodb',
    likelihood: 'possible',
    cause: () => 'The user is kept in another database than the one that was asked (auth_source)',
    fix: () => 'Set auth_source to the database in which the user was made; mostly it is admin.',
    roles: ['auth_source'],
  },
  {
    of: ['TLS_UNTRUSTED', 'TLS_SELF_SIGNED'],
    when: ({ provider }) => provider?.authority !== undefined,
    likelihood: 'likely',
    cause: ({ provider }) => `${provider?.name} signs its certificates by an authority of its own`,
    evidence: ({ step }) => [step.evidence ?? ''],
    fix: ({ provider }) => `Put the authority's PEM into tls_ca: ${provider?.authority}.`,
    roles: ['tls_ca'],
  },
  {
    of: ['TLS_WRONG_NAME'],
    when: ({ place }) => /^[\d.]+$|:/.test(place.host),
    likelihood: 'likely',
    cause: () => 'The host was given as an address, and certificates name servers',
    evidence: ({ place, step }) => [`the host is ${place.host}`, step.evidence ?? ''],
    fix: ({ facts }) => `Use a host that the certificate names (${facts.what}), or tls_mode verify-ca.`,
    roles: ['host'],
  },
];
