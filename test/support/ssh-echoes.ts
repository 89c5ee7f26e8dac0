import type { Socket } from 'node:net';
import { type AuthContext, type Connection, Server, type ServerConfig } from 'ssh2';
import { keyPair } from './ssh-server.ts';

/** SSH servers that know a client's secret and write it wherever their protocol takes text. */

type Talk = (socket: Socket, words: string) => void;

interface Says {
  config?: (words: string) => Partial<ServerConfig>;
  login?: (auth: AuthContext, words: string, connection: Connection) => void;
  forward?: { reason: number } | 'answers';
}

const hostKey = keyPair();
/** As long as a name or a line of the protocol may be. */
const short = (words: string) => words.replaceAll(/[\r\n]/g, ' ').slice(0, 2000);

const ssh =
  ({ config = () => ({}), login = (auth) => auth.accept(), forward = 'answers' }: Says): Talk =>
  (socket, words) => {
    const server = new Server({ hostKeys: [hostKey.privateKey], ...config(short(words)) }, (connection) => {
      connection.on('error', () => {});
      connection.on('authentication', (auth) => login(auth, words, connection));
      connection.on('tcpip', (accept, reject) => {
        if (forward !== 'answers') return refuseSaying(connection, reject, forward.reason, words);
        const channel = accept();
        channel.on('error', () => {}).on('data', () => {});
        channel.end(words);
      });
    });
    server.injectSocket(socket);
  };

const afterNothing =
  (then: NonNullable<Says['login']>): NonNullable<Says['login']> =>
  (auth, words, connection) => {
    if (auth.method === 'none') auth.reject(['password', 'publickey']);
    else then(auth, words, connection);
  };

export const SSH_ECHOES: Readonly<Record<string, Talk>> = {
  'speaks first': (socket, words) => void socket.resume().write(words),
  'says it is SSH': (socket, words) => void socket.resume().write(`SSH-2.0-${words}\r\n`),
  'has strange algorithms': (socket, words) => {
    socket.resume().write('SSH-2.0-echo\r\n');
    socket.write(keyExchange(words));
  },
  'greets with it': ssh({ config: (words) => ({ greeting: words, banner: words, ident: words.slice(0, 200) }) }),
  'takes nothing but it': ssh({ login: (auth, words) => auth.reject([short(words)] as never) }),
  'refuses the login': ssh({
    config: (words) => ({ banner: words }),
    login: afterNothing((auth, words) => auth.reject(['password', short(words)] as never)),
  }),
  'asks for it': ssh({
    login: (auth, words) => {
      if (auth.method !== 'keyboard-interactive') return auth.reject(['keyboard-interactive']);
      const again = () => auth.prompt([{ prompt: words, echo: true }], words, words, () => {});
      auth.prompt([{ prompt: words, echo: false }], words, words, again);
    },
  }),
  'hangs up saying it': ssh({
    login: afterNothing((_, words, connection) => disconnectSaying(connection, 2, words)),
  }),
  'has had too many': ssh({
    login: afterNothing((_, words, connection) =>
      disconnectSaying(connection, 2, `Too many authentication failures ${words}`),
    ),
  }),
  'permits no forwarding': ssh({ forward: { reason: 1 } }),
  'reaches nothing': ssh({ forward: { reason: 2 } }),
  'answers behind it': ssh({ forward: 'answers' }),
};

/** Private to ssh2: packets with words of one's own. */
interface Inside {
  _protocol: {
    _cipher: { encrypt(packet: Buffer): void };
    _packetRW: {
      write: { allocStart: number; alloc(length: number): Buffer; finalize(packet: Buffer): Buffer };
    };
    channelOpenFail(id: number, reason: number, says: string): void;
  };
}

function disconnectSaying(connection: Connection, reason: number, words: string): void {
  const { _protocol: protocol } = connection as unknown as Inside;
  const { write } = protocol._packetRW;
  const text = Buffer.from(words);
  const packet = write.alloc(1 + 4 + 4 + text.length + 4);
  let at = packet.writeUInt8(1, write.allocStart);
  at = packet.writeUInt32BE(reason, at);
  at = packet.writeUInt32BE(text.length, at);
  packet.set(text, at);
  packet.writeUInt32BE(0, at + text.length);
  protocol._cipher.encrypt(write.finalize(packet));
}

function refuseSaying(connection: Connection, reject: () => void, reason: number, words: string): void {
  const { _protocol: protocol } = connection as unknown as Inside;
  const send = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (id) => send(id, reason, words);
  reject();
  protocol.channelOpenFail = send;
}

/** SSH_MSG_KEXINIT (RFC 4253, 7.1), every list the same. */
function keyExchange(words: string): Buffer {
  const list = Buffer.from(short(words));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(list.length);
  const lists = Array.from({ length: 10 }, () => Buffer.concat([length, list]));
  const payload = Buffer.concat([Buffer.from([20]), Buffer.alloc(16), ...lists, Buffer.alloc(5)]);
  const padding = 8 - ((payload.length + 5) % 8) + 8;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + padding + 1);
  head[4] = padding;
  return Buffer.concat([head, payload, Buffer.alloc(padding)]);
}
