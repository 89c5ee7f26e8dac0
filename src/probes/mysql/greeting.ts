import type { Socket } from 'node:net';
import { fingerprint } from '../fingerprint.ts';
import { nextBytes } from '../next-bytes.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { Reader } from './reader.ts';
import { ERROR, type ServerError, serverError } from './server-error.ts';

/** What a server says of itself before anything is asked ("Protocol::HandshakeV10"). */
export interface Greeting {
  version: string;
  capabilities: number;
  nonce: Buffer;
  plugin: string;
}

const HEADER = 4;
const LONGEST_GREETING = 4096;
const VERSION_10 = 0x0a;
const NONCE_LENGTH = 20;
const NUDGE_AFTER_MS = 4000;
const LINES_AFTER_MS = 4400;
/** PostgreSQL's request for TLS, and line ends: whatever waits for its client says who it is when it hears these. */
const NUDGE = Buffer.from('0000000804d2162f', 'hex');
const LINES = '\r\n\r\n';

const UNREADABLE = 'its greeting cannot be read';
const WAITED = 'it waits for its client to speak first';

/**
 * Reads the first packet, which the server sends unasked: a greeting, or its refusal of anybody from here.
 * @throws StepFailure WRONG_PROTOCOL where something else answers, CONNECTION_LOST where it hangs up
 */
export async function readGreeting(socket: Socket, facts: Facts, signal: AbortSignal): Promise<Greeting | ServerError> {
  const nudged = { yes: false };
  // By then no server that is fit to be used would still be silent; nothing can be asked of this one any more.
  const nudge = setTimeout(() => {
    nudged.yes = true;
    socket.write(NUDGE);
  }, NUDGE_AFTER_MS);
  const lines = setTimeout(() => socket.write(LINES), LINES_AFTER_MS);
  try {
    const payload = await firstPacket(socket, facts, signal, nudged);
    if (nudged.yes) throw new StepFailure('PROTOCOL_TIMEOUT', facts);
    return parse(payload);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw wrong(facts, UNREADABLE);
  } finally {
    clearTimeout(nudge);
    clearTimeout(lines);
  }
}

function parse(payload: Buffer): Greeting | ServerError {
  if (payload[0] === ERROR) return serverError(payload);
  const reader = new Reader(payload);
  reader.uint(1);
  // MariaDB 10 puts this before its version, for old replicas.
  const version = reader
    .zeroEnded()
    .toString('latin1')
    .replace(/^5\.5\.5-(?=\d)/, '');
  reader.take(4);
  const start = reader.take(8);
  reader.take(1);
  const low = reader.uint(2);
  reader.take(3);
  const capabilities = low + reader.uint(2) * 0x1_0000;
  reader.take(11);
  const nonce = Buffer.concat([start, reader.take(NONCE_LENGTH - start.length)]);
  const plugin = reader.rest().toString('latin1').replace(/^\0/, '').split('\0')[0] ?? '';
  return { version, capabilities, nonce, plugin };
}

async function firstPacket(
  socket: Socket,
  facts: Facts,
  signal: AbortSignal,
  nudged: { yes: boolean },
): Promise<Buffer> {
  for (let held = Buffer.alloc(0); ; ) {
    const bytes = await nextBytes(socket, signal);
    if (!bytes) throw hungUp(facts, held, nudged.yes);
    held = Buffer.concat([held, bytes]);
    const end = HEADER + (held.length < HEADER ? 0 : held.readUIntLE(0, 3));
    if (!begins(held) || (nudged.yes && held.length === 1)) throw wrong(facts, otherServer(held, nudged.yes));
    // Who greets waits for an answer; what comes with the greeting would be taken for a part of what follows.
    if (held.length > end && held[HEADER] !== ERROR) throw wrong(facts, UNREADABLE);
    if (held.length > HEADER && held.length >= end) return held.subarray(HEADER, end);
  }
}

function wrong(facts: Facts, what: string): StepFailure {
  return new StepFailure('WRONG_PROTOCOL', { ...facts, what });
}

function hungUp(facts: Facts, held: Buffer, nudged: boolean): StepFailure {
  if (nudged) return wrong(facts, WAITED);
  return held.length > 0 ? wrong(facts, UNREADABLE) : new StepFailure('CONNECTION_LOST', facts);
}

/** Whether these may be the first bytes of a MySQL server: a short packet that greets or refuses. */
function begins(bytes: Buffer): boolean {
  if (bytes.length < HEADER) return true;
  const [kind, number] = [bytes[HEADER], bytes[3] ?? 0];
  const length = bytes.readUIntLE(0, 3);
  if (length === 0 || length > LONGEST_GREETING) return false;
  // Who refuses at the door may count its packets from 1.
  return kind === undefined ? number < 3 : (kind === VERSION_10 && number === 0) || (kind === ERROR && number < 3);
}

function otherServer(bytes: Buffer, nudged: boolean): string {
  const [first, , , number, kind] = bytes;
  if (nudged && (first === 0x53 || first === 0x4e || first === 0x45)) return 'a PostgreSQL server answers there';
  // Ours by its looks, and yet not to be read.
  return number === 0 && (kind === VERSION_10 || kind === ERROR) ? UNREADABLE : fingerprint(bytes);
}
