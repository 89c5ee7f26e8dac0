import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import {
  BINARY,
  COLUMN_FILTER,
  databaseName,
  heartbeat,
  login,
  parallelSnapshot,
  regexSupport,
  SIGNAL,
  SIGNAL_TABLE,
  schemaList,
  tableList,
} from './relational.ts';
import { choice, flag, text, tlsOf, when } from './rows.ts';
import { source } from './source.ts';
import { ENRICHED } from './transforms.ts';

const WRITES = when('snapshot.read.only.user.defined', 'No');

const FIELDS: VendorFields = {
  ...login('5432'),
  'database.dbname': databaseName,
  'snapshot.read.only.user.defined': choice(
    'Read only',
    'Yes: nothing is written, as on a replica (PostgreSQL 13 and newer). No: snapshots use a table for signals.',
    ['Yes', 'No'],
    { essential: true },
  ),
  [SIGNAL]: text('Signal table', SIGNAL_TABLE, { required: true, shownWhen: [WRITES] }),
  ...COLUMN_FILTER,
  ...heartbeat([WRITES]),
  'slot.name': text('Replication slot', 'Slot to read changes from. Every source needs one of its own.', {
    role: 'slot_name',
    default: 'streamkap_pgoutput_slot',
    aka: ['slot', 'replication_slot'],
  }),
  'publication.name': text('Publication', 'Publication to read changes through; the tables must be in it.', {
    role: 'publication',
    default: 'streamkap_pub',
  }),
  'schema.include.list': schemaList,
  ...tableList('schema'),
  'post.processors': text('Post processor', 'A post processor of Debezium for the records.', { enum: ['reselector'] }),
  'database.sslmode': choice(
    'TLS mode',
    'require: always, certificate unchecked. disable: never.',
    ['require', 'disable'],
    { role: 'tls_mode', portable: tlsOf('require', 'disable'), aka: ['ssl', 'sslmode'] },
  ),
  'include.source.db.name.in.table.name.user.defined': flag(
    'Database in topics',
    'Puts the name of the database before the names of topics.',
    false,
  ),
  ...BINARY,
  ...ENRICHED,
};

const EXAMPLE = {
  'database.hostname.user.defined': 'db.example.com',
  'database.user': 'streamkap',
  'database.password': '${env:HEADWATER_SECRET_DB}',
  'database.dbname': 'shop',
  'schema.include.list': 'public',
  'table.include.list.user.defined': 'public.orders,public.customers',
};

const COMMON = {
  category: 'database',
  ssh: true,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'wal_level = logical, and a user that may replicate and read the tables (the cdc check tells).',
    'A publication of the tables, and a replication slot (pgoutput) that is for this source alone.',
    'The addresses of Streamkap are permitted at the database, or an SSH server leads there.',
  ],
  example: EXAMPLE,
  probe: probedAs('postgresql'),
} as const;

export const alloydb = source({ ...COMMON, code: 'alloydb', name: 'AlloyDB', fields: FIELDS });

export const supabase = source({
  ...COMMON,
  code: 'supabase',
  name: 'Supabase',
  fields: FIELDS,
  example: {
    ...EXAMPLE,
    'database.hostname.user.defined': 'db.abcdefghijkl.supabase.co',
    'database.dbname': 'postgres',
  },
});

export const postgresql = source({
  ...COMMON,
  code: 'postgresql',
  name: 'PostgreSQL',
  aliases: ['postgres', 'pg'],
  keywords: ['aurora', 'rds', 'cloud sql', 'neon', 'timescale'],
  fields: {
    ...FIELDS,
    ...regexSupport('_REGEX_'),
    'heartbeat.use.logical.message': flag(
      'Heartbeat as message',
      'Beats with pg_logical_emit_message and needs no table (a primary of PostgreSQL 14 and newer).',
      false,
    ),
    ...parallelSnapshot(10),
  },
});
