import type { ConfigFault } from '../../../connectors/define-connector.ts';
import { notReached, probedAs } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { debezium } from './debezium.ts';
import { connectionStringOf, credentialsIn, partsOf, placeIn, withoutLogin } from './mongodb-string.ts';
import { PATTERNS } from './patterns.ts';
import { choice, flag, password, snapshots, text, whole } from './shared.ts';

type Config = Readonly<Record<string, unknown>>;

const STRING = 'mongodb.connection.string';
const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

export const mongodb = debezium({
  code: 'mongodb',
  vendorCode: 'io.debezium.connector.mongodb.MongoDbConnector',
  name: 'MongoDB (Debezium)',
  category: 'database',
  aliases: ['mongo', 'MongoDbConnector'],
  docsUrl: 'https://debezium.io/documentation/reference/stable/connectors/mongodb.html',
  first: {
    [STRING]: text(
      'Connection string',
      'mongodb:// or mongodb+srv://, without user and password: it is shown to all who ask the worker.',
      {
        essential: true,
        destination: true,
        examples: ['mongodb://db1.example.com:27017/?replicaSet=rs0'],
        aka: ['connection_string', 'mongodb.hosts', 'uri', 'url'],
      },
    ),
    host: text('Host', 'Becomes part of the connection string.', { role: 'host', virtual: true }),
    port: { type: 'port', title: 'Port', description: 'Likewise.', role: 'port', default: 27_017, virtual: true },
    replica_set: text('Replica set', 'Likewise.', { role: 'replica_set', virtual: true }),
    tls_mode: choice('TLS mode', 'Becomes mongodb.ssl.enabled.', TLS_MODES, undefined, {
      role: 'tls_mode',
      virtual: true,
    }),
    'mongodb.user': text('User', 'Who logs in; none where there is no access control.', {
      role: 'username',
      examples: ['debezium'],
      aka: ['user', 'database.user'],
    }),
    'mongodb.password': password('mongodb.password'),
    'mongodb.authsource': text('Authentication database', 'Where the user was made.', {
      default: 'admin',
      role: 'auth_source',
    }),
  },
  fields: {
    'mongodb.ssl.enabled': flag('TLS', 'Encrypts the connection; mongodb+srv does so by itself.', {
      default: false,
      group: 'tls',
      destination: true,
    }),
    'mongodb.ssl.invalid.hostname.allowed': flag('Any host name', "The certificate's name is not checked.", {
      default: false,
      group: 'tls',
      destination: true,
    }),
    'database.include.list': text('Databases', 'Databases to capture: regular expressions with commas. All without.', {
      role: 'schemas',
      alsoRoles: ['database'],
      portable: PATTERNS,
    }),
    'database.exclude.list': text('Databases left out', 'Instead of database.include.list.', { group: 'selection' }),
    'collection.include.list': text('Collections', 'As database.collection: regular expressions with commas.', {
      role: 'tables',
      portable: PATTERNS,
      examples: ['shop.orders'],
    }),
    'collection.exclude.list': text('Collections left out', 'Instead of collection.include.list.', {
      group: 'selection',
    }),
    'field.exclude.list': text('Fields left out', 'As database.collection.field, with commas.', { group: 'selection' }),
    'capture.mode': choice(
      'Capture',
      'What a change carries: the change alone, the whole document, or that of before as well.',
      [
        'change_streams',
        'change_streams_update_full',
        'change_streams_with_pre_image',
        'change_streams_update_full_with_pre_image',
      ],
      'change_streams_update_full',
    ),
    ...snapshots(['always', 'initial', 'initial_only', 'no_data', 'when_needed']),
    'snapshot.collection.filter.overrides': text('Snapshot filters', 'Collections whose snapshot has a filter.'),
    'cursor.max.await.time.ms': whole('Await', 'Longest that the server waits for a change, in milliseconds.', {
      min: 0,
    }),
    'mongodb.server.selection.timeout.ms': whole('Selection timeout', 'Milliseconds.', { default: 30_000, min: 1 }),
  },
  alternatives: { [STRING]: [], host: ['port', 'replica_set'] },
  rules: stringFaults,
  normalise: withoutLogin,
  compose: connectionStringOf,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'A replica set or a sharded cluster, and a user with the role read on the databases (the cdc check tells).',
    'The workers, not Headwater, connect to the cluster when it runs.',
  ],
  example: {
    [STRING]: 'mongodb://db1.example.com:27017/?replicaSet=rs0',
    'mongodb.user': 'debezium',
    'mongodb.password': '${worker:file:/etc/kafka/secrets/shop.properties:password}',
    'collection.include.list': 'shop.orders',
  },
  probe: probedAs('mongodb', partsOf, { connection_string: STRING, host: STRING, port: STRING }),
  reach: reachedAt('MongoDB', STRING, placeIn, notReached('MongoDB', 'its hosts come from DNS records')),
});

function stringFaults(config: Config): ConfigFault[] {
  const own = config[STRING];
  if (typeof own !== 'string') return [];
  if (!/^mongodb(\+srv)?:\/\//.test(own))
    return [{ path: STRING, message: 'must begin with mongodb:// or mongodb+srv://' }];
  if (credentialsIn(own)) {
    const message = 'has a user in it, and the worker shows it to all who ask: give mongodb.user and mongodb.password';
    return [{ path: STRING, message }];
  }
  return [];
}
