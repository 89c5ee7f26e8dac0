import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headwater } from '../support/headwater.ts';
import { type HostileServer, startHangingServer } from '../support/hostile-servers.ts';
import { addToken, bearer, connectHttpV1, connectHttpV2, type HttpProcess, startHttp } from '../support/http.ts';
import { initialize, modernRequest, send } from '../support/http-raw.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

let hanging: HostileServer;
let folder: TemporaryFolder;
beforeAll(async () => {
  hanging = await startHangingServer();
  folder = await temporaryFolder('http-process');
});
afterAll(async () => {
  await hanging.stop();
  await folder.remove();
});

const env = { HEADWATER_EGRESS: 'allow_private', HEADWATER_SECRET_X: 'canary-secret' };

/** A call of so many seconds that ends by itself. */
function lasting(timeout_s: number, headers: Record<string, string> = {}) {
  const config = {
    host: '127.0.0.1',
    port: hanging.port,
    database: 'd',
    username: 'u',
    password: '${env:HEADWATER_SECRET_X}',
  };
  const params = { name: 'test_connection', arguments: { connector: 'pg', config, timeout_s } };
  return modernRequest('tools/call', params, headers);
}

async function begun(): Promise<void> {
  const before = hanging.connections;
  await expect.poll(() => hanging.connections, { interval: 10 }).toBeGreaterThan(before);
}

describe('headwater http', () => {
  it('says one line on stdout, and in JSON on stderr who asked for what, without secrets', async () => {
    const server = await startHttp({ env, tokens: [{ name: 'anna', tenant: 'acme' }] });
    const token = server.tokens['anna']?.token ?? '';
    const answer = await send(server.url, {
      ...modernRequest('tools/list', {}, bearer(token)),
      path: '/mcp?canary-query',
    });
    const gone = new AbortController();
    const { headers, body } = lasting(20, bearer(token));
    const waiting = begun();
    const left = fetch(server.url, {
      method: 'POST',
      headers: headers as Record<string, string>,
      body: String(body),
      signal: gone.signal,
    });
    await waiting;
    gone.abort();
    await expect(left).rejects.toThrow();
    await expect.poll(() => hanging.open).toBe(0);
    await send(server.url, { method: 'GET', path: `/${token}` });
    await expect.poll(() => server.log().length).toBe(4);
    expect(await server.stop()).toMatchObject({ code: 0 });
    expect(server.stdoutRaw()).toEqual([`Headwater listens on ${server.url}`]);
    expect(server.log()).toMatchObject([
      { url: server.url, msg: 'listening' },
      {
        request_id: answer.headers['x-request-id'],
        method: 'POST',
        path: '/mcp',
        status: 200,
        ms: expect.any(Number),
        tenant: 'acme',
        subject: 'anna',
      },
      { path: '/mcp', status: 499, tenant: 'acme' },
      { path: 'unknown', status: 404 },
    ]);
    expect(server.stderr()).not.toMatch(new RegExp(`canary|${token.slice(0, 20)}`));
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'example.com'])('does not listen on %s without a token', async (host) => {
    const { code, stdout, stderr } = await headwater(['http', '--port', '0', '--host', host]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/is not a loopback address, and there is no token yet.\n.*headwater token add/);
  });

  it('listens on all addresses with one, and knows its own names alone', async () => {
    const server = await startHttp({
      args: ['--host', '0.0.0.0', '--allow-host', 'mcp.example.com, other.example.com'],
      tokens: [{ name: 'anna' }],
    });
    const local = server.url.replace('0.0.0.0', '127.0.0.1');
    const auth = bearer(server.tokens['anna']?.token);
    const statusOf = async (host: string) =>
      (await send(local, modernRequest('tools/list', {}, { ...auth, host }))).status;
    expect(await Promise.all(['localhost', 'mcp.example.com', 'OTHER.example.com:8443'].map(statusOf))).toEqual([
      200, 200, 200,
    ]);
    expect(await Promise.all(['0.0.0.0', 'evil.example.net'].map(statusOf))).toEqual([403, 403]);
    expect((await send(local, modernRequest('tools/list'))).status).toBe(401);
    await server.stop();
  });

  it('says so where the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await headwater(['http', '--port', String(port)]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining(`Cannot listen on 127.0.0.1, port ${port} (EADDRINUSE)`),
    ]);
    other.close();
  });

  it('shuts out whoever has no token as soon as there is one, and a revoked one within a second, streams included', async () => {
    const server = await startHttp();
    const statusOf = async (token?: string) =>
      (await send(server.url, modernRequest('tools/list', {}, bearer(token)))).status;
    expect(await statusOf()).toBe(200);
    const { id, token } = await addToken(server.home, { name: 'anna' });
    await expect.poll(() => statusOf(), { timeout: 1500 }).toBe(401);
    expect(await statusOf(token)).toBe(200);
    const session = await connectHttpV2(server.url, { token });
    const stream = await session.client.listen({ resourceSubscriptions: ['headwater://sources/x'] });
    await headwater(['token', 'revoke', id], { env: { HEADWATER_HOME: server.home } });
    await expect.poll(() => statusOf(token), { timeout: 1500 }).toBe(401);
    await Promise.race([stream.closed, new Promise((_, reject) => setTimeout(reject, 2500, new Error('still open')))]);
    expect(await statusOf()).toBe(401);
    await session.close();
    await server.stop();
  });

  it('serves 200 clients at once', async () => {
    const server = await startHttp({ env: { HEADWATER_LOG_LEVEL: 'silent' } });
    const clients = await Promise.all(
      Array.from({ length: 200 }, (_, i) => (i % 2 ? connectHttpV1(server.url) : connectHttpV2(server.url))),
    );
    const answers = await Promise.all(clients.map((client) => client.call('list_connectors', { query: 'postgres' })));
    expect(answers.every(({ isError, structured }) => !isError && structured)).toBe(true);
    await Promise.all(clients.map((client) => client.close()));
    expect(await server.stop()).toMatchObject({ code: 0 });
  });
});

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('lets a call end and takes no new connections (%s)', async (signal) => {
    const server = await startHttp({ env });
    const waiting = begun();
    const call = send(server.url, lasting(1));
    await waiting;
    server.kill(signal);
    await expect
      .poll(() => send(server.url, modernRequest('tools/list')).catch(({ code }) => code))
      .toBe('ECONNREFUSED');
    const { status, json } = await call;
    expect(status).toBe(200);
    expect(json).toMatchObject({ result: { structuredContent: { ok: false } } });
    expect(await server.exited).toMatchObject({ code: 0, signal: null });
    await server.stop();
  });

  it('does not wait for streams, sessions and idle connections', async () => {
    const server = await startHttp({ env });
    const [one, two] = await Promise.all([connectHttpV1(server.url), connectHttpV2(server.url)]);
    await Promise.all([one.call('list_connectors'), two.call('list_connectors')]);
    const stream = await two.client.listen({ resourceSubscriptions: ['headwater://sources/x'] });
    const unused = connect(Number(new URL(server.url).port), '127.0.0.1');
    await new Promise((resolve) => unused.once('connect', resolve));
    server.kill('SIGTERM');
    expect(await stream.closed).toBe('graceful');
    const { code, ms } = await server.exited;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(1500);
    await Promise.all([one.close(), two.close()].map((closing) => closing.catch(() => {})));
    await server.stop();
  });

  it('comes at once when it is said twice', async () => {
    const server = await startHttp({ env });
    const waiting = begun();
    const call = send(server.url, lasting(20)).catch((error: Error) => error);
    await waiting;
    server.kill('SIGTERM');
    await expect
      .poll(() => send(server.url, modernRequest('tools/list')).catch(({ code }) => code))
      .toBe('ECONNREFUSED');
    server.kill('SIGTERM');
    expect((await server.exited).ms).toBeLessThan(3000);
    expect(await call).toBeInstanceOf(Error);
    await server.stop();
  });
});

describe('/readyz', () => {
  const ready = async (server: HttpProcess) => {
    const answer = await send(server.at('/readyz'), { method: 'GET' });
    expect(answer.text).not.toContain(server.home);
    return answer;
  };

  it('is 503 with a broken store, while /healthz is well and other calls are served', async () => {
    const home = join(folder.path, 'not-a-folder');
    await writeFile(home, 'not a folder');
    const server = await startHttp({ home });
    expect(await ready(server)).toMatchObject({ status: 503, json: { error: { code: 'STORE_UNAVAILABLE' } } });
    expect((await send(server.at('/healthz'), { method: 'GET' })).status).toBe(200);
    expect((await send(server.url, modernRequest('tools/list'))).status).toBe(200);
    await server.stop();
  });

  it('is 503 with another key than what is stored was sealed with', async () => {
    const home = join(folder.path, 'sealed');
    const first = await startHttp({ home });
    const config = { host: 'db.example.com', database: 'd', username: 'u', password: 'canary-literal' };
    const params = { name: 'create_source', arguments: { connector: 'pg', config, desired_state: 'Pending' } };
    expect((await send(first.url, modernRequest('tools/call', params))).json).toHaveProperty(
      'result.structuredContent',
    );
    expect((await ready(first)).status).toBe(200);
    await first.stop();
    const second = await startHttp({ home, env: { HEADWATER_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') } });
    const answer = await ready(second);
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'KEY_UNAVAILABLE' } } });
    expect(answer.text).not.toMatch(/canary|BwcHBw/);
    await second.stop();
  });

  it('is 503 with a damaged token file, and nobody gets in', async () => {
    const server = await startHttp();
    await writeFile(join(server.home, 'tokens.json'), '[{"damaged":');
    await expect.poll(async () => (await ready(server)).status, { timeout: 1500 }).toBe(503);
    expect(await send(server.url, initialize())).toMatchObject({
      status: 503,
      json: { error: { code: 'STORE_UNAVAILABLE' } },
    });
    await server.stop();
  });
});
