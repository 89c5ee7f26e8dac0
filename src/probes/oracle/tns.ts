import type { Socket } from 'node:net';
import { fingerprint } from '../fingerprint.ts';
import { nextBytes } from '../next-bytes.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { connectionLost } from '../tls-failures.ts';

/** What a listener says to somebody who wants a service. Its words are from outside. */
export type ListenerAnswer =
  | { kind: 'accepted'; version: number }
  /** To a process of its own, which begins with TLS anew. */
  | { kind: 'handed over' }
  /** `reason`: Oracle's own number, 12514. `server`: the version of the listener, where it says it. */
  | { kind: 'refused'; reason: number | undefined; server: string | undefined }
  | { kind: 'redirected'; host: string; port: number; connectData: string };

const TYPE = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6, resend: 11 } as const;
const HEADER = 8;
const CONNECT_DATA_AT = 74;
const LONGEST_IN_CONNECT = 230;
const LONGEST_ANSWER = 8192;
const MOST_RESENDS = 3;
const WAS_REDIRECTED = 0x04;
const HAS_CONNECT_DATA = 0x02;
const RENEWS_TLS = 0x08;
const NEWEST = 319;
const OLDEST = 300;
const UNIT = 8192;
const UNREADABLE = 'its answer to a connect request cannot be read';

/**
 * Asks a listener for a service ("TNS CONNECT"). Nothing secret is in it.
 * @throws StepFailure WRONG_PROTOCOL where something else answers, CONNECTION_LOST where it hangs up
 */
export async function askListener(
  socket: Socket,
  connectData: string,
  { facts, signal, redirected = false }: { facts: Facts; signal: AbortSignal; redirected?: boolean },
): Promise<ListenerAnswer> {
  const request = connectRequest(connectData, redirected);
  for (let sent = 0; sent < MOST_RESENDS; sent += 1) {
    socket.write(request);
    const answer = await nextPacket(socket, facts, signal);
    const [type, body] = [answer[4], answer.subarray(HEADER)];
    if (type === TYPE.resend && ((answer[5] ?? 0) & RENEWS_TLS) !== 0) return { kind: 'handed over' };
    if (type === TYPE.resend) continue;
    if (type === TYPE.accept && body.length >= 2) return { kind: 'accepted', version: body.readUInt16BE(0) };
    if (type === TYPE.refuse) return refusal((await withData(body, 4, 2, socket, facts, signal)).toString('latin1'));
    if (type === TYPE.redirect) {
      const said = (await withData(body, 2, 0, socket, facts, signal)).toString('latin1');
      return redirection(said, ((answer[5] ?? 0) & HAS_CONNECT_DATA) !== 0 ? undefined : connectData, facts);
    }
    throw wrong(facts, UNREADABLE);
  }
  throw wrong(facts, 'it asks for the same again and again');
}

function connectRequest(connectData: string, redirected: boolean): Buffer {
  const data = Buffer.from(connectData, 'latin1');
  const isInside = data.length <= LONGEST_IN_CONNECT;
  const head = Buffer.alloc(CONNECT_DATA_AT);
  head.writeUInt16BE(CONNECT_DATA_AT + (isInside ? data.length : 0), 0);
  head[4] = TYPE.connect;
  head[5] = redirected ? WAS_REDIRECTED : 0;
  head.writeUInt16BE(NEWEST, 8);
  head.writeUInt16BE(OLDEST, 10);
  head.writeUInt16BE(1, 12);
  head.writeUInt16BE(UNIT, 14);
  head.writeUInt16BE(UNIT, 16);
  head.writeUInt16BE(0x4f98, 18);
  head.writeUInt16BE(1, 22);
  head.writeUInt16BE(data.length, 24);
  head.writeUInt16BE(CONNECT_DATA_AT, 26);
  // No native services: nobody logs in here.
  head[32] = 0x84;
  head[33] = 0x84;
  head.writeUInt32BE(UNIT, 58);
  head.writeUInt32BE(UNIT, 62);
  if (isInside) return Buffer.concat([head, data]);
  const follow = Buffer.alloc(HEADER + 2);
  follow.writeUInt16BE(follow.length + data.length, 0);
  follow[4] = TYPE.data;
  return Buffer.concat([head, follow, data]);
}

/** One whole packet. Its length is in two bytes until a version is agreed on. */
async function nextPacket(socket: Socket, facts: Facts, signal: AbortSignal): Promise<Buffer> {
  for (let held = Buffer.alloc(0); ; ) {
    const bytes = await nextBytes(socket, signal);
    if (!bytes && held.length === 0) throw connectionLost(socket, facts);
    if (!bytes) throw wrong(facts, UNREADABLE);
    held = Buffer.concat([held, bytes]);
    if (!begins(held)) throw wrong(facts, fingerprint(held));
    const length = held.length < 2 ? Number.POSITIVE_INFINITY : held.readUInt16BE(0);
    if (held.length < length) continue;
    // What comes with it is read next.
    if (held.length > length) socket.unshift(held.subarray(length));
    return held.subarray(0, length);
  }
}

const ANSWERS: ReadonlySet<number> = new Set([TYPE.accept, TYPE.refuse, TYPE.redirect, TYPE.data, TYPE.resend]);

function begins(bytes: Buffer): boolean {
  if (bytes.length < 2) return bytes[0] === undefined || bytes[0] <= LONGEST_ANSWER >> 8;
  const length = bytes.readUInt16BE(0);
  const type = bytes[4];
  return length >= HEADER && length <= LONGEST_ANSWER && (type === undefined || ANSWERS.has(type));
}

/** The text of an answer, behind its length; where there is no room for it, it comes in a packet of its own. */
async function withData(
  body: Buffer,
  from: number,
  lengthAt: number,
  socket: Socket,
  facts: Facts,
  signal: AbortSignal,
): Promise<Buffer> {
  if (body.length < lengthAt + 2) throw wrong(facts, UNREADABLE);
  if (body.length > from || body.readUInt16BE(lengthAt) === 0) return body.subarray(from);
  return (await nextPacket(socket, facts, signal)).subarray(HEADER + 2);
}

/** `(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=12514)(ERROR_STACK=…))` */
function refusal(text: string): ListenerAnswer {
  const numbers = (name: string) => {
    const found = new RegExp(`\\(${name}=(\\d{1,10})\\)`).exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const version = numbers('VSNNUM');
  return {
    kind: 'refused',
    reason: numbers('ERR') || numbers('CODE'),
    server: version === undefined ? undefined : `${(version >>> 24) & 0xff}.${(version >>> 20) & 0xf}`,
  };
}

/** `(ADDRESS=(PROTOCOL=tcp)(HOST=10.0.0.5)(PORT=1521))`, then a zero, then what to say there. */
function redirection(text: string, unchanged: string | undefined, facts: Facts): ListenerAnswer {
  const [address = '', connectData = ''] = text.split('\0');
  const host = /\(HOST=([^()]{1,255})\)/i.exec(address)?.[1];
  const port = /\(PORT=(\d{1,5})\)/i.exec(address)?.[1];
  if (host === undefined || port === undefined) throw wrong(facts, UNREADABLE);
  return { kind: 'redirected', host, port: Number(port), connectData: unchanged ?? connectData };
}

function wrong(facts: Facts, what: string): StepFailure {
  return new StepFailure('WRONG_PROTOCOL', { ...facts, what });
}
