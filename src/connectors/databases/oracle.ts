import { defineConnector } from '../define-connector.ts';
import { host, password, port, schemaSelection, tlsCa, username } from '../fields.ts';
import { serviceName, sid, tcpsMode } from '../oracle-fields.ts';
import { tableSelection } from '../selection-fields.ts';
import { sshFaults, sshTunnel } from '../ssh-fields.ts';

export const oracle = defineConnector({
  code: 'oracle',
  name: 'Oracle Database',
  category: 'database',
  aliases: ['oracle db', 'oracledb', 'oracle database', 'ora'],
  keywords: ['autonomous database', 'exadata', 'rds', 'tns', 'pluggable', 'logminer', 'sql', 'relational', 'cdc'],
  docsUrl: 'https://docs.oracle.com/en/database/oracle/oracle-database/',
  fields: {
    host: host(),
    port: port(1521),
    service_name: serviceName(),
    sid: sid(),
    username: username({ examples: ['HEADWATER', 'c##headwater'] }),
    password: password(),
    schemas: schemaSelection(),
    tables: tableSelection('schema'),
    tls_mode: tcpsMode(),
    tls_ca: tlsCa(),
    ...sshTunnel(),
  },
  rules: sshFaults,
  alternatives: { service_name: [], sid: [] },
  capabilities: ['test', 'discover', 'preview', 'cdc_check'],
  prerequisites: [
    'A user with CREATE SESSION and SELECT on the tables.',
    'The driver beside Headwater (npm i oracledb); without it the listener and the service are tested, the login is not.',
    'For change data capture: ARCHIVELOG, supplemental logging and the rights of LogMiner (the cdc check tells).',
  ],
  example: {
    host: 'db.example.com',
    port: 1521,
    service_name: 'SHOPPDB',
    username: 'HEADWATER',
    password: '${env:HEADWATER_SECRET_DB}',
  },
  probe: async () => (await import('../../probes/oracle/index.ts')).oracleProbe('Oracle Database'),
});
