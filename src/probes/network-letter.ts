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
  /** `from` is what the operator says; otherwise what this machine knows of itself. */
  said: boolean;
  allowList?: string | undefined;
}

/** Failures that go away when a connection is let through. */
const OPENED_BY_NETWORK: ReadonlySet<ProblemCode> = new Set([
  'TCP_TIMEOUT',
  'TCP_UNREACHABLE',
  'CONNECTION_LOST',
  'TLS_TIMEOUT',
  'PROTOCOL_TIMEOUT',
]);

export function needsOpening({ step: { status, code } }: Found): boolean {
  return status === 'fail' && code !== undefined && OPENED_BY_NETWORK.has(code);
}

/** Asked for only where a failure is one of the network. */
export async function networkFacts(
  { about }: TestPlan,
  found: readonly Found[],
  machine: Machine,
): Promise<NetworkFacts | undefined> {
  if (!about || !found.some(needsOpening)) return undefined;
  const { place, addresses } = about;
  const to = addresses().map(({ address }) => address);
  const said = machine.outgoing.length > 0;
  const own = said
    ? machine.outgoing
    : await Promise.all(to.slice(0, 2).map((address) => machine.sourceTowards(address)));
  return {
    host: place.host,
    port: place.port ?? 0,
    to,
    from: [...new Set(own.filter((address) => address !== undefined))],
    said,
    allowList: providerOf(place)?.allowList,
  };
}

/** Addresses, port and direction, ready for a firewall; and what to do where it stays closed. */
export function whatToOpen({ host, port, to, from, said, allowList }: NetworkFacts): string {
  const source = from.length > 0 ? from.join(', ') : 'the machine that runs Headwater';
  const origin = said
    ? 'the addresses that Headwater connects from'
    : 'the address of the machine that runs Headwater, as it knows it: behind NAT the firewall sees another';
  const target = to.length > 0 && to[0] !== host ? `${host} (${to.join(', ')})` : host;
  return [
    'To be opened:',
    `- from ${source} (${origin})`,
    `- to ${target}, TCP port ${port}`,
    '- direction: Headwater opens the connection; only answers come back',
    ...(allowList === undefined ? [] : [`- where: ${allowList}`]),
    'If it cannot be opened: an SSH host that reaches it will do, with an account that may forward to that port (ssh_host, ssh_username, ssh_private_key in the config).',
  ].join('\n');
}
