import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import * as hostile from '../../support/hostile-servers.ts';

const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');
const running: { stop(): Promise<void> }[] = [];

async function started<Server extends { stop(): Promise<void> }>(starting: Promise<Server>): Promise<Server> {
  const server = await starting;
  running.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

/** Asks for TLS as PostgreSQL's clients do, and says what came back within the time. */
function answer(port: number, withinMs: number, second?: Buffer): Promise<{ bytes: Buffer; end: string }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => void socket.write(SSL_REQUEST));
    const finish = (end: string) => {
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), end });
    };
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (chunks.length === 1 && second) socket.write(second);
    });
    socket.once('connect', () => setTimeout(finish, withinMs, 'open'));
    socket.once('end', () => finish('closed'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
  });
}

test.each([
  ['web server', hostile.startHttpServer, /^HTTP\/1.1 400/, 'closed'],
  ['hanging', hostile.startHangingServer, /^$/, 'open'],
  ['closing', hostile.startClosingServer, /^$/, 'closed'],
  ['resetting', hostile.startResettingServer, /^$/, 'ECONNRESET'],
  ['garbage', hostile.startGarbageServer, /^\0/, 'open'],
  ['no TLS', hostile.startTlsRefusingServer, /^N$/, 'open'],
  ['hanging in TLS', hostile.startTlsHangingServer, /^S$/, 'open'],
  ['garbage in TLS', hostile.startTlsGarbageServer, /^S\0/, 'open'],
])('%s', async (_name, start, bytes, end) => {
  const server = await started(start());
  const got = await answer(server.port, 150, Buffer.from('second'));
  expect(got.bytes.toString('latin1')).toMatch(bytes);
  expect(got.end).toBe(end);
  expect(server.connections).toBe(1);
  await vi.waitFor(() => expect(server.open).toBe(0));
});

test('a dripping server sends byte after byte', async () => {
  const server = await started(hostile.startDrippingServer());
  const { bytes, end } = await answer(server.port, 700);
  expect(bytes.subarray(0, 2).toString()).toBe('NR');
  expect(bytes).toHaveLength(3);
  expect(end).toBe('open');
});

test('a TLS-only server speaks TLS and nothing else', async () => {
  const server = await started(hostile.startTlsOnlyServer());
  expect((await answer(server.port, 500)).end).toBe('closed');
  const socket = connectTls({ port: server.port, host: server.host, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  expect(socket.getPeerCertificate().subject.CN).toBe('localhost');
  socket.destroy();
});

test('a closed port refuses', async () => {
  const socket = connect(await hostile.closedPort(), '127.0.0.1');
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a dropping firewall leaves connects pending, again and again', async () => {
  const firewall = await started(hostile.startDroppingFirewall());
  for (let round = 0; round < 3; round += 1) {
    expect((await dial(firewall.port, 300)).outcome).toBe('pending');
  }
});

function dial(port: number, withinMs: number): Promise<{ outcome: string }> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (outcome: string) => {
      socket.destroy();
      resolve({ outcome });
    };
    socket.once('connect', () => finish('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    setTimeout(finish, withinMs, 'pending');
  });
}
