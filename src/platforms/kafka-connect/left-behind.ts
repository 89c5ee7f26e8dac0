import type { LeftBehind } from '../../sources/platform.ts';
import { shortClass, type WorkerConfig } from './worker-config.ts';

const POSTGRES = 'PostgresConnector';
const WITH_HISTORY: ReadonlySet<string> = new Set([
  'MySqlConnector',
  'MariaDbConnector',
  'SqlServerConnector',
  'OracleConnector',
]);

/** What a deleted connector leaves at its source and in Kafka, with what removes it. */
export function leftBehind(
  name: string,
  raw: WorkerConfig,
  topics: readonly string[],
  hadOffsets: boolean,
): LeftBehind[] {
  const kind = shortClass(raw['connector.class'] ?? '');
  return [
    ...(kind === POSTGRES ? inPostgres(raw) : []),
    ...topicsLeft(topics),
    ...(WITH_HISTORY.has(kind) ? history(raw) : []),
    ...(kind === 'OracleConnector' ? flushTable(raw) : []),
    ...(hadOffsets ? [offsets(name)] : []),
  ];
}

function inPostgres(raw: WorkerConfig): LeftBehind[] {
  const slot = raw['slot.name'] ?? 'debezium';
  const publication = raw['publication.name'] ?? 'dbz_publication';
  const decodes = (raw['plugin.name'] ?? 'decoderbufs') === 'pgoutput';
  const where = `database ${raw['database.dbname'] ?? ''}`.trim();
  const dropped = raw['slot.drop.on.stop'] === 'true';
  return [
    ...(dropped
      ? []
      : [
          {
            what: `replication slot ${slot} in ${where}: it keeps write-ahead log until the disk is full`,
            remove: `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = ${literal(slot)} AND NOT active;`,
          },
        ]),
    ...(decodes
      ? [
          {
            what: `publication ${publication} in ${where}`,
            remove: `DROP PUBLICATION IF EXISTS ${identifier(publication)};`,
          },
        ]
      : []),
  ];
}

function topicsLeft(topics: readonly string[]): LeftBehind[] {
  return topics.map((topic) => ({ what: `topic ${topic} with its records`, remove: deleteTopic(topic) }));
}

function history(raw: WorkerConfig): LeftBehind[] {
  const topic = raw['schema.history.internal.kafka.topic'];
  if (topic === undefined) return [];
  const brokers = raw['schema.history.internal.kafka.bootstrap.servers'];
  return [{ what: `schema history topic ${topic}`, remove: deleteTopic(topic, brokers) }];
}

function flushTable(raw: WorkerConfig): LeftBehind[] {
  const table = raw['log.mining.flush.table.name'] ?? 'LOG_MINING_FLUSH';
  return [{ what: `table ${table} of the user ${raw['database.user'] ?? ''}`.trim(), remove: `DROP TABLE ${table};` }];
}

function offsets(name: string): LeftBehind {
  return {
    what: `offsets of ${name}: a new connector of the same name goes on from there, without another snapshot`,
    remove: `PUT /connectors/${encodeURIComponent(name)}/config with any valid config, PUT …/stop, then DELETE …/offsets`,
  };
}

const deleteTopic = (topic: string, brokers = '<brokers>') =>
  `kafka-topics.sh --bootstrap-server ${shell(brokers)} --delete --topic ${shell(topic)}`;

function shell(text: string): string {
  return /^[\w.,:<>-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
