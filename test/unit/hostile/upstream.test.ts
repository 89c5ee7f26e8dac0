import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApi } from '../../support/api-server.ts';
import { createAuthority, selfSigned } from '../../support/certificates.ts';
import { casesOf } from '../../support/hostile-map.ts';
import { startHangingServer } from '../../support/hostile-servers.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { startFakeMongodb } from '../../support/mongodb-server.ts';
import { portOf } from '../../support/ports.ts';
import { packet, standardAnswer, startFakeMysql } from '../probes/mysql/fake.ts';
import { listen, startGreetingServer, startRefusingPostgres } from '../probes/servers.ts';

/** What servers do to a client that only wants to test them. */

let lab: InMemory;
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  lab = await inMemory({
    HEADWATER_EGRESS: 'allow_private',
    HEADWATER_INLINE_SECRETS: 'allow',
    HEADWATER_TEST_LIMIT: '100000',
  });
});
afterAll(async () => {
  await Promise.all(stops.map((stop) => stop()));
  await lab.close();
});

interface Place {
  host?: string;
  port: number;
  stop: () => Promise<unknown>;
}

function kept<P extends Place>(server: P): P {
  stops.push(() => server.stop());
  return server;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const api = async (answer: Answer, ...rest: [Parameters<typeof startApi>[1]?]) => kept(await startApi(answer, ...rest));

const pg = ({ port }: Place, more = {}) => ({
  connector: 'postgresql',
  config: { host: '127.0.0.1', port, database: 'd', username: 'u', password: 'unused-password', ...more },
});
const my = (place: Place, more = {}) => ({ ...pg(place, more), connector: 'mysql' });
const rest = ({ port }: Place, more = {}, scheme = 'http') => ({
  connector: 'rest_api',
  config: { url: `${scheme}://127.0.0.1:${port}`, ...more },
});

interface Outcome {
  text: string;
  code?: string | undefined;
  ok?: boolean;
}

async function tested(asked: { connector: string; config: object }, timeout_s = 5): Promise<Outcome> {
  const begun = performance.now();
  const { text, structured } = await lab.call('test_connection', { ...asked, timeout_s });
  // Whatever it meets, a test ends in its time.
  expect(performance.now() - begun).toBeLessThan(timeout_s * 1000 + 1500);
  expect(text.length).toBeLessThan(24_000);
  const { steps, ok } = structured as { ok: boolean; steps: { status: string; code?: string }[] };
  return { text, ok, code: steps.find(({ status }) => status === 'fail')?.code };
}

const failing = (outcome: Outcome, code: string | RegExp) => {
  expect(outcome.ok).toBe(false);
  expect(outcome.code).toMatch(code);
};

interface Input {
  secret?: string;
  error?: string;
  tables?: string[];
  status_sequence?: number[];
}

/** The same words from a database that refuses the login, and from an API. */
async function saying({ error = '', secret = 'unused-password' }: Input): Promise<Outcome[]> {
  const [database, other, web] = await Promise.all([
    startRefusingPostgres({ code: '28P01', message: error }),
    startFakeMysql({ login: () => Buffer.concat([Buffer.from([0xff, 0x15, 0x04]), Buffer.from(`#28000${error}`)]) }),
    api((_, response) => response.writeHead(500).end(error)),
  ]);
  kept(database);
  kept(other);
  const small = Buffer.byteLength(error) < 1_000_000;
  return await Promise.all([
    tested(pg(database, { password: secret })),
    ...(small ? [tested(my(other, { password: secret }))] : []),
    tested(rest(web, { auth: { method: 'basic', username: 'u', password: secret } })),
  ]);
}

const CASES: Readonly<Record<string, (input: Input) => Promise<void>>> = {
  'upstream-echo-secret': echoed,
  'upstream-echo-enc': echoed,
  'upstream-echo-b64': echoed,
  'upstream-echo-json': echoed,
  'upstream-inject-ansi': async (input) => {
    for (const { ok, text } of await saying(input)) {
      expect(ok).toBe(false);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]|\\u00(0|1|7f|8|9)/);
    }
  },
  'upstream-inject-table': async ({ tables = [] }) => {
    const server = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(tables.map((table) => ({ [table]: table }))));
    });
    const { source } = await lab.done('create_source', { ...rest(server), name: 'Tables' });
    const { id } = source as { id: string };
    const preview = await lab.call('preview_source', { source_id: id, stream: '/' });
    expect(preview.structured).toMatchObject({
      rows: tables.map((table) => ({ [table]: table })),
      notice: expect.stringContaining('untrusted data'),
    });
    // As text it is one JSON document: what a name says stays inside its string.
    expect(JSON.parse(preview.text)).toEqual(preview.structured);
  },
  'upstream-big-error': async (input) => {
    for (const { ok, text } of await saying(input)) {
      expect(ok).toBe(false);
      expect(text).not.toContain('E'.repeat(2049));
    }
  },
  'upstream-endless': async () => {
    const server = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = () => response.destroyed || (response.write('x'.repeat(65_536)) ? setImmediate(more) : undefined);
      response.on('drain', more);
      more();
    });
    failing(await tested(rest(server)), 'HTTP_NOT_JSON');
  },
  'upstream-drip': async () => {
    const server = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 100);
      response.once('close', () => clearInterval(timer));
    });
    failing(await tested(rest(server), 1), 'HTTP_TIMEOUT');
  },
  'upstream-hang-connect': async () => {
    const server = kept(await startHangingServer());
    for (const outcome of await Promise.all([tested(pg(server), 1), tested(my(server), 1), tested(rest(server), 1)])) {
      failing(outcome, /TIMEOUT/);
    }
    await expect.poll(() => server.open).toBe(0);
  },
  'upstream-hang-tls': async () => {
    const server = kept(await startHangingServer());
    failing(await tested(rest(server, {}, 'https'), 1), /TIMEOUT/);
    const database = kept(await listen((socket) => void socket.once('data', () => socket.write('S')).resume()));
    failing(await tested(pg(database, { tls_mode: 'require' }), 1), /TIMEOUT/);
  },
  'upstream-headers-1m': async () => {
    const server = kept(
      await listen((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        for (let i = 0; i < 100_000 && !socket.destroyed; i += 1000) {
          socket.write(Array.from({ length: 1000 }, (_, n) => `x-${i + n}: y\r\n`).join(''));
        }
        socket.end('\r\n');
      }),
    );
    failing(await tested(rest(server)), /HTTP_BROKEN|WRONG_PROTOCOL/);
  },
  'upstream-self-signed': async () => {
    const certificate = await selfSigned({ ips: ['127.0.0.1'] });
    const server = await api((_, response) => response.end('{}'), certificate);
    failing(await tested(rest(server, {}, 'https')), 'TLS_SELF_SIGNED');
    expect(server.requests).toEqual([]);
  },
  'upstream-wrong-name': async () => {
    const authority = await createAuthority();
    const server = await api(
      (_, response) => response.end('{}'),
      await authority.issue({ names: ['elsewhere.example.com'] }),
    );
    failing(await tested(rest(server, { tls_ca: authority.certPem }, 'https')), 'TLS_WRONG_NAME');
    expect(server.requests).toEqual([]);
  },
  'upstream-tls10': async () => {
    const { certPem, keyPem } = await selfSigned({ ips: ['127.0.0.1'] });
    const old = createTlsServer({
      cert: certPem,
      key: keyPem,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1',
      ciphers: 'ALL:@SECLEVEL=0',
    }).on('tlsClientError', () => {});
    old.listen(0, '127.0.0.1');
    await once(old, 'listening');
    stops.push(() => new Promise((resolve) => old.close(resolve)));
    failing(await tested(rest({ port: portOf(old.address()), stop: async () => {} }, {}, 'https')), 'TLS_TOO_OLD');
  },
  'upstream-wrong-proto': async () => {
    const server = kept(await startGreetingServer('SSH-2.0-OpenSSH_9.9\r\n'));
    for (const outcome of await Promise.all([tested(my(server)), tested(pg(server))])) {
      failing(outcome, 'WRONG_PROTOCOL');
      expect(outcome.text).toContain('an SSH server answers there');
    }
    failing(await tested(rest(server)), /WRONG_PROTOCOL|HTTP_BROKEN/);
  },
  'upstream-503-flap': async ({ status_sequence: statuses = [] }) => {
    let clock = new Date();
    let status = 0;
    const waiting: (() => void)[] = [];
    const server = await api((_, response) => {
      const answer = () => response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
      if (status === 200) waiting.push(answer);
      else answer();
    });
    const limited = await inMemory({ HEADWATER_EGRESS: 'allow_private' }, { now: () => clock });
    stops.push(() => limited.close());
    const test = () => limited.call('test_connection', { ...rest(server), timeout_s: 5 });
    for (const each of statuses.slice(0, -1)) {
      status = each;
      expect((await test()).structured).toMatchObject({
        steps: expect.arrayContaining([expect.objectContaining({ code: 'HTTP_SERVER_ERROR' })]),
      });
    }
    const asked = server.requests.length;
    const { error, isError } = await test();
    expect(isError).toBe(true);
    expect(error).toMatchObject({ code: 'CIRCUIT_OPEN', last_error: { code: 'HTTP_SERVER_ERROR' } });
    expect(error.retry_after_ms).toBeGreaterThan(0);
    expect(server.requests).toHaveLength(asked);
    clock = new Date(clock.getTime() + (error.retry_after_ms ?? 0));
    status = statuses.at(-1) ?? 0;
    const trial = test();
    await expect.poll(() => waiting.length).toBe(1);
    expect((await test()).error.code).toBe('CIRCUIT_OPEN');
    expect(server.requests).toHaveLength(asked + 1);
    waiting.shift()?.();
    expect((await trial).structured).toMatchObject({ ok: true });
  },
};

async function echoed(input: Input): Promise<void> {
  for (const { ok, text } of await saying(input)) {
    expect(ok).toBe(false);
    const { secret = '' } = input;
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(JSON.stringify(secret)).slice(3, -3)]) {
      expect(text).not.toContain(form);
    }
    expect(text).not.toContain(Buffer.from(`u:${secret}`).toString('base64'));
    expect(text).toContain('[secret]');
  }
}

test.each(casesOf<Input>('upstream').map((each) => [each.id, each] as const))('%s', async (id, { input }) => {
  const run = CASES[id];
  if (!run) throw new Error(`nothing is known of ${id}`);
  await run(input);
});

// -------------------------------------------------------------------------------------- what answers lead to besides

interface Discovery {
  driver: string;
  advertised?: string[];
}

/** A place that nobody may be led to. */
async function trap(): Promise<Place & { readonly connections: number }> {
  return kept(await listen((socket: Socket) => void socket.end()));
}

const LED: Readonly<Record<string, () => Promise<void>>> = {
  'discovery-mysql-infile': async () => {
    const asked: string[] = [];
    const server = kept(
      await startFakeMysql({
        statement: (text) => {
          asked.push(text);
          return /VERSION\(\)/.test(text) ? packet(1, Buffer.from('\xfb/etc/passwd', 'latin1')) : standardAnswer(text);
        },
      }),
    );
    let heard = '';
    const proxy = kept(
      await listen((socket) => {
        const there = connect(server.port, '127.0.0.1').on('error', () => {});
        socket.on('data', (bytes) => {
          heard += bytes.toString('latin1');
        });
        socket.pipe(there).pipe(socket);
      }),
    );
    const outcome = await tested(my(proxy));
    failing(outcome, 'WRONG_PROTOCOL');
    expect(outcome.text).toContain('it asks for a file of this machine');
    expect(asked.length).toBeGreaterThan(0);
    expect(heard).not.toContain('root:');
  },
  'discovery-mongo-name': async () => {
    const named = await trap();
    const hosts = [`127.0.0.1:${named.port}`, 'm2.example.com:27017'];
    const server = kept(await startFakeMongodb({ hello: { hosts, primary: hosts[0], me: hosts[1] } }));
    const config = { host: '127.0.0.1', port: server.port, tls_mode: 'disable' };
    const { ok } = await tested({ connector: 'mongodb', config });
    expect(ok).toBe(true);
    await lab.call('discover_source', { connector: 'mongodb', config });
    expect(named.connections).toBe(0);
  },
  'discovery-mongo-srv-parent': async () => {
    const named = await trap();
    const services = async () => ({ hosts: [{ name: 'evil.attacker.net', port: named.port }], texts: [] });
    const app = await inMemory({ HEADWATER_EGRESS: 'allow_private' }, { services, lookup: async () => ['127.0.0.1'] });
    const config = { host: 'cluster.example.com', srv: true };
    const { structured } = await app.call('test_connection', { connector: 'mongodb', config });
    expect(structured).toMatchObject({ ok: false, depth: 'config' });
    expect(named.connections).toBe(0);
    await app.close();
  },
  'discovery-next-link': async () => {
    const next = await trap();
    const to = `http://127.0.0.1:${next.port}/items?page=2`;
    const server = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', link: `<${to}>; rel="next"` });
      response.end(JSON.stringify({ items: [{ id: 1 }], next: to, links: { next: to } }));
    });
    const { source } = await lab.done('create_source', {
      ...rest(server, { test_path: '/items', pagination: 'link_header' }),
      name: 'Pages',
    });
    const source_id = (source as { id: string }).id;
    await lab.done('discover_source', { source_id });
    await lab.done('preview_source', { source_id, stream: '/items', limit: 50 });
    expect(next.connections).toBe(0);
  },
  'discovery-oidc-endpoint': async () => {
    const next = await trap();
    const to = `http://127.0.0.1:${next.port}/token`;
    const server = await api((request, response) => {
      const challenge = `Bearer authorization_uri="${to}", resource_metadata="${to}"`;
      const status = request.url?.startsWith('/.well-known') ? 200 : 401;
      response.writeHead(status, { 'content-type': 'application/json', 'www-authenticate': challenge });
      response.end(JSON.stringify({ issuer: to, token_endpoint: to, authorization_endpoint: to, jwks_uri: to }));
    });
    const config = { auth: { method: 'bearer', token: 'unused-password' } };
    for (const test_path of ['/.well-known/openid-configuration', '/me']) {
      await tested(rest(server, { ...config, test_path }));
    }
    await tested({ connector: 'mcp', config: { base_url: `http://127.0.0.1:${server.port}/mcp`, ...config } });
    expect(next.connections).toBe(0);
  },
};

const led = casesOf<Discovery>('discovery');
test.each(led.map((each) => [each.id, each] as const))('%s', async (id) => {
  const run = LED[id];
  if (!run) throw new Error(`nothing is known of ${id}`);
  await run();
});
