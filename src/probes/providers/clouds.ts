import type { Provider } from './provider.ts';

/** Google's and Microsoft's managed databases. */

const AZURE_SQL_NAMES = ['.postgres.database.azure.com', '.mysql.database.azure.com', '.mariadb.database.azure.com'];
const ends = (host: string, suffixes: readonly string[]) => suffixes.some((suffix) => host.endsWith(suffix));

export const CLOUDS: readonly Provider[] = [
  {
    code: 'cloud_sql',
    name: 'Google Cloud SQL',
    engines: ['postgresql', 'mysql', 'sqlserver'],
    suffixes: ['.sql.goog'],
    fits: ({ host }) => host.endsWith('.sql.goog'),
    settingsBy: 'cloud_admin',
    allowList: 'the authorized networks of the instance (Connections, Networking)',
    authority: 'the server CA of the instance (Connections, Security: download certificates)',
    setting: (name, value) => {
      const flag = name === 'wal_level' ? { name: 'cloudsql.logical_decoding', value: 'on' } : { name, value };
      return {
        text: `Set the database flag ${flag.name} to ${flag.value}; the instance restarts.`,
        command: `gcloud sql instances patch INSTANCE --database-flags=${flag.name}=${flag.value}`,
      };
    },
  },
  {
    code: 'alloydb',
    name: 'Google AlloyDB',
    engines: ['postgresql'],
    suffixes: ['.alloydb.goog'],
    fits: ({ host }) => host.endsWith('.alloydb.goog') || host.endsWith('.alloydb-psc.goog'),
    settingsBy: 'cloud_admin',
    allowList: 'the authorized external networks of the instance, or the VPC it is peered with',
    setting: (name, value) => {
      const flag = name === 'wal_level' ? { name: 'alloydb.logical_decoding', value: 'on' } : { name, value };
      return {
        text: `Set the database flag ${flag.name} to ${flag.value}; the instance restarts.`,
        command: `gcloud alloydb instances update INSTANCE --cluster=CLUSTER --region=REGION --database-flags=${flag.name}=${flag.value}`,
      };
    },
  },
  {
    code: 'azure_database',
    name: 'Azure Database',
    engines: ['postgresql', 'mysql'],
    suffixes: AZURE_SQL_NAMES,
    fits: ({ host }) => ends(host, AZURE_SQL_NAMES),
    settingsBy: 'cloud_admin',
    allowList: 'the firewall rules of the server (Networking)',
    authority: 'DigiCert Global Root G2 and Microsoft RSA Root CA 2017, which public trust stores have',
    setting: (name, value, { engine }) => ({
      text: `Set the server parameter ${name} to ${value} (Settings, Server parameters), then restart the server.`,
      command: `az ${engine === 'mysql' ? 'mysql' : 'postgres'} flexible-server parameter set --resource-group GROUP --server-name SERVER --name ${name} --value ${value}`,
    }),
    suspicions: [
      {
        of: ['AUTH_REJECTED', 'LOGIN_REFUSED', 'USER_UNKNOWN', 'HOST_NOT_PERMITTED'],
        when: ({ place }) => place.username?.includes('@') === true,
        likelihood: 'possible',
        cause: () => 'The user name has the form user@server, which only single servers of Azure, now retired, want',
        evidence: ({ place }) => [`the user name is ${place.username}`],
        fix: ({ place }) => `Flexible servers want the name alone: ${place.username?.split('@')[0]}.`,
        roles: ['username'],
      },
      {
        of: ['AUTH_REJECTED', 'LOGIN_REFUSED', 'USER_UNKNOWN'],
        when: ({ place }) => place.username?.includes('@') === false,
        likelihood: 'possible',
        cause: () => 'A single server of Azure wants the user name in the form user@server',
        fix: ({ place }) => `If it is a single server, give ${place.username}@${place.host.split('.')[0]}.`,
        roles: ['username'],
        tellApart: () => 'The portal says "single server" or "flexible server" in the overview of the resource.',
      },
      {
        of: ['HOST_NOT_PERMITTED', 'ADDRESS_NOT_PERMITTED', 'TCP_TIMEOUT'],
        likelihood: 'likely',
        cause: () => 'No firewall rule of the Azure server lets this address in',
        fix: () => 'Add a firewall rule for the address that Headwater connects from (Networking of the server).',
        actor: 'cloud_admin',
      },
    ],
  },
  {
    code: 'azure_sql',
    name: 'Azure SQL',
    engines: ['sqlserver'],
    suffixes: ['.database.windows.net'],
    fits: ({ host }) => host.endsWith('.database.windows.net'),
    settingsBy: 'cloud_admin',
    allowList: 'the firewall rules of the logical server (Networking)',
  },
  {
    code: 'cosmos_mongo',
    name: 'Azure Cosmos DB for MongoDB',
    engines: ['mongodb'],
    suffixes: ['.mongo.cosmos.azure.com'],
    fits: ({ host }) => ends(host, ['.mongo.cosmos.azure.com', '.documents.azure.com']),
    settingsBy: 'cloud_admin',
    allowList: 'the firewall of the account (Networking)',
    noReplication: {
      because:
        'its change streams are of single collections and hold no deletes, which readers of MongoDB cannot follow',
      instead: 'Use Cosmos DB for MongoDB vCore, or read the collections anew on a schedule.',
    },
    note: 'Cosmos DB speaks a part of the protocol of MongoDB; its port is 10255 for RU accounts.',
  },
  {
    code: 'cosmos_vcore',
    name: 'Azure Cosmos DB for MongoDB vCore',
    engines: ['mongodb'],
    suffixes: ['.mongocluster.cosmos.azure.com'],
    fits: ({ host }) => host.endsWith('.mongocluster.cosmos.azure.com'),
    settingsBy: 'cloud_admin',
    allowList: 'the firewall of the cluster (Networking)',
    note: 'Its address is an SRV address, or has the port 10260.',
  },
];
