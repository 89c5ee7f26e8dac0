import { type ConfigFault, defineConnector } from '../define-connector.ts';
import {
  connectionString,
  database,
  host,
  password,
  port,
  schemaSelection,
  tlsCa,
  tlsMode,
  username,
} from '../fields.ts';
import { tableSelection } from '../selection-fields.ts';
import { sshFaults, sshTunnel } from '../ssh-fields.ts';
import { SQLSERVER_STRINGS } from './sqlserver-strings.ts';

export const sqlserver = defineConnector({
  code: 'sqlserver',
  name: 'SQL Server',
  category: 'database',
  aliases: ['mssql', 'sql server', 'ms sql', 'microsoft sql server', 'azure sql', 'azure sql database', 't-sql'],
  keywords: ['tds', 'managed instance', 'rds', 'cloud sql', 'babelfish', 'azure', 'microsoft', 'relational', 'cdc'],
  docsUrl: 'https://learn.microsoft.com/en-us/sql/sql-server/',
  fields: {
    host: host(),
    port: port(1433),
    database: database(),
    username: username({
      description: 'The SQL login to log in as (no Windows login). One that may only read is best.',
    }),
    password: password(),
    schemas: schemaSelection(),
    tables: tableSelection('schema'),
    tls_mode: tlsMode('prefer'),
    tls_ca: tlsCa(),
    ...sshTunnel(),
    connection_string: connectionString('sqlserver://reader:${env:HEADWATER_SECRET_DB}@db.example.com:1433/shop'),
  },
  connectionString: SQLSERVER_STRINGS,
  rules: (config) => [...placeFaults(config), ...sshFaults(config)],
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'A SQL login (mixed mode) with a user in the database that may read: GRANT SELECT on the schemas.',
    'The server listens on TCP at a fixed port and accepts connections from where Headwater runs (firewall).',
    'For change data capture: turned on for the database and its tables, and the Agent running (the cdc check tells).',
  ],
  example: {
    host: 'db.example.com',
    port: 1433,
    database: 'shop',
    username: 'headwater',
    password: '${env:HEADWATER_SECRET_DB}',
    tls_mode: 'require',
  },
  probe: async () => (await import('../../probes/sqlserver/index.ts')).sqlServerProbe('SQL Server'),
});

/** Habits of Microsoft's own clients, and what to give instead. */
function placeFaults({ host: named, username: user }: Readonly<Record<string, unknown>>): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const say = (path: string, message: string) => faults.push({ path, message });
  if (typeof named === 'string') {
    const comma = /^(.+),\s*(\d+)$/.exec(named);
    if (comma) say('host', `has the port in it; give host ${JSON.stringify(comma[1])} and port ${comma[2]}`);
    else if (named.includes('\\'))
      say('host', 'names an instance; give the host alone, and in port the TCP port of the instance');
  }
  if (typeof user === 'string' && user.includes('\\'))
    say('username', 'is a Windows login, which cannot be used here; give a SQL login');
  return faults;
}
