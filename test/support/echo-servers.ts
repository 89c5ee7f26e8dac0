import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { type Document, deserialize } from 'bson';
import { formsOf } from './canaries.ts';
import { selfSigned } from './certificates.ts';
import { reply } from './mongodb-server.ts';
import { portOf } from './ports.ts';

/** Servers that know a client's secret and write it wherever their protocol takes text. */

export interface EchoServer {
  host: string;
  port: number;
  readonly connections: number;
  stop: () => Promise<void>;
}

/** Talks to one client. `words` is the secret in every encoding. */
type Talk = (socket: Socket, words: string) => void;

export async function startEcho(talk: Talk, canaries: readonly string[]): Promise<EchoServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const words = formsOf(canaries).join(' | ');
  const server: Server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    talk(socket, words);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: portOf(server.address()),
    get connections() {
      return connections;
    },
    stop: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

// ------------------------------------------------------------------------------------------------------- no protocol

const RAW: Readonly<Record<string, Talk>> = {
  'speaks first': (socket, words) => void socket.resume().write(words),
  'answers with it': (socket, words) => void socket.once('data', () => socket.end(words)),
  'says it is SSH': (socket, words) => void socket.resume().write(`SSH-2.0-${words}\r\n`),
};

// -------------------------------------------------------------------------------------------------------------- HTTP

interface Answer {
  status?: string;
  headers?: (words: string) => Record<string, string>;
  body?: (words: string) => string;
}

const oneLine = (words: string) => words.replaceAll(/[\r\n]/g, ' ');
const answering =
  ({ status = '200 OK', headers = () => ({}), body = () => '' }: Answer, split = false): Talk =>
  (socket, words) => {
    socket.on('data', () => {
      const text = body(words);
      const all = {
        'content-length': String(Buffer.byteLength(text)),
        connection: 'close',
        ...headers(oneLine(words)),
      };
      const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
      const whole = `HTTP/1.1 ${status.replace('WORDS', oneLine(words))}\r\n${head.join('')}\r\n${text}`;
      if (!split) return void socket.end(whole);
      // In the middle of what must not be seen.
      const middle = whole.lastIndexOf('CANARY') + 4;
      socket.write(whole.slice(0, middle));
      setTimeout(() => socket.end(whole.slice(middle)), 20);
    });
  };

const json = (body: (words: string) => unknown): Answer => ({
  headers: () => ({ 'content-type': 'application/json' }),
  body: (words) => JSON.stringify(body(words)),
});
const rpc = (body: (words: string) => object): Answer => json((words) => ({ jsonrpc: '2.0', id: 1, ...body(words) }));

const HTTP: Readonly<Record<string, Talk>> = {
  'refuses in its challenge': answering({
    status: '401 Unauthorized',
    headers: (words) => ({
      'www-authenticate': `Bearer error="${words}", scope="${words}", resource_metadata=${words}`,
    }),
    body: (words) => words,
  }),
  'refuses in a web page': answering({
    status: '403 Forbidden',
    headers: (words) => ({ 'content-type': `text/html; charset=${words}` }),
    body: (words) => `<html><title>${words}</title>${words}</html>`,
  }),
  'breaks down': answering({ ...json((words) => ({ error: words, [words]: [words] })), status: '500 WORDS' }),
  'redirects to a path': answering({ status: '302 WORDS', headers: (words) => ({ location: `/${words}?q=${words}` }) }),
  'asks for patience': answering({ status: '429 WORDS', headers: (words) => ({ 'retry-after': words }) }),
  'is not found': answering({ status: '404 WORDS', body: (words) => words }),
  'has rows': answering(
    json((words) =>
      formsOf([words.split(' | ')[0] ?? '']).map((form) => ({ [form]: form, words, deep: { [form]: [form] } })),
    ),
  ),
  'has rows, in two packets': answering(
    json((words) => [{ id: 1, words }]),
    true,
  ),
  'has a table': answering({
    headers: () => ({ 'content-type': 'text/csv' }),
    body: (words) => `id\t${words}\n1\t${words}\n`,
  }),
  'is of a strange type': answering({ headers: (words) => ({ 'content-type': words }), body: (words) => words }),
  'is of a strange coding': answering({
    headers: (words) => ({ 'content-encoding': 'gzip', x: words }),
    body: (words) => words,
  }),
  'has a strange length': answering({ headers: (words) => ({ 'content-length': words }), body: (words) => words }),
  'greets with it': answering(
    rpc((words) => ({
      result: {
        protocolVersion: words,
        supportedVersions: [words],
        capabilities: { tools: {} },
        serverInfo: { name: words, version: words },
        instructions: words,
        tools: [{ name: words, description: words, inputSchema: { type: 'object', properties: { [words]: {} } } }],
      },
    })),
  ),
  'greets as it should, and has such tools': answering(
    rpc((words) => ({
      result: {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: words, version: words },
        tools: formsOf([words.split(' | ')[0] ?? '']).map((name) => ({
          name,
          description: name,
          inputSchema: { type: 'object', properties: { [name]: { type: name } } },
        })),
      },
    })),
  ),
  'refuses in JSON-RPC': answering(rpc((words) => ({ error: { code: -32000, message: words, data: words } }))),
};

// -------------------------------------------------------------------------------------------------------- PostgreSQL

function message(type: string, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.from(`${type}0000`);
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const int32 = (n: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(n);
  return bytes;
};
const int16 = (n: number) => int32(n).subarray(2);
const pgError = (words: string, code: string) =>
  message(
    'E',
    ...['S', 'V', 'M', 'D', 'H', 'P', 'q', 'W', 's', 't', 'c', 'n', 'F', 'R'].map((f) => `${f}${words}\0`),
    `C${code}\0`,
    '\0',
  );
const READY = message('Z', 'I');
const AUTH_OK = message('R', int32(0));

/** In two packets, of which the second is on its way when the first is read; without an answer it hangs up. */
function inTwo(socket: Socket, answer: Buffer | undefined): void {
  if (!answer) return void socket.destroy();
  socket.write(answer.subarray(0, 40));
  setImmediate(() => socket.write(answer.subarray(40)));
}

/** Refuses TLS, then answers the startup and whatever comes after it. */
const postgres =
  (startup: (words: string) => Buffer, later?: (words: string) => Buffer): Talk =>
  (socket, words) => {
    let started = false;
    socket.on('data', (bytes) => {
      if (bytes.length === 8 && bytes.readInt32BE(4) === 80877103) return void socket.write('N');
      const answer = started ? later?.(words) : startup(words);
      started = true;
      inTwo(socket, answer);
    });
  };

const pgRows = (words: string) =>
  Buffer.concat([
    message('T', int16(1), `${words}\0`, int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)),
    message('D', int16(1), int32(Buffer.byteLength(words)), words),
    message('C', `SELECT ${words}\0`),
    READY,
  ]);
const loggedIn = (words: string) =>
  Buffer.concat([AUTH_OK, message('S', `server_version\0${words}\0`), message('N', `M${words}\0\0`), READY]);

const POSTGRES: Readonly<Record<string, Talk>> = {
  'refuses the login': postgres((words) => pgError(words, '28P01')),
  'refuses it by a code of its own': postgres((words) => pgError(words, words.slice(0, 5))),
  'refuses the address': postgres((words) => pgError(`no pg_hba.conf entry for host "${words}", user "x"`, '28000')),
  'wants another way in': postgres((words) => message('R', int32(10), `${words}\0\0`)),
  'lets it in and refuses each question': postgres(loggedIn, (words) =>
    Buffer.concat([pgError(words, '42501'), READY]),
  ),
  'lets it in and answers with it': postgres(loggedIn, pgRows),
};

// ------------------------------------------------------------------------------------------------------------- MySQL

function packet(number: number, ...parts: (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(4);
  head.writeUIntLE(body.length, 0, 3);
  head[3] = number;
  return Buffer.concat([head, body]);
}

const greeting = (version: string, plugin: string) =>
  packet(
    0,
    `\x0a${version}\0`,
    Buffer.from([7, 0, 0, 0]),
    'abcdefgh\0',
    Buffer.from([0x05, 0xaa, 255, 2, 0, 8, 0, 21]),
    Buffer.alloc(10),
    'ijklmnopqrst\0',
    `${plugin}\0`,
  );
const myError = (number: number, words: string) =>
  Buffer.concat([Buffer.from([0xff, number & 0xff, number >> 8]), Buffer.from(`#${words}`)]);
const MY_OK = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
const MY_END = Buffer.from([0xfe, 0, 0, 2, 0]);

function lengthened(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head =
    bytes.length < 251 ? Buffer.from([bytes.length]) : Buffer.from([0xfc, bytes.length & 255, bytes.length >> 8]);
  return Buffer.concat([head, bytes]);
}

const myTable = (names: readonly string[], row: readonly string[]) =>
  Buffer.concat(
    [
      Buffer.from([names.length]),
      ...names.map((name) =>
        Buffer.concat(
          ['def', '', '', '', name, name]
            .map(lengthened)
            .concat(Buffer.from([12, 45, 0, 0, 4, 0, 0, 253, 0, 0, 0, 0, 0])),
        ),
      ),
      MY_END,
      Buffer.concat(row.map(lengthened)),
      MY_END,
    ].map((payload, i) => packet(i + 1, payload)),
  );

const mysql =
  (
    hello: (words: string) => Buffer,
    login?: (words: string) => Buffer,
    later?: (words: string, asked: string) => Buffer,
  ): Talk =>
  (socket, words) => {
    socket.write(hello(words));
    let started = false;
    socket.on('data', (bytes) => {
      const asked = bytes.subarray(5).toString();
      const answer = started ? later?.(words, asked) : login && packet((bytes[3] ?? 0) + 1, login(words));
      started = true;
      inTwo(socket, answer);
    });
  };
const myHello = () => greeting('8.4.3', 'mysql_native_password');
/** As far as the session's own questions, with words where the server has some to say. */
const myAnswers = (words: string, asked: string) => {
  if (/^SET |^START|^ROLLBACK/.test(asked)) return packet(1, MY_OK);
  if (/VERSION\(\)/.test(asked)) return myTable(['version', 'account'], [`8.4.3-${words}`, `${words}@${words}`]);
  if (/TABLE_TYPE/.test(asked)) return myTable(['namespace', 'name', 'kind'], [words, words, 'BASE TABLE']);
  return myTable([words], [words]);
};

const MYSQL: Readonly<Record<string, Talk>> = {
  'greets with it': mysql((words) => greeting(words, words)),
  'refuses to greet': mysql((words) => packet(0, myError(1130, words))),
  'refuses the login': mysql(myHello, (words) => myError(1045, words)),
  'wants another way in': mysql(
    (words) => greeting('8.4.3', words),
    (words) => Buffer.concat([Buffer.from([0xfe]), Buffer.from(`${words}\0${words}`)]),
  ),
  'lets it in and refuses each question': mysql(
    myHello,
    () => MY_OK,
    (words) => packet(1, myError(1142, words)),
  ),
  'lets it in and answers with it': mysql(myHello, () => MY_OK, myAnswers),
};

// --------------------------------------------------------------------------------------------------------------- TLS

const SSL_REQUEST_OF_POSTGRES = 8;
const SSL_REQUEST_OF_MYSQL = 36;

/** TLS with a certificate that names the secret, behind whatever the protocol says before it. */
export async function tlsEcho(canary: string, code: string): Promise<Talk> {
  const certificate = await selfSigned({ names: [`${canary}.example.com`, canary] });
  const secureContext = createSecureContext({ cert: certificate.certPem, key: certificate.keyPem });
  const isMysql = ECHOES[code] === ECHOES['mysql'];
  return (socket) => {
    if (isMysql) socket.write(greeting('8.4.3', 'mysql_native_password'));
    socket.once('data', (first) => {
      if (first.length === SSL_REQUEST_OF_POSTGRES) socket.write('S');
      else socket.pause().unshift(isMysql ? first.subarray(SSL_REQUEST_OF_MYSQL) : first);
      new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => {}).resume();
    });
  };
}

// ----------------------------------------------------------------------------------------------------------- MongoDB

/** Answers each command, once it has come whole, by what it is called. */
const mongodb =
  (answers: (name: string, words: string) => Document): Talk =>
  (socket, words) => {
    let held = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      if (bytes[0] === 0x16) return void socket.destroy();
      held = Buffer.concat([held, bytes]);
      while (held.length >= 16 && held.length >= held.readInt32LE(0)) {
        const message = held.subarray(0, held.readInt32LE(0));
        held = held.subarray(message.length);
        const [name = ''] = Object.keys(deserialize(message.subarray(21)));
        inTwo(socket, reply(message.readInt32LE(4), answers(name, words)));
      }
    });
  };
const mongoHello = (words: string) => ({
  isWritablePrimary: true,
  setName: words,
  hosts: [words],
  maxWireVersion: 21,
  ok: 1,
});
const mongoRefusal = (code: number, words: string) => ({ ok: 0, code, errmsg: words, codeName: words });
const batch = (...firstBatch: Document[]) => ({ cursor: { firstBatch, id: 0, ns: 'd.c' }, ok: 1 });
const mongoAnswers = (name: string, words: string): Document => {
  if (name === 'hello') return mongoHello(words);
  if (name === 'buildInfo') return { version: words, ferretdbVersion: words, ok: 1 };
  if (name === 'listDatabases') return { databases: [{ name: words.slice(0, 60) }, { name: 'shop' }], ok: 1 };
  if (name === 'listCollections') return batch({ name: words, type: 'collection' }, { name: 'orders', type: words });
  if (name === 'find') return batch({ _id: words, [words]: words, deep: { [words]: [words] }, plain: 1 });
  if (name === 'connectionStatus') {
    const rights = [{ resource: { db: words, collection: words }, actions: [words, 'insert'] }];
    const authInfo = { authenticatedUserRoles: [{ role: words, db: words }], authenticatedUserPrivileges: rights };
    return { authInfo, ok: 1 };
  }
  return { ok: 1, n: 3 };
};
/** A login by PLAIN or SCRAM is beyond it: its users are nobody. */
const MONGODB: Readonly<Record<string, Talk>> = {
  'greets with it': mongodb((name, words) => (name === 'hello' ? mongoHello(words) : mongoRefusal(18, words))),
  'refuses to greet': mongodb((_, words) => mongoRefusal(13, words)),
  'refuses the login': mongodb((name, words) =>
    name === 'hello' ? { ...mongoHello('rs0') } : mongoRefusal(18, words),
  ),
  'refuses it by a number of its own': mongodb((name, words) =>
    name === 'hello' ? mongoHello('rs0') : mongoRefusal(8000, words),
  ),
  'asks for a proof of it': mongodb((name, words) =>
    name === 'hello'
      ? mongoHello('rs0')
      : { conversationId: 1, done: false, payload: Buffer.from(`r=${words},s=${words},i=4096`), ok: 1 },
  ),
  'answers with it': mongodb(mongoAnswers),
};

/** For secrets that can stand where hardly anything can: in the name of a host, in what is to be an address. */
export const NARROW_ECHOES: Readonly<Record<'url' | 'mysql', Talk>> = {
  url: answering({
    status: '307 Moved',
    headers: (words) => ({ location: `http://${words.split(' ')[0]}.example.com/` }),
  }),
  mysql: mysql((words) => {
    const hex = Buffer.from(words.split(' ')[0] ?? '').toString('hex');
    return packet(0, myError(1130, `28000Host '${hex}' is not allowed`));
  }),
};

/** What to say to each connector. One that is not here is told text without a protocol, or HTTP where it has a URL. */
// Who speaks MySQL waits for the server: one that waits too is no news.
const { 'answers with it': _, ...SPEAKING } = RAW;
const MYSQL_ECHOES = { ...SPEAKING, ...MYSQL };
export const ECHOES: Readonly<Record<string, Readonly<Record<string, Talk>>>> = {
  postgresql: { ...RAW, ...POSTGRES },
  mysql: MYSQL_ECHOES,
  mariadb: MYSQL_ECHOES,
  mongodb: { ...RAW, ...MONGODB },
};
export const ECHOES_BY_URL = { ...RAW, ...HTTP };
export const ECHOES_BY_HOST = RAW;
