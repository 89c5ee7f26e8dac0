import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.ts';
import { ATTEMPT_ERRORS } from '../../src/tools/error-sets.ts';
import { TOOLS } from '../../src/tools/index.ts';
import { type ApiServer, json, startApi } from '../support/api-server.ts';
import { type Answer, type InMemory, inMemory } from '../support/in-memory.ts';
import { freePort } from '../support/ports.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

const postgres = sharedPostgres();
const SECOND = 1000;
const MINUTE = 60_000;

let session: InMemory;
let clock: Date;
const sessions: InMemory[] = [];
let servers: ApiServer[] = [];

async function start(environment: Record<string, string> = {}): Promise<void> {
  const standard = { HEADWATER_SECRET_SHOP: postgres.readerPassword, HEADWATER_TEST_LIMIT: '100' };
  session = await inMemory({ ...standard, ...environment }, { now: () => clock });
  sessions.push(session);
}
const pass = (ms: number) => {
  clock = new Date(clock.getTime() + ms);
};

beforeEach(() => {
  clock = new Date();
});
afterEach(async () => {
  for (const one of sessions.splice(0)) await one.close();
  await Promise.all(servers.map((server) => server.stop()));
  servers = [];
});

const shop = (changes: Record<string, unknown> = {}) => ({
  connector: 'postgresql',
  config: {
    host: '127.0.0.1',
    port: postgres.port,
    database: SHOP_DATABASE,
    username: SHOP_ROLES.reader,
    password: '${env:HEADWATER_SECRET_SHOP}',
    ...changes,
  },
});
const test = (changes: Record<string, unknown> = {}) => session.call('test_connection', shop(changes));
function firstFailure({ structured = {}, text }: Answer): string | undefined {
  if (!Array.isArray(structured['steps'])) throw new Error(`no report: ${text}`);
  return structured['steps'].find(({ status }) => status === 'fail')?.code;
}

describe('tools that connect', () => {
  const connecting = TOOLS.filter(({ errors }) => ATTEMPT_ERRORS.every((code) => errors.includes(code)));

  it('say that they may be refused', () => {
    expect(connecting.map(({ name }) => name)).toEqual([
      'test_connection',
      'create_source',
      'update_source',
      'discover_source',
      'preview_source',
    ]);
  });

  it('share one limit, and are refused when it is reached', async () => {
    await start({ HEADWATER_TEST_LIMIT: '5' });
    // Three tenths of 5, rounded up, are 2 of one server; another name for it is another destination.
    const local = shop({ host: 'localhost' });
    const created = await session.done('create_source', { ...shop(), name: 'Shop' });
    const id = (created['source'] as { id: string }).id;
    await session.done('discover_source', { source_id: id });
    const full = await session.call('preview_source', { source_id: id, stream: 'public.customers' });
    expect(full.error).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      retry_after_ms: MINUTE,
      message: `Connections to 127.0.0.1:${postgres.port} were attempted twice within 60 s, which is the limit for one destination.`,
    });
    expect(full.isError).toBe(true);
    expect((await session.call('test_connection', { source_id: id })).error.code).toBe('RATE_LIMITED');
    pass(10 * SECOND);
    await session.done('test_connection', local);
    await session.done('discover_source', local);
    pass(10 * SECOND);
    const port = await freePort();
    expect(await session.done('test_connection', shop({ port }))).toMatchObject({ ok: false });
    for (const [tool, args] of [
      ['test_connection', shop({ port: port + 1 })],
      ['create_source', { ...shop({ port: port + 1 }), name: 'Another' }],
      ['update_source', { source_id: id, config: { ...shop({ port: port + 1 }).config } }],
      ['discover_source', shop({ port: port + 1 })],
      ['preview_source', { source_id: id, stream: 'public.customers' }],
    ] as const) {
      const { error } = await session.call(tool, args);
      expect(error).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: 40 * SECOND });
      expect(error.message).toContain('5 times within 60 s');
    }
    // What opens no connection goes on.
    await session.done('update_source', { source_id: id, description: 'The shop' });
    expect((await session.done('get_source', { source_id: id }))['source']).toMatchObject({ last_error: null });
    pass(40 * SECOND);
    await session.done('preview_source', { source_id: id, stream: 'public.customers' });
  });

  it('do not count a config that nothing can be dialled for', async () => {
    await start({ HEADWATER_TEST_LIMIT: '1' });
    const broken = shop({ password: '${env:HEADWATER_SECRET_ABSENT}' });
    for (let n = 0; n < 3; n += 1) {
      expect(await session.done('test_connection', broken)).toMatchObject({ ok: false, depth: 'config' });
    }
    expect(await session.done('test_connection', shop())).toMatchObject({ ok: true });
  });
});

describe('a destination that fails', () => {
  it('is not connected to after 5 failures, until one test may try again', async () => {
    await start();
    const port = await freePort();
    for (let n = 0; n < 5; n += 1) expect(firstFailure(await test({ port }))).toBe('TCP_REFUSED');
    const { error, isError } = await test({ port });
    expect(isError).toBe(true);
    expect(error).toMatchObject({ code: 'CIRCUIT_OPEN', retryable: true });
    expect(error.retry_after_ms).toBeGreaterThanOrEqual(24 * SECOND);
    expect(error.retry_after_ms).toBeLessThanOrEqual(36 * SECOND);
    expect(error.last_error).toEqual({
      code: 'TCP_REFUSED',
      message: expect.stringContaining(`Nothing listens on 127.0.0.1:${port}`),
    });
    const { error: same } = await session.call('create_source', { ...shop({ port }), name: 'Dead' });
    expect(same.code).toBe('CIRCUIT_OPEN');
    // Another port is another destination: a corrected config is not held up.
    expect((await test()).structured).toMatchObject({ ok: true });
    pass(error.retry_after_ms ?? 0);
    expect(firstFailure(await test({ port }))).toBe('TCP_REFUSED');
    const { error: again } = await test({ port });
    expect(again.retry_after_ms).toBeGreaterThanOrEqual(48 * SECOND);
  });

  it('is connected to at once after its source was edited to another place', async () => {
    await start();
    const port = await freePort();
    const created = await session.done('create_source', { ...shop({ port }), name: 'Shop', run_test: false });
    const id = (created['source'] as { id: string }).id;
    for (let n = 0; n < 5; n += 1) await session.done('test_connection', { source_id: id });
    expect((await session.call('discover_source', { source_id: id })).error.code).toBe('CIRCUIT_OPEN');
    const { password } = shop().config;
    const updated = await session.done('update_source', { source_id: id, config: { port: postgres.port, password } });
    expect(updated['source']).toMatchObject({ status: 'Active' });
  });

  it('is one whose API fails, and not one that refuses the credentials or has nothing there', async () => {
    await start();
    const answers: Record<string, number> = { '/down': 503, '/private': 401, '/gone': 404 };
    const api = await startApi((request, response) => json(response, answers[request.url ?? ''] ?? 200, {}));
    servers.push(api);
    const ask = (test_path: string) =>
      session.call('test_connection', {
        connector: 'rest_api',
        config: { url: api.url, test_path, auth: { method: 'bearer', token: '${env:HEADWATER_SECRET_SHOP}' } },
      });
    for (const path of ['/private', '/gone']) {
      for (let n = 0; n < 6; n += 1) expect((await ask(path)).isError).toBe(false);
    }
    for (let n = 0; n < 5; n += 1) expect(firstFailure(await ask('/down'))).toBe('HTTP_SERVER_ERROR');
    expect((await ask('/down')).error).toMatchObject({
      code: 'CIRCUIT_OPEN',
      last_error: { code: 'HTTP_SERVER_ERROR' },
    });
  });

  it('may be tried by the next one where the one that tried was called off', async () => {
    await start();
    let down = true;
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const api = await startApi((_, response) => (down ? json(response, 503, {}) : arrived()));
    servers.push(api);
    const args = { connector: 'rest_api', config: { url: api.url } };
    for (let n = 0; n < 5; n += 1) await session.done('test_connection', args);
    pass(40 * SECOND);
    down = false;
    const stop = new AbortController();
    const stopped = session.client
      .callTool({ name: 'test_connection', arguments: args }, { signal: stop.signal })
      .catch(() => 'stopped');
    await arrival;
    expect((await session.call('test_connection', args)).error.code).toBe('CIRCUIT_OPEN');
    stop.abort();
    expect(await stopped).toBe('stopped');
    down = true;
    await expect.poll(async () => firstFailure(await session.call('test_connection', args))).toBe('HTTP_SERVER_ERROR');
  });

  it.each([
    ['seconds', () => '17', 17],
    ['a date', () => new Date(clock.getTime() + 90 * SECOND).toUTCString(), 90],
  ])('is left alone for as long as its Retry-After says in %s', async (_, retryAfter, seconds) => {
    await start();
    clock = new Date(Math.floor(clock.getTime() / SECOND) * SECOND);
    const api = await startApi((_, response) => json(response, 429, {}, { 'retry-after': retryAfter() }));
    servers.push(api);
    const args = { connector: 'rest_api', config: { url: api.url } };
    const report = await session.done('test_connection', args);
    expect(report['steps']).toContainEqual(
      expect.objectContaining({ code: 'HTTP_RATE_LIMITED', retry_after_ms: seconds * SECOND }),
    );
    const { error } = await session.call('test_connection', args);
    expect(error).toMatchObject({
      code: 'CIRCUIT_OPEN',
      retry_after_ms: seconds * SECOND,
      last_error: { code: 'HTTP_RATE_LIMITED' },
    });
    pass(seconds * SECOND);
    expect(await session.done('test_connection', args)).toMatchObject({ ok: false });
  });
});

function connectionStringOf(password: string, mode: string): string {
  const { host, port } = postgres;
  return `postgresql://shop_reader:${password}@${host}:${port}/shop?sslmode=${mode}`;
}

describe('a login that is rejected', () => {
  const wrong = { password: 'wrong-one' };

  it('is not repeated after two times, and is with corrected credentials', async () => {
    await start();
    for (let n = 0; n < 2; n += 1) expect(firstFailure(await test(wrong))).toBe('AUTH_REJECTED');
    const { error, isError, text } = await test(wrong);
    expect(isError).toBe(true);
    expect(error).toMatchObject({
      code: 'LOGIN_PAUSED',
      retryable: false,
      retry_after_ms: 15 * MINUTE,
      message: expect.stringMatching(/rejected the login of shop_reader twice/),
      hint: expect.stringMatching(/correct them/),
    });
    expect(text).not.toContain('wrong-one');
    // Each other one is tried once.
    const other = { password: 'wrong-two' };
    expect(firstFailure(await test(other))).toBe('AUTH_REJECTED');
    expect((await test(other)).error.code).toBe('LOGIN_PAUSED');
    // Wherever they stand, they are the same; what else a string says makes none of it new.
    for (const mode of ['prefer', 'require']) {
      const again = await session.call('test_connection', {
        connector: 'pg',
        config: { connection_string: connectionStringOf(wrong.password, mode) },
      });
      expect(again.error.code).toBe('LOGIN_PAUSED');
    }
    // How they are sent is part of them: a server may want TLS for this account.
    expect(firstFailure(await test({ ...wrong, tls_mode: 'disable' }))).toBe('AUTH_REJECTED');
    expect((await test()).structured).toMatchObject({ ok: true });
    // The login was right, so all is forgotten.
    expect(firstFailure(await test(wrong))).toBe('AUTH_REJECTED');
  });

  it('is repeated after a quarter of an hour', async () => {
    await start();
    await test(wrong);
    await test(wrong);
    pass(15 * MINUTE);
    expect(firstFailure(await test(wrong))).toBe('AUTH_REJECTED');
  });

  it('leaves the stored source as it was', async () => {
    await start();
    const created = await session.done('create_source', { ...shop(wrong), name: 'Shop', run_test: false });
    const id = (created['source'] as { id: string }).id;
    await session.done('test_connection', { source_id: id });
    await session.done('test_connection', { source_id: id });
    expect((await session.call('discover_source', { source_id: id })).error.code).toBe('LOGIN_PAUSED');
    expect((await session.done('get_source', { source_id: id }))['source']).toMatchObject({
      status: 'Broken',
      last_error: expect.stringContaining('rejected the user name or password'),
    });
    const password = '${env:HEADWATER_SECRET_SHOP}';
    const updated = await session.done('update_source', { source_id: id, config: { password } });
    expect(updated['source']).toMatchObject({ status: 'Active', last_error: null });
  });

  it('counts as such over HTTP where it is that of a user, and not where it is a token', async () => {
    await start();
    const api = await startApi((_, response) => json(response, 401, {}));
    servers.push(api);
    const ask = (auth: Record<string, string>) =>
      session.call('test_connection', { connector: 'rest_api', config: { url: api.url, auth } });
    const basic = { method: 'basic', username: 'ada', password: 'wrong-one' };
    for (let n = 0; n < 2; n += 1) expect(firstFailure(await ask(basic))).toBe('API_AUTH_REJECTED');
    expect((await ask(basic)).error.code).toBe('LOGIN_PAUSED');
    const asked = api.requests.length;
    expect((await ask(basic)).error.code).toBe('LOGIN_PAUSED');
    expect(api.requests).toHaveLength(asked);
    const bearer = { method: 'bearer', token: 'wrong-token' };
    for (let n = 0; n < 3; n += 1) expect(firstFailure(await ask(bearer))).toBe('API_AUTH_REJECTED');
  });

  it('is known by a fingerprint that a store which was taken away does not give away', async () => {
    await start();
    await test(wrong);
    expect((await readFile(session.app.settings.storeFile)).includes('wrong-one')).toBe(false);
  });

  it('pauses all credentials alike without the master key', async () => {
    await start({ HEADWATER_MASTER_KEY: 'not a key' });
    for (let n = 0; n < 2; n += 1) expect(firstFailure(await test(wrong))).toBe('AUTH_REJECTED');
    expect((await test({ password: 'wrong-two' })).error.code).toBe('LOGIN_PAUSED');
  });
});

it('each refusal says how long to wait', () => {
  for (const code of ATTEMPT_ERRORS) expect(ERROR_CODES[code].meaning).toContain('retry_after_ms');
});
