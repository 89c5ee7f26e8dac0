import type { Endpoint } from '../../net/attempt.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Link } from '../network.ts';
import type { Facts } from '../problems/index.ts';

/** What a probe needs of a connector to go through an SSH server; without `ssh_host` it goes straight. */
export interface SshSettings {
  ssh_host?: string | undefined;
  /** 22 without. */
  ssh_port?: number | undefined;
  ssh_username?: string | undefined;
  ssh_password?: Secret | undefined;
  ssh_private_key?: Secret | undefined;
  ssh_passphrase?: Secret | undefined;
  /** `SHA256:…` */
  ssh_host_key?: string | undefined;
}

const STANDARD_PORT = 22;

export type SshFacts = Required<Pick<Facts, 'host' | 'port' | 'server' | 'username'>>;

/** The SSH server as sentences speak of it; nothing where there is none. */
export function sshFacts({ ssh_host, ssh_port = STANDARD_PORT, ssh_username = '' }: SshSettings): SshFacts | undefined {
  if (ssh_host === undefined) return undefined;
  return { host: ssh_host, port: ssh_port, server: 'an SSH server', username: ssh_username };
}

/** What a test of this config attempts. */
export function endpointOf({ host, port, ...settings }: { host: string; port: number } & SshSettings): Endpoint {
  const facts = sshFacts(settings);
  if (!facts) return { host, port };
  return { host, port, through: { host: facts.host, port: facts.port, username: facts.username } };
}

/** `TestPlan.pins` of whatever goes through an SSH server. */
export function pinsOf({ way }: Link): Readonly<Record<string, string>> {
  return way?.hostKey === undefined ? {} : { ssh_host_key: way.hostKey };
}
