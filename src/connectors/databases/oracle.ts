import { z } from 'zod';
import { TLS_MODES, type TlsMode } from '../../net/tls.ts';
import { defineConnector } from '../define-connector.ts';
import { type Field, field, host, password, port, schemaSelection, tlsCa, tlsMode, username } from '../fields.ts';
import { tableSelection } from '../selection-fields.ts';
import { sshFaults, sshTunnel } from '../ssh-fields.ts';

type Mode = Exclude<TlsMode, 'prefer'>;

/** Nothing but a name: it becomes part of a connect descriptor. */
const name = (kind: string) =>
  z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_.$#-]+$/, { error: `must be the name of a ${kind} alone` })
    .optional();

/** TCPS has a port of its own, so that nothing is there to be preferred. */
function mode(): Field<Mode> {
  const description =
    'disable: TCP. require: TCPS, certificate unchecked. verify-ca: certificate must be trusted. verify-full: and name the host.';
  const modes = TLS_MODES.filter((each): each is Mode => each !== 'prefer');
  return field({ ...tlsMode('prefer').facts, description }, () => z.enum(modes).default('disable'));
}

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
    service_name: field<string | undefined>(
      {
        class: 'setting',
        group: 'connection',
        role: 'database',
        title: 'Service name',
        description: 'Name of the service, mostly that of the pluggable database. Either this or sid.',
        examples: ['SHOPPDB'],
        aka: ['service', 'servicename', 'database', 'pdb', 'dbname'],
      },
      () => name('service'),
    ),
    sid: field<string | undefined>(
      {
        class: 'setting',
        group: 'connection',
        title: 'SID',
        description: 'Name of the instance, for databases without a service of their own. Either this or service_name.',
        examples: ['ORCL'],
        advanced: true,
      },
      () => name('SID'),
    ),
    username: username({ examples: ['HEADWATER', 'c##headwater'] }),
    password: password(),
    schemas: schemaSelection(),
    tables: tableSelection('schema'),
    tls_mode: mode(),
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
