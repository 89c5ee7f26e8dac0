import { clientCertificate, clientCertificateFaults } from '../client-certificate.ts';
import { defineConnector } from '../define-connector.ts';
import { connectionString, host, password, port, tlsCa, tlsMode, username } from '../fields.ts';
import { databaseSelection, oneDatabase, tableSelection } from '../selection-fields.ts';
import { sshFaults, sshTunnel } from '../ssh-fields.ts';
import { mysqlStrings } from './mysql-strings.ts';

export const mariadb = defineConnector({
  code: 'mariadb',
  name: 'MariaDB',
  category: 'database',
  aliases: ['maria', 'maria db', 'mariadbd'],
  keywords: ['skysql', 'galera', 'maxscale', 'rds', 'sql', 'relational', 'mysql compatible', 'cdc', 'binlog'],
  docsUrl: 'https://mariadb.com/kb/en/documentation/',
  fields: {
    host: host(),
    port: port(3306),
    database: oneDatabase(),
    username: username(),
    password: password(),
    databases: databaseSelection(),
    tables: tableSelection('database'),
    tls_mode: tlsMode('prefer'),
    tls_ca: tlsCa(),
    ...clientCertificate(),
    ...sshTunnel(),
    connection_string: connectionString('mariadb://reader:${env:HEADWATER_SECRET_DB}@db.example.com:3306/shop'),
  },
  connectionString: mysqlStrings('mariadb'),
  rules: (config) => [...clientCertificateFaults(config), ...sshFaults(config)],
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'A user that may log in from where Headwater runs and read: GRANT SELECT on the databases.',
    'The server accepts connections from there (bind_address, firewall, IP allow-list).',
    'For change data capture: log_bin on, binlog_format ROW, and REPLICATION SLAVE and BINLOG MONITOR (the cdc check tells).',
  ],
  example: {
    host: 'db.example.com',
    port: 3306,
    database: 'shop',
    username: 'headwater',
    password: '${env:HEADWATER_SECRET_DB}',
    tls_mode: 'require',
  },
  probe: async () => (await import('../../probes/mysql/index.ts')).mysqlProbe('MariaDB'),
});
