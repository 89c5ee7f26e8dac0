import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONNECTORS } from '../../../src/connectors/index.ts';
import * as hostile from '../../support/hostile-servers.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { freePort } from '../../support/ports.ts';
import { listen } from './servers.ts';

const LIMIT_S = 2;
const SLACK_MS = 2500;

const database = (port: number) => ({ host: '127.0.0.1', port, database: 'd', username: 'u', password: 'p4ssw0rd' });
const auth = { method: 'bearer', token: 't0ken-of-tests' };

/** A config of each connector whose server is at a port of this machine, over TLS or not. */
const CONFIGS: Readonly<Record<string, (port: number, tls: boolean) => Record<string, unknown>>> = {
  postgresql: (port, tls) => ({ ...database(port), tls_mode: tls ? 'require' : 'disable' }),
  mysql: (port, tls) => ({ ...database(port), tls_mode: tls ? 'require' : 'disable' }),
  mariadb: (port, tls) => ({ ...database(port), tls_mode: tls ? 'require' : 'disable' }),
  mongodb: (port, tls) => ({ ...database(port), tls_mode: tls ? 'require' : 'disable' }),
  oracle: (port, tls) => ({
    ...{ host: '127.0.0.1', port, service_name: 'SHOP', username: 'u', password: 'p4ssw0rd' },
    tls_mode: tls ? 'require' : 'disable',
  }),
  sqlserver: (port, tls) => ({ ...database(port), tls_mode: tls ? 'require' : 'disable' }),
  rest_api: (port, tls) => ({ url: at(port, tls), auth }),
  webhook: (port, tls) => ({ url: at(port, tls), auth }),
  csv: (port, tls) => ({ url: `${at(port, tls)}/file.csv`, auth }),
  mcp: (port, tls) => ({ base_url: `${at(port, tls)}/mcp`, auth }),
};

function at(port: number, tls: boolean): string {
  return `${tls ? 'https' : 'http'}://127.0.0.1:${port}`;
}

interface Fault {
  /** The code of the step that fails; by connector where they differ, for those alone that it can hit. */
  code: string | Readonly<Record<string, string>>;
  start: () => Promise<Pick<hostile.HostileServer, 'port' | 'open' | 'stop'>>;
  tls?: boolean;
}

const databases = (code: string) => ({
  postgresql: code,
  mysql: code,
  mariadb: code,
  mongodb: code,
  oracle: code,
  sqlserver: code,
});
const overHttp = (code: string) => ({ ...read(code), webhook: code });
/** Those that read a body. */
const read = (code: string) => ({ rest_api: code, csv: code, mcp: code });

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const BOMB = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));

/** Answers the first bytes it hears over HTTP. */
const answering = (answer: (socket: Socket) => void) => () =>
  listen((socket) => void socket.once('data', () => answer(socket)));

const FAULTS: Readonly<Record<string, Fault>> = {
  refused: { code: 'TCP_REFUSED', start: async () => ({ port: await freePort(), open: 0, stop: async () => {} }) },
  reset: { code: 'CONNECTION_LOST', start: hostile.startResettingServer },
  closed: { code: { ...databases('CONNECTION_LOST'), ...overHttp('HTTP_BROKEN') }, start: hostile.startClosingServer },
  hangs: { code: { ...databases('PROTOCOL_TIMEOUT'), ...overHttp('HTTP_TIMEOUT') }, start: hostile.startHangingServer },
  'hangs in TLS': { code: 'TLS_TIMEOUT', start: hostile.startHangingServer, tls: true },
  'garbage in TLS': {
    // Where TLS comes first, nothing else is heard.
    code: { ...databases('WRONG_PROTOCOL'), oracle: 'TLS_NOT_SPOKEN', ...overHttp('TLS_NOT_SPOKEN') },
    start: hostile.startGarbageServer,
    tls: true,
  },
  drips: {
    code: {
      ...databases('PROTOCOL_TIMEOUT'),
      postgresql: 'WRONG_PROTOCOL',
      oracle: 'WRONG_PROTOCOL',
      sqlserver: 'WRONG_PROTOCOL',
      ...overHttp('WRONG_PROTOCOL'),
    },
    start: hostile.startDrippingServer,
  },
  garbage: {
    code: { ...databases('WRONG_PROTOCOL'), ...overHttp('WRONG_PROTOCOL') },
    start: hostile.startGarbageServer,
  },
  'giant headers': {
    code: overHttp('WRONG_PROTOCOL'),
    start: answering((socket) => socket.end(`${HEAD}${'x-pad: '.padEnd(1_000_000, 'a')}\r\n\r\n`)),
  },
  'endless headers': {
    code: overHttp('WRONG_PROTOCOL'),
    start: answering((socket) => pour(socket, HEAD, 'x-pad: aaaaaaaaaaaaaaaa\r\n')),
  },
  'endless body': {
    code: { rest_api: 'HTTP_NOT_JSON', csv: 'FILE_EMPTY', mcp: 'MCP_TOO_LARGE' },
    start: answering((socket) => pour(socket, `${HEAD}\r\n`, ' '.repeat(16_384))),
  },
  'gzip bomb': {
    code: { rest_api: 'HTTP_NOT_JSON', csv: 'FILE_EMPTY', mcp: 'MCP_TOO_LARGE' },
    start: answering((socket) => {
      socket.write(`${HEAD}content-encoding: gzip\r\ncontent-length: ${BOMB.length}\r\n\r\n`);
      socket.end(BOMB);
    }),
  },
  truncated: {
    code: read('HTTP_BROKEN'),
    start: answering((socket) => socket.end(`${HEAD}content-length: 1000\r\n\r\n[{"id":`)),
  },
  'stops in its body': {
    code: { ...read('HTTP_TIMEOUT'), csv: 'FILE_SLOW' },
    start: answering((socket) => void socket.write(`${HEAD}content-length: 1000\r\n\r\n[{"id":`)),
  },
  'broken chunks': {
    code: read('WRONG_PROTOCOL'),
    start: answering((socket) => socket.end(`${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nnot a chunk\r\n`)),
  },
};

function pour(socket: Socket, head: string, piece: string): void {
  socket.write(head);
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

let session: InMemory;
beforeAll(async () => {
  session = await inMemory();
});
afterAll(() => session.close());

it('knows every connector', () => {
  expect(Object.keys(CONFIGS).sort()).toEqual(CONNECTORS.map(({ code }) => code));
});

interface Step {
  status: string;
  code?: string;
  actor?: string;
  fix?: { text: string };
}

describe.each(Object.entries(FAULTS))('%s', (_, { start, code, tls = false }) => {
  const rows =
    typeof code === 'string'
      ? Object.keys(CONFIGS).map((connector) => [connector, code] as const)
      : Object.entries(code);

  it.concurrent.each(rows)('%s: %s, within its time, and nothing is left open', async (connector, expected) => {
    const server = await start();
    const began = performance.now();
    const config = CONFIGS[connector]?.(server.port, tls);
    const { structured } = await session.call('test_connection', { connector, config, timeout_s: LIMIT_S });
    expect(performance.now() - began).toBeLessThan(LIMIT_S * 1000 + SLACK_MS);
    const failed = (structured?.['steps'] as Step[] | undefined)?.find(({ status }) => status === 'fail');
    const fix = { text: expect.stringMatching(/.{15}/) };
    expect(failed).toMatchObject({ code: expected, actor: expect.any(String), fix });
    await vi.waitFor(() => expect(server.open).toBe(0), 1000);
    await server.stop();
  });
});
