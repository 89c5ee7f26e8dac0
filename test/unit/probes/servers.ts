import { connect, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { Certificate } from '../../support/certificates.ts';
import type { HostileServer } from '../../support/hostile-servers.ts';
import { portOf } from '../../support/ports.ts';

/** Servers of a few lines, beside those of support/hostile-servers.ts: other protocols, and what stands in between. */

const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');

export async function listen(behave: (socket: Socket) => void, host = '127.0.0.1', port = 0): Promise<HostileServer> {
  const open = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    behave(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    host,
    port: portOf(server.address()),
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

/** Speaks first, as SSH, MySQL, mail and FTP servers do. */
export function startGreetingServer(greeting: string | Buffer): Promise<HostileServer> {
  return listen((socket) => socket.resume().write(greeting));
}

/** Answers each line it is sent, as Redis does; says nothing before a line has come to its end. */
export function startLineServer(answer: string): Promise<HostileServer> {
  return listen((socket) => {
    socket.on('data', (bytes) => {
      if (bytes.includes('\n')) socket.write(answer);
    });
  });
}

/** The greeting of MySQL 8 in a packet of `length` bytes: some lengths look like a message type of PostgreSQL's. */
export function mysqlGreeting(length: number): Buffer {
  const version = Buffer.from('\x0a8.0.36-0ubuntu0\0');
  const payload = Buffer.concat([version, Buffer.alloc(length - version.length, 0x41)]);
  return Buffer.concat([Buffer.from([length, 0, 0, 0]), payload]);
}

/**
 * A pooler or a server in another state: has no TLS, reads the startup message and refuses it in PostgreSQL's own way.
 * Real servers say these only at moments that a test cannot bring about.
 */
export function startRefusingPostgres(fields: { code: string; message: string; routine?: string }) {
  const texts = { S: 'FATAL', V: 'FATAL', C: fields.code, M: fields.message, R: fields.routine ?? 'nowhere' };
  const body = Buffer.concat([
    ...Object.entries(texts).map(([field, text]) => Buffer.from(`${field}${text}\0`)),
    Buffer.from([0]),
  ]);
  const head = Buffer.from('E0000');
  head.writeUInt32BE(body.length + 4, 1);
  return listen((socket) => afterSslRequest(socket, 'N', () => void socket.end(Buffer.concat([head, body]))));
}

/** Sends its first message one byte at a time, then nothing: a network in between may cut messages anywhere. */
export function startCrumblingPostgres(message: Buffer): Promise<HostileServer> {
  return listen((socket) =>
    afterSslRequest(socket, 'N', () => {
      let sent = 0;
      const timer = setInterval(() => {
        if (sent < message.length) socket.write(message.subarray(sent, sent + 1));
        sent += 1;
      }, 15);
      socket.once('close', () => clearInterval(timer));
    }),
  );
}

function afterSslRequest(socket: Socket, answer: 'N', then: (startup: Buffer) => void): void {
  socket.once('data', (bytes) => {
    if (!bytes.equals(SSL_REQUEST)) return then(bytes);
    socket.write(answer);
    socket.once('data', then);
  });
}

export interface Proxy extends HostileServer {
  /** From now on nothing more comes from the server. */
  freeze(): void;
  /** Drops every connection. */
  cut(): void;
}

/** Stands between the probe and a real server. */
export async function startProxy(upstream: { host: string; port: number }): Promise<Proxy> {
  const near = new Set<Socket>();
  const far = new Set<Socket>();
  const server = await listen((socket) => {
    const there = connect(upstream);
    near.add(socket);
    far.add(there);
    there.on('error', () => socket.destroy());
    there.once('close', () => far.delete(there));
    socket.once('close', () => {
      near.delete(socket);
      there.destroy();
    });
    socket.pipe(there).pipe(socket);
  });
  return {
    host: server.host,
    port: server.port,
    get connections() {
      return server.connections;
    },
    get open() {
      return server.open;
    },
    stop: () => server.stop(),
    freeze() {
      for (const socket of far) socket.unpipe().pause();
    },
    cut() {
      for (const socket of near) socket.resetAndDestroy();
    },
  };
}

/** Takes TLS off before a real server, with a certificate of the test's choice, as poolers and load balancers do. */
export function startTlsTerminator(
  certificate: Certificate,
  upstream: { host: string; port: number },
): Promise<HostileServer> {
  const secureContext = createSecureContext({ cert: certificate.certPem, key: certificate.keyPem });
  return listen((socket) => {
    socket.once('data', () => {
      socket.write('S');
      const tls = new TLSSocket(socket, { isServer: true, secureContext });
      const there = connect(upstream);
      tls.on('error', () => there.destroy());
      there.on('error', () => tls.destroy());
      socket.once('close', () => there.destroy());
      tls.pipe(there).pipe(tls);
    });
  });
}

/** Only listens, and counts the bytes it is sent. */
export async function startListener(): Promise<HostileServer & { readonly bytes: number }> {
  let bytes = 0;
  const server = await listen((socket) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
    });
  });
  return Object.defineProperty(server, 'bytes', { get: () => bytes }) as HostileServer & { readonly bytes: number };
}
