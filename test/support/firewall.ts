import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

export interface Firewall {
  readonly host: string;
  readonly port: number;
  /** Always 0: nobody gets through. */
  readonly connections: number;
  stop(): Promise<void>;
}

// A listener whose thread sleeps for ever, so that nothing takes connections out of its queue of one.
const LISTENER = `
  const { parentPort } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;
const HOST = '127.0.0.1';
const PENDING_MS = 150;

/**
 * A port behind a firewall that drops: connecting neither succeeds nor fails.
 * Made without rights from a full accept queue, for which the kernel drops further SYNs.
 */
export async function startDroppingFirewall(): Promise<Firewall> {
  const worker = new Worker(LISTENER, { eval: true });
  worker.unref();
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const queued: Socket[] = [];
  const stop = async () => {
    for (const socket of queued) socket.destroy();
    await worker.terminate();
  };
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const socket = connect(port, HOST);
    socket.on('error', () => {});
    queued.push(socket);
    const connected = new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)));
    if (!(await Promise.race([connected, sleep(PENDING_MS, false)]))) {
      socket.destroy();
      return { host: HOST, port, connections: 0, stop };
    }
  }
  await stop();
  throw new Error('the accept queue does not fill: this kernel answers every SYN');
}
