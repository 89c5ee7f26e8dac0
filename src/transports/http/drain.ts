import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange } from './exchange.ts';
import { withLimit } from './time.ts';

export interface Drain {
  /** Lets no connection outlive the exchange once the end has begun. */
  watch(exchange: Exchange): void;
  /** Takes no new connections from now on. */
  begin(): void;
  /** Settles when the last answer has gone out, or after so many ms. */
  ended(limitMs: number): Promise<void>;
}

/** Lets a server end: what is being answered is finished, and for nothing else it waits. */
export function createDrain(server: Server, open: ReadonlySet<Exchange>): Drain {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  let draining = false;
  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  return {
    watch({ response }) {
      if (draining) response.shouldKeepAlive = false;
      // Only after its end is the connection one that waits for nothing.
      response.once('close', () => draining && setImmediate(() => server.closeIdleConnections()));
    },
    begin() {
      draining = true;
      server.close();
      for (const { response } of open) if (!response.headersSent) response.shouldKeepAlive = false;
      // Clients open some in advance. Node holds one that has said nothing yet for a request that is on its way.
      for (const socket of connections) if (socket.bytesRead === 0) socket.destroy();
    },
    ended: (limitMs) => withLimit(closed, limitMs).catch(() => {}),
  };
}
