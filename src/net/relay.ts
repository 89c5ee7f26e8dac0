import { createServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { permitSocket } from './second-guard.ts';

const HERE = '127.0.0.1';

/** A door on this machine that leads into a connection. */
export interface Relay {
  host: string;
  port: number;
  close: () => void;
}

/**
 * Lets a library that can be given no socket talk over one all the same. The door opens once, to whoever of this process
 * comes through it, and is closed behind it; the connection ends with it.
 */
export async function relayTo(far: Duplex): Promise<Relay> {
  let near: Socket | undefined;
  const server = createServer({ noDelay: true }, (socket) => {
    server.close();
    if (near) return void socket.destroy();
    near = socket;
    socket.on('error', () => far.destroy());
    far.on('error', () => socket.destroy());
    far.once('close', () => socket.destroy());
    socket.pipe(far).pipe(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HERE, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  permitSocket(HERE, port);
  const close = () => {
    server.close();
    near?.destroy();
    far.destroy();
  };
  return { host: HERE, port, close };
}
