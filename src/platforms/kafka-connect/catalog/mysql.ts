import { mysqlStrings } from '../../../connectors/databases/mysql-strings.ts';
import type { Connector } from '../../../connectors/define-connector.ts';
import type { VendorField } from '../../../connectors/vendor/field.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { debezium } from './debezium.ts';
import { PATTERNS } from './patterns.ts';
import {
  choice,
  chunks,
  filePassword,
  flag,
  heartbeatQuery,
  schemaHistory,
  server,
  snapshotLocks,
  snapshots,
  tables,
  text,
  values,
  whole,
  workerFile,
} from './shared.ts';

type Config = Readonly<Record<string, unknown>>;

/** What the two drivers call the modes of TLS, by our names. */
interface Modes {
  own: readonly string[];
  standard: string;
  take: Readonly<Record<string, string>>;
}

const MYSQL_MODES: Modes = {
  own: ['disabled', 'preferred', 'required', 'verify_ca', 'verify_identity'],
  standard: 'preferred',
  take: {
    disable: 'disabled',
    prefer: 'preferred',
    require: 'required',
    'verify-ca': 'verify_ca',
    'verify-full': 'verify_identity',
  },
};
/** MariaDB's driver has nothing between without and with: what prefers TLS gets it. */
const MARIADB_MODES: Modes = {
  own: ['disable', 'trust', 'verify-ca', 'verify-full'],
  standard: 'disable',
  take: {
    disable: 'disable',
    require: 'trust',
    prefer: 'trust',
    'verify-ca': 'verify-ca',
    'verify-full': 'verify-full',
  },
};

export const mysql = binlogConnector('mysql', 'MySQL', 'io.debezium.connector.mysql.MySqlConnector', MYSQL_MODES, [
  'minimal_percona',
  'minimal_percona_no_table_locks',
]);
export const mariadb = binlogConnector(
  'mariadb',
  'MariaDB',
  'io.debezium.connector.mariadb.MariaDbConnector',
  MARIADB_MODES,
  [],
);

function binlogConnector(
  code: 'mysql' | 'mariadb',
  name: string,
  vendorCode: string,
  modes: Modes,
  locks: readonly string[],
): Connector {
  return debezium({
    code,
    vendorCode,
    name: `${name} (Debezium)`,
    category: 'database',
    aliases: [vendorCode.slice(vendorCode.lastIndexOf('.') + 1)],
    docsUrl: `https://debezium.io/documentation/reference/stable/connectors/${code}.html`,
    first: server(3306),
    fields: {
      'database.server.id': whole(
        'Server id',
        'Number of this reader among all readers and servers of the cluster; Headwater makes one without.',
        { min: 1, max: 4_294_967_295, aka: ['server.id', 'server_id'] },
      ),
      'database.include.list': text(
        'Databases',
        'Databases to capture: regular expressions with commas. All without.',
        {
          role: 'schemas',
          alsoRoles: ['database'],
          portable: PATTERNS,
          examples: ['shop'],
        },
      ),
      'database.exclude.list': text('Databases left out', 'Instead of database.include.list.', { group: 'selection' }),
      ...tables('database', PATTERNS),
      ...schemaHistory,
      'database.ssl.mode': tlsMode(modes),
      'database.ssl.truststore': workerFile('Truststore', 'Java key store of authorities to trust.'),
      'database.ssl.truststore.password': filePassword('Truststore password', 'the truststore'),
      'database.ssl.keystore': workerFile('Keystore', 'Java key store with the certificate to show.'),
      'database.ssl.keystore.password': filePassword('Keystore password', 'the keystore'),
      ...snapshots(['always', 'initial', 'initial_only', 'never', 'no_data', 'recovery', 'when_needed']),
      ...snapshotLocks(['extended', 'minimal', 'none', ...locks], 'minimal'),
      ...values('adaptive_time_microseconds'),
      ...chunks,
      'bigint.unsigned.handling.mode': choice('Unsigned bigint', 'How it is written.', ['long', 'precise'], 'long'),
      'gtid.source.includes': text('GTID sources', 'UUIDs of the servers whose GTIDs are followed.'),
      'include.query': flag('Statements', 'Adds the SQL statement that made the change.', { default: false }),
      'inconsistent.schema.handling.mode': choice(
        'Unknown tables',
        'What is done with changes of tables whose structure is not known.',
        ['fail', 'ignore', 'skip', 'warn'],
        'fail',
      ),
      'connect.timeout.ms': whole('Connect timeout', 'Milliseconds.', { default: 30_000, min: 1 }),
      ...heartbeatQuery,
    },
    connectionString: mysqlStrings(code),
    capabilities: ['test', 'discover', 'preview', 'cdc_check'],
    prerequisites: [
      'log_bin on, binlog_format ROW, binlog_row_image FULL; a user with SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE and REPLICATION CLIENT (the cdc check tells).',
      'The brokers, for the topic in which the history of the schema is kept.',
      'The workers, not Headwater, connect to the database when it runs.',
    ],
    example: {
      'database.hostname': 'db.example.com',
      'database.port': 3306,
      'database.user': 'debezium',
      'database.password': '${worker:file:/etc/kafka/secrets/shop.properties:password}',
      'database.include.list': 'shop',
      'schema.history.internal.kafka.bootstrap.servers': 'broker1:9092',
    },
    probe: probedAs(code, trustElsewhere),
  });
}

function tlsMode({ own, standard, take }: Modes): VendorField {
  const give = new Map(
    Object.entries(take).map(([ours, theirs]) => [
      theirs,
      ours === 'prefer' && own.includes('trust') ? 'require' : ours,
    ]),
  );
  return choice('TLS mode', 'How the connection is protected; verify: the certificate is checked.', own, standard, {
    role: 'tls_mode',
    portable: { take: (value) => take[String(value)] ?? value, give: (value) => give.get(String(value)) ?? value },
  });
}

/** Whom the worker trusts stands in a file that only it has: whether the certificate is right, its own check says. */
function trustElsewhere(own: Config): Config {
  const checked = String(own['database.ssl.mode']).startsWith('verify');
  return checked && own['database.ssl.truststore'] !== undefined ? { tls_mode: 'require' } : {};
}
