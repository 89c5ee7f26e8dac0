import { mysqlStrings } from '../../../connectors/databases/mysql-strings.ts';
import { POSTGRES_STRINGS } from '../../../connectors/databases/postgres-strings.ts';
import type { Connector } from '../../../connectors/define-connector.ts';
import { isObject } from '../../../connectors/paths.ts';
import { MONGO_PART_NAMES, MONGO_PARTS, mongoString } from '../../../connectors/vendor/mongo-string.ts';
import { orString } from '../../../connectors/vendor/or-string.ts';
import { type MakeProbe, probedAs, reached } from '../../../connectors/vendor/probed-as.ts';
import type { Probe } from '../../../probes/probe.ts';
import type { ConnectionStringRules } from '../../../secrets/connection-string.ts';
import { kaireonConnector } from './connector.ts';
import { database, host, port, text, tlsMode } from './fields.ts';
import { LOGIN } from './ways.ts';

type Config = Readonly<Record<string, unknown>>;

const EXAMPLE_LOGIN = { method: 'access_key', username: 'kaireon', password: '${env:HEADWATER_SECRET_DB}' };
const PATHS = { username: 'auth/username', password: 'auth/password' };
const READER = 'A user that may log in and read the tables.';

/** Our own probe where the login is known; without one, as far as the connection. */
export function loggedIn(code: string, server: string): MakeProbe {
  const login = ({ auth }: Config): Config =>
    isObject(auth) ? { username: auth['username'], password: auth['password'] } : {};
  const whole = probedAs(code, login, PATHS);
  const near = reached(server);
  return (fields, defaults) => async () => {
    const [full, bare] = await Promise.all([whole(fields, defaults)(), near(fields, defaults)()]);
    const of = (own: Config) => (login(own)['username'] === undefined ? bare : full) as Probe<unknown>;
    return { plan: (own: Config, ...rest) => of(own).plan(own, ...rest) } as Probe<never>;
  };
}

const sql = (
  row: Pick<Parameters<typeof kaireonConnector>[0], 'code' | 'name' | 'category' | 'aliases' | 'keywords'>,
  standardPort: number,
  probedLike: string,
  connectionString: ConnectionStringRules,
) =>
  kaireonConnector({
    ...row,
    fields: { host: host(), port: port(standardPort), database: database(), tls_mode: tlsMode() },
    auth: LOGIN,
    // It has none of its own: one that is given is taken apart into the fields above.
    connectionString,
    capabilities: ['test', 'discover', 'preview', ...(row.category === 'database' ? (['cdc_check'] as const) : [])],
    prerequisites: [READER],
    example: { host: 'db.example.com', port: standardPort, database: 'shop', auth: EXAMPLE_LOGIN },
    probe: loggedIn(probedLike, row.name),
  });

const postgresql = sql(
  {
    code: 'postgresql',
    name: 'PostgreSQL',
    category: 'database',
    aliases: ['postgres', 'pg'],
    keywords: ['sql', 'supabase', 'neon', 'rds'],
  },
  5432,
  'postgresql',
  POSTGRES_STRINGS,
);

const mysql = sql(
  {
    code: 'mysql',
    name: 'MySQL / MariaDB',
    category: 'database',
    aliases: ['mysqld', 'mariadb'],
    keywords: ['sql', 'rds'],
  },
  3306,
  'mysql',
  mysqlStrings('mysql'),
);

const redshift = sql(
  {
    code: 'redshift',
    name: 'Amazon Redshift',
    category: 'warehouse',
    aliases: ['aws redshift'],
    keywords: ['sql', 'amazon', 'serverless'],
  },
  5439,
  'postgresql',
  POSTGRES_STRINGS,
);

const mongodb = kaireonConnector({
  code: 'mongodb',
  name: 'MongoDB',
  category: 'database',
  aliases: ['mongo'],
  keywords: ['atlas', 'nosql', 'document'],
  fields: {
    host: text('Host', { description: 'Host name of the server.', role: 'host', max: 255 }),
    connectionString: text('Connection string', {
      description: 'Instead of host: mongodb:// or mongodb+srv://. KaireonAI shows it to its users, password included.',
      role: 'connection_string',
      secret: true,
      destination: true,
      examples: ['mongodb+srv://reader:PASSWORD@shop.example.mongodb.net/shop'],
      aka: ['connection_string', 'uri', 'url'],
    }),
    ...MONGO_PARTS,
  },
  alternatives: { connectionString: [], host: MONGO_PART_NAMES },
  compose: ({ host, ...config }) => {
    const parts = Object.fromEntries(MONGO_PART_NAMES.map((name) => [name, config[name]]));
    const rest = Object.fromEntries(Object.entries(config).filter(([name]) => !MONGO_PART_NAMES.includes(name)));
    if (host === undefined) return rest;
    const isWhole = Object.values(parts).some((value) => value !== undefined);
    return isWhole ? { ...rest, connectionString: mongoString(String(host), parts) } : { ...rest, host };
  },
  capabilities: ['test', 'discover', 'preview'],
  prerequisites: ['A user with the role read on the database.'],
  example: { connectionString: '${env:HEADWATER_SECRET_MONGODB}' },
  probe: orString('mongodb', 'connectionString', probedAs('mongodb')),
});

export const DATABASES: readonly Connector[] = [mongodb, mysql, postgresql, redshift];
