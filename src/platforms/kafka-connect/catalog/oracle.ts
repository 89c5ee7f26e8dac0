import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { debezium } from './debezium.ts';
import { PATTERNS } from './patterns.ts';
import {
  binaries,
  choice,
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
} from './shared.ts';
import { inTableList, NO_TLS, SCHEMAS_AS_TABLES } from './virtual.ts';

const LOGMINER = [{ field: 'database.connection.adapter', is: ['logminer', 'logminer_unbuffered'] }];

export const oracle = debezium({
  code: 'oracle',
  vendorCode: 'io.debezium.connector.oracle.OracleConnector',
  name: 'Oracle Database (Debezium)',
  category: 'database',
  aliases: ['oracle db', 'OracleConnector'],
  docsUrl: 'https://debezium.io/documentation/reference/stable/connectors/oracle.html',
  first: {
    // The plugin's own default is 1528; listeners are at 1521.
    ...server(1521, { examples: ['c##dbzuser'] }),
    'database.dbname': text('Database', 'Service of the database; of a container database, that of its root.', {
      required: true,
      role: 'database',
      examples: ['ORCLCDB'],
      aka: ['service_name', 'database.name'],
    }),
  },
  fields: {
    'database.pdb.name': text('Pluggable database', 'The one to capture, of a container database.', {
      essential: true,
    }),
    ...tables('schema', PATTERNS),
    ...SCHEMAS_AS_TABLES,
    ...NO_TLS,
    ...schemaHistory,
    'database.connection.adapter': choice(
      'Adapter',
      'How redo logs are read.',
      ['logminer', 'logminer_unbuffered', 'olr', 'xstream'],
      'logminer',
    ),
    'database.out.server.name': text('Outbound server', 'Of XStream.', {
      required: true,
      shownWhen: [{ field: 'database.connection.adapter', is: ['xstream'] }],
    }),
    'log.mining.strategy': choice(
      'Mining',
      'Where names come from: the catalog as it is, the redo logs, both, or a file.',
      ['dictionary_from_file', 'hybrid', 'online_catalog', 'redo_log_catalog'],
      'online_catalog',
      { shownWhen: LOGMINER },
    ),
    'log.mining.transaction.retention.ms': whole('Retention', 'Longest transaction kept in memory; 0: any.', {
      default: 0,
      min: 0,
      shownWhen: LOGMINER,
    }),
    'log.mining.query.filter.mode': choice(
      'Filter in the query',
      'Whether the server filters.',
      ['none', 'in', 'regex'],
      'none',
      {
        shownWhen: LOGMINER,
      },
    ),
    'log.mining.username.exclude.list': text('Users left out', 'Users whose changes are not read.', {
      shownWhen: LOGMINER,
    }),
    'log.mining.flush.table.name': text('Flush table', 'A table of its own that the connector writes to.', {
      default: 'LOG_MINING_FLUSH',
      shownWhen: LOGMINER,
    }),
    'archive.log.hours': whole('Archive', 'How many hours of archived logs are looked at; 0: all.', {
      default: 0,
      min: 0,
    }),
    'archive.destination.name': text('Archive destination', 'The one to read from.'),
    'rac.nodes': text('RAC nodes', 'Hosts of the cluster, with commas.'),
    'lob.enabled': flag('Large objects', 'Captures them too.', { default: false }),
    ...snapshots(['always', 'initial', 'initial_only', 'no_data', 'recovery', 'when_needed']),
    ...snapshotLocks(['none', 'shared'], 'shared'),
    ...values('adaptive'),
    ...binaries,
    'interval.handling.mode': choice('Intervals', 'How intervals are written.', ['numeric', 'string'], 'numeric'),
    'unavailable.value.placeholder': text('Unsent values', 'Stands for large objects that were not logged.', {
      default: '__debezium_unavailable_value',
    }),
    ...heartbeatQuery,
  },
  compose: inTableList,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'ARCHIVELOG, supplemental logging, and a user with the rights of LogMiner, a common one (c##…) of a container database (the cdc check tells).',
    'The brokers, for the topic in which the history of the schema is kept.',
    'The workers, not Headwater, connect to the database when it runs.',
  ],
  example: {
    'database.hostname': 'db.example.com',
    'database.port': 1521,
    'database.user': 'c##dbzuser',
    'database.password': '${worker:file:/etc/kafka/secrets/shop.properties:password}',
    'database.dbname': 'ORCLCDB',
    'database.pdb.name': 'SHOPPDB',
    'table.include.list': 'SHOP.ORDERS',
    'schema.history.internal.kafka.bootstrap.servers': 'broker1:9092',
  },
  probe: probedAs('oracle'),
});
