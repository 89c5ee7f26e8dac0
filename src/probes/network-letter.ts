import type { Machine } from '../net/machine.ts';
import type { Found } from './found.ts';
import type { TestPlan } from './probe.ts';
import type { ProblemCode } from './problems/index.ts';
import { providerOf } from './providers/index.ts';

/** What somebody who opens a network needs to know. */
export interface NetworkFacts {
  host: string;
  port: number;
  /** What the host's name resolves to. */
  to: readonly string[];
  from: readonly string[];
  /** Whose addresses those are, and how that is known. */
  origin: string;
  allowList?: string | undefined;
}

/** Failures that go away when a connection is let through: of the way to the server, or to the SSH server before it. */
const OPENED_BY_NETWORK: Readonly<Partial<Record<ProblemCode, 'server' | 'ssh'>>> = {
  TCP_TIMEOUT: 'server',
  TCP_UNREACHABLE: 'server',
  CONNECTION_LOST: 'server',
  TLS_TIMEOUT: 'server',
  PROTOCOL_TIMEOUT: 'server',
  TUNNEL_TIMEOUT: 'server',
  TUNNEL_UNREACHABLE: 'server',
  SSH_TCP_TIMEOUT: 'ssh',
  SSH_TCP_UNREACHABLE: 'ssh',
  SSH_CONNECTION_LOST: 'ssh',
  SSH_PROTOCOL_TIMEOUT: 'ssh',
};

function wayOf({ step: { status, code } }: Found): 'server' | 'ssh' | undefined {
  return status === 'fail' && code !== undefined ? OPENED_BY_NETWORK[code] : undefined;
}

export function needsOpening(found: Found): boolean {
  return wayOf(found) !== undefined;
}

/** Asked for only where a failure is one of the network. */
export async function networkFacts(
  { about, endpoint }: TestPlan,
  found: readonly Found[],
  machine: Machine,
): Promise<NetworkFacts | undefined> {
  const way = found.map(wayOf).find((each) => each !== undefined);
  if (!about || way === undefined) return undefined;
  const { place, addresses } = about;
  const through = endpoint?.through;
  const allowList = providerOf(place)?.allowList;
  const to = addresses().map(({ address }) => address);
  const target = { host: place.host, port: place.port ?? 0, to, allowList };
  // Behind an SSH server it is that one that connects.
  if (through && way === 'server') return { ...target, from: [through.host], origin: 'the SSH server' };
  const known = machine.outgoing.length > 0;
  const own = known ? machine.outgoing : await Promise.all(to.slice(0, 2).map(machine.sourceTowards));
  const from = [...new Set(own.filter((address) => address !== undefined))];
  const origin = known ? SAID_BY_OPERATOR : KNOWN_HERE;
  return { ...(through ? { host: through.host, port: through.port, to: [] } : target), from, origin };
}

const SAID_BY_OPERATOR = 'the addresses that Headwater connects from';
const KNOWN_HERE =
  'the address of the machine that runs Headwater, as it knows it: behind NAT the firewall sees another';

/** Addresses, port and direction, ready for a firewall; and what to do where it stays closed. */
export function whatToOpen({ host, port, to, from, origin, allowList }: NetworkFacts): string {
  const source = from.length > 0 ? `${from.join(', ')} (${origin})` : 'the machine that runs Headwater';
  const target = to.length > 0 && to[0] !== host ? `${host} (${to.join(', ')})` : host;
  return [
    'To be opened:',
    `- from ${source}`,
    `- to ${target}, TCP port ${port}`,
    '- direction: the first one opens the connection; only answers come back',
    ...(allowList === undefined ? [] : [`- where: ${allowList}`]),
    'If it cannot be opened: an SSH host that reaches it will do, with an account that may forward to that port (ssh_host, ssh_username, ssh_private_key in the config).',
  ].join('\n');
}
