import { lookup as systemLookup } from 'node:dns/promises';
import { connect, type Socket } from 'node:net';
import { HeadwaterError } from '../errors.ts';
import {
  type AddressPolicy,
  AddressRefused,
  type JudgedAddress,
  judgeAddress,
  judgeName,
  judgeRemotely,
  type NormalHost,
  normaliseHost,
  type Refusal,
} from './address.ts';
import { permitSocket, type SocketJudge, withGuardedSockets } from './second-guard.ts';
import { lookupService, type Service, type ServiceLookup, standsInDomain } from './srv.ts';

const MAX_ANSWERS = 32;
const NEXT_ADDRESS_AFTER_MS = 250;

/** Every address a host name has, in the resolver's order. Rejects with Node's DNS errors. */
export type Lookup = (name: string) => Promise<readonly string[]>;

declare const judged: unique symbol;
/** A place that may be dialled. Only `Egress.judge` makes one, so nothing can be dialled unjudged. */
export interface Target {
  readonly [judged]: true;
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly JudgedAddress[];
  /** The name for SNI and certificate checks; absent for IP literals. */
  readonly servername?: string;
}

/** A place as it is spoken of, in certificates too: the judged one, or one behind a server that dials it. */
export type Place = Pick<Target, 'host' | 'port' | 'addresses' | 'servername'>;

/** A host whose addresses are known but not yet judged. */
export interface Resolved {
  readonly host: NormalHost;
  readonly port: number;
  readonly answers: readonly string[];
}

/**
 * The one gate for outgoing connections: normalise, judge the name, look up once, judge every address, dial only
 * what was judged. The stages are apart so that a test can report each as a step of its own.
 */
export interface Egress {
  /** @throws HeadwaterError EGRESS_DENIED (reserved name) or INVALID_CONFIG (not a host) */
  admitName(host: string): NormalHost;
  /** The same of a host behind a server that is to resolve and dial it. @throws as `admitName` */
  admitRemote(host: string): NormalHost;
  /** @throws Node's DNS errors */
  lookup(host: NormalHost, port: number): Promise<Resolved>;
  /**
   * The hosts of a service by its SRV records. Each is still to be admitted, looked up and judged like any other.
   * @throws Node's DNS errors; HeadwaterError EGRESS_DENIED where one is of another domain
   */
  lookupService(host: NormalHost, service: string): Promise<Service>;
  /** @throws HeadwaterError EGRESS_DENIED when any one address is not permitted */
  judge(resolved: Resolved): Target;
  /** Dials the judged addresses, a new one every 250 ms; the first to answer wins. @throws Node's socket errors */
  connect(target: Target, signal: AbortSignal): Promise<Socket>;
  /** Runs work during which every socket of this process that it opens, by whatever library, is judged once more. */
  guarded<T>(work: () => T): T;
}

export interface EgressOptions {
  policy: AddressPolicy;
  lookup?: Lookup;
  services?: ServiceLookup;
}

export function createEgress({ policy, lookup = lookupAll, services = lookupService }: EgressOptions): Egress {
  const egress: Egress = {
    admitName(host) {
      return refusable(() => {
        const normal = normaliseHost(host);
        if (normal.kind === 'name') judgeName(normal.host, policy);
        return normal;
      });
    },
    admitRemote(host) {
      return refusable(() => {
        const normal = normaliseHost(host);
        judgeRemotely(normal);
        return normal;
      });
    },
    async lookup(host, port) {
      const answers = host.kind === 'ip' ? [host.host] : await lookup(host.host);
      if (answers.length === 0) throw Object.assign(new Error('the name has no address'), { code: 'ENODATA' });
      return { host, port, answers };
    },
    async lookupService({ host }, service) {
      const { hosts, texts } = await services(service, host);
      if (hosts.length > MAX_ANSWERS)
        throw new HeadwaterError('EGRESS_DENIED', `It has more than ${MAX_ANSWERS} SRV records.`);
      const found = hosts.map(({ name, port }) => ({ name: name.toLowerCase().replace(/\.$/, ''), port }));
      if (!found.every(({ name }) => standsInDomain(name, host)))
        throw new HeadwaterError('EGRESS_DENIED', 'Its SRV records lead to hosts of another domain.', {
          hint: 'Have the records corrected: they may only name hosts of the domain they are found in.',
        });
      return { hosts: found, texts };
    },
    judge({ host, port, answers }) {
      return refusable(() => {
        if (answers.length === 0 || answers.length > MAX_ANSWERS) throw new AddressRefused('bad answer');
        const allowed = policy.allowHosts.has(host.host);
        const addresses = answers.map((answer) => judgeAddress(answer, policy, allowed));
        const place = { host: host.host, port, addresses };
        return (host.kind === 'name' ? { ...place, servername: host.host } : place) as unknown as Target;
      });
    },
    connect(target, signal) {
      for (const { address } of target.addresses) permitSocket(address, target.port);
      return dial(target, signal);
    },
    guarded: (work) => withGuardedSockets(socketJudge, work),
  };
  const socketJudge: SocketJudge = {
    address: (literal) => refusable(() => judgeAddress(literal, policy, false)).address,
    name: async (name) => egress.judge(await egress.lookup(egress.admitName(name), 0)).addresses,
    path: () => {
      throw new HeadwaterError('EGRESS_DENIED', 'It is a socket of this machine.', { hint: 'No switch opens it.' });
    },
  };
  return egress;
}

const EXPLAINED: Record<Refusal, string> = {
  'invalid host': 'is not a host name or IP address',
  'not an address': 'has no usable address',
  'bad answer': `resolves to no address, or to more than ${MAX_ANSWERS}`,
  'zone id': 'is an address with a zone id',
  'cloud metadata': 'is a cloud metadata service, which is never permitted',
  'non-public address': 'is not a public address',
  'reserved name': 'is a name reserved for private networks',
};

const OPEN_NAME =
  'If the target is meant, a person who operates Headwater can add it to HEADWATER_ALLOW_HOSTS (or set ' +
  'HEADWATER_EGRESS=allow_private for private networks).';
const OPEN_ADDRESS = OPEN_NAME.replace('HEADWATER_ALLOW_HOSTS', 'HEADWATER_ALLOW_HOSTS or HEADWATER_ALLOW_CIDRS');
const SWITCHES: Partial<Record<Refusal, string>> = {
  'cloud metadata': 'No switch opens it.',
  'reserved name': OPEN_NAME, // no range of addresses opens a name
};

/** Nothing that a policy could permit. */
const INVALID: ReadonlySet<Refusal> = new Set(['invalid host', 'not an address', 'bad answer']);

function refusable<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    if (INVALID.has(error.reason)) {
      throw new HeadwaterError('INVALID_CONFIG', `The host ${EXPLAINED[error.reason]}.`);
    }
    const hint = SWITCHES[error.reason] ?? OPEN_ADDRESS;
    throw new HeadwaterError('EGRESS_DENIED', `It ${EXPLAINED[error.reason]}.`, { hint });
  }
}

async function lookupAll(name: string): Promise<string[]> {
  const answers = await systemLookup(name, { all: true, verbatim: true });
  return answers.map((answer) => answer.address);
}

function dial(target: Target, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const waiting = [...target.addresses];
    const open = new Set<Socket>();
    let timer: NodeJS.Timeout | undefined;
    let firstError: Error | undefined;

    const settle = (finish: () => void, winner?: Socket) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      for (const socket of open) if (socket !== winner) socket.destroy();
      open.clear();
      finish();
    };
    const onAbort = () => settle(() => reject(signal.reason));
    const next = () => {
      clearTimeout(timer);
      const address = waiting.shift();
      if (!address) {
        if (open.size === 0) settle(() => reject(firstError ?? new Error('no address')));
        return;
      }
      const socket = connect({ host: address.address, port: target.port, family: address.family, noDelay: true });
      open.add(socket);
      socket.once('connect', () => {
        // A reset between two steps must not end the process: whoever uses the socket sees it as `close`.
        socket.on('error', () => {});
        settle(() => resolve(socket), socket);
      });
      socket.once('error', (error) => {
        // An error after the race is for whoever uses the socket; it must not dial the next address.
        if (!open.delete(socket)) return;
        firstError ??= error;
        next();
      });
      if (waiting.length > 0) timer = setTimeout(next, NEXT_ADDRESS_AFTER_MS);
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    next();
  });
}
