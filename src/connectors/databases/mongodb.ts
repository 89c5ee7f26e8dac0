import { clientCertificate, clientCertificateFaults } from '../client-certificate.ts';
import { type ConfigFault, defineConnector } from '../define-connector.ts';
import { connectionString, host, password, port, tlsCa, tlsMode } from '../fields.ts';
import {
  authMechanism,
  authSource,
  collectionSelection,
  members,
  optionalUsername,
  replicaSet,
  srv,
} from '../mongodb-fields.ts';
import { databaseSelection, oneDatabase } from '../selection-fields.ts';
import { sshFaults, sshTunnel } from '../ssh-fields.ts';
import { MONGODB_STRINGS } from './mongodb-strings.ts';

export const mongodb = defineConnector({
  code: 'mongodb',
  name: 'MongoDB',
  category: 'database',
  aliases: ['mongo', 'mongo db', 'mongod'],
  keywords: ['atlas', 'documentdb', 'docdb', 'cosmos', 'ferretdb', 'nosql', 'document', 'bson', 'replica set', 'cdc'],
  docsUrl: 'https://www.mongodb.com/docs/manual/',
  fields: {
    host: host(),
    port: port(27017),
    srv: srv(),
    members: members(),
    username: optionalUsername(),
    password: password(),
    auth_source: authSource(),
    auth_mechanism: authMechanism(),
    replica_set: replicaSet(),
    database: oneDatabase(),
    databases: databaseSelection(),
    collections: collectionSelection(),
    tls_mode: tlsMode('prefer'),
    tls_ca: tlsCa(),
    ...clientCertificate(),
    ...sshTunnel(),
    connection_string: connectionString('mongodb+srv://reader:${env:HEADWATER_SECRET_DB}@cluster0.example.net/shop'),
  },
  connectionString: MONGODB_STRINGS,
  rules,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'A user with the role read on the databases; a mongodb+srv:// address goes into connection_string, or srv is true.',
    'The server accepts connections from where Headwater runs (net.bindIp, firewall; Atlas: IP access list).',
    'For change data capture: a replica set or a sharded cluster, and the action changeStream (in the role read).',
  ],
  example: {
    host: 'db.example.com',
    port: 27017,
    database: 'shop',
    username: 'headwater',
    password: '${env:HEADWATER_SECRET_DB}',
    tls_mode: 'require',
  },
  probe: async () => (await import('../../probes/mongodb/index.ts')).mongodbProbe,
});

/** What no field can say alone. */
function rules(config: Readonly<Record<string, unknown>>): ConfigFault[] {
  const faults: ConfigFault[] = [...clientCertificateFaults(config), ...sshFaults(config)];
  const several = ['srv', 'members'].find((name) => config[name] !== undefined && config[name] !== false);
  if (config['ssh_host'] !== undefined && several !== undefined)
    faults.push({ path: several, message: 'does not go with ssh_host: name the one host to reach through it' });
  if (config['srv'] === true && config['members'] !== undefined)
    faults.push({ path: 'members', message: 'does not go with srv: the hosts come from DNS' });
  const alone = config['username'] === undefined && config['connection_string'] === undefined;
  if (config['password'] !== undefined && alone)
    faults.push({ path: 'username', message: 'is missing: there is a password without a user' });
  return faults;
}
