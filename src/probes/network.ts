import type { Socket } from 'node:net';
import { HeadwaterError } from '../errors.ts';
import type { NormalHost } from '../net/address.ts';
import type { Place, Resolved, Target } from '../net/egress.ts';
import type { SshConnection } from '../net/ssh-tunnel.ts';
import type { ProbeContext, StepSpec } from './probe.ts';
import { type Facts, type ProblemCode, StepFailure } from './problems/index.ts';

/** What the network steps have reached so far. Probes go on from `socket`, and end with `hangUp`. */
export interface Link {
  /** Without addresses where an SSH server resolves the host. */
  target?: Place;
  socket?: Socket;
  /** Opens a further connection to the same place, in the same way. Whoever asks for it closes it. */
  dial?: (signal: AbortSignal) => Promise<Socket>;
  /** Where it goes through an SSH server: what has been reached of that one. */
  way?: Way;
}

/** An SSH server on the way. */
export interface Way extends Link {
  connection?: SshConnection;
  /** The fingerprint of the key that it has shown. */
  hostKey?: string;
}

/** Closes what a link has opened. */
export function hangUp({ socket, way }: Link): void {
  socket?.destroy();
  way?.connection?.close();
  way?.socket?.destroy();
}

const SYSTEM_CODES: Readonly<Record<string, ProblemCode>> = {
  ENOTFOUND: 'DNS_NOT_FOUND',
  ENODATA: 'DNS_NOT_FOUND',
  EAI_AGAIN: 'DNS_FAILED',
  EAI_FAIL: 'DNS_FAILED',
  ESERVFAIL: 'DNS_FAILED',
  ETIMEOUT: 'DNS_TIMEOUT',
  ECONNREFUSED: 'TCP_REFUSED',
  ETIMEDOUT: 'TCP_TIMEOUT',
  EHOSTUNREACH: 'TCP_UNREACHABLE',
  ENETUNREACH: 'TCP_UNREACHABLE',
  EADDRNOTAVAIL: 'TCP_UNREACHABLE',
  ECONNRESET: 'CONNECTION_LOST',
  EPIPE: 'CONNECTION_LOST',
};

/** Node's error code, where an error has one. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** A DNS or socket error as a step failure; anything else is rethrown as it is. */
export function networkFailure(error: unknown, facts: Facts, otherwise: ProblemCode): StepFailure {
  if (error instanceof StepFailure) return error;
  const code = systemCode(error);
  if (code === undefined) throw error;
  return new StepFailure(SYSTEM_CODES[code] ?? otherwise, facts, { driver_code: code });
}

/** The steps every TCP protocol begins with: name policy → DNS → address policy → TCP. All are gates. */
export function networkSteps(
  facts: Required<Pick<Facts, 'host' | 'port' | 'server'>>,
  context: ProbeContext,
  link: Link,
): StepSpec[] {
  const { egress } = context;
  let name: NormalHost | undefined;
  let resolved: Resolved | undefined;
  let target: Target | undefined;
  return [
    {
      id: 'name_policy',
      title: 'Host name is permitted',
      gate: true,
      limitMs: 1000,
      timeout: { code: 'HOST_REFUSED', facts },
      run: () => {
        name = permitted(() => egress.admitName(facts.host), facts);
        return undefined;
      },
    },
    {
      id: 'dns',
      title: 'DNS',
      gate: true,
      depth: 'dns',
      limitMs: 4000,
      timeout: { code: 'DNS_TIMEOUT', facts },
      run: async () => {
        const host = reached(name);
        if (host.kind === 'ip') {
          resolved = await egress.lookup(host, facts.port);
          return { skip: 'the host is an IP address' };
        }
        resolved = await egress.lookup(host, facts.port).catch((error: unknown) => {
          throw networkFailure(error, facts, 'DNS_FAILED');
        });
        const count = resolved.answers.length;
        return { evidence: `${count} address${count === 1 ? '' : 'es'}` };
      },
    },
    {
      id: 'address_policy',
      title: 'Address is permitted',
      gate: true,
      limitMs: 1000,
      timeout: { code: 'HOST_REFUSED', facts },
      // Only permitted addresses are ever named: a refusal must not say what a name resolves to.
      run: () => {
        target = permitted(() => egress.judge(reached(resolved)), facts);
        link.target = target;
        return { evidence: target.addresses.map(({ address }) => address).join(', ') };
      },
    },
    {
      id: 'tcp',
      title: 'TCP connection',
      gate: true,
      depth: 'tcp',
      limitMs: 5000,
      timeout: { code: 'TCP_TIMEOUT', facts },
      run: async (signal) => {
        const to = reached(target);
        link.dial = (until) => egress.connect(to, until);
        const socket = await link.dial(signal).catch((error: unknown) => {
          throw networkFailure(error, facts, 'TCP_UNREACHABLE');
        });
        link.socket = socket;
        return { evidence: `${socket.remoteAddress}:${socket.remotePort}` };
      },
    },
  ];
}

/** What an earlier gate has set. Only a fault in a plan can make it missing. */
export function reached<T>(value: T | undefined): T {
  if (value === undefined) throw new HeadwaterError('INTERNAL', 'A test step ran before the one it needs.');
  return value;
}

/** @throws StepFailure HOST_REFUSED for what the egress does not permit */
export function permitted<T>(judge: () => T, facts: Facts): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    const said = { what: error.message.replace(/\.$/, ''), fix: error.details.hint ?? '' };
    throw new StepFailure('HOST_REFUSED', { ...facts, ...said }, { driver_code: error.code });
  }
}
