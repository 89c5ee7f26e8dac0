import { z } from 'zod';
import { TLS_MODES, type TlsMode } from '../net/tls.ts';
import { type Field, field, tlsMode } from './fields.ts';

/** Nothing but a name: it becomes part of a connect descriptor. */
const name = (kind: string) =>
  z
    .string()
    .max(64)
    .regex(/^[A-Za-z0-9_.$#-]+$/, { error: `must be the name of a ${kind} alone` })
    .optional();

export function serviceName(): Field<string | undefined> {
  return field(
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
  );
}

export function sid(): Field<string | undefined> {
  return field(
    {
      class: 'setting',
      group: 'connection',
      title: 'SID',
      description: 'Name of the instance, for databases without a service of their own. Either this or service_name.',
      examples: ['ORCL'],
      advanced: true,
    },
    () => name('SID'),
  );
}

/** TCPS has a port of its own, so that nothing is there to be preferred. */
export function tcpsMode(): Field<Exclude<TlsMode, 'prefer'>> {
  const description =
    'disable: TCP. require: TCPS, certificate unchecked. verify-ca: certificate must be trusted. verify-full: and name the host.';
  const modes = TLS_MODES.filter((each) => each !== 'prefer');
  return field({ ...tlsMode('prefer').facts, description }, () => z.enum(modes).default('disable'));
}
