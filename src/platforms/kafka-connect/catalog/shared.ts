import type { VendorField, VendorFields } from '../../../connectors/vendor/field.ts';

/** Fields that connectors of Kafka Connect have in common, in blocks. Keys, types and defaults are the plugins' own. */

type Row = Omit<VendorField, 'type' | 'title'>;

const field =
  (type: VendorField['type']) =>
  (title: string, description: string, row: Partial<Row> = {}) => ({
    type,
    title,
    description,
    ...row,
  });
export const text = field('string');
export const whole = field('integer');
export const flag = field('boolean');

export const choice = (
  title: string,
  description: string,
  values: readonly string[],
  standard?: string,
  row: Partial<Row> = {},
): VendorField => text(title, description, { enum: values, ...(standard ? { default: standard } : {}), ...row });

const CONVERTER = 'Class that turns it into bytes; the one of the worker without.';

/** What the framework itself takes for every connector. */
export const worker = (tasks: string): VendorFields => ({
  'tasks.max': whole('Tasks', tasks, { default: 1, min: 1 }),
  'key.converter': text('Key converter', CONVERTER),
  'value.converter': text('Value converter', CONVERTER),
  transforms: text('Transformations', 'Names of transformations, with commas; their own settings go into extra.'),
  'errors.tolerance': choice(
    'Tolerance',
    'Whether records that cannot be converted are left out.',
    ['none', 'all'],
    'none',
  ),
  'errors.log.enable': flag('Log errors', 'Writes failed operations to the log of the worker.', { default: false }),
});

export const ONE_TASK = 'Debezium reads one server with one task, whatever is allowed here.';

/** What is handed on to drivers may say where they connect, and how. */
const TO_DRIVERS = /^(database|driver|mongodb|connection)\./;

function leading(value: unknown): unknown {
  const all = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const found = all.filter(([name]) => TO_DRIVERS.test(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

export const extra: VendorFields = {
  extra: {
    type: 'object',
    title: 'Further settings',
    description:
      'Settings of the plugin, its converters and transformations that have no field here, by their own names. Secrets among them as ${worker:provider:path:key} only.',
    destination: true,
    canonical: leading,
    examples: [{ 'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState' }],
  },
};

export const topicPrefix: VendorFields = {
  'topic.prefix': text(
    'Topic prefix',
    "Begins the name of every topic: letters, digits, '.', '_' and '-'. Made of the source's name without; never change it later, for the offsets hang on it.",
    { essential: true, examples: ['shop'] },
  ),
};

/** Where the server is and who logs in. */
export function server(port: number, row: Partial<Row> = {}): VendorFields {
  return {
    'database.hostname': text('Host', 'Name or IP address of the server, as the worker reaches it.', {
      required: true,
      role: 'host',
      max: 255,
      examples: ['db.example.com'],
      aka: ['hostname', 'server'],
    }),
    'database.port': { type: 'port', title: 'Port', description: 'TCP port.', default: port, role: 'port' },
    'database.user': text('User', 'The user to log in as.', {
      required: true,
      role: 'username',
      max: 255,
      examples: ['debezium'],
      aka: ['user', 'login', 'database.username'],
      ...row,
    }),
    'database.password': password('database.password'),
  };
}

export const password = (name: string): VendorField =>
  text(
    'Password',
    `The password. Best as \${worker:provider:path:key}: the worker shows a literal ${name} to all who ask it.`,
    {
      secret: true,
      role: 'password',
      examples: ['${worker:file:/etc/kafka/secrets/shop.properties:password}'],
    },
  );

/** Secrets of files on the worker. */
export const filePassword = (title: string, what: string): VendorField =>
  text(title, `Password of ${what}.`, { secret: true, group: 'tls' });
export const workerFile = (title: string, what: string): VendorField =>
  text(title, `${what} A path on the machine of the worker.`, { group: 'tls' });

const ANCHORED = 'regular expressions with commas, each for a whole name';

/** What is captured. `of`: what stands before the dot of a table's name. */
export const tables = (of: 'schema' | 'database', portable: VendorField['portable']): VendorFields => ({
  'table.include.list': text('Tables', `Tables to capture, as ${of}.table: ${ANCHORED}. All without.`, {
    role: 'tables',
    ...(portable ? { portable } : {}),
    examples: [of === 'schema' ? 'public.orders,public.customers' : 'shop.orders'],
    aka: ['table.whitelist', 'table_include_list'],
  }),
  'table.exclude.list': text('Tables left out', `Instead of table.include.list: ${ANCHORED}.`, {
    group: 'selection',
    aka: ['table.blacklist'],
  }),
  ...columns,
});

export const columns: VendorFields = {
  'column.include.list': text('Columns', `Columns to send, by their whole names: ${ANCHORED}.`, { group: 'selection' }),
  'column.exclude.list': text('Columns left out', `Columns not to send: ${ANCHORED}.`, { group: 'selection' }),
  'message.key.columns': text(
    'Key columns',
    'Keys of tables without one: table:column,column with semicolons between.',
    {
      group: 'selection',
    },
  ),
};

/** What the first snapshot does. */
export function snapshots(modes: readonly string[], row: VendorFields = {}): VendorFields {
  return {
    'snapshot.mode': choice(
      'Snapshot',
      'Which rows that are there already are read first: initial reads them once, no_data none.',
      [...modes, 'configuration_based', 'custom'],
      'initial',
      { essential: true },
    ),
    ...row,
    'snapshot.include.collection.list': text('Tables of the snapshot', `Those to read: ${ANCHORED}.`, {
      group: 'selection',
    }),
    'snapshot.fetch.size': whole('Snapshot fetch size', 'Rows asked for at once.', { min: 1 }),
    'snapshot.max.threads': whole('Snapshot threads', 'How many tables are read side by side.', { default: 1, min: 1 }),
  };
}

export const snapshotLocks = (values: readonly string[], standard: string): VendorFields => ({
  'snapshot.locking.mode': choice(
    'Snapshot locks',
    'What is locked while it is read.',
    [...values, 'custom'],
    standard,
  ),
});

/** Snapshots on demand. */
export const signals: VendorFields = {
  'signal.data.collection': text(
    'Signal table',
    'Table (by its whole name) in which an INSERT asks for a snapshot while the connector runs.',
    { examples: ['shop.debezium_signal'] },
  ),
  'signal.enabled.channels': text('Signal channels', 'Where signals are looked for: source, kafka, file, jmx.', {
    default: 'source',
  }),
};

export const chunks: VendorFields = {
  'incremental.snapshot.chunk.size': whole('Snapshot chunk', 'Rows of one step of such a snapshot.', {
    default: 1024,
    min: 1,
  }),
};

/** How values are written. */
export const values = (time: string): VendorFields => ({
  'decimal.handling.mode': choice(
    'Decimals',
    'How exact numbers are written.',
    ['precise', 'double', 'string'],
    'precise',
  ),
  'time.precision.mode': choice(
    'Times',
    'In what unit times are written.',
    ['adaptive', 'adaptive_time_microseconds', 'connect', 'isostring', 'microseconds', 'nanoseconds'],
    time,
  ),
});

export const binaries: VendorFields = {
  'binary.handling.mode': choice(
    'Binary values',
    'How bytes are written.',
    ['bytes', 'base64', 'base64-url-safe', 'hex'],
    'bytes',
  ),
};

/** How changes flow. */
export const flow: VendorFields = {
  'tombstones.on.delete': flag('Tombstones', 'An empty record follows that of a deleted row.', { default: true }),
  'skipped.operations': text('Skipped operations', 'c, u, d, t (create, update, delete, truncate) or none.', {
    default: 't',
  }),
  'provide.transaction.metadata': flag('Transactions', 'Tells where transactions begin and end.', { default: false }),
  'heartbeat.interval.ms': whole('Heartbeat', 'Milliseconds between records that only say how far it is; 0: none.', {
    default: 0,
    min: 0,
  }),
  'poll.interval.ms': whole('Poll interval', 'Milliseconds between looks for changes.', { default: 500, min: 1 }),
  'max.batch.size': whole('Batch', 'Records handed on at once.', { default: 2048, min: 1 }),
  'max.queue.size': whole('Queue', 'Records waiting; more than a batch.', { default: 8192, min: 1 }),
  'errors.max.retries': whole('Retries', 'How often an error that may pass is tried again; -1: for ever.', {
    default: -1,
    min: -1,
  }),
};

export const heartbeatQuery: VendorFields = {
  'heartbeat.action.query': text(
    'Heartbeat statement',
    'SQL run with each heartbeat, so that quiet databases move on.',
  ),
};

const KAFKA_HISTORY = 'io.debezium.storage.kafka.history.KafkaSchemaHistory';
const KEPT_IN_KAFKA = [{ field: 'schema.history.internal', is: [KAFKA_HISTORY] }];

/** Where connectors whose log does not say the structure of tables keep it. */
export const schemaHistory: VendorFields = {
  'schema.history.internal.kafka.bootstrap.servers': text(
    'Brokers',
    'Brokers that keep the history of the schema, as host:port with commas: those of the worker.',
    {
      required: true,
      shownWhen: KEPT_IN_KAFKA,
      role: 'bootstrap_servers',
      examples: ['broker1:9092,broker2:9092'],
      aka: ['bootstrap.servers', 'brokers'],
    },
  ),
  'schema.history.internal.kafka.topic': text(
    'History topic',
    'A topic of this connector alone, never emptied; schema-history.<topic.prefix> without.',
    { shownWhen: KEPT_IN_KAFKA },
  ),
  'schema.history.internal': text('History class', 'Where the history is kept.', { default: KAFKA_HISTORY }),
  'schema.history.internal.store.only.captured.tables.ddl': flag('Captured tables only', 'Others are left out of it.', {
    default: false,
  }),
  'include.schema.changes': flag('Schema changes', 'Sends them to the topic named like the prefix.', { default: true }),
};
