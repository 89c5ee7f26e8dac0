import type { Provider } from './provider.ts';

/** MySQL, MongoDB and other engines as a service. */

const ATLAS = 'the IP access list of the project (Network Access)';

/** What another product's host says of itself, whatever was meant to be there. */
const elsewhere = (code: string, name: string, suffixes: readonly string[], fits: RegExp): Provider => ({
  code,
  name,
  engines: ['http'],
  suffixes,
  fits: ({ host }) => fits.test(host),
  settingsBy: 'cloud_admin',
});

export const OTHERS: readonly Provider[] = [
  {
    code: 'planetscale',
    name: 'PlanetScale',
    engines: ['mysql', 'postgresql'],
    suffixes: ['.psdb.cloud'],
    fits: ({ host }) => host.endsWith('.psdb.cloud'),
    settingsBy: 'user',
    allowList: 'the IP restrictions of the password',
    noReplication: {
      because: 'PlanetScale gives no access to its binary log',
      instead: 'Read by queries, or use its own change stream (psdbconnect).',
    },
    note: 'PlanetScale wants TLS always, and each password is for one branch.',
    suspicions: [
      {
        of: [
          'AUTH_REJECTED',
          'AUTH_REJECTED_WITHOUT_TLS',
          'TLS_REQUIRED',
          'DATABASE_NOT_FOUND',
          'DATABASE_NOT_VISIBLE',
        ],
        likelihood: 'likely',
        cause: () => 'The password is of another branch, or was deleted',
        fix: () =>
          'Make a new password for the branch in the dashboard, and take host, user and password from there. Set tls_mode to verify-full.',
        roles: ['host', 'username', 'password', 'tls_mode'],
        actor: 'user',
      },
    ],
  },
  {
    code: 'tidb_cloud',
    name: 'TiDB Cloud',
    engines: ['mysql'],
    suffixes: ['.tidbcloud.com'],
    fits: ({ host }) => host.endsWith('.tidbcloud.com'),
    settingsBy: 'cloud_admin',
    noReplication: { because: 'TiDB has no binary log of MySQL', instead: 'Use TiCDC, or read by queries.' },
  },
  {
    code: 'atlas_sql',
    name: 'Atlas SQL or Data Federation',
    engines: ['mongodb'],
    fits: ({ host }) =>
      /^(atlas-sql|federateddatabaseinstance|atlas-online-archive)[a-z0-9-]*\..*\.mongodb\.net$/.test(host) ||
      host.endsWith('.query.mongodb.net'),
    settingsBy: 'user',
    noReplication: {
      because: 'a federated endpoint or an online archive has no change streams',
      instead: 'Use the host of the cluster itself.',
    },
    note: 'This is not a cluster: it answers queries over several stores, and knows no change streams.',
  },
  {
    code: 'atlas',
    name: 'MongoDB Atlas',
    engines: ['mongodb'],
    suffixes: ['.mongodb.net'],
    fits: ({ host }) => host.endsWith('.mongodb.net') || host.endsWith('.mongodbgov.net'),
    settingsBy: 'cloud_admin',
    allowList: ATLAS,
    setting: (name, value) => ({
      text: `Set ${name} to ${value} in the configuration of the cluster (Additional Settings).`,
    }),
    suspicions: [
      {
        of: ['DNS_NOT_FOUND'],
        when: ({ place }) => !/-shard-|-lb\.|-lb-/.test(place.host),
        likelihood: 'likely',
        cause: () => 'The name of an Atlas cluster has no address of its own: it stands for a list of hosts (SRV)',
        evidence: ({ place }) => [`${place.host} has the form of a cluster's name`],
        fix: () => 'Set srv to true (mongodb+srv:// in a connection string).',
        roles: ['host'],
        actor: 'user',
      },
      {
        of: ['CONNECTION_LOST', 'TLS_FAILED', 'TLS_TIMEOUT', 'TCP_TIMEOUT'],
        likelihood: 'likely',
        cause: () => 'The address that Headwater connects from is not in the IP access list of the project',
        evidence: () => [
          'Atlas accepts connections from anywhere, and drops those that are not on the list while TLS begins',
        ],
        fix: () => 'Add the address to the IP access list of the project (Network Access).',
        actor: 'cloud_admin',
      },
    ],
  },
  {
    code: 'confluent',
    name: 'Confluent Cloud',
    engines: ['kafka'],
    suffixes: ['.confluent.cloud'],
    fits: ({ host }) => host.endsWith('.confluent.cloud'),
    settingsBy: 'cloud_admin',
  },
  elsewhere('snowflake', 'Snowflake', ['.snowflakecomputing.com'], /\.snowflakecomputing\.(com|cn)$/),
  elsewhere(
    'databricks',
    'Databricks',
    ['.cloud.databricks.com', '.azuredatabricks.net'],
    /\.(cloud|gcp)\.databricks\.com$|\.azuredatabricks\.net$/,
  ),
  elsewhere('bigquery', 'Google BigQuery', ['.googleapis.com'], /^bigquery.*\.googleapis\.com$/),
];
