import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificates.ts';
import type { HostileServer } from './hostile-servers.ts';
import { portOf } from './ports.ts';

/**
 * An Oracle listener, as far as it gets before anybody logs in. That it is one is proven by Oracle's own driver, which
 * reports what it says in test/unit/probes/oracle/driver.test.ts. No database stands behind it.
 */

export type ListenerReply =
  | { accept: number }
  | { refuse: number; apart?: boolean }
  | { redirect: { host: string; port: number }; connectData?: string; apart?: boolean }
  | 'resend'
  | Buffer;

export interface TnsListener extends HostileServer {
  /** Connect data, as it came. */
  readonly asked: readonly string[];
}

const ACCEPT = 2;
const REFUSE = 4;
const REDIRECT = 5;
const DATA = 6;
const RESEND = 11;
const VERSION_19 = 318767104;

export async function startTnsListener(
  reply: (connectData: string, count: number) => ListenerReply,
  certificate?: Certificate,
): Promise<TnsListener> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const serve = (socket: Socket) => {
    let held = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      while (held.length >= 8 && held.length >= held.readUInt16BE(0)) {
        const packet = held.subarray(0, held.readUInt16BE(0));
        held = held.subarray(packet.length);
        if (packet[4] === 1) {
          const data = packet.subarray(packet.readUInt16BE(26)).toString('latin1');
          // Longer connect data comes in a packet of its own.
          if (data !== '') answer(data);
        } else if (packet[4] === DATA) answer(packet.subarray(10).toString('latin1'));
      }
    });
    const answer = (data: string) => {
      asked.push(data);
      socket.write(bytesOf(reply(data, asked.length)));
    };
  };
  const server = certificate
    ? createTlsServer({ cert: certificate.certPem, key: certificate.keyPem }, serve)
    : createServer(serve);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: portOf(server.address()),
    asked,
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

export function tnsPacket(type: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16BE(body.length + 8, 0);
  head[4] = type;
  head[5] = flags;
  return Buffer.concat([head, body]);
}

function bytesOf(reply: ListenerReply): Buffer {
  if (Buffer.isBuffer(reply)) return reply;
  if (reply === 'resend') return tnsPacket(RESEND, Buffer.alloc(0));
  if ('accept' in reply) {
    const body = Buffer.alloc(37);
    body.writeUInt16BE(reply.accept, 0);
    return tnsPacket(ACCEPT, body);
  }
  if ('refuse' in reply) {
    const { refuse: code } = reply;
    const text = `(DESCRIPTION=(TMP=)(VSNNUM=${VERSION_19})(ERR=${code})(ERROR_STACK=(ERROR=(CODE=${code})(EMFI=4))))`;
    return withText(REFUSE, Buffer.from([34, 0]), text, 0, reply.apart);
  }
  const { host, port } = reply.redirect;
  const address = `(ADDRESS=(PROTOCOL=tcp)(HOST=${host})(PORT=${port}))`;
  const text = reply.connectData === undefined ? address : `${address}\0${reply.connectData}`;
  return withText(REDIRECT, Buffer.alloc(0), text, reply.connectData === undefined ? 0 : 2, reply.apart);
}

function withText(type: number, before: Buffer, text: string, flags: number, apart = false): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  const head = Buffer.concat([before, length]);
  if (!apart) return tnsPacket(type, Buffer.concat([head, Buffer.from(text)]), flags);
  return Buffer.concat([
    tnsPacket(type, head, flags),
    tnsPacket(DATA, Buffer.concat([Buffer.alloc(2), Buffer.from(text)])),
  ]);
}
