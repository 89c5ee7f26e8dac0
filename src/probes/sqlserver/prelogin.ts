import type { Socket } from 'node:net';
import { fingerprint } from '../fingerprint.ts';
import { nextBytes } from '../next-bytes.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { connectionLost } from '../tls-failures.ts';
import { framed, HEADER, MESSAGE } from './packets.ts';

/** What is said of encryption (MS-TDS 2.2.6.5). `loginOnly`: the login is, and nothing behind it. */
export const ENCRYPT = { loginOnly: 0, on: 1, notSupported: 2, required: 3 } as const;

/** What a server says of itself before anybody logs in. */
export interface Prelogin {
  /** `16.0.4135`. */
  version: string;
  major: number;
  encryption: number;
}

/** A server that hung up, or answered in TLS: newer ones can be told to take no other beginning. */
export interface TlsFirst {
  failure: StepFailure;
}

const OPTION = { version: 0x00, encryption: 0x01, instance: 0x02, thread: 0x03, mars: 0x04, end: 0xff } as const;
const LONGEST_ANSWER = 4096;
const UNREADABLE = 'its first answer cannot be read';

function request(encryption: number): Buffer {
  const options: readonly (readonly [number, Buffer])[] = [
    [OPTION.version, Buffer.alloc(6)],
    [OPTION.encryption, Buffer.from([encryption])],
    [OPTION.instance, Buffer.from([0])],
    [OPTION.thread, Buffer.alloc(4)],
    [OPTION.mars, Buffer.from([0])],
  ];
  let offset = options.length * 5 + 1;
  const heads = options.map(([token, data]) => {
    const head = Buffer.from([token, 0, 0, 0, 0]);
    head.writeUInt16BE(offset, 1);
    head.writeUInt16BE(data.length, 3);
    offset += data.length;
    return head;
  });
  return Buffer.concat([...heads, Buffer.from([OPTION.end]), ...options.map(([, data]) => data)]);
}

/**
 * Asks a server what it is and what it will do about encryption. Nothing of the config is in it.
 * @throws StepFailure WRONG_PROTOCOL where something else answers
 */
export async function preloginWith(
  socket: Socket,
  encryption: number,
  facts: Facts,
  signal: AbortSignal,
): Promise<Prelogin | TlsFirst> {
  socket.write(framed(MESSAGE.prelogin, request(encryption)));
  for (let held = Buffer.alloc(0); ; ) {
    const bytes = await nextBytes(socket, signal);
    if (!bytes && held.length === 0) return { failure: connectionLost(socket, facts) };
    if (!bytes) throw wrong(facts, UNREADABLE);
    held = Buffer.concat([held, bytes]);
    if (!begins(held)) {
      const failure = wrong(facts, fingerprint(held));
      if (!isTlsAlert(held)) throw failure;
      return { failure };
    }
    const length = held.length < HEADER ? Number.POSITIVE_INFINITY : held.readUInt16BE(2);
    // Who has answered waits for a login.
    if (held.length > length) throw wrong(facts, UNREADABLE);
    if (held.length === length) return parsed(held.subarray(HEADER), facts);
  }
}

/** Whether these may be the first bytes of a server's answer: a short reply in one packet. */
function begins(bytes: Buffer): boolean {
  const [type, status = 1] = bytes;
  if (type !== MESSAGE.reply || status !== 1) return false;
  return bytes.length < 4 || (bytes.readUInt16BE(2) > HEADER && bytes.readUInt16BE(2) <= LONGEST_ANSWER);
}

function isTlsAlert(bytes: Buffer): boolean {
  return bytes[0] === 0x15 && (bytes.length < 2 || bytes[1] === 0x03);
}

function parsed(answer: Buffer, facts: Facts): Prelogin {
  try {
    return parse(answer);
  } catch {
    throw wrong(facts, UNREADABLE);
  }
}

/** @throws RangeError where it is cut short */
function parse(answer: Buffer): Prelogin {
  const options = new Map<number, Buffer>();
  for (let at = 0; answer.readUInt8(at) !== OPTION.end; at += 5) {
    const [from, length] = [answer.readUInt16BE(at + 1), answer.readUInt16BE(at + 3)];
    if (from + length > answer.length) throw new RangeError('an option outside of the message');
    options.set(answer.readUInt8(at), answer.subarray(from, from + length));
  }
  const version = options.get(OPTION.version) ?? Buffer.alloc(0);
  const major = version.readUInt8(0);
  return {
    version: `${major}.${version.readUInt8(1)}.${version.readUInt16BE(2)}`,
    major,
    encryption: (options.get(OPTION.encryption) ?? Buffer.alloc(0)).readUInt8(0),
  };
}

function wrong(facts: Facts, what: string): StepFailure {
  return new StepFailure('WRONG_PROTOCOL', { ...facts, what });
}
