import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { type Certificate, selfSigned } from './certificates.ts';
import { portOf } from './ports.ts';

export { startDroppingFirewall } from './firewall.ts';
export { freePort as closedPort } from './ports.ts';

export interface HostileServer {
  readonly host: string;
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections that the other side has not closed yet. */
  readonly open: number;
  stop(): Promise<void>;
}

// Neither text nor the start of any message of PostgreSQL, TLS or HTTP.
const GARBAGE = Buffer.from('00ff13378badf00d7f80fe01c0ffee00deadbeef', 'hex');
const DRIP_MS = 200;
const SSL_REQUEST = 80877103;

/** A web server: answers 400 to what is not HTTP. */
export function startHttpServer(): Promise<HostileServer> {
  return listen(createHttpServer((_request, response) => void response.end('It works!')));
}

/** Accepts, reads and never answers. */
export function startHangingServer(): Promise<HostileServer> {
  return startServer((socket) => socket.resume());
}

/** Closes every connection at once. */
export function startClosingServer(): Promise<HostileServer> {
  return startServer((socket) => socket.resume().end());
}

/** Resets every connection at once. */
export function startResettingServer(): Promise<HostileServer> {
  return startServer((socket) => socket.resetAndDestroy());
}

/** Greets with bytes of no protocol, and answers whatever it hears with more of them. */
export function startGarbageServer(): Promise<HostileServer> {
  return startServer((socket) => {
    socket.write(GARBAGE);
    socket.on('data', () => socket.write(GARBAGE));
  });
}

/**
 * Answers one byte each 200 ms and never comes to an end: refuses TLS, then begins
 * a PostgreSQL message of 64 MB. A limit on silence does not help against it, a deadline does.
 */
export function startDrippingServer(): Promise<HostileServer> {
  return startServer((socket) => {
    socket.once('data', (hello) => {
      const answer = Buffer.from([0x52, 0x04, 0x00, 0x00, 0x00]);
      const bytes = isSslRequest(hello) ? Buffer.concat([Buffer.from('N'), answer]) : answer;
      let sent = 0;
      const timer = setInterval(() => {
        socket.write(Buffer.from([bytes[sent] ?? 0]));
        sent += 1;
      }, DRIP_MS);
      socket.once('close', () => clearInterval(timer));
      socket.resume();
    });
  });
}

/** Speaks TLS from the first byte and says nothing inside it. Without a certificate it makes its own. */
export async function startTlsOnlyServer(certificate?: Certificate): Promise<HostileServer> {
  const { certPem, keyPem } = certificate ?? (await selfSigned({ names: ['localhost'], ips: ['127.0.0.1'] }));
  const server = createTlsServer({ cert: certPem, key: keyPem }, (socket) => {
    socket.on('error', () => {});
    socket.resume();
  });
  return listen(server);
}

/** A PostgreSQL server without TLS: refuses it, then says nothing more. */
export function startTlsRefusingServer(): Promise<HostileServer> {
  return startServer((socket) => answerSslRequest(socket, Buffer.from('N')));
}

/** Agrees to TLS, then hangs in its handshake. */
export function startTlsHangingServer(): Promise<HostileServer> {
  return startServer((socket) => answerSslRequest(socket, Buffer.from('S')));
}

/** Agrees to TLS, then answers its handshake with garbage. */
export function startTlsGarbageServer(): Promise<HostileServer> {
  return startServer((socket) => answerSslRequest(socket, Buffer.from('S'), GARBAGE));
}

/** Sends one answer to the request for TLS and, where there is one, another to everything after it. */
function answerSslRequest(socket: Socket, answer: Buffer, then?: Buffer): void {
  socket.once('data', (hello) => {
    if (isSslRequest(hello)) socket.write(answer);
    socket.on('data', () => {
      if (then) socket.write(then);
    });
  });
}

function isSslRequest(message: Buffer): boolean {
  return message.length === 8 && message.readInt32BE(4) === SSL_REQUEST;
}

function startServer(behave: (socket: Socket) => void): Promise<HostileServer> {
  return listen(createServer(behave));
}

async function listen(server: Server): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    host: '127.0.0.1',
    port: portOf(server.address()),
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
