import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certificate } from '../../../support/certificates.ts';
import type { HostileServer } from '../../../support/hostile-servers.ts';
import { listen } from '../servers.ts';

/** Just enough of a MySQL server to lie, break off and refuse at every point. Real ones are in test/services. */

export const NONCE = Buffer.from('abcdefghijklmnopqrst');
const CAPABILITIES = 0x0008_aa05;
const TLS = 0x800;
const TLS_REQUEST_LENGTH = 32;

export function packet(number: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = number;
  return Buffer.concat([header, body]);
}

export function greeting(
  change: { version?: string; capabilities?: number; plugin?: string; tls?: boolean } = {},
): Buffer {
  const { version = '8.4.3', plugin = 'caching_sha2_password', tls = false } = change;
  const capabilities = change.capabilities ?? (tls ? CAPABILITIES : CAPABILITIES & ~TLS);
  const low = Buffer.alloc(2);
  low.writeUInt16LE(capabilities & 0xffff);
  const high = Buffer.alloc(2);
  high.writeUInt16LE(capabilities >>> 16);
  return Buffer.concat([
    Buffer.from(`\x0a${version}\0`),
    Buffer.from([7, 0, 0, 0]),
    NONCE.subarray(0, 8),
    Buffer.from([0]),
    low,
    Buffer.from([255, 2, 0]),
    high,
    Buffer.from([21]),
    Buffer.alloc(10),
    NONCE.subarray(8),
    Buffer.from([0]),
    Buffer.from(`${plugin}\0`),
  ]);
}

export function refusal(number: number, message: string, state = ''): Buffer {
  return Buffer.concat([Buffer.from([0xff, number & 0xff, number >> 8]), Buffer.from(state + message)]);
}

export const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const END = Buffer.from([0xfe, 0, 0, 2, 0]);
const text = (value: string) => Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);

/** A whole answer with one column per name, from packet 1 on. */
export function table(names: readonly string[], rows: readonly (readonly string[])[]): Buffer {
  const columns = names.map((name) =>
    Buffer.concat([
      ...['def', '', '', '', name, name].map(text),
      Buffer.from([12, 45, 0, 0, 4, 0, 0, 253, 0, 0, 0, 0, 0]),
    ]),
  );
  const payloads = [
    Buffer.from([names.length]),
    ...columns,
    END,
    ...rows.map((row) => Buffer.concat(row.map(text))),
    END,
  ];
  return Buffer.concat(payloads.map((payload, i) => packet(i + 1, payload)));
}

export interface FakeOptions {
  greeting?: Parameters<typeof greeting>[0];
  /** Offers TLS with this certificate. */
  tls?: Certificate;
  /** Answers the login, and whatever follows it until a payload is OK. `number` is that of the packet to send. */
  login?: (payload: Buffer, round: number) => Buffer;
  /** Answers a request for the binary log with whole packets. */
  log?: (request: Buffer) => Buffer;
  /** Answers a statement with whole packets; nothing where it answers nothing. */
  statement?: (statement: string) => Buffer | undefined;
}

const STATEMENTS: readonly (readonly [RegExp, Buffer])[] = [
  [/^SET |^START|^ROLLBACK/, packet(1, OK)],
  [/VERSION\(\)/, table(['version', 'account'], [['8.4.3', 'reader@%']])],
  [/TABLE_TYPE/, table(['namespace', 'name', 'kind'], [['shop', 'orders', 'BASE TABLE']])],
  [/FROM information_schema\.TABLES/, table(['namespace', 'name'], [['shop', 'orders']])],
  [/FROM `shop`/, table(['1'], [['1']])],
  [/CURRENT_ROLE/, table(['roles'], [['NONE']])],
  [/^SHOW GRANTS/, table(['Grants for reader@%'], [['GRANT SELECT ON `shop`.* TO `reader`@`%`']])],
  [/^SHOW CREATE USER/, table(['CREATE USER for reader@%'], [['CREATE USER `reader`@`%` PASSWORD EXPIRE DEFAULT']])],
  [/default_password_lifetime/, table(['Variable_name', 'Value'], [['default_password_lifetime', '0']])],
  [/max_user_connections/, table(['most', 'name'], [['0', 'reader@127.0.0.1']])],
];

/** What a server answers that has one database, `shop`, with one table. */
export function standardAnswer(statement: string): Buffer | undefined {
  return STATEMENTS.find(([pattern]) => pattern.test(statement))?.[1];
}

const COM_INIT_DB = 2;
const COM_QUERY = 3;
const COM_BINLOG_DUMP = 0x12;
/** An event, and the end. */
export const LOG = Buffer.concat([packet(1, Buffer.from([0, 1, 2, 3])), packet(2, Buffer.from([0xfe, 0, 0, 2, 0]))]);

export function startFakeMysql(options: FakeOptions = {}): Promise<HostileServer> {
  const { tls, login = () => OK, statement = standardAnswer, log = () => LOG } = options;
  const answers = { login, statement, log };
  return listen((socket) => {
    socket.write(packet(0, greeting({ tls: tls !== undefined, ...options.greeting })));
    socket.once('data', (first) => {
      if (first.readUIntLE(0, 3) !== TLS_REQUEST_LENGTH || !tls) return talk(socket, first, answers);
      // What came with the request is the beginning of the handshake.
      socket.pause().unshift(first.subarray(4 + TLS_REQUEST_LENGTH));
      const secureContext = createSecureContext({ cert: tls.certPem, key: tls.keyPem });
      const secured = new TLSSocket(socket, { isServer: true, secureContext });
      secured.on('error', () => {});
      secured.once('data', (bytes) => talk(secured, bytes, answers));
    });
  });
}

function talk(
  socket: Socket,
  first: Buffer,
  { login, statement, log }: Required<Pick<FakeOptions, 'login' | 'statement' | 'log'>>,
): void {
  let round = 0;
  let done = false;
  const onData = (bytes: Buffer) => {
    const payload = bytes.subarray(4);
    if (done) {
      if (payload[0] === COM_INIT_DB) socket.write(packet(1, OK));
      else if (payload[0] === COM_BINLOG_DUMP) socket.write(log(payload));
      else if (payload[0] === COM_QUERY) {
        const answer = statement(payload.subarray(1).toString());
        if (answer) socket.write(answer);
      }
      return;
    }
    const answer = login(payload, round);
    round += 1;
    done = answer === OK;
    socket.write(packet((bytes[3] ?? 0) + 1, answer));
  };
  socket.on('data', onData);
  onData(first);
}

export interface SentLogin {
  username: string;
  proof: Buffer;
  plugin: string;
}

/** The login as the server reads it. */
export function readLogin(payload: Buffer): SentLogin {
  const end = payload.indexOf(0, 32);
  const length = payload[end + 1] ?? 0;
  const proof = payload.subarray(end + 2, end + 2 + length);
  const plugin = payload
    .subarray(end + 2 + length)
    .toString()
    .replace(/\0.*$/s, '');
  return { username: payload.subarray(32, end).toString(), proof, plugin };
}

/** How a server checks a proof of caching_sha2_password, from nothing but the doubly hashed password it has stored. */
export function provesSha2(proof: Buffer, password: string, nonce = NONCE): boolean {
  return proves('sha256', proof, password, (stored) => [stored, nonce]);
}

export function provesNative(proof: Buffer, password: string, nonce = NONCE): boolean {
  return proves('sha1', proof, password, (stored) => [nonce, stored]);
}

function proves(algorithm: string, proof: Buffer, password: string, mix: (stored: Buffer) => Buffer[]): boolean {
  const hash = (...parts: Buffer[]) => createHash(algorithm).update(Buffer.concat(parts)).digest();
  const stored = hash(hash(Buffer.from(password)));
  const mask = hash(...mix(stored));
  if (proof.length !== mask.length) return false;
  return hash(Buffer.from(proof.map((byte, i) => byte ^ (mask[i] ?? 0)))).equals(stored);
}
