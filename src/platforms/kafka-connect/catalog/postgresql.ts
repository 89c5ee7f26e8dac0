import { POSTGRES_STRINGS } from '../../../connectors/databases/postgres-strings.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { debezium } from './debezium.ts';
import { PATTERNS } from './patterns.ts';
import {
  binaries,
  choice,
  chunks,
  filePassword,
  flag,
  heartbeatQuery,
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

export const postgresql = debezium({
  code: 'postgresql',
  vendorCode: 'io.debezium.connector.postgresql.PostgresConnector',
  name: 'PostgreSQL (Debezium)',
  category: 'database',
  aliases: ['postgres', 'pg', 'PostgresConnector'],
  docsUrl: 'https://debezium.io/documentation/reference/stable/connectors/postgresql.html',
  first: {
    ...server(5432),
    'database.dbname': text('Database', 'The one database to capture.', {
      required: true,
      role: 'database',
      examples: ['shop'],
      aka: ['dbname', 'database.name'],
    }),
  },
  fields: {
    ...tables('schema', PATTERNS),
    'schema.include.list': text('Schemas', 'Schemas to capture: regular expressions with commas. All without.', {
      role: 'schemas',
      portable: PATTERNS,
    }),
    'schema.exclude.list': text('Schemas left out', 'Instead of schema.include.list.', { group: 'selection' }),
    'plugin.name': choice(
      'Decoding plugin',
      "pgoutput is part of PostgreSQL, and what Headwater sends where nothing is said; decoderbufs, Debezium's own choice, must be installed.",
      ['pgoutput', 'decoderbufs'],
      'pgoutput',
    ),
    'slot.name': text('Replication slot', "Made of the source's name without, so that each source has its own.", {
      role: 'slot_name',
      group: 'selection',
      max: 63,
      aka: ['slot'],
    }),
    'slot.drop.on.stop': flag(
      'Drop the slot',
      'Drops the slot whenever the connector stops: changes meanwhile are lost.',
      {
        default: false,
      },
    ),
    'slot.failover': flag('Failover slot', 'Keeps the slot on standbys (PostgreSQL 17).', { default: false }),
    'publication.name': text('Publication', "Made of the source's name without.", {
      role: 'publication',
      group: 'selection',
      aka: ['publication'],
    }),
    'publication.autocreate.mode': choice(
      'Create publication',
      'all_tables needs a superuser; filtered is sent where tables or schemas are named and no publication is.',
      ['all_tables', 'disabled', 'filtered', 'no_tables'],
      'all_tables',
    ),
    'publish.via.partition.root': flag(
      'Partitions as one',
      'Changes of partitions appear as those of the whole table.',
      {
        default: false,
      },
    ),
    'replica.identity.autoset.values': text('Replica identity', 'Sets it: schema.table:FULL with commas between.'),
    'database.sslmode': choice(
      'TLS mode',
      'allow and prefer: where offered. require: always. verify-ca, verify-full: certificate checked.',
      ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
      'prefer',
      {
        role: 'tls_mode',
        portable: { take: (value) => value, give: (value) => (value === 'allow' ? 'prefer' : value) },
      },
    ),
    'database.sslrootcert': workerFile('CA certificate', 'File with authorities to trust.'),
    'database.sslcert': workerFile('Client certificate', 'File with the certificate to show.'),
    'database.sslkey': workerFile('Client key', 'File with its key, in DER (PK8).'),
    'database.sslpassword': filePassword('Key password', 'that key'),
    ...snapshots(['always', 'initial', 'initial_only', 'no_data', 'when_needed']),
    ...snapshotLocks(['none', 'shared'], 'none'),
    ...values('adaptive'),
    ...binaries,
    ...chunks,
    'hstore.handling.mode': choice('hstore', 'How hstore is written.', ['json', 'map'], 'json'),
    'interval.handling.mode': choice('Intervals', 'How intervals are written.', ['numeric', 'string'], 'numeric'),
    'unavailable.value.placeholder': text('Unsent values', 'Stands for values that were too long to be logged.', {
      default: '__debezium_unavailable_value',
    }),
    'status.update.interval.ms': whole('Status interval', 'Milliseconds between replies to the server.', {
      default: 10_000,
      min: 1,
    }),
    ...heartbeatQuery,
  },
  connectionString: POSTGRES_STRINGS,
  rules: ({ 'schema.include.list': named, 'schema.exclude.list': left }) =>
    named !== undefined && left !== undefined
      ? [{ path: 'schema.exclude.list', message: 'does not go with schema.include.list' }]
      : [],
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'wal_level = logical, and a user with LOGIN, REPLICATION, USAGE on the schemas and SELECT on the tables (the cdc check tells).',
    'A publication, or the right to make one: CREATE on the database and ownership of the tables.',
    'The workers, not Headwater, connect to the database when it runs.',
  ],
  example: {
    'database.hostname': 'db.example.com',
    'database.port': 5432,
    'database.dbname': 'shop',
    'database.user': 'debezium',
    'database.password': '${worker:file:/etc/kafka/secrets/shop.properties:password}',
    'table.include.list': 'public.orders,public.customers',
  },
  probe: probedAs('postgresql', trustElsewhere),
});

/** Whom the worker trusts stands in a file that only it has: whether the certificate is right, its own check says. */
function trustElsewhere(own: Config): Config {
  const checked = ['verify-ca', 'verify-full'].includes(String(own['database.sslmode']));
  return checked && own['database.sslrootcert'] !== undefined ? { tls_mode: 'require' } : {};
}
