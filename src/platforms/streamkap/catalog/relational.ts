import type { Condition } from '../../../connectors/conditions.ts';
import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { choice, flag, LIST, needed, port, secret, text, when, whole } from './rows.ts';

/** What relational databases have in common at Streamkap. */

export function login(standardPort: string): VendorFields {
  return {
    'database.hostname.user.defined': needed('Host', 'Host name or IP address of the database server.', {
      role: 'host',
      aka: ['hostname', 'server', 'database.hostname'],
      examples: ['db.example.com'],
    }),
    'database.port.user.defined': port('Port', 'TCP port of the database server.', standardPort, {
      role: 'port',
      aka: ['database.port'],
    }),
    'database.user': needed('User', 'The user that changes are read as.', {
      role: 'username',
      aka: ['user', 'database.user.user.defined'],
    }),
    'database.password': secret('Password', 'Password of that user, as a reference.', {
      required: true,
      role: 'password',
      aka: ['database.password.user.defined'],
    }),
  };
}

export const databaseName = needed('Database', 'Name of the one database to read.', {
  role: 'database',
  aka: ['dbname', 'database.name'],
});

export const schemaList = needed('Schemas', 'Schemas to read, with commas between them.', {
  role: 'schemas',
  portable: LIST,
  aka: ['schema', 'schema.include.list.user.defined'],
});

export const tableList = (of: 'schema' | 'database') => ({
  'table.include.list.user.defined': needed(
    'Tables',
    `Tables to read, each as ${of}.table, with commas between them.`,
    {
      role: 'tables',
      portable: LIST,
      aka: ['table.include.list'],
    },
  ),
});

/** The table or collection that snapshots are steered through. `shownWhen`: it is needed only then. */
export const SIGNAL = 'signal.data.collection.schema.or.database';
export const SIGNAL_TABLE = 'Table for the signals of incremental snapshots, with its schema: public.streamkap_signal.';

export function heartbeat(alsoWhen: readonly Condition[] = []): VendorFields {
  return {
    'heartbeat.enabled': flag('Heartbeat', 'Beats at intervals, so that a quiet database does not fall behind.', true),
    'heartbeat.data.collection.schema.or.database': text(
      'Heartbeat schema',
      'Schema or database of the table streamkap_heartbeat. Empty: the heart beats in Kafka alone.',
      { shownWhen: [when('heartbeat.enabled', true), ...alsoWhen] },
    ),
  };
}

const EXCLUDED = text('Excluded columns', 'Regular expressions of columns to leave out, each by its full name.');

/** Columns to leave out. */
export const EXCLUDED_COLUMNS: VendorFields = { 'column.exclude.list.user.defined': EXCLUDED };

/** Columns to read, or to leave out: a switch says which of the two. */
export const COLUMN_FILTER: VendorFields = {
  'column.include.list.toggled': flag(
    'Filter by inclusion',
    'Which filter of columns counts: true for the included ones, false for the excluded ones.',
    true,
  ),
  'column.include.list.user.defined': text(
    'Included columns',
    'Regular expressions of the only columns to read, each by its full name.',
    { shownWhen: [when('column.include.list.toggled', true)] },
  ),
  'column.exclude.list.user.defined': { ...EXCLUDED, shownWhen: [when('column.include.list.toggled', false)] },
};

export const BINARY: VendorFields = {
  'binary.handling.mode': choice('Binary columns', 'In which form the bytes of binary columns are written.', [
    'bytes',
    'base64',
    'base64-url-safe',
    'hex',
  ]),
};

export const SCHEMA_HISTORY: VendorFields = {
  'schema.history.internal.store.only.captured.databases.ddl': flag(
    'History of read databases only',
    'The history of schemas leaves out databases that are not read.',
    false,
  ),
  'schema.history.internal.store.only.captured.tables.ddl': flag(
    'History of read tables only',
    'The history of schemas leaves out tables that are not read. Of use where there are very many.',
    false,
  ),
};

/** One topic for many tables of a like name. */
export function regexSupport(replacement: string): VendorFields {
  const prefix = 'transforms.SourceRegexSupport';
  return {
    'SourceRegexSupport.enabled': flag('Merge tables', 'Tables that fit one regular expression share a topic.', false),
    [`${prefix}.regex.replacement`]: text('Merge: replacement', 'What stands in the topic for what was matched.', {
      default: replacement,
    }),
    [`${prefix}.key.field.template`]: text(
      'Merge: key',
      'Template of a further key field, made of database, schema, table and sourceId.',
      { default: '{{database}}.{{table}}' },
    ),
    [`${prefix}.metadata.field.name`]: text('Merge: origin', 'Name of the field that says of which table a row is.', {
      default: '_streamkap_source_metadata',
    }),
  };
}

/** `most`: chunks read at once. */
export function parallelSnapshot(most: number): VendorFields {
  return {
    'streamkap.snapshot.parallelism': whole(
      'Snapshot parallelism',
      'How many chunks of a snapshot are read at the same time.',
      1,
      [1, most],
    ),
    'streamkap.snapshot.chunk.size.bytes': whole(
      'Snapshot chunk size',
      'How many bytes a query of a snapshot should return.',
      524_288,
      [4096, 8_388_608],
    ),
    'streamkap.snapshot.state.refresh.ms': whole(
      'Snapshot progress interval',
      'Milliseconds between two reports of how far a snapshot is.',
      30_000,
      [1000, 60_000],
    ),
  };
}
