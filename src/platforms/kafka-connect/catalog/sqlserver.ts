import { SQLSERVER_STRINGS } from '../../../connectors/databases/sqlserver-strings.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { debezium } from './debezium.ts';
import { entriesOf, PATTERNS } from './patterns.ts';
import {
  binaries,
  choice,
  chunks,
  filePassword,
  flag,
  heartbeatQuery,
  schemaHistory,
  server,
  snapshots,
  tables,
  text,
  values,
  whole,
  workerFile,
} from './shared.ts';
import { inTableList, SCHEMAS_AS_TABLES } from './virtual.ts';

type Config = Readonly<Record<string, unknown>>;

const MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'];

export const sqlserver = debezium({
  code: 'sqlserver',
  vendorCode: 'io.debezium.connector.sqlserver.SqlServerConnector',
  name: 'SQL Server (Debezium)',
  category: 'database',
  aliases: ['mssql', 'SqlServerConnector'],
  docsUrl: 'https://debezium.io/documentation/reference/stable/connectors/sqlserver.html',
  first: {
    ...server(1433),
    'database.names': text('Databases', 'Databases to capture, with commas; capitals count.', {
      required: true,
      role: 'database',
      portable: { take: (value) => value, give: (value) => entriesOf(String(value))[0] ?? '' },
      examples: ['shop'],
      aka: ['database.name', 'database.dbname', 'dbname'],
    }),
  },
  fields: {
    'database.instance': text('Instance', 'Name of an instance that has one.'),
    ...tables('schema', PATTERNS),
    ...SCHEMAS_AS_TABLES,
    ...schemaHistory,
    tls_mode: choice('TLS mode', 'Becomes driver.encrypt and driver.trustServerCertificate.', MODES, undefined, {
      role: 'tls_mode',
      virtual: true,
    }),
    'driver.encrypt': choice(
      'TLS',
      'Whether the driver asks for TLS; strict: before anything else.',
      ['true', 'false', 'strict'],
      'true',
      {
        group: 'tls',
        destination: true,
      },
    ),
    'driver.trustServerCertificate': flag('Trust any certificate', 'The certificate is not checked.', {
      default: false,
      group: 'tls',
      destination: true,
    }),
    'driver.hostNameInCertificate': text('Name in the certificate', 'Where it is another than the host.', {
      group: 'tls',
    }),
    'driver.trustStore': workerFile('Truststore', 'Java key store of authorities to trust.'),
    'driver.trustStorePassword': filePassword('Truststore password', 'the truststore'),
    ...snapshots(['always', 'initial', 'initial_only', 'no_data', 'recovery', 'when_needed']),
    'snapshot.isolation.mode': choice(
      'Snapshot isolation',
      'snapshot locks nothing, and must be allowed in the database.',
      ['exclusive', 'read_committed', 'read_uncommitted', 'repeatable_read', 'snapshot'],
      'repeatable_read',
    ),
    ...values('adaptive'),
    ...binaries,
    ...chunks,
    'data.query.mode': choice(
      'Reading changes',
      'From the change tables, or by their functions.',
      ['direct', 'function'],
      'direct',
    ),
    'max.iteration.transactions': whole('Transactions at once', 'Of each look for changes.', { default: 500, min: 0 }),
    ...heartbeatQuery,
  },
  compose: (config) => byModes(inTableList(config)),
  connectionString: SQLSERVER_STRINGS,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'Change data capture on for the database and each table, the Agent running, a login in the gating roles (the cdc check tells).',
    'The brokers, for the topic in which the history of the schema is kept.',
    'The workers, not Headwater, connect to the database when it runs.',
  ],
  example: {
    'database.hostname': 'db.example.com',
    'database.port': 1433,
    'database.user': 'debezium',
    'database.password': '${worker:file:/etc/kafka/secrets/shop.properties:password}',
    'database.names': 'shop',
    'table.include.list': 'dbo.orders',
    'schema.history.internal.kafka.bootstrap.servers': 'broker1:9092',
  },
  probe: probedAs('sqlserver', (own) => ({ tls_mode: modeOf(own) })),
});

/** `verify-ca` leaves the name of the host unchecked, which the driver cannot: the stricter one is sent. */
function byModes({ tls_mode, ...config }: Config): Config {
  if (tls_mode === undefined) return config;
  const encrypts = tls_mode !== 'disable' && tls_mode !== 'prefer';
  return { ...config, 'driver.encrypt': String(encrypts), 'driver.trustServerCertificate': tls_mode === 'require' };
}

/** Whom the worker trusts may stand in a file that only it has. */
function modeOf(own: Config): string {
  if (typeof own['tls_mode'] === 'string') return own['tls_mode'];
  // The driver then still encrypts where the server insists.
  if (own['driver.encrypt'] === 'false') return 'prefer';
  const unchecked = own['driver.trustServerCertificate'] === true || own['driver.trustStore'] !== undefined;
  return unchecked ? 'require' : 'verify-full';
}
