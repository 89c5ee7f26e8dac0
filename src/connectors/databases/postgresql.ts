import { clientCertificate, clientCertificateFaults } from '../client-certificate.ts';
import { defineConnector } from '../define-connector.ts';
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
import { publicationName, slotName, tableSelection } from '../selection-fields.ts';
import { sshFaults, sshTunnel } from '../ssh-fields.ts';
import { POSTGRES_STRINGS } from './postgres-strings.ts';

export const postgresql = defineConnector({
  code: 'postgresql',
  name: 'PostgreSQL',
  category: 'database',
  aliases: ['postgres', 'pg', 'psql', 'pgsql', 'postgre sql'],
  keywords: [
    'supabase',
    'neon',
    'rds',
    'aurora',
    'cloud sql',
    'alloydb',
    'timescale',
    'heroku',
    'sql',
    'relational',
    'cdc',
  ],
  docsUrl: 'https://www.postgresql.org/docs/current/',
  fields: {
    host: host(),
    port: port(5432),
    database: database(),
    username: username(),
    password: password(),
    schemas: schemaSelection(),
    tables: tableSelection('schema'),
    slot_name: slotName(),
    publication: publicationName(),
    tls_mode: tlsMode('prefer'),
    tls_ca: tlsCa(),
    ...clientCertificate(),
    ...sshTunnel(),
    connection_string: connectionString('postgresql://reader:${env:HEADWATER_SECRET_DB}@db.example.com:5432/shop'),
  },
  connectionString: POSTGRES_STRINGS,
  rules: (config) => [...clientCertificateFaults(config), ...sshFaults(config)],
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'A user that may log in and read: GRANT CONNECT on the database, USAGE on the schemas, SELECT on the tables.',
    'The server accepts connections from where Headwater runs (listen_addresses, pg_hba.conf, firewall).',
    'For change data capture: wal_level = logical and a user with REPLICATION (the cdc check tells).',
  ],
  example: {
    host: 'db.example.com',
    port: 5432,
    database: 'shop',
    username: 'headwater',
    password: '${env:HEADWATER_SECRET_DB}',
    tls_mode: 'require',
  },
  probe: async () => (await import('../../probes/postgres/index.ts')).postgresProbe('PostgreSQL'),
});
