import { connect, type Socket } from 'node:net';
import { type AuthContext, type Connection, type PublicKeyAuthContext, Server, type ServerConfig, utils } from 'ssh2';
import { fingerprintOf } from '../../src/net/ssh-host-key.ts';
import { portOf } from './ports.ts';

export type KeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export interface KeyPair {
  /** OpenSSH's own format. */
  privateKey: string;
  /** `ssh-ed25519 AAAA…` */
  publicLine: string;
  fingerprint: string;
}

/** Keys for servers and for users; encrypted where there is a passphrase. */
export function keyPair(kind: KeyKind = 'ed25519', passphrase?: string, rounds = 8): KeyPair {
  const bits = { ed25519: {}, ecdsa: { bits: 256 }, rsa: { bits: 2048 } }[kind];
  const secret = passphrase === undefined ? {} : { passphrase, cipher: 'aes256-ctr', rounds };
  let pair = utils.generateKeyPairSync(kind, { ...bits, ...secret } as never);
  // Of a key that begins with a zero ssh2 writes one byte too few.
  while (utils.parseKey(pair.public) instanceof Error) {
    pair = utils.generateKeyPairSync(kind, { ...bits, ...secret } as never);
  }
  const [type = '', base64 = ''] = pair.public.split(' ');
  const publicLine = `${type} ${base64}`;
  return { privateKey: pair.private, publicLine, fingerprint: fingerprintOf(Buffer.from(base64, 'base64')) };
}

export type Forward = 'connect' | { reason: number; says?: string } | 'hang' | 'drop' | ((socket: Socket) => void);

export interface SshServerOptions {
  hostKeys?: readonly KeyPair[];
  port?: number;
  username?: string;
  /** Taken by the method `password`. */
  password?: string;
  /** Taken by keyboard-interactive instead, to these questions; one for the password without. */
  questions?: readonly { prompt: string; echo: boolean }[];
  asksAgain?: boolean;
  /** Public keys, as `ssh-ed25519 AAAA…`. */
  keys?: readonly string[];
  /** No password, whatever is said above. */
  keysOnly?: boolean;
  /** Both a key and a password. */
  both?: boolean;
  expired?: boolean;
  /** What is done to every login, in place of looking at it. */
  atLogin?: (auth: AuthContext, connection: Connection) => void;
  /** What becomes of a request to be forwarded to `host:port`. */
  forward?: (place: string) => Forward;
  /** Where what is forwarded really goes. */
  upstream?: { host: string; port: number };
  algorithms?: ServerConfig['algorithms'];
  banner?: string;
  greeting?: string;
}

export interface SshServer {
  readonly host: string;
  readonly port: number;
  readonly fingerprint: string;
  /** Tries to log in so far: `password tunnel`. */
  readonly logins: readonly string[];
  /** Passwords that were sent to it. */
  readonly passwords: readonly string[];
  /** Requests to be forwarded so far: `db:5432`. */
  readonly forwards: readonly string[];
  /** Connections of clients, and those that it has made for them. */
  readonly open: number;
  readonly connections: number;
  /** Ends all connections at once. */
  cut(): void;
  stop(): Promise<void>;
}

export const SSH_USER = 'tunnel';

/** A real SSH server in this process, on a free port of 127.0.0.1. */
export async function startSshServer(options: SshServerOptions = {}): Promise<SshServer> {
  const { hostKeys = [keyPair()], username = SSH_USER, forward = () => 'connect' } = options;
  const logins: string[] = [];
  const passwords: string[] = [];
  const forwards: string[] = [];
  const open = new Set<{ end(): unknown }>();
  const sockets = new Set<Socket>();
  let connections = 0;

  const server = new Server(
    {
      hostKeys: hostKeys.map(({ privateKey }) => privateKey),
      ...(options.algorithms ? { algorithms: options.algorithms } : {}),
      ...(options.banner === undefined ? {} : { banner: options.banner }),
      ...(options.greeting === undefined ? {} : { greeting: options.greeting }),
    },
    (connection) => {
      connections += 1;
      open.add(connection);
      connection.on('error', () => {});
      (connection as Connection & { setNoDelay(on: boolean): void }).setNoDelay(true);
      connection.once('close', () => open.delete(connection));
      const judge = loginJudge(options, username, passwords);
      connection.on('authentication', (auth) => {
        if (auth.method !== 'none') logins.push(`${auth.method} ${auth.username}`);
        if (options.atLogin && auth.method !== 'none') options.atLogin(auth, connection);
        else judge(auth);
      });
      connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
        const place = `${destIP}:${destPort}`;
        forwards.push(place);
        const what = forward(place);
        if (what === 'hang') return;
        if (what === 'drop') return void connection.end();
        // ssh2's own `reject` has no place for what a server says.
        if (typeof what === 'object') return refuse(connection, reject, what);
        const channel = accept();
        channel.on('error', () => {});
        if (typeof what === 'function') return what(channel as unknown as Socket);
        const there = connect(options.upstream ?? { host: '127.0.0.1', port: destPort });
        sockets.add(there);
        there.once('close', () => {
          sockets.delete(there);
          channel.close();
        });
        there.on('error', () => {});
        channel.once('close', () => there.destroy());
        channel.pipe(there).pipe(channel);
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const cut = () => {
    for (const connection of open) connection.end();
  };
  return {
    host: '127.0.0.1',
    port: portOf(server.address()),
    fingerprint: hostKeys[0]?.fingerprint ?? '',
    logins,
    passwords,
    forwards,
    get open() {
      return open.size + sockets.size;
    },
    get connections() {
      return connections;
    },
    cut,
    stop() {
      cut();
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Private to ssh2: the packet with a reason and words of one's own. */
interface Inside {
  _protocol: { channelOpenFail(id: number, reason: number, says: string): void };
}

function refuse(connection: Connection, reject: () => void, { reason, says = '' }: { reason: number; says?: string }) {
  const inside = connection as unknown as Inside;
  const { _protocol: protocol } = inside;
  const send = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (id) => send(id, reason, says);
  reject();
  protocol.channelOpenFail = send;
}

function loginJudge(options: SshServerOptions, username: string, passwords: string[]) {
  const { password, questions, keys = [], keysOnly } = options;
  const byPassword = questions ? ('keyboard-interactive' as const) : ('password' as const);
  const taken = [
    ...(keys.length > 0 ? (['publickey'] as const) : []),
    ...(password === undefined || keysOnly ? [] : [byPassword]),
  ];
  return (auth: AuthContext): void => {
    const isUser = auth.username === username;
    if (auth.method === 'publickey') judgeKey(auth, isUser, () => auth.reject([...taken]), options);
    else if (auth.method === 'password') {
      passwords.push(auth.password);
      if (options.expired) auth.requestChange('too old', () => {});
      else if (isUser && !questions && auth.password === password) auth.accept();
      else auth.reject([...taken]);
    } else if (auth.method === 'keyboard-interactive' && questions) {
      const asked = questions.length > 0 ? questions : [{ prompt: 'Password: ', echo: false }];
      const judge = (answers: string[]) => {
        passwords.push(...answers);
        if (isUser && answers[0] === password) auth.accept();
        else if (options.asksAgain) auth.prompt([...asked], judge);
        else auth.reject([...taken]);
      };
      auth.prompt([...asked], judge);
    } else auth.reject([...taken]);
  };
}

function judgeKey(auth: PublicKeyAuthContext, isUser: boolean, refuse: () => void, options: SshServerOptions): void {
  const kind = auth.key.algo.replace(/^rsa-sha2-\d+$/, 'ssh-rsa');
  if (!isUser || !options.keys?.includes(`${kind} ${auth.key.data.toString('base64')}`)) refuse();
  else if (auth.signature && options.both) auth.reject(['password'], true);
  else auth.accept();
}
