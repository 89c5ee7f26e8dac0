import type { Socket } from 'node:net';
import type { Place as Destination } from '../../net/egress.ts';
import type { TlsMode } from '../../net/tls.ts';
import type { ProbeContext, StepOutcome } from '../probe.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { upgrade } from '../tls.ts';
import { unlessUnmasked } from '../unmask.ts';
import { ENCRYPT, type Prelogin, preloginWith, type TlsFirst } from './prelogin.ts';
import { Wrapped } from './wrapped.ts';

/** A place that a login can be sent to, and how. */
export interface Place {
  target: Destination;
  mode: TlsMode;
  ca: string | undefined;
  facts: Facts;
  context: ProbeContext;
  signal: AbortSignal;
  dial: (signal: AbortSignal) => Promise<Socket>;
  /** What lies behind an SSH server is not reached from here. */
  tunnelled: boolean;
}

/** A connection on which a login may be sent. */
export interface Wire {
  /** What is talked over. */
  socket: Socket;
  /** What the login is sent over, where that is more than what is talked over. */
  loginOver?: Socket;
  prelogin: Prelogin;
  encrypted: boolean;
  /** TLS came first, as TDS 8 has it. */
  strict?: boolean;
}

/** TLS 1.3 needs TDS 8, where TLS is not wrapped. */
const WRAPPED = { newest: 'TLSv1.2' } as const;
const STRICT = { alpn: 'tds/8.0' } as const;

/**
 * Agrees on TLS and makes it, for every mode but `disable`. Where a server takes nothing but TLS it gets that first.
 * `outcome`: what the certificate is worth, where there is one.
 * @throws StepFailure TLS_NOT_OFFERED, WRONG_PROTOCOL and those of the handshake
 */
export async function secureWire(socket: Socket, place: Place): Promise<{ wire: Wire; outcome?: StepOutcome }> {
  const { mode, facts } = place;
  const prelogin = await asked(socket, ENCRYPT.on, place);
  if ('failure' in prelogin) return strictWire(prelogin, place);
  if (prelogin.encryption === ENCRYPT.notSupported || prelogin.encryption === ENCRYPT.loginOnly) {
    if (mode === 'prefer') return { wire: { socket, prelogin, encrypted: false } };
    throw new StepFailure('TLS_NOT_OFFERED', { ...facts, what: mode });
  }
  const wrapped = new Wrapped(socket);
  const { socket: secured, outcome } = await upgrade(wrapped, place.target, { ...place, shape: WRAPPED });
  wrapped.unwrap();
  return { wire: { socket: secured, prelogin, encrypted: true }, outcome };
}

/**
 * A connection for the mode `disable`: what SQL Server calls that encrypts the login, and nothing behind it.
 * @throws StepFailure TLS_REQUIRED where the server wants more
 */
export async function clearWire(socket: Socket, place: Place): Promise<Wire> {
  const prelogin = await asked(socket, ENCRYPT.loginOnly, place);
  // Whoever is there with TLS before all else, and is SQL Server, wants it of everybody.
  if ('failure' in prelogin) await strictWire(prelogin, { ...place, mode: 'prefer' });
  if ('failure' in prelogin || prelogin.encryption === ENCRYPT.on || prelogin.encryption === ENCRYPT.required)
    throw new StepFailure('TLS_REQUIRED', place.facts);
  return { socket, prelogin, encrypted: false };
}

/** The same wire, with a way for the login. @throws StepFailure LOGIN_NEEDS_TLS where the server has none */
export async function withLoginEncrypted(wire: Wire, place: Place): Promise<Wire> {
  if (wire.encrypted) return wire;
  if (wire.prelogin.encryption !== ENCRYPT.loginOnly) throw new StepFailure('LOGIN_NEEDS_TLS', place.facts);
  const wrapped = new Wrapped(wire.socket);
  // Nobody is asked who they are where the mode wants no TLS.
  const { socket } = await upgrade(wrapped, place.target, { ...place, mode: 'prefer', shape: WRAPPED });
  wrapped.release();
  return { ...wire, loginOver: socket };
}

async function strictWire(first: TlsFirst, place: Place): Promise<{ wire: Wire; outcome: StepOutcome }> {
  const { facts, signal, target } = place;
  const socket = await place.dial(signal).catch(() => undefined);
  const secured = await (socket
    ? upgrade(socket, target, { ...place, shape: STRICT })
    : Promise.resolve(undefined)
  ).catch((error: unknown) => {
    // A certificate that the mode forbids is an answer; a handshake that failed says that it was not TLS either.
    if (error instanceof StepFailure && error.problem.evidence !== undefined) throw error;
    return undefined;
  });
  if (!secured) throw first.failure;
  const prelogin = await preloginWith(secured.socket, ENCRYPT.on, facts, signal);
  if ('failure' in prelogin) throw prelogin.failure;
  return { wire: { socket: secured.socket, prelogin, encrypted: true, strict: true }, outcome: secured.outcome };
}

function asked(socket: Socket, encryption: number, { facts, signal, dial }: Place): Promise<Prelogin | TlsFirst> {
  return unlessUnmasked(preloginWith(socket, encryption, facts, signal), { dial, facts, signal });
}
