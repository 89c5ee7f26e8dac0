import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { Binary, type Document, deserialize, Long, serialize, Timestamp } from 'bson';
import { listen } from '../unit/probes/servers.ts';
import type { Certificate } from './certificates.ts';
import type { HostileServer } from './hostile-servers.ts';
import { may, mayAnything, privilegesOf, type User } from './mongodb-rights.ts';
import { ScramServer, type Stored, stored } from './mongodb-scram.ts';

/**
 * A server that speaks MongoDB's protocol as mongod does: OP_MSG, BSON, SCRAM for real, roles that are held to, cursors,
 * change streams, and the error codes of "Error Codes". What it lacks of a database is everything but that.
 */

export interface FakeCollection {
  documents?: readonly Document[];
  type?: 'collection' | 'view' | 'timeseries';
  options?: Document;
  /** Besides that of `_id`. */
  indexes?: readonly Document[];
}

export interface Refusal {
  code: number;
  message: string;
}

/** What takes the place of an answer. */
export type Instead = Document | Buffer | 'hang' | 'close';

export interface FakeMongodbOptions {
  /** Without, nobody has to log in. */
  users?: readonly User[];
  databases?: Readonly<Record<string, Readonly<Record<string, FakeCollection>>>>;
  topology?: 'replica_set' | 'standalone' | 'router';
  /** What `hello` says otherwise. */
  hello?: Document;
  version?: string;
  /** Hours between the first and the last entry of the oplog. */
  oplogHours?: number;
  tls?: Certificate;
  /** Waits for the whole of what it takes for a message, as some do, even if that is a handshake. */
  patient?: boolean;
  /** Anything said instead of the answer to a command. */
  instead?: (command: Document, name: string) => Instead | undefined;
}

export interface FakeMongodb extends HostileServer {
  /** Every command that came, in order. */
  readonly commands: readonly Document[];
  /** Cursors that nobody has closed. */
  readonly cursors: number;
}

interface Client {
  user?: User | undefined;
  login?: { server: ScramServer; user: User | undefined };
}

interface State extends FakeMongodbOptions {
  commands: Document[];
  cursors: Set<string>;
  nextCursor: number;
  secrets: Map<string, Stored>;
}

const OP_MSG = 2013;
const FREE = new Set(['hello', 'isMaster', 'buildInfo', 'saslStart', 'saslContinue', 'ping', 'connectionStatus']);

export async function startFakeMongodb(options: FakeMongodbOptions = {}): Promise<FakeMongodb> {
  const state: State = { ...options, commands: [], cursors: new Set(), nextCursor: 1, secrets: new Map() };
  const server = await listen((socket) =>
    options.tls ? overTls(socket, options.tls, state) : converse(socket, state),
  );
  const more = { commands: { get: () => state.commands }, cursors: { get: () => state.cursors.size } };
  return Object.defineProperties(server, more) as FakeMongodb;
}

/** Plain text to a TLS-only mongod is answered by nothing. */
function overTls(socket: Socket, { certPem, keyPem }: Certificate, state: State): void {
  socket.once('data', (first) => {
    if (first[0] !== 0x16) return void socket.destroy();
    socket.pause().unshift(first);
    const secureContext = createSecureContext({ cert: certPem, key: keyPem });
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    secured.on('error', () => socket.destroy());
    converse(secured, state);
  });
}

function converse(socket: Socket, state: State): void {
  const client: Client = {};
  let held = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    if (held.length >= 4 && !state.patient && isForeign(held)) return void socket.destroy();
    while (held.length >= 16 && held.length >= held.readInt32LE(0)) {
      const message = held.subarray(0, held.readInt32LE(0));
      held = held.subarray(message.length);
      if (message.readInt32LE(12) !== OP_MSG) return void socket.destroy();
      const command = deserialize(message.subarray(21));
      state.commands.push(command);
      const said = state.instead?.(command, Object.keys(command)[0] ?? '') ?? answer(command, client, state);
      if (said === 'hang') continue;
      if (said === 'close') return void socket.destroy();
      socket.write(Buffer.isBuffer(said) ? said : reply(message.readInt32LE(4), said));
    }
  });
}

/** mongod looks for TLS in what it takes for a header, and hangs up. */
function isForeign(bytes: Buffer): boolean {
  return bytes[0] === 0x16 || bytes.readInt32LE(0) > 48_000_000;
}

/** A whole answer to the message of this number. */
export function reply(to: number, document: Document): Buffer {
  const body = serialize(document);
  const head = Buffer.alloc(21);
  head.writeInt32LE(21 + body.length, 0);
  head.writeInt32LE(99, 4);
  head.writeInt32LE(to, 8);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

export function refused(code: number, errmsg: string): Document {
  return { ok: 0, errmsg, code, codeName: 'Name' };
}

type Handler = (command: Document, client: Client, state: State) => Document;

function answer(command: Document, client: Client, state: State): Document {
  const name = Object.keys(command)[0] ?? '';
  const handle = HANDLERS[name];
  if (!handle) return refused(59, `no such command: '${name}'`);
  if (state.users && !client.user && !FREE.has(name)) return refused(13, `Command ${name} requires authentication`);
  return handle(command, client, state);
}

const SETTINGS = { maxBsonObjectSize: 16_777_216, maxMessageSizeBytes: 48_000_000, minWireVersion: 0, ok: 1 };
const TOPOLOGIES: Readonly<Record<string, Document>> = {
  standalone: { isWritablePrimary: true },
  router: { isWritablePrimary: true, msg: 'isdbgrid' },
  replica_set: { isWritablePrimary: true, secondary: false, setName: 'rs0', hosts: ['127.0.0.1:27017'] },
};

const HANDLERS: Readonly<Record<string, Handler>> = {
  hello: ({ saslSupportedMechs }, _, { topology = 'replica_set', hello = {}, users = [] }) => {
    const user = users.find(({ username, source = 'admin' }) => `${source}.${username}` === saslSupportedMechs);
    const mechanisms = user ? { saslSupportedMechs: user.mechanisms ?? ['SCRAM-SHA-1', 'SCRAM-SHA-256'] } : {};
    return { ...TOPOLOGIES[topology], maxWireVersion: 21, ...mechanisms, ...SETTINGS, ...hello };
  },
  buildInfo: (_, __, { version = '7.0.14' }) => ({ version, ok: 1 }),
  ping: () => ({ ok: 1 }),
  saslStart,
  saslContinue,
  connectionStatus: (_, { user }) => ({
    authInfo: {
      authenticatedUsers: user ? [{ user: user.username, db: user.source ?? 'admin' }] : [],
      authenticatedUserRoles: user?.roles ?? [],
      authenticatedUserPrivileges: user ? privilegesOf(user) : [],
    },
    ok: 1,
  }),
  listDatabases: ({ filter = {} }, client, { databases = {} }) => ({
    databases: Object.keys(databases)
      .filter((name) => fits(name, filter['name']) && mayAnything(client, name))
      .map((name) => ({ name })),
    ok: 1,
  }),
  listCollections: (command, client, state) => {
    const { $db, filter = {}, nameOnly, authorizedCollections } = command;
    const all = Object.entries(state.databases?.[$db] ?? {}).filter(([name]) => fits(name, filter['name']));
    const whole = may(client, 'listCollections', $db, '');
    if (!whole && !(nameOnly && authorizedCollections)) return denied(command, $db);
    const seen = all.filter(([name]) => whole || may(client, 'find', $db, name));
    const entries = seen.map(([name, { type = 'collection', options = {} }]) =>
      nameOnly ? { name, type } : { name, type, options },
    );
    return cursor(`${$db}.$cmd.listCollections`, entries, command['cursor']?.['batchSize'], state);
  },
  find: (command, client, state) => {
    const { find, $db, sort = {}, limit = 0 } = command;
    if (!may(client, 'find', $db, find)) return denied(command, $db);
    const documents = [...documentsOf(state, $db, find)];
    const [order] = Object.values(sort);
    if (order === -1) documents.reverse();
    return cursor(`${$db}.${find}`, limit > 0 ? documents.slice(0, limit) : documents, undefined, state);
  },
  count: (command, client, state) => {
    if (!may(client, 'find', command['$db'], command['count'])) return denied(command, command['$db']);
    return { n: documentsOf(state, command['$db'], command['count']).length, ok: 1 };
  },
  listIndexes: (command, client, state) => {
    const { listIndexes: name, $db } = command;
    if (!may(client, 'listIndexes', $db, name)) return denied(command, $db);
    const found = state.databases?.[$db]?.[name];
    if (!found) return refused(26, `ns does not exist: ${$db}.${name}`);
    if (found.type === 'view') return refused(166, `Namespace ${$db}.${name} is a view, not a collection`);
    const own = found.type === 'timeseries' ? [] : [{ v: 2, key: { _id: 1 }, name: '_id_' }];
    return cursor(`${$db}.${name}`, [...own, ...(found.indexes ?? [])], undefined, state);
  },
  collStats: (command, client, { databases }) => {
    const { collStats: name, $db } = command;
    if (!may(client, 'collStats', $db, name)) return denied(command, $db);
    const { type = 'collection', documents = [], indexes = [] } = databases?.[$db]?.[name] ?? {};
    if (type === 'view') return refused(166, `Namespace ${$db}.${name} is a view, not a collection`);
    const sizes = { storageSize: 4096, totalIndexSize: 4096 * (1 + indexes.length) };
    const counted = type === 'collection' ? { count: documents.length } : { timeseries: { bucketCount: 1 } };
    return { ns: `${$db}.${name}`, ...counted, ...sizes, ok: 1 };
  },
  aggregate: (command, client, state) => {
    const { aggregate: on, pipeline, $db } = command;
    const stage = (pipeline as Document[])[0]?.['$changeStream'];
    if (!stage) return refused(40324, 'Unrecognized pipeline stage name');
    const whole = stage['allChangesForCluster'] === true;
    const [db, collection] = whole ? ['', ''] : [$db, on === 1 ? '' : on];
    if (!may(client, 'changeStream', db, collection)) return denied(command, $db);
    if (state.topology === 'standalone')
      return refused(40573, 'The $changeStream stage is only supported on replica sets');
    return cursor(`${$db}.${on === 1 ? '$cmd.aggregate' : on}`, [], 0, state);
  },
  killCursors: ({ cursors }, _, state) => {
    const ids = (cursors as (Long | number)[]).map(String);
    return { cursorsKilled: ids.filter((id) => state.cursors.delete(id)).map((id) => Long.fromString(id)), ok: 1 };
  },
  serverStatus: (command, client, { oplogHours = 72 }) => {
    if (!may(client, 'serverStatus', undefined, undefined)) return denied(command, 'admin');
    const at = (t: number) => ({ ts: new Timestamp({ t, i: 1 }), t: Long.ONE });
    return { oplog: { earliestOptime: at(1_700_000_000), latestOptime: at(1_700_000_000 + oplogHours * 3600) }, ok: 1 };
  },
};

function documentsOf({ databases = {}, oplogHours = 72 }: State, db: string, collection: string): readonly Document[] {
  if (`${db}.${collection}` !== 'local.oplog.rs') return databases[db]?.[collection]?.documents ?? [];
  return [0, oplogHours * 3600].map((s) => ({ ts: new Timestamp({ t: 1_700_000_000 + s, i: 1 }) }));
}

function cursor(ns: string, all: readonly Document[], batchSize: number | undefined, state: State): Document {
  const firstBatch = batchSize === undefined ? all : all.slice(0, batchSize);
  // A change stream is never at its end.
  const open = batchSize === 0 || firstBatch.length < all.length;
  const id = open ? Long.fromString(`70000000000000000${state.nextCursor++}`) : Long.ZERO;
  if (open) state.cursors.add(id.toString());
  return { cursor: { firstBatch, id, ns }, ok: 1 };
}

function saslStart({ mechanism, payload, $db }: Document, client: Client, state: State): Document {
  const given = textOf(payload);
  if (mechanism === 'PLAIN') {
    const [, username, password] = given.split('\0');
    client.user = state.users?.find((user) => user.username === username && user.password === password);
    return client.user ? { conversationId: 1, done: true, payload: bytes(''), ok: 1 } : failed();
  }
  if (mechanism !== 'SCRAM-SHA-1' && mechanism !== 'SCRAM-SHA-256')
    return refused(334, `Received authentication for mechanism ${mechanism} which is not enabled`);
  const username = ScramServer.usernameOf(given);
  const user = state.users?.find(({ username: name, source = 'admin' }) => name === username && source === $db);
  if (user?.mechanisms && !user.mechanisms.includes(mechanism)) return failed();
  // Whoever is not there has a secret that nobody knows.
  const { password = String(Math.random()), rounds } = user ?? {};
  const key = `${mechanism} ${$db} ${username}`;
  const secret = state.secrets.get(key) ?? stored(mechanism, username, password, rounds);
  state.secrets.set(key, secret);
  client.login = { server: new ScramServer(mechanism, given, secret), user };
  return { conversationId: 1, done: false, payload: bytes(client.login.server.challenge), ok: 1 };
}

function saslContinue({ payload }: Document, client: Client): Document {
  const final = client.login?.server.finish(textOf(payload));
  if (final === undefined || !client.login?.user) return failed();
  client.user = client.login.user;
  return { conversationId: 1, done: true, payload: bytes(final), ok: 1 };
}

const failed = () => refused(18, 'Authentication failed.');
const bytes = (text: string) => new Binary(Buffer.from(text));
const textOf = (payload: unknown) => Buffer.from((payload as Binary).buffer).toString();

function denied(command: Document, db: string): Document {
  return refused(13, `not authorized on ${db} to execute command { ${Object.keys(command)[0]}: 1 }`);
}

function fits(name: string, condition: unknown): boolean {
  if (condition === undefined) return true;
  if (typeof condition === 'string') return name === condition;
  const { $in, $regex, $options } = condition as { $in?: string[]; $regex?: string; $options?: string };
  if ($in) return $in.includes(name);
  return $regex === undefined || new RegExp($regex, $options).test(name);
}
