import type { Provider } from './provider.ts';

/** PostgreSQL as a service. */

const onSupabasePooler = (host: string) => host.endsWith('.pooler.supabase.com');
const SUPABASE = 'the network restrictions of the project (Database, Settings)';

const IPV6_ONLY = {
  cause: () => 'The direct host of Supabase has an IPv6 address only, and this network has no IPv6',
  fix: () =>
    'Use the session pooler (its host, port 5432, user postgres.PROJECT) for reading; for change data capture buy the IPv4 add-on of the project, or run Headwater where there is IPv6.',
  roles: ['host'],
  actor: 'user',
} as const;

export const HOSTED_POSTGRES: readonly Provider[] = [
  {
    code: 'supabase_pooler',
    name: 'Supabase (pooler)',
    engines: ['postgresql'],
    suffixes: ['.pooler.supabase.com'],
    fits: ({ host, port }) => onSupabasePooler(host) || (/^db\.[a-z0-9]+\.supabase\.co$/.test(host) && port === 6543),
    settingsBy: 'user',
    allowList: SUPABASE,
    noReplication: {
      because: 'the pooler of Supabase passes no replication connections on',
      instead: 'Use the direct host db.PROJECT.supabase.co, port 5432 (over IPv6, or with the IPv4 add-on).',
    },
    suspicions: [
      {
        of: ['AUTH_REJECTED', 'USER_UNKNOWN', 'LOGIN_REFUSED', 'DATABASE_NOT_FOUND'],
        when: ({ place }) => place.username?.includes('.') === false,
        likelihood: 'likely',
        cause: () => 'The pooler of Supabase knows a project by the user name, and this one names none',
        evidence: ({ place }) => [`the user name is ${place.username}, without a project`],
        fix: ({ place }) => `Give the user as ${place.username}.PROJECT, as the project's connection page shows it.`,
        roles: ['username'],
      },
    ],
  },
  {
    code: 'supabase',
    name: 'Supabase',
    engines: ['postgresql'],
    suffixes: ['.supabase.co'],
    fits: ({ host }) => /^db\.[a-z0-9]+\.supabase\.(co|red|in)$/.test(host),
    settingsBy: 'user',
    allowList: SUPABASE,
    authority: 'the SSL certificate of the project (Database, Settings: download certificate)',
    suspicions: [
      {
        ...IPV6_ONLY,
        of: ['TCP_UNREACHABLE', 'TCP_TIMEOUT'],
        when: ({ addresses, machine }) =>
          !machine.hasIpv6() && addresses.length > 0 && addresses.every(({ family }) => family === 6),
        likelihood: 'certain',
        evidence: ({ addresses }) => [
          `it resolves to ${addresses.map(({ address }) => address).join(', ')}`,
          'this machine has no IPv6 address that leads outside',
        ],
      },
      {
        ...IPV6_ONLY,
        // A resolver that is asked for IPv4 alone finds nothing.
        of: ['DNS_NOT_FOUND', 'DNS_FAILED'],
        when: ({ machine }) => !machine.hasIpv6(),
        likelihood: 'likely',
        evidence: () => ['this machine has no IPv6 address that leads outside'],
      },
      {
        of: ['DNS_NOT_FOUND', 'CONNECTION_LOST', 'SERVER_NOT_READY', 'TCP_REFUSED'],
        likelihood: 'possible',
        cause: () => 'The project is paused, as Supabase does with free ones that nobody uses',
        fix: () => 'Restore the project in the dashboard.',
        actor: 'user',
      },
    ],
  },
  {
    code: 'neon_pooler',
    name: 'Neon (pooler)',
    engines: ['postgresql'],
    suffixes: ['.neon.tech'],
    fits: ({ host }) => host.endsWith('.neon.tech') && /^[^.]+-pooler\./.test(host),
    settingsBy: 'user',
    allowList: 'the IP allow list of the project',
    noReplication: {
      because: 'the pooler of Neon passes no replication connections on',
      instead: 'Use the direct host: the same name without -pooler.',
    },
  },
  {
    code: 'neon',
    name: 'Neon',
    engines: ['postgresql'],
    suffixes: ['.neon.tech'],
    fits: ({ host }) => host.endsWith('.neon.tech'),
    settingsBy: 'user',
    allowList: 'the IP allow list of the project',
    setting: (name, value) => ({
      text:
        name === 'wal_level'
          ? 'Turn logical replication on in the project (Settings, Logical Replication); its computes restart, and it cannot be turned off again.'
          : `Ask Neon's support to set ${name} to ${value}.`,
    }),
    note: 'Neon puts computes to sleep: the first connection after a pause takes longer, and a replication slot that nobody reads is removed.',
    suspicions: [
      {
        of: ['AUTH_TIMEOUT', 'PROTOCOL_TIMEOUT', 'SERVER_NOT_READY', 'QUERY_TIMEOUT'],
        likelihood: 'likely',
        cause: () => 'The compute was asleep, and is starting',
        fix: () => 'Test again in a few seconds.',
        actor: 'user',
      },
    ],
  },
  {
    code: 'heroku',
    name: 'Heroku Postgres',
    engines: ['postgresql'],
    fits: ({ host, username = '' }) =>
      /^ec2-[\d-]+\.([a-z0-9-]+\.)?compute(-1)?\.amazonaws\.com$/.test(host) ||
      (/^c[a-z0-9]+\..*\.rds\.amazonaws\.com$/.test(host) && /^u[a-z0-9]{12,}$/.test(username)),
    settingsBy: 'user',
    noReplication: {
      because: 'Heroku gives no role the right to replicate',
      instead: 'Read by queries, or use its own streaming connector of private spaces.',
    },
    authority: 'none: its certificates are self-signed, so use tls_mode require',
    note: 'Heroku changes host, user and password of a database by itself (maintenance, rotation).',
    suspicions: [
      {
        of: ['AUTH_REJECTED', 'DNS_NOT_FOUND', 'TCP_TIMEOUT', 'DATABASE_NOT_FOUND', 'USER_UNKNOWN'],
        likelihood: 'likely',
        cause: () => 'Heroku has changed the credentials or moved the database, as it does by itself',
        fix: () => 'Read DATABASE_URL of the app once more (heroku config:get DATABASE_URL) and take all its parts.',
        roles: ['host', 'username', 'password', 'database'],
        actor: 'user',
      },
      {
        of: ['TLS_REQUIRED', 'HOST_NOT_PERMITTED'],
        likelihood: 'likely',
        cause: () => 'Heroku lets nobody in without TLS',
        fix: () => 'Set tls_mode to require.',
        roles: ['tls_mode'],
        actor: 'user',
      },
    ],
  },
  ...(
    [
      ['aiven', 'Aiven', '.aivencloud.com', 'the allowed IP addresses of the service'],
      ['digitalocean', 'DigitalOcean', '.db.ondigitalocean.com', 'the trusted sources of the cluster'],
      ['timescale', 'Timescale Cloud', '.tsdb.cloud.timescale.com', 'the IP allow list of the project'],
      ['crunchy', 'Crunchy Bridge', '.postgresbridge.com', 'the firewall rules of the cluster'],
    ] as const
  ).map(
    ([code, name, suffix, allowList]): Provider => ({
      code,
      name,
      engines: ['postgresql', 'mysql'],
      suffixes: [suffix],
      fits: ({ host }) => host.endsWith(suffix),
      settingsBy: 'cloud_admin',
      allowList,
    }),
  ),
];
