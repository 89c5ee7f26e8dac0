import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { Client } from 'pg';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blockList } from '../../../src/net/address.ts';
import { createEgress, type Egress } from '../../../src/net/egress.ts';
import { temporaryFolder } from '../../support/temp.ts';

/** A server on loopback that counts who comes. */
let server: net.Server;
let port: number;
let visits = 0;
let socketPath: string;
let pathServer: net.Server;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  server = net.createServer((socket) => {
    visits += 1;
    socket.on('error', () => {});
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as net.AddressInfo).port;
  folder = await temporaryFolder('socket');
  socketPath = join(folder.path, 'socket');
  pathServer = net.createServer((socket) => {
    visits += 1;
    socket.on('error', () => {}).end();
  });
  pathServer.listen(socketPath);
  await once(pathServer, 'listening');
});
afterAll(async () => {
  server.close();
  pathServer.close();
  await folder.remove();
});
beforeEach(() => {
  visits = 0;
});

function egressWith(
  names: Readonly<Record<string, string>> = {},
  allowHosts: string[] = [],
  allowPrivate = false,
): Egress {
  return createEgress({
    policy: { allowPrivate, allowHosts: new Set(allowHosts), allowCidrs: blockList([]) },
    lookup: async (name) => [names[name] ?? '93.184.216.34'],
  });
}

/** Waits until a socket is connected, and closes it. @throws what the socket ends with */
async function connected(socket: net.Socket, event = 'connect'): Promise<void> {
  try {
    await once(socket, event);
  } finally {
    socket.destroy();
  }
}

/** Everything that dials, each by its own way to the socket. None knows of the egress. */
const DIALLERS: Readonly<Record<string, () => Promise<unknown>>> = {
  'net.connect(options)': () => connected(net.connect({ host: '127.0.0.1', port })),
  'net.connect(port, host)': () => connected(net.connect(port, '127.0.0.1')),
  'net.connect(port) alone, which is localhost': () => connected(net.connect(port)),
  'new Socket().connect': () => connected(new net.Socket().connect(port, '127.0.0.1')),
  'a mapped address': () => connected(net.connect({ host: '::ffff:127.0.0.1', port })),
  'a decimal address': () => connected(net.connect({ host: '2130706433', port })),
  'a name that resolves to it': () => connected(net.connect({ host: 'inner.example.com', port })),
  'a path of the file system': () => connected(net.connect(socketPath)),
  'a path in options': () => connected(net.connect({ path: socketPath })),
  'tls.connect': () => connected(tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }), 'secureConnect'),
  'http.get': async () => {
    await once(http.get({ host: '127.0.0.1', port, agent: false }), 'response');
  },
  'http.get over a socket path': async () => {
    await once(http.get({ socketPath, path: '/', agent: false }), 'response');
  },
  'the global fetch': () => fetch(`http://127.0.0.1:${port}/`),
  undici: () => request(`http://127.0.0.1:${port}/`, { dispatcher: new Agent({ pipelining: 0 }) }),
  'pg with a host of its own': () => new Client({ host: '127.0.0.1', port, user: 'u', password: 'p' }).connect(),
};

describe.each(Object.entries(DIALLERS))('%s', (_, dial) => {
  it('does not get through inside, whatever it was told', async () => {
    const egress = egressWith({ 'inner.example.com': '127.0.0.1' });
    const refused = await egress.guarded(dial).catch((error: unknown) => error);
    const cause = refused instanceof Error && refused.cause ? refused.cause : refused;
    expect(cause).toMatchObject({ code: 'EGRESS_DENIED' });
    expect(visits).toBe(0);
  });
});

describe('the second guard', () => {
  it('leaves sockets outside of its scope as they are', async () => {
    await egressWith().guarded(async () => {});
    await connected(net.connect({ host: '127.0.0.1', port }));
    await (await fetch(`http://127.0.0.1:${port}/`)).text();
    await connected(net.connect(socketPath));
    expect(visits).toBe(3);
  });

  it('follows work over promises, timers and events, and two scopes do not meet', async () => {
    const strict = egressWith().guarded(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return await connected(net.connect(port, '127.0.0.1')).catch((error: { code: string }) => error.code);
    });
    const open = egressWith({}, [], true).guarded(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return await connected(net.connect(port, '127.0.0.1')).then(() => 'through');
    });
    expect(await Promise.all([strict, open])).toEqual(['EGRESS_DENIED', 'through']);
  });

  it('lets through what the first guard has judged, also where the operator opened a name', async () => {
    const egress = egressWith({ 'db.corp.example': '127.0.0.1' }, ['db.corp.example']);
    await egress.guarded(async () => {
      const target = egress.judge(await egress.lookup(egress.admitName('db.corp.example'), port));
      (await egress.connect(target, new AbortController().signal)).destroy();
      // That one address and port, not the machine.
      await expect(connected(net.connect(port + 1, '127.0.0.1'))).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
    });
    expect(visits).toBe(1);
  });

  it('dials the judged answer of one lookup, in the family that was asked for', async () => {
    let lookups = 0;
    const egress = createEgress({
      policy: { allowPrivate: true, allowHosts: new Set(), allowCidrs: blockList([]) },
      lookup: async () => {
        lookups += 1;
        return lookups === 1 ? ['::1', '127.0.0.1'] : ['169.254.169.254'];
      },
    });
    await egress.guarded(() => connected(net.connect({ host: 'a.example.com', port, family: 4 })));
    await expect(
      egress.guarded(() => connected(net.connect({ host: 'a.example.com', port, family: 4 }))),
    ).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
    expect(visits).toBe(1);
  });
});
