import { AsyncLocalStorage } from 'node:async_hooks';
import { isIP, Socket } from 'node:net';

/** Judges what a socket is about to dial. Both throw what the socket shall end with. */
export interface SocketJudge {
  /** A literal address: the one to dial. */
  address: (literal: string) => string;
  /** A name: the addresses to dial, looked up once and all judged. */
  name: (name: string) => Promise<readonly { address: string; family: number }[]>;
  /** A path of the file system. */
  path: () => never;
}

interface Scope {
  judge: SocketJudge;
  /** `address port` of what was judged already, in its own stages. */
  permitted: Set<string>;
}

interface ConnectOptions {
  host?: string;
  port?: number | string;
  path?: string;
  family?: number;
  lookup?: unknown;
}

type LookupAnswer = (error: Error | null, found?: unknown, family?: number) => void;
type Connect = (this: Socket, ...args: unknown[]) => Socket;

const scopes = new AsyncLocalStorage<Scope>();
let original: Connect | undefined;

/**
 * The second layer under the egress: whatever dials while `work` runs, in whatever library (a driver that follows a
 * host which the server named, a URL in some option), passes the judge at the socket itself. Blind to UDP, native code
 * and child processes. It replaces `net.Socket.prototype.connect`, once for the process and with the first use; outside
 * of `work` sockets are as they always were.
 */
export function withGuardedSockets<T>(judge: SocketJudge, work: () => T): T {
  install();
  return scopes.run({ judge, permitted: new Set() }, work);
}

/** Lets pass what the first layer has judged. Does nothing where no second guard is set. */
export function permitSocket(address: string, port: number): void {
  scopes.getStore()?.permitted.add(`${address} ${port}`);
}

function install(): void {
  if (original) return;
  const connect = Socket.prototype.connect as Connect;
  original = connect;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const scope = scopes.getStore();
    if (!scope) return connect.apply(this, args);
    const { options, callback } = shapeOf(args);
    try {
      return connect.call(this, judged(options, scope), ...callback);
    } catch (error) {
      // As Node reports it: later, to whoever listens.
      process.nextTick(() => this.destroy(error as Error));
      return this;
    }
  } as Socket['connect'];
}

/** Node's call shapes as one: (options, cb), (path, cb), (port, host, cb), and its own array of the first. */
function shapeOf(args: readonly unknown[]): { options: ConnectOptions; callback: unknown[] } {
  const [first, second] = args;
  if (Array.isArray(first)) return shapeOf(first);
  const callback = args.filter((arg) => typeof arg === 'function').slice(0, 1);
  if (typeof first === 'object' && first !== null) return { options: first, callback };
  if (typeof first === 'string' && !/^\d+$/.test(first)) return { options: { path: first }, callback };
  const options = { port: first as number | string, ...(typeof second === 'string' ? { host: second } : {}) };
  return { options, callback };
}

function judged(options: ConnectOptions, { judge, permitted }: Scope): ConnectOptions {
  if (options.path !== undefined) return judge.path();
  const host = options.host || 'localhost';
  if (permitted.has(`${host} ${options.port}`)) return options;
  if (isIP(host) !== 0) return { ...options, host: judge.address(host) };
  return {
    ...options,
    host,
    lookup: (name: string, { all, family }: { all?: boolean; family?: number | string }, answer: LookupAnswer) => {
      judge.name(name).then(
        (found) => {
          const wanted = found.filter((each) => !Number(family) || each.family === Number(family));
          const [one] = wanted;
          if (all) answer(null, wanted);
          else if (one) answer(null, one.address, one.family);
          else answer(Object.assign(new Error('no address of that family'), { code: 'ENOTFOUND' }));
        },
        (error: Error) => answer(error),
      );
    },
  };
}
