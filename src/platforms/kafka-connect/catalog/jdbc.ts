import type { ConfigFault } from '../../../connectors/define-connector.ts';
import { workerConnector } from './debezium.ts';
import { jdbcProbe, placeOf } from './jdbc-url.ts';
import { choice, flag, text, whole, worker } from './shared.ts';

type Config = Readonly<Record<string, unknown>>;

const INCREMENTING = [{ field: 'mode', is: ['incrementing', 'timestamp+incrementing'] }];
const BY_TIME = [{ field: 'mode', is: ['timestamp', 'timestamp+incrementing'] }];

/** Confluent's, by its documentation ("JDBC Source Connector Configuration Properties"). */
export const jdbc = workerConnector({
  code: 'jdbc',
  vendorCode: 'io.confluent.connect.jdbc.JdbcSourceConnector',
  name: 'JDBC source',
  category: 'database',
  aliases: ['jdbc source', 'JdbcSourceConnector', 'confluent jdbc'],
  keywords: ['sqlite', 'db2', 'sybase', 'vertica', 'sap hana', 'query'],
  docsUrl: 'https://docs.confluent.io/kafka-connectors/jdbc/current/source-connector/source_config_options.html',
  fields: {
    'connection.url': text('JDBC URL', 'jdbc:… as the driver takes it, without user and password.', {
      required: true,
      destination: true,
      examples: ['jdbc:postgresql://db.example.com:5432/shop'],
      aka: ['url', 'jdbc_url', 'jdbc.url'],
    }),
    'connection.user': text('User', 'The user to log in as.', { role: 'username', examples: ['reader'] }),
    'connection.password': text(
      'Password',
      'Best as ${worker:provider:path:key}: a literal can be read in the worker.',
      {
        secret: true,
        role: 'password',
      },
    ),
    mode: choice(
      'Mode',
      'bulk reads everything each time; the others what is new by a growing number, by a time, or by both.',
      ['bulk', 'incrementing', 'timestamp', 'timestamp+incrementing'],
      undefined,
      { required: true },
    ),
    'incrementing.column.name': text('Growing column', 'Of every table; found out where it is empty.', {
      shownWhen: INCREMENTING,
      essential: true,
    }),
    'timestamp.column.name': text('Time columns', 'With commas: the first that is not null counts.', {
      required: true,
      shownWhen: BY_TIME,
    }),
    'topic.prefix': text('Topic prefix', "Begins the name of every topic; made of the source's name without.", {
      essential: true,
      examples: ['shop-'],
    }),
    'table.whitelist': text('Tables', 'Names with commas; all without.', {
      role: 'tables',
      portable: {
        take: (value) => (Array.isArray(value) ? value.join(',') : value),
        give: (value) => String(value).split(','),
      },
      aka: ['tables', 'table.include.list'],
    }),
    'table.blacklist': text('Tables left out', 'Instead of table.whitelist.', { group: 'selection' }),
    query: text('Query', 'One SELECT in place of tables; its topic is the prefix.', {
      group: 'selection',
      essential: true,
    }),
    'schema.pattern': text('Schema', 'Pattern of the schemas to look in.', { group: 'selection' }),
    'catalog.pattern': text('Catalog', 'Pattern of the catalogs to look in.', { group: 'selection' }),
    'table.types': text('Table types', 'TABLE, VIEW and so on, with commas.', { default: 'TABLE' }),
    'dialect.name': text('Dialect', 'Found out by the URL where it is empty.', { default: '' }),
    'poll.interval.ms': whole('Poll interval', 'Milliseconds between looks for rows.', { default: 5000, min: 1 }),
    'batch.max.rows': whole('Batch', 'Rows of one batch.', { default: 100, min: 1 }),
    'table.poll.interval.ms': whole('Table interval', 'Milliseconds between looks for tables.', {
      default: 60_000,
      min: 1,
    }),
    'timestamp.delay.interval.ms': whole('Delay', 'Milliseconds that rows must have aged.', { default: 0, min: 0 }),
    'timestamp.initial': whole('First time', 'Milliseconds since 1970 to begin at; -1: now.', { min: -1 }),
    'validate.non.null': flag('Check for null', 'Refuses columns that may be null.', { default: true }),
    'numeric.mapping': choice('Numbers', 'What exact numbers become.', [
      'none',
      'precision_only',
      'best_fit',
      'best_fit_eager_double',
    ]),
    'quote.sql.identifiers': choice('Quotes', 'Whether names are quoted.', ['always', 'never'], 'always'),
    'db.timezone': text('Time zone', 'Of times without one.', { default: 'UTC' }),
    'connection.attempts': whole('Attempts', 'To get a connection.', { default: 3, min: 1 }),
    'connection.backoff.ms': whole('Backoff', 'Milliseconds between them.', { default: 10_000, min: 1 }),
    ...worker('Tables are spread over as many tasks.'),
  },
  rules,
  capabilities: ['test'],
  prerequisites: [
    "Confluent's JDBC plugin and the database's driver in the plugin path of the workers.",
    'Tables that have a growing number or a time of change, unless everything is read each time.',
  ],
  example: {
    'connection.url': 'jdbc:postgresql://db.example.com:5432/shop',
    'connection.user': 'reader',
    'connection.password': '${worker:file:/etc/kafka/secrets/shop.properties:password}',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'topic.prefix': 'shop-',
  },
  probe: jdbcProbe,
});

function rules(config: Config): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const say = (path: string, message: string) => faults.push({ path, message });
  const url = String(config['connection.url'] ?? '');
  if (!url.startsWith('jdbc:')) say('connection.url', 'must begin with jdbc:');
  else if (/[?;&](password|pwd)=|\/\/[^/?;]*:[^/?;]*@/i.test(url))
    say('connection.url', 'has a password in it, which the worker shows to all who ask: give connection.password');
  else if (placeOf(url) === 'malformed') say('connection.url', 'has no host that can be read');
  const selected = ['table.whitelist', 'table.blacklist', 'query'].filter((name) => config[name] !== undefined);
  if (selected.length > 1) say(selected[1] ?? '', `does not go with ${selected[0]}`);
  return faults;
}
