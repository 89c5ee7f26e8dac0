import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certificate } from './certificates.ts';
import type { HostileServer } from './hostile-servers.ts';
import { portOf } from './ports.ts';

/**
 * A server that speaks TDS 7.4 and 8 as MS-TDS describes it, and answers batches with what a test gives it. That it is
 * one is proven by a driver (tedious) that talks to it in test/unit/probes/sqlserver/driver.test.ts.
 */

export interface TdsLogin {
  username: string;
  password: string;
  database: string;
  server: string;
  application: string;
}

export type TdsReply =
  | { columns: readonly string[]; rows: readonly (readonly (string | null)[])[] }
  | { error: TdsError }
  | Buffer;

export interface TdsError {
  number: number;
  message: string;
  state?: number;
}

export interface TdsServerOptions {
  /** Of the product: major, minor, build. SQL Server 2022 without. */
  version?: readonly [number, number, number];
  /** Offers TLS with this certificate; without one it says that it has none. */
  certificate?: Certificate | undefined;
  /** `forced`: nobody gets in without. `strict`: TLS comes first, as in TDS 8. */
  encryption?: 'optional' | 'forced' | 'strict';
  /** Why a login is refused; where there are several errors, in order. Everybody is let in without. */
  login?: (login: TdsLogin) => readonly TdsError[] | { routeTo: { host: string; port: number } } | undefined;
  /** Answers a statement; nothing where it answers nothing. */
  answer?: (statement: string, login: TdsLogin) => TdsReply | undefined;
  /** Bytes in place of the answer to a login. */
  loginAnswer?: Buffer;
}

/** A message, and whether it came encrypted. */
interface Heard {
  what: 'login' | 'batch' | 'attention';
  encrypted: boolean;
}

export interface TdsServer extends HostileServer {
  readonly logins: readonly TdsLogin[];
  readonly heard: readonly Heard[];
}

const PRELOGIN = 0x12;
const LOGIN = 0x10;
const BATCH = 0x01;
const ATTENTION = 0x06;
const REPLY = 0x04;
const OFF = 0;
const ON = 1;
const NOT_SUPPORTED = 2;
const REQUIRED = 3;

export async function startTdsServer(options: TdsServerOptions = {}): Promise<TdsServer> {
  const open = new Set<Socket>();
  const logins: TdsLogin[] = [];
  const heard: Heard[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    new Conversation(socket, options, logins, heard).begin();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: portOf(server.address()),
    logins,
    heard,
    get connections() {
      return connections;
    },
    get open() {
      return open.size;
    },
    stop() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

class Conversation {
  readonly #raw: Socket;
  readonly #options: TdsServerOptions;
  readonly #logins: TdsLogin[];
  readonly #heard: Heard[];
  #wire: Duplex;
  #secured = false;
  #loginOnly = false;
  #wrapped: ServerWrap | undefined;
  #login: TdsLogin | undefined;
  #held: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];

  constructor(socket: Socket, options: TdsServerOptions, logins: TdsLogin[], heard: Heard[]) {
    this.#raw = socket;
    this.#wire = socket;
    this.#options = options;
    this.#logins = logins;
    this.#heard = heard;
  }

  begin(): void {
    if (this.#options.encryption !== 'strict') return void this.#raw.on('data', this.#onData);
    this.#raw.once('data', (first) => {
      // Newer servers can be told to hang up on whoever does not begin with TLS.
      if (first[0] !== 0x16) return void this.#raw.destroy();
      this.#raw.pause().unshift(first);
      this.#secure(this.#raw, ['tds/8.0']);
    });
  }

  #secure(over: Duplex, alpn: string[] | undefined): void {
    const { certificate } = this.#options;
    // TLS 1.3 came with TDS 8.
    const limit = alpn ? {} : { maxVersion: 'TLSv1.2' as const };
    const secureContext = createSecureContext({ cert: certificate?.certPem, key: certificate?.keyPem, ...limit });
    const secured = new TLSSocket(over as Socket, {
      isServer: true,
      secureContext,
      ...(alpn ? { ALPNProtocols: alpn } : {}),
    });
    secured.on('error', () => this.#raw.destroy());
    secured.on('data', this.#onData);
    secured.once('secure', () => this.#wrapped?.unwrap());
    this.#wire = secured;
    this.#secured = true;
  }

  readonly #onData = (bytes: Buffer) => {
    this.#held = Buffer.concat([this.#held, bytes]);
    while (this.#held.length >= 8 && this.#held.length >= this.#held.readUInt16BE(2)) {
      const length = this.#held.readUInt16BE(2);
      if (length < 8) return void this.#raw.destroy();
      const [type = 0, status = 0] = this.#held;
      this.#parts.push(this.#held.subarray(8, length));
      this.#held = this.#held.subarray(length);
      if ((status & 1) === 0) continue;
      const message = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#hear(type, message);
    }
  };

  #hear(type: number, message: Buffer): void {
    const note = (what: Heard['what']) => this.#heard.push({ what, encrypted: this.#secured });
    if (type === PRELOGIN) return void this.#prelogin(message);
    if (type === LOGIN) {
      note('login');
      return void this.#answerLogin(readLogin(message));
    }
    if (type === ATTENTION) {
      note('attention');
      return void this.#send(done(0x20));
    }
    if (type !== BATCH || !this.#login) return void this.#raw.destroy();
    note('batch');
    const statement = message.subarray(message.readUInt32LE(0)).toString('utf16le');
    const reply = this.#options.answer?.(statement, this.#login);
    if (reply) this.#send(tokensOf(reply));
  }

  #prelogin(message: Buffer): void {
    const { certificate, encryption = 'optional', version = [16, 0, 4135] } = this.#options;
    const asked = optionOf(message, 1)[0] ?? OFF;
    const answer = encryptionFor(asked, certificate !== undefined, encryption);
    const data = Buffer.alloc(6);
    data[0] = version[0];
    data[1] = version[1];
    data.writeUInt16BE(version[2], 2);
    const head = Buffer.from([0, 0, 16, 0, 6, 1, 0, 22, 0, 1, 4, 0, 23, 0, 1, 0xff]);
    this.#send(Buffer.concat([head, data, Buffer.from([answer, 0])]));
    if (encryption === 'strict' || answer === NOT_SUPPORTED) return;
    // Who says that it cannot encrypt, and must, is hung up on.
    if (asked === NOT_SUPPORTED) return void (answer === REQUIRED && this.#raw.end());
    this.#loginOnly = answer === OFF;
    this.#raw.off('data', this.#onData);
    this.#wrapped = new ServerWrap(this.#raw);
    this.#secure(this.#wrapped, undefined);
  }

  #answerLogin(login: TdsLogin): void {
    this.#login = login;
    this.#logins.push(login);
    if (this.#loginOnly && this.#wrapped) {
      this.#wrapped.release();
      this.#wire = this.#raw;
      this.#secured = false;
      this.#raw.on('data', this.#onData).resume();
    }
    if (this.#options.loginAnswer) return void this.#wire.write(this.#options.loginAnswer);
    const verdict = this.#options.login?.(login);
    if (Array.isArray(verdict)) {
      this.#send(Buffer.concat([...verdict.map(errorToken), done(0x02)]));
      return void this.#wire.end();
    }
    const route = verdict && 'routeTo' in verdict ? [routing(verdict.routeTo)] : [];
    this.#send(Buffer.concat([environment(1, login.database || 'master', 'master'), loginAck(), ...route, done(0)]));
  }

  #send(payload: Buffer): void {
    for (const packet of packets(REPLY, payload)) this.#wire.write(packet);
  }
}

/** MS-TDS 2.2.6.5: what is said of encryption, by what was asked. */
function encryptionFor(asked: number, hasTls: boolean, encryption: 'optional' | 'forced' | 'strict'): number {
  if (!hasTls) return NOT_SUPPORTED;
  if (encryption === 'strict') return ON;
  if (asked === ON || asked === REQUIRED) return encryption === 'forced' ? REQUIRED : ON;
  if (encryption === 'forced') return REQUIRED;
  return asked === NOT_SUPPORTED ? NOT_SUPPORTED : OFF;
}

function optionOf(message: Buffer, wanted: number): Buffer {
  for (let at = 0; message[at] !== 0xff; at += 5) {
    if (message[at] !== wanted) continue;
    const offset = message.readUInt16BE(at + 1);
    return message.subarray(offset, offset + message.readUInt16BE(at + 3));
  }
  return Buffer.alloc(0);
}

function readLogin(message: Buffer): TdsLogin {
  const bytesAt = (at: number) => {
    const offset = message.readUInt16LE(at);
    return message.subarray(offset, offset + message.readUInt16LE(at + 2) * 2);
  };
  const text = (at: number) => bytesAt(at).toString('utf16le');
  const plain = Buffer.from(bytesAt(44).map((byte) => ((byte ^ 0xa5) << 4) | ((byte ^ 0xa5) >> 4)));
  return {
    username: text(40),
    password: plain.toString('utf16le'),
    application: text(48),
    server: text(52),
    database: text(68),
  };
}

function packets(type: number, payload: Buffer): Buffer[] {
  const size = 4096 - 8;
  const count = Math.max(1, Math.ceil(payload.length / size));
  return Array.from({ length: count }, (_, i) => {
    const body = payload.subarray(i * size, (i + 1) * size);
    const head = Buffer.from([type, i === count - 1 ? 1 : 0, 0, 0, 0, 0, i + 1, 0]);
    head.writeUInt16BE(body.length + 8, 2);
    return Buffer.concat([head, body]);
  });
}

const wide = (text: string) => Buffer.from(text, 'utf16le');
const uint16 = (value: number) => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const short = (text: string) => Buffer.concat([Buffer.from([text.length]), wide(text)]);
const long = (text: string) => Buffer.concat([uint16(text.length), wide(text)]);
const token = (type: number, body: Buffer) => Buffer.concat([Buffer.from([type]), uint16(body.length), body]);

function environment(type: number, now: string, before: string): Buffer {
  return token(0xe3, Buffer.concat([Buffer.from([type]), short(now), short(before)]));
}

function routing({ host, port }: { host: string; port: number }): Buffer {
  const value = Buffer.concat([Buffer.from([0]), uint16(port), long(host)]);
  return token(0xe3, Buffer.concat([Buffer.from([20]), uint16(value.length), value, uint16(0)]));
}

function loginAck(): Buffer {
  const name = 'Microsoft SQL Server';
  return token(0xad, Buffer.concat([Buffer.from([1, 0x74, 0, 0, 4]), short(name), Buffer.from([16, 0, 16, 39])]));
}

export function errorToken({ number, message, state = 1 }: TdsError): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32LE(number, 0);
  head[4] = state;
  head[5] = 14;
  return token(0xaa, Buffer.concat([head, long(message), short('SQL1'), short(''), Buffer.from([1, 0, 0, 0])]));
}

export function done(status: number, rows = 0): Buffer {
  const body = Buffer.alloc(13);
  body[0] = 0xfd;
  body.writeUInt16LE(status, 1);
  body.writeUInt32LE(rows, 5);
  return body;
}

export function tokensOf(reply: TdsReply): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  if ('error' in reply) return Buffer.concat([errorToken(reply.error), done(0x02)]);
  const { columns, rows } = reply;
  if (columns.length === 0) return done(0);
  // nvarchar(4000), of the collation Latin1_General_CI_AS.
  const types = columns.map((name) =>
    Buffer.concat([Buffer.from([0, 0, 0, 0, 9, 0, 0xe7]), uint16(8000), Buffer.from([9, 4, 208, 0, 52]), short(name)]),
  );
  return Buffer.concat([
    Buffer.from([0x81]),
    uint16(columns.length),
    ...types,
    ...rows.map((row, i) => (i % 2 === 0 ? rowToken(row) : sparseRowToken(row))),
    done(0x10, rows.length),
  ]);
}

const cell = (text: string) => Buffer.concat([uint16(text.length * 2), wide(text)]);

function rowToken(row: readonly (string | null)[]): Buffer {
  return Buffer.concat([Buffer.from([0xd1]), ...row.map((text) => (text === null ? uint16(0xffff) : cell(text)))]);
}

/** Servers send rows with empty values in this form, with a bit for each. */
function sparseRowToken(row: readonly (string | null)[]): Buffer {
  const bits = Buffer.alloc(Math.ceil(row.length / 8));
  row.forEach((text, i) => {
    if (text === null) bits[i >> 3] = (bits[i >> 3] ?? 0) | (1 << (i & 7));
  });
  return Buffer.concat([Buffer.from([0xd2]), bits, ...row.flatMap((text) => (text === null ? [] : [cell(text)]))]);
}

/** The server's end of a handshake inside prelogin packets. */
class ServerWrap extends Duplex {
  readonly #socket: Socket;
  #wraps = true;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.once('close', () => this.destroy());
  }

  /** What is written last of the handshake is still on its way when it is said to be done. */
  unwrap(): void {
    setImmediate(() => {
      this.#wraps = false;
    });
  }

  release(): void {
    this.#socket.off('data', this.#onData);
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _: BufferEncoding, next: (error?: Error | null) => void): void {
    this.#socket.write(this.#wraps ? Buffer.concat(packets(PRELOGIN, bytes)) : bytes, next);
  }

  override _writev(chunks: { chunk: Buffer }[], next: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'utf8', next);
  }

  readonly #onData = (bytes: Buffer) => {
    this.#held = Buffer.concat([this.#held, bytes]);
    // Wrapped packets begin with their own type, records of TLS with theirs.
    while (this.#held[0] === PRELOGIN && this.#held.length >= 8 && this.#held.length >= this.#held.readUInt16BE(2)) {
      const length = this.#held.readUInt16BE(2);
      this.push(this.#held.subarray(8, length));
      this.#held = this.#held.subarray(length);
    }
    if (this.#held.length > 0 && this.#held[0] !== PRELOGIN) {
      this.push(this.#held);
      this.#held = Buffer.alloc(0);
    }
  };
}
