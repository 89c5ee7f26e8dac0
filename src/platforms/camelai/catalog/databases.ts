import { mysqlStrings } from '../../../connectors/databases/mysql-strings.ts';
import type { ConfigFault, Connector } from '../../../connectors/define-connector.ts';
import { MONGO_PART_NAMES, MONGO_PARTS, mongoString } from '../../../connectors/vendor/mongo-string.ts';
import { orString } from '../../../connectors/vendor/or-string.ts';
import { probedAs } from '../../../connectors/vendor/probed-as.ts';
import { camelConnector } from './connector.ts';
import { connectionString, databaseName, hostname, password, port, text, tlsMode, username } from './fields.ts';

type Config = Readonly<Record<string, unknown>>;

const READER = 'A user that may log in and read the tables.';
const SECRET = '${env:HEADWATER_SECRET_DB}';
const PARTS = ['port', 'username', 'password', 'database_name'];

/** What the vendor says in words only: parts are of use together. */
function partFaults({ hostname: host, username: user, database_name: database }: Config): ConfigFault[] {
  if (host === undefined) return [];
  const missing = [...(user === undefined ? ['username'] : []), ...(database === undefined ? ['database_name'] : [])];
  return missing.map((path) => ({ path, message: 'is required with hostname' }));
}

function schemaFaults({ selected_schemas: schemas }: Config): ConfigFault[] {
  const isTooLong = (name: unknown) => typeof name === 'string' && name.length > 255;
  if (!Array.isArray(schemas)) return [];
  const at = schemas.findIndex(isTooLong);
  return at < 0 ? [] : [{ path: `selected_schemas/${at}`, message: 'has more than 255 characters' }];
}

const postgresql = camelConnector({
  code: 'postgresql',
  vendorCode: 'POSTGRES',
  name: 'PostgreSQL',
  category: 'database',
  aliases: ['pg'],
  keywords: ['sql', 'supabase', 'neon', 'rds', 'redshift'],
  fields: {
    hostname: hostname(),
    port: port(5432),
    username: username(),
    password: password(),
    database_name: databaseName(),
    connection_string: connectionString({ description: 'Instead of the single fields: postgresql://…' }),
    selected_schemas: {
      type: 'strings',
      title: 'Schemas',
      description: 'Schemas to use. Empty or left out: all but those of the system.',
      role: 'schemas',
      examples: [['public']],
      aka: ['schemas'],
    },
    tls_mode: tlsMode(),
  },
  alternatives: { hostname: PARTS, connection_string: [] },
  rules: (config) => [...partFaults(config), ...schemaFaults(config)],
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [READER],
  example: { hostname: 'db.example.com', port: 5432, username: 'camel', password: SECRET, database_name: 'shop' },
  probe: orString('postgresql', 'connection_string', probedAs('postgresql')),
});

const sqlserver = camelConnector({
  code: 'sqlserver',
  vendorCode: 'MSSQL',
  name: 'SQL Server',
  category: 'database',
  aliases: ['microsoft sql server'],
  keywords: ['azure', 'tds'],
  fields: {
    hostname: hostname(),
    port: port(1433),
    username: username(),
    password: password(),
    database_name: databaseName(),
    connection_string: connectionString({
      description: 'Instead of the single fields, as ODBC has it: Driver={…};Server=…,1433;Database=…;Uid=…;Pwd=…',
    }),
    tls_mode: tlsMode(),
  },
  alternatives: { hostname: PARTS, connection_string: [] },
  rules: partFaults,
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: ['A SQL login with a user in the database that may read.'],
  example: { hostname: 'db.example.com', port: 1433, username: 'camel', password: SECRET, database_name: 'shop' },
  probe: orString('sqlserver', 'connection_string', probedAs('sqlserver')),
});

const like = (
  row: Pick<Parameters<typeof camelConnector>[0], 'code' | 'vendorCode' | 'name' | 'keywords'>,
  at: number,
) =>
  camelConnector({
    ...row,
    category: 'database',
    fields: {
      hostname: hostname({ required: true }),
      port: port(at),
      username: username({ required: true }),
      password: password({ required: true }),
      database_name: databaseName({ required: true }),
      tls_mode: tlsMode(),
    },
    // It has none of its own: one that is given is taken apart into the fields above.
    connectionString: mysqlStrings('mysql'),
    capabilities: ['test', 'discover', 'preview', ...(row.code === 'mysql' ? (['cdc_check'] as const) : [])],
    prerequisites: [READER],
    example: { hostname: 'db.example.com', port: at, username: 'camel', password: SECRET, database_name: 'shop' },
    probe: probedAs('mysql'),
  });

const mongodb = camelConnector({
  code: 'mongodb',
  vendorCode: 'MONGODB',
  name: 'MongoDB',
  category: 'database',
  aliases: ['mongo'],
  keywords: ['atlas', 'nosql', 'document'],
  fields: {
    connection_string: connectionString({
      examples: ['mongodb+srv://reader:PASSWORD@shop.example.mongodb.net/shop'],
      description: 'mongodb:// or mongodb+srv://, with user, password and database in it.',
    }),
    host: text('Host', { description: 'Host of the server.', role: 'host', virtual: true, aka: ['hostname'] }),
    ...MONGO_PARTS,
  },
  alternatives: { connection_string: [], host: MONGO_PART_NAMES },
  compose: ({ host, ...config }) => {
    if (host === undefined) return config;
    const parts = Object.fromEntries(MONGO_PART_NAMES.map((name) => [name, config[name]]));
    const rest = Object.fromEntries(Object.entries(config).filter(([name]) => !MONGO_PART_NAMES.includes(name)));
    return { ...rest, connection_string: mongoString(String(host), parts) };
  },
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: ['A user with the role read on the database.'],
  example: { connection_string: '${env:HEADWATER_SECRET_MONGODB}' },
  probe: orString('mongodb', 'connection_string', probedAs('mongodb')),
});

export const DATABASES: readonly Connector[] = [
  mongodb,
  like({ code: 'mysql', vendorCode: 'MYSQL', name: 'MySQL', keywords: ['mariadb', 'sql'] }, 3306),
  postgresql,
  like({ code: 'singlestore', vendorCode: 'SINGLESTORE', name: 'SingleStore', keywords: ['memsql', 'sql'] }, 3333),
  sqlserver,
];
