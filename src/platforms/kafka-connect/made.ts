import type { Connector } from '../../connectors/define-connector.ts';
import { prefixOf, serverIdOf, slotOf } from './name.ts';

type Config = Readonly<Record<string, unknown>>;

/** Settings that Headwater sends where a config does not say them, each because the plugin's own default would not do. */
export function madeFor(name: string, { fields, vendorCode = '' }: Connector, config: Config): Config {
  const made: Record<string, unknown> = {};
  const add = (key: string, value: () => unknown) => {
    if (key in fields && config[key] === undefined) made[key] = value();
  };
  const prefix = String(config['topic.prefix'] ?? prefixOf(name));
  // It has none, and every topic begins with it.
  add('topic.prefix', () => prefix);
  // It has none; two readers of the same number throw each other out.
  add('database.server.id', () => serverIdOf(name, String(config['database.hostname'])));
  if ('schema.history.internal.kafka.bootstrap.servers' in config) {
    // It has none, and no two connectors may share one.
    add('schema.history.internal.kafka.topic', () => `schema-history.${prefix}`);
  }
  return { ...made, ...(MADE[vendorCode]?.(name, config) ?? {}) };
}

const MADE: Readonly<Record<string, (name: string, config: Config) => Config>> = {
  'io.debezium.connector.postgresql.PostgresConnector': (name, config) => ({
    // decoderbufs must be installed first; pgoutput is part of PostgreSQL.
    ...(config['plugin.name'] === undefined ? { 'plugin.name': 'pgoutput' } : {}),
    // Its own are the same for every source, and a slot serves only one.
    ...(config['slot.name'] === undefined ? { 'slot.name': slotOf(name) } : {}),
    ...publicationFor(name, config),
  }),
  // Its own is 1528, where nothing listens.
  'io.debezium.connector.oracle.OracleConnector': (_, config) =>
    config['database.port'] === undefined ? { 'database.port': 1521 } : {},
};

/** A publication of all tables needs a superuser; one of the tables that are named does not. */
function publicationFor(name: string, config: Config): Config {
  if (config['publication.name'] !== undefined) return {};
  const held = config['table.include.list'] !== undefined || config['schema.include.list'] !== undefined;
  const mode =
    config['publication.autocreate.mode'] === undefined && held ? { 'publication.autocreate.mode': 'filtered' } : {};
  return { 'publication.name': slotOf(name), ...mode };
}
