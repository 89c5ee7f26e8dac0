import type { Socket } from 'node:net';
import type { TlsMode } from '../../net/tls.ts';
import { fingerprint } from '../fingerprint.ts';
import { reached } from '../network.ts';
import { nextBytes } from '../next-bytes.ts';
import { withPatience } from '../patience.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { type ProblemCode, StepFailure } from '../problems/index.ts';
import { inTheClear, protocolStage, tlsStage } from '../stages.ts';
import { tlsOptions, upgrade } from '../tls.ts';
import { describeHello, sayHello } from './hello.ts';
import { initiateReplicaSet } from './remedies.ts';
import type { Session } from './session.ts';
import { Wire } from './wire.ts';

/** TLS and the first words. A server has TLS from the first byte or has none: nothing is negotiated. */

const PATIENCE_MS = 1000;
/** PostgreSQL's request for TLS, and line ends: whatever waits for its client says who it is when it hears these. */
const NUDGE = Buffer.from('0000000804d2162f', 'hex');
const LINES = '\r\n\r\n';
const LINES_AFTER_MS = 4000;
/** The oldest version of the wire that speaks in these messages: MongoDB 3.6. */
const OLDEST_WIRE = 6;
const HANDSHAKE_FAILED: ReadonlySet<ProblemCode> = new Set([
  'TLS_FAILED',
  'TLS_NOT_SPOKEN',
  'TLS_TIMEOUT',
  'CONNECTION_LOST',
]);

export function openingSteps(session: Session): StepSpec[] {
  return [
    tlsStage(session.facts, (signal, limitMs) => openTls(session, signal, limitMs)),
    protocolStage(session.facts, (signal) => firstWords(session, signal)),
  ];
}

/** What `prefer` is, where an address or a provider has TLS for certain. */
export function tlsModeOf({ config, provider }: Session): TlsMode {
  const isCertain = config.srv || provider?.code.startsWith('atlas') || provider?.code.startsWith('cosmos');
  return config.tls_mode === 'prefer' && isCertain ? 'verify-full' : config.tls_mode;
}

async function openTls(session: Session, signal: AbortSignal, limitMs: number): Promise<StepOutcome> {
  const { link, facts } = session;
  const mode = tlsModeOf(session);
  const socket = reached(link.socket);
  if (mode === 'disable') {
    session.wire = new Wire(socket, facts);
    return inTheClear(link, facts, 'tls_mode is disable');
  }
  try {
    const secured = await withPatience(patienceFor(mode, limitMs), signal, (until) =>
      secure(session, socket, mode, until),
    );
    if (!secured) throw new StepFailure('TLS_TIMEOUT', facts);
    session.wire = new Wire(secured.socket, facts);
    session.encrypted = true;
    return secured.outcome;
  } catch (error) {
    if (!(error instanceof StepFailure) || signal.aborted) throw error;
    if (!HANDSHAKE_FAILED.has(error.problem.code)) throw error;
    if (!(await greetsInClear(session, mode, signal))) throw error;
    if (mode === 'prefer') return inTheClear(link, facts, 'not offered by the server');
    session.wire?.socket.destroy();
    const advice = 'Turn TLS on at the server (net.tls.mode), or, on a network you trust, set tls_mode to disable.';
    throw new StepFailure('TLS_NOT_OFFERED', { ...facts, what: mode }, { advice });
  }
}

/** Some servers wait for the rest of what they take for a message: time is left to ask them in clear. */
function patienceFor(mode: TlsMode, limitMs: number): number {
  return mode === 'prefer' ? Math.min(PATIENCE_MS, limitMs * 0.4) : limitMs * 0.6;
}

function secure(session: Session, socket: Socket, mode: TlsMode, signal: AbortSignal) {
  const { config, facts, context, link } = session;
  return upgrade(socket, reached(link.target), { ...tlsOptions(config), mode, facts, context, signal });
}

/**
 * Whether MongoDB answers over a further connection without TLS, which is then the session's. Where the mode wants TLS
 * it is told nothing of the config.
 * @throws StepFailure WRONG_PROTOCOL where something else answers
 */
async function greetsInClear(session: Session, mode: TlsMode, signal: AbortSignal): Promise<boolean> {
  const socket = await reached(session.link.dial)(signal).catch(() => undefined);
  if (!socket) return false;
  const wire = new Wire(socket, session.facts);
  session.wire = wire;
  try {
    const hello = await withPatience(PATIENCE_MS, signal, () =>
      aborted(signal, sayHello(session, { named: mode === 'prefer' })),
    );
    session.hello = hello;
    return hello !== undefined;
  } catch (error) {
    const other = error instanceof StepFailure && error.problem.code === 'WRONG_PROTOCOL' && !isAlert(wire.first);
    if (other) throw error;
    return false;
  } finally {
    if (!session.hello) socket.destroy();
  }
}

/** What a TLS server says to what is not TLS. */
function isAlert(bytes: Buffer): boolean {
  return bytes[0] === 0x15 && bytes[1] === 0x03;
}

/** The same, rejected as soon as nobody waits for it. */
function aborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

async function firstWords(session: Session, signal: AbortSignal): Promise<StepOutcome> {
  const { facts } = session;
  const wire = reached(session.wire);
  // By then no server that is fit to be used would still be silent.
  const lines = setTimeout(() => wire.socket.write(LINES), LINES_AFTER_MS);
  try {
    session.hello ??= await sayHello(session);
  } catch (error) {
    throw await explained(session, wire, error, signal);
  } finally {
    clearTimeout(lines);
  }
  const { hello } = session;
  if (hello.wireVersion < OLDEST_WIRE)
    throw new StepFailure('WRONG_PROTOCOL', { ...facts, what: 'it is older than version 3.6' });
  const evidence = describeHello(hello, (text) => session.clean(text, 60));
  if (hello.kind === 'uninitiated') {
    const remedies = initiateReplicaSet(session, true);
    throw new StepFailure('REPLICA_SET_UNINITIATED', facts, { remedies });
  }
  if (hello.arbiter || (hello.kind === 'member' && !hello.primary && !hello.secondary))
    throw new StepFailure('MEMBER_WITHOUT_DATA', { ...facts, what: evidence });
  return { evidence };
}

/** Why there was no greeting: other servers are named, and one that wants TLS. */
async function explained(session: Session, wire: Wire, error: unknown, signal: AbortSignal): Promise<unknown> {
  const { facts, encrypted } = session;
  if (!(error instanceof StepFailure) || signal.aborted) return error;
  const { code } = error.problem;
  if (encrypted || (code !== 'CONNECTION_LOST' && !isAlert(wire.first))) return error;
  if (await speaksTls(session, signal)) return new StepFailure('TLS_ONLY', facts);
  const what = await nudged(session, signal);
  return what === undefined ? error : new StepFailure('WRONG_PROTOCOL', { ...facts, what });
}

async function speaksTls(session: Session, signal: AbortSignal): Promise<boolean> {
  const socket = await reached(session.link.dial)(signal).catch(() => undefined);
  if (!socket) return false;
  try {
    const secured = await withPatience(PATIENCE_MS, signal, (until) => secure(session, socket, 'require', until));
    secured?.socket.destroy();
    return secured !== undefined;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Who answers, when it is spoken to in other protocols. */
async function nudged(session: Session, signal: AbortSignal): Promise<string | undefined> {
  const socket = await reached(session.link.dial)(signal).catch(() => undefined);
  if (!socket) return undefined;
  try {
    socket.write(NUDGE);
    const bytes = await withPatience(PATIENCE_MS, signal, (until) => nextBytes(socket, until));
    if (!bytes) return undefined;
    return /^[SNE]/.test(bytes.toString('latin1')) && bytes.length === 1
      ? 'a PostgreSQL server answers there'
      : fingerprint(bytes);
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
