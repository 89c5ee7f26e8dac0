import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { TLS_OF_TEST } from './portable.ts';
import { eitherProbe, placeIn, tlsAsked } from './reaching.ts';
import {
  BINARY,
  COLUMN_FILTER,
  EXCLUDED_COLUMNS,
  heartbeat,
  login,
  regexSupport,
  SCHEMA_HISTORY,
  SIGNAL,
  SIGNAL_TABLE,
  tableList,
} from './relational.ts';
import { choice, flag, LIST, needed, port, secret, text, tlsOf, when } from './rows.ts';
import { source } from './source.ts';
import { TIME_ZONES } from './time-zones.ts';
import { ENRICHED } from './transforms.ts';

/** MySQL, and what speaks its protocol or is made of it. */

const DATABASES = 'database.include.list.user.defined';
const BY_SIGNALS = when('snapshot.gtid', 'No');

const FIELDS: VendorFields = {
  ...login('3306'),
  [DATABASES]: needed('Databases', 'Databases to read, with commas between them.', {
    role: 'schemas',
    portable: LIST,
    alsoRoles: ['database'],
    aka: ['databases', 'database.include.list'],
  }),
  ...tableList('database'),
  'snapshot.gtid': choice(
    'Read only (GTID)',
    'Yes: nothing is written, for which GTID mode must be on. No: snapshots use a table for signals.',
    ['Yes', 'No'],
    { essential: true },
  ),
  [SIGNAL]: text('Signal table', SIGNAL_TABLE, { shownWhen: [BY_SIGNALS] }),
  ...heartbeat([BY_SIGNALS]),
  'database.connectionTimeZone': choice(
    'Time zone',
    'The time zone of the connection; SERVER for its own.',
    TIME_ZONES,
  ),
  ...SCHEMA_HISTORY,
  ...BINARY,
};

const EXAMPLE = {
  'database.hostname.user.defined': 'db.example.com',
  'database.user': 'streamkap',
  'database.password': '${env:HEADWATER_SECRET_DB}',
  [DATABASES]: 'shop',
  'table.include.list.user.defined': 'shop.orders,shop.customers',
};

const COMMON = {
  category: 'database',
  ssh: true,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'log_bin on, binlog_format ROW, and a user with SELECT, REPLICATION SLAVE and REPLICATION CLIENT (the cdc check tells).',
    'GTID mode for snapshots that write nothing; otherwise a table for signals.',
    'The addresses of Streamkap are permitted at the database, or an SSH server leads there.',
  ],
  example: EXAMPLE,
} as const;

export const mysql = source({
  ...COMMON,
  code: 'mysql',
  name: 'MySQL',
  keywords: ['aurora mysql', 'rds', 'cloud sql', 'percona', 'binlog'],
  fields: { ...FIELDS, tls_mode: TLS_OF_TEST, ...COLUMN_FILTER, ...regexSupport('_REGEX_'), ...ENRICHED },
  probe: probedAs('mysql'),
});

export const mariadb = source({
  ...COMMON,
  code: 'mariadb',
  name: 'MariaDB',
  aliases: ['maria'],
  fields: {
    ...FIELDS,
    'database.ssl.mode': text('TLS mode', 'trust: always, certificate unchecked. disable: never.', {
      default: 'trust',
      enum: ['disable', 'trust'],
      role: 'tls_mode',
      portable: tlsOf('trust', 'disable'),
    }),
    ...EXCLUDED_COLUMNS,
    ...regexSupport('REGEX'),
  },
  probe: probedAs('mariadb'),
});

const place = (config: Readonly<Record<string, unknown>>) =>
  placeIn(config, 'database.hostname.user.defined', 'database.port.user.defined');

const TABLET = choice('Tablet type', 'Which tablets changes are read from.', ['MASTER', 'REPLICA', 'RDONLY']);

/** Streams of PlanetScale come over the port of HTTPS, which speaks no MySQL. */
const MYSQL_PORT = '3306';

export const planetscale = source({
  code: 'planetscale',
  name: 'Planetscale Vitess',
  category: 'database',
  keywords: ['mysql', 'vitess'],
  ssh: true,
  fields: {
    ...login('443'),
    'vitess.keyspace': needed('Keyspace', 'Keyspace to read: the name of the database.', {
      role: 'database',
      aka: ['keyspace'],
    }),
    'vitess.tablet.type': TABLET,
    'converter.tinyintBool.user.defined': flag(
      'tinyint(1) as boolean',
      'Columns of tinyint(1) become booleans.',
      false,
    ),
    ...tableList('database'),
    tls_mode: TLS_OF_TEST,
    ...SCHEMA_HISTORY,
    ...EXCLUDED_COLUMNS,
  },
  capabilities: ['test'],
  prerequisites: ['A password of the branch with the right to read, and the name of its keyspace.'],
  example: {
    'database.hostname.user.defined': 'aws.connect.psdb.cloud',
    'database.user': 'streamkap',
    'database.password': '${env:HEADWATER_SECRET_DB}',
    'vitess.keyspace': 'shop',
    'table.include.list.user.defined': 'shop.orders',
  },
  probe: eitherProbe(
    (config) => String(config['database.port.user.defined']) === MYSQL_PORT,
    probedAs('mysql', () => ({ tls_mode: 'verify-full' })),
    reachedAt('PlanetScale', undefined, (config) => ({ ...place(config), tls: 'verify-full' })),
  ),
});

export const vitess = source({
  code: 'vitess',
  name: 'Vitess',
  category: 'database',
  keywords: ['mysql', 'vtgate'],
  ssh: true,
  fields: {
    ...login('15991'),
    'vitess.keyspace.user.defined': needed('Keyspace', 'Keyspace to read.', { role: 'database', aka: ['keyspace'] }),
    'vitess.tablet.type': TABLET,
    'vitess.vtctld.host.user.defined': needed('VTCtld host', 'Host name or IP address of VTCtld.', {
      destination: true,
    }),
    'vitess.vtctld.port.user.defined': port('VTCtld port', 'TCP port of VTCtld.', '15999', { destination: true }),
    'vitess.vtctld.user': needed('VTCtld user', 'The user to log in to VTCtld as.'),
    'vitess.vtctld.password': secret('VTCtld password', 'Password of that user, as a reference.', { required: true }),
    ...tableList('database'),
    ...EXCLUDED_COLUMNS,
    tls_mode: TLS_OF_TEST,
  },
  capabilities: ['test'],
  prerequisites: ['VTGate with its gRPC port, and VTCtld, both with a user that may read the keyspace.'],
  example: {
    'database.hostname.user.defined': 'vtgate.example.com',
    'database.user': 'streamkap',
    'database.password': '${env:HEADWATER_SECRET_DB}',
    'vitess.keyspace.user.defined': 'shop',
    'vitess.vtctld.host.user.defined': 'vtctld.example.com',
    'vitess.vtctld.user': 'streamkap',
    'vitess.vtctld.password': '${env:HEADWATER_SECRET_VTCTLD}',
    'table.include.list.user.defined': 'shop.orders',
  },
  probe: reachedAt('Vitess', undefined, (config) => ({ ...place(config), ...tlsAsked(config) })),
});
