import { HeadwaterError } from '../../errors.ts';
import type { Probe } from '../../probes/probe.ts';
import type { StagedTarget } from '../../probes/staged.ts';
import { BASE } from '../config.ts';
import type { Fields, Role } from '../fields.ts';

/**
 * The probe of a connector that has none: as far as the connection, to `host` and `port`, or to where `url` points.
 * Nothing where no field has these roles.
 */
export function reachProbe(server: string, fields: Fields): (() => Promise<Probe<never>>) | undefined {
  const named = (role: Role) => Object.entries(fields).find(([, { facts }]) => facts.role === role)?.[0];
  const [url, host, port] = [named('url'), named('host'), named('port')];
  const target =
    url !== undefined
      ? (config: Settings) => behind(new URL(String(config[url])))
      : host !== undefined && port !== undefined
        ? (config: Settings) => ({ host: String(config[host]), port: portOf(port, config[port]) })
        : undefined;
  return target && (async () => (await import('../../probes/staged.ts')).stagedProbe({ server, target }));
}

type Settings = Readonly<Record<string, unknown>>;

function behind({ hostname, port, protocol }: URL): StagedTarget {
  const isTls = protocol === 'https:';
  const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (isTls ? 443 : 80) };
  return isTls ? { ...place, tls: 'verify-full' } : place;
}

function portOf(field: string, value: unknown): number {
  const port = Number(value);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  const message = value === undefined ? 'is required for a test' : 'must be a port: 1 to 65535';
  throw new HeadwaterError('INVALID_CONFIG', 'The port cannot be used.', {
    fields: [{ field: `${BASE}/${field}`, message }],
  });
}
