import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { firstOf, TLS_OF_TEST } from './portable.ts';
import { placeIn, tlsAsked } from './reaching.ts';
import {
  BINARY,
  databaseName,
  EXCLUDED_COLUMNS,
  heartbeat,
  login,
  parallelSnapshot,
  SCHEMA_HISTORY,
  SIGNAL,
  SIGNAL_TABLE,
  schemaList,
  tableList,
} from './relational.ts';
import { flag, needed, text, tlsOf, whole } from './rows.ts';
import { source } from './source.ts';
import { staticFields } from './transforms.ts';

/** SQL Server, Oracle, Db2 and Informix. */

const place = (config: Readonly<Record<string, unknown>>) => ({
  ...placeIn(config, 'database.hostname.user.defined', 'database.port.user.defined'),
  ...tlsAsked(config),
});

const ADDRESSES = 'The addresses of Streamkap are permitted at the database, or an SSH server leads there.';
const LOGIN = {
  'database.hostname.user.defined': 'db.example.com',
  'database.user': 'streamkap',
  'database.password': '${env:HEADWATER_SECRET_DB}',
};

export const sqlserver = source({
  code: 'sqlserver',
  vendorCode: 'sqlserveraws',
  name: 'SQL Server',
  category: 'database',
  aliases: ['mssql', 'sql server', 'azure sql'],
  keywords: ['rds', 'azure', 'microsoft', 'tds'],
  ssh: true,
  fields: {
    ...login('1433'),
    'database.encrypt': flag('TLS', 'Whether the connection is encrypted; the certificate is not checked.', true, {
      role: 'tls_mode',
      portable: tlsOf(true, false),
    }),
    'database.names': needed('Database', 'Name of the database to read.', {
      role: 'database',
      portable: { take: (value) => value, give: firstOf },
      aka: ['dbname', 'database.dbname'],
    }),
    'schema.include.list': schemaList,
    ...tableList('schema'),
    [SIGNAL]: text('Signal table', 'Schema, or schema and table, for the signals of incremental snapshots.', {
      default: 'streamkap',
    }),
    ...EXCLUDED_COLUMNS,
    ...heartbeat(),
    ...SCHEMA_HISTORY,
    ...BINARY,
    ...staticFields(1),
    ...parallelSnapshot(50),
    'streamkap.snapshot.custom.table.config.user.defined': {
      type: 'object',
      title: 'Chunks per table',
      description: 'Without effect: Streamkap still takes it and does nothing with it.',
    },
  },
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'Change data capture is on for the database and its tables, and the Agent runs (the cdc check tells).',
    ADDRESSES,
  ],
  example: {
    ...LOGIN,
    'database.names': 'shop',
    'schema.include.list': 'dbo',
    'table.include.list.user.defined': 'dbo.orders,dbo.customers',
  },
  probe: probedAs('sqlserver'),
});

const ORACLE_FIELDS: VendorFields = {
  ...login('1521'),
  'database.dbname': {
    ...databaseName,
    description: 'Name of the database to read: that of the container where it has one.',
  },
  'schema.include.list': schemaList,
  ...tableList('schema'),
  [SIGNAL]: needed(
    'Signal table',
    'Table for the signals of incremental snapshots, with all that stands before its name.',
  ),
  ...heartbeat(),
  ...SCHEMA_HISTORY,
  ...BINARY,
  ...EXCLUDED_COLUMNS,
  tls_mode: TLS_OF_TEST,
};

const ORACLE = {
  category: 'database',
  ssh: true,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'ARCHIVELOG, supplemental logging and a user with the rights of LogMiner (the cdc check tells).',
    ADDRESSES,
  ],
  probe: probedAs('oracle'),
} as const;

const ORACLE_EXAMPLE = {
  ...LOGIN,
  'database.user': 'C##STREAMKAP',
  'database.dbname': 'ORCL',
  'schema.include.list': 'SHOP',
  'table.include.list.user.defined': 'SHOP.ORDERS',
  [SIGNAL]: 'C##STREAMKAP.STREAMKAP_SIGNAL',
};

export const oracle = source({
  ...ORACLE,
  code: 'oracle',
  name: 'Oracle',
  aliases: ['oracledb', 'oracle database'],
  fields: {
    ...ORACLE_FIELDS,
    'database.pdb.name': text('Pluggable database', 'Name of the pluggable database, where there are containers.', {
      essential: true,
      aka: ['pdb'],
    }),
  },
  example: { ...ORACLE_EXAMPLE, 'database.pdb.name': 'SHOPPDB' },
});

export const oracleRds = source({
  ...ORACLE,
  code: 'oracle_rds',
  vendorCode: 'oracleaws',
  name: 'Oracle RDS',
  fields: ORACLE_FIELDS,
  example: ORACLE_EXAMPLE,
});

export const db2 = source({
  code: 'db2',
  name: 'Db2',
  category: 'database',
  aliases: ['ibm db2'],
  ssh: true,
  fields: {
    ...login('50000'),
    'database.dbname': databaseName,
    'schema.include.list.user.defined': { ...schemaList, aka: ['schema', 'schema.include.list'] },
    ...tableList('schema'),
    [SIGNAL]: needed('Signal table', SIGNAL_TABLE),
    ...SCHEMA_HISTORY,
    ...EXCLUDED_COLUMNS,
    tls_mode: TLS_OF_TEST,
  },
  capabilities: ['test'],
  prerequisites: ['The tables are in capture mode (ASN capture), and the user may read the change tables.', ADDRESSES],
  example: {
    ...LOGIN,
    'database.dbname': 'SHOP',
    'schema.include.list.user.defined': 'SALES',
    'table.include.list.user.defined': 'SALES.ORDERS',
    [SIGNAL]: 'SALES.STREAMKAP_SIGNAL',
  },
  probe: reachedAt('Db2', undefined, place),
});

export const informix = source({
  code: 'informix',
  name: 'Informix',
  category: 'database',
  aliases: ['ibm informix'],
  ssh: true,
  fields: {
    ...login('9088'),
    'database.dbname': databaseName,
    'schema.include.list': schemaList,
    ...tableList('schema'),
    [SIGNAL]: text('Signal table', 'Schema, or schema and table, for the signals of incremental snapshots.', {
      default: 'streamkap',
    }),
    ...EXCLUDED_COLUMNS,
    ...heartbeat(),
    ...SCHEMA_HISTORY,
    ...BINARY,
    tls_mode: TLS_OF_TEST,
    'cdc.buffersize': whole('CDC buffer', 'Bytes of the buffer that changes are read into.', 65_536, [4096, 1_048_576]),
    'cdc.timeout': whole('CDC timeout', 'Seconds that one read of changes waits.', 5, [1, 60]),
    ...staticFields(1),
    ...parallelSnapshot(50),
  },
  capabilities: ['test'],
  prerequisites: ['The database syscdcv1 is there, and the user may read through it.', ADDRESSES],
  example: {
    ...LOGIN,
    'database.dbname': 'shop',
    'schema.include.list': 'informix',
    'table.include.list.user.defined': 'informix.orders',
  },
  probe: reachedAt('Informix', undefined, place),
});
