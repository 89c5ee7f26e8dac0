import type { IncomingMessage, ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, json, startApi } from '../../../support/api-server.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { startGarbageServer, startHangingServer } from '../../../support/hostile-servers.ts';
import { type InMemory, inMemory } from '../../../support/in-memory.ts';

const TOKEN = 'canary-token-4711';
const CUSTOMERS = Array.from({ length: 12 }, (_, id) => ({
  id,
  name: `Customer ${id}`,
  vip: id % 2 === 0,
  tags: ['a'],
  note: id === 3 ? null : 'x',
}));

let session: InMemory;
const servers: ApiServer[] = [];
beforeAll(async () => {
  session = await inMemory({ HEADWATER_SECRET_API: TOKEN, HEADWATER_SECRET_LINES: 'canary\r\nX-Evil: 1' });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await session.close();
});

async function api(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  ...rest: [Parameters<typeof startApi>[1]?]
): Promise<ApiServer> {
  const server = await startApi(answer, ...rest);
  servers.push(server);
  return server;
}

interface Report {
  ok: boolean;
  verdict: string;
  headline: string;
  depth: string;
  steps: {
    id: string;
    status: string;
    code?: string;
    fields?: string[];
    actor?: string;
    evidence?: string;
    message?: string;
    fix?: { text: string };
  }[];
}

async function test(config: Record<string, unknown>, connector = 'rest_api'): Promise<Report> {
  const report = await session.done('test_connection', { connector, config, timeout_s: 3 });
  expect(JSON.stringify(report)).not.toContain(TOKEN);
  return report as unknown as Report;
}

const stepOf = (report: Report, status: string) => report.steps.find((step) => step.status === status);
const bearer = { method: 'bearer', token: '${env:HEADWATER_SECRET_API}' };

/** An API as it should be: it lists customers for those who have the token. */
const proper = (request: IncomingMessage, response: ServerResponse) => {
  const { authorization, 'x-api-key': key } = request.headers;
  const query = new URL(request.url ?? '/', 'http://x').searchParams.get('api_key');
  const basic = `Basic ${Buffer.from(`reader:${TOKEN}`).toString('base64')}`;
  if (authorization === `Bearer ${TOKEN}` || authorization === basic || key === TOKEN || query === TOKEN)
    json(response, 200, { data: CUSTOMERS });
  else json(response, 401, { error: `no: ${authorization ?? key ?? query}` });
};

describe('every way to authenticate', () => {
  it.each([
    ['bearer', bearer],
    ['basic', { method: 'basic', username: 'reader', password: '${env:HEADWATER_SECRET_API}' }],
    ['header', { method: 'header', name: 'X-Api-Key', value: '${env:HEADWATER_SECRET_API}' }],
    ['query', { method: 'query', name: 'api_key', value: '${env:HEADWATER_SECRET_API}' }],
  ])('%s goes where it should, and is proven', async (_, auth) => {
    const server = await api(proper);
    const report = await test({ url: `${server.url}/v1`, test_path: '/customers?limit=5', auth });
    expect(report).toMatchObject({ ok: true, verdict: 'ok', depth: 'read' });
    expect(report.steps.find(({ id }) => id === 'auth')?.evidence).toMatch(/without credentials: status 401/);
    expect(server.requests.map(({ path }) => path.split('&')[0])).toEqual([
      '/v1/customers?limit=5',
      '/v1/customers?limit=5',
    ]);
  });

  it.each([
    ['', '/x?expand[]=a&expand[]=b', '/x?expand[]=a&expand[]=b'],
    ['', '/x?ids=1&ids=2', '/x?ids=1&ids=2'],
    ['', '/x?a=b?c', '/x?a=b?c'],
    ['', '/x?f=a,b&q=a%20b&flag', '/x?f=a,b&q=a%20b&flag'],
    ['', "/x?$filter=name+eq+'x'", "/x?$filter=name+eq+'x'"],
    ['', '/x?q=größe"<', '/x?q=gr%C3%B6%C3%9Fe%22%3C'],
    ['/v1?tenant=7&tenant=8&empty=', '/x?a=1;b=2', '/v1/x?tenant=7&tenant=8&empty=&a=1;b=2'],
    ['/v1?tenant=7', undefined, '/v1?tenant=7'],
  ])('the query goes as it is written: %s %s', async (base, test_path, sent) => {
    const server = await api(proper);
    const config = { url: server.url + base, ...(test_path === undefined ? {} : { test_path }) };
    await test({ ...config, auth: bearer });
    expect(server.requests.map(({ path }) => path)).toEqual([sent, sent]);

    await test({ ...config, auth: { method: 'query', name: 'api_key', value: '${env:HEADWATER_SECRET_API}' } });
    expect(server.requests.slice(2).map(({ path }) => path)).toEqual([`${sent}&api_key=${TOKEN}`, sent]);
  });

  it('says when the answer would be the same without credentials', async () => {
    const server = await api((_, response) => json(response, 200, CUSTOMERS));
    const report = await test({ url: server.url, auth: bearer });
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(stepOf(report, 'warn')).toMatchObject({ id: 'auth', code: 'AUTH_UNPROVEN' });
  });
});

describe('what strangers are told', () => {
  const isIn = (request: IncomingMessage) => request.headers.authorization === `Bearer ${TOKEN}`;
  const against = (toStrangers: (request: IncomingMessage, response: ServerResponse) => void) =>
    api((request, response) => (isIn(request) ? proper(request, response) : toStrangers(request, response)));

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void, RegExp]>([
    [
      'nothing, and hung up on',
      (request) => request.socket.destroy(),
      /without credentials: the connection is dropped/,
    ],
    ['nothing at all', () => {}, /without credentials: no answer/],
    ['where to log in', (_, r) => r.writeHead(302, { location: '/login' }).end(), /without credentials: status 302/],
  ])('%s: that proves the credentials', async (_, toStrangers, evidence) => {
    const server = await against(toStrangers);
    const report = await test({ url: server.url, auth: bearer });
    expect(report).toMatchObject({ ok: true, verdict: 'ok', depth: 'read' });
    expect(report.steps.find(({ id }) => id === 'auth')?.evidence).toMatch(evidence);
  });

  it.each([429, 500, 503])('status %i: that says nothing', async (status) => {
    const server = await against((_, response) => json(response, status, {}));
    const report = await test({ url: server.url, auth: bearer });
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings', depth: 'read' });
    expect(stepOf(report, 'warn')).toMatchObject({
      id: 'auth',
      code: 'AUTH_UNPROVEN',
      message: expect.stringContaining(`status ${status}`),
      fix: { text: 'Test again in a moment.' },
    });
  });

  it('nothing, by a server that is as slow with everybody: that says nothing', async () => {
    const server = await api((request, response) => void setTimeout(() => proper(request, response), 900));
    const report = await test({ url: server.url, auth: bearer });
    expect(report.steps.find(({ id }) => id === 'auth')?.evidence).toMatch(/without credentials: status 401/);
  });

  it('a server that takes no second connection says nothing', async () => {
    const server: ApiServer = await api((request, response) => {
      proper(request, response);
      server.refuseMore();
    });
    const report = await test({ url: server.url, auth: bearer });
    expect(stepOf(report, 'warn')).toMatchObject({ id: 'auth', code: 'AUTH_UNPROVEN' });
  });
});

describe('secrets that cannot be sent', () => {
  it.each([
    ['a trailing newline', 'goodtoken\n', /line end/],
    ['a newline inside', 'abc\ndef-secret', /line end/],
    ['an arrow', 'sécrét→ü', /arrows/],
  ])('%s is a matter of the secret, and nothing is sent', async (_, value, fix) => {
    const own = await inMemory({ HEADWATER_SECRET_API: value });
    const server = await api(proper);
    const header = { method: 'header', name: 'X-Api-Key', value: '${env:HEADWATER_SECRET_API}' };
    for (const [connector, auth, field] of [
      ['rest_api', bearer, 'auth/token'],
      ['rest_api', header, 'auth/value'],
      ['webhook', bearer, 'auth/token'],
      ['mcp', bearer, 'auth/token'],
      ['csv', bearer, 'auth/token'],
    ] as const) {
      const address = connector === 'mcp' ? { base_url: server.url } : { url: server.url };
      const report = await own.done('test_connection', { connector, config: { ...address, auth } });
      expect(stepOf(report as unknown as Report, 'fail')).toMatchObject({
        id: 'config',
        actor: 'user',
        fields: [field],
        message: `${field.replace('/', '.')} holds characters that no header can carry`,
        fix: { text: expect.stringMatching(fix) },
      });
      expect(JSON.stringify(report)).not.toContain(value.trim());
    }
    expect(server.requests).toEqual([]);
    await own.close();
  });

  it('basic authentication and queries encode what they carry', async () => {
    const own = await inMemory({ HEADWATER_SECRET_API: 'sécrét→\n' });
    const server = await api((request, response) => {
      const key = new URL(request.url ?? '', 'http://x').searchParams.get('key');
      const basic = Buffer.from(`${request.headers.authorization}`.slice(6), 'base64').toString();
      json(response, key === 'sécrét→\n' || basic === 'reader:sécrét→\n' ? 200 : 401, [{ a: 1 }]);
    });
    for (const auth of [
      { method: 'query', name: 'key', value: '${env:HEADWATER_SECRET_API}' },
      { method: 'basic', username: 'reader', password: '${env:HEADWATER_SECRET_API}' },
    ])
      expect(
        await own.done('test_connection', { connector: 'rest_api', config: { url: server.url, auth } }),
      ).toMatchObject({ verdict: 'ok' });
    await own.close();
  });
});

describe('failures', () => {
  it.each<
    [
      string,
      (request: IncomingMessage, response: ServerResponse) => void,
      Record<string, unknown>,
      Record<string, unknown>,
    ]
  >([
    [
      'rejected credentials',
      (_, r) => json(r, 401, { error: `bad token ${TOKEN}` }),
      { auth: bearer },
      { id: 'auth', code: 'API_AUTH_REJECTED', fields: ['auth'], actor: 'user' },
    ],
    ['missing credentials', (_, r) => json(r, 401, {}), {}, { id: 'auth', code: 'API_AUTH_MISSING', fields: ['auth'] }],
    [
      'a scope that is missing',
      (_, r) => json(r, 403, {}),
      { auth: bearer },
      { id: 'auth', code: 'API_FORBIDDEN', actor: 'vendor' },
    ],
    ['a wrong path', (_, r) => json(r, 404, {}), {}, { id: 'auth', code: 'HTTP_NOT_FOUND', fields: ['url'] }],
    [
      'a redirect',
      (_, r) => json(r, 301, {}, { location: 'https://api.example.com/v2/x?secret=1' }),
      {},
      { code: 'HTTP_REDIRECT', fix: { text: expect.stringContaining('https://api.example.com/v2/x') } },
    ],
    [
      'too many requests',
      (_, r) => json(r, 429, {}, { 'retry-after': '17' }),
      {},
      { code: 'HTTP_RATE_LIMITED', fix: { text: 'Wait 17 seconds and test again.' } },
    ],
    ['a broken server', (_, r) => json(r, 503, {}), {}, { code: 'HTTP_SERVER_ERROR', actor: 'vendor' }],
    [
      'a status without a meaning here',
      (_, r) => r.writeHead(304).end(),
      {},
      { id: 'auth', code: 'HTTP_UNEXPECTED', message: expect.stringMatching(/status 304/) },
    ],
    [
      'a redirect to nowhere',
      (_, r) => r.writeHead(302).end(),
      {},
      { id: 'auth', code: 'HTTP_UNEXPECTED', message: expect.stringMatching(/status 302/) },
    ],
    ['an odd status', (_, r) => json(r, 418, {}), {}, { id: 'query', code: 'HTTP_UNEXPECTED' }],
    [
      'a web page',
      (_, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
      {},
      { id: 'query', code: 'HTTP_NOT_JSON', message: expect.stringMatching(/web page/) },
    ],
    [
      'something else than JSON',
      (_, r) => r.writeHead(200, { 'content-type': 'text/plain' }).end('hello'),
      {},
      { code: 'HTTP_NOT_JSON' },
    ],
    [
      'no list where one should be',
      (_, r) => json(r, 200, { items: [] }),
      { records_path: '/data' },
      { code: 'HTTP_NO_RECORDS', fields: ['records_path'] },
    ],
    [
      'an answer that breaks off',
      (_, r) => r.writeHead(200, { 'content-length': '1000' }).write('{"a":', () => r.destroy()),
      {},
      { code: 'HTTP_BROKEN' },
    ],
    [
      'headers without end',
      (_, r) => r.writeHead(200, { 'x-big': 'x'.repeat(60_000) }).end(),
      {},
      { code: expect.stringMatching(/HTTP_BROKEN|WRONG_PROTOCOL/) },
    ],
  ])('%s', async (_, answer, change, expected) => {
    const server = await api(answer);
    const report = await test({ url: server.url, ...change });
    expect(report.ok).toBe(false);
    expect(stepOf(report, 'fail')).toMatchObject(expected);
    expect(report.headline).toContain(stepOf(report, 'fail')?.message);
  });

  it.each([
    [401, 'API_AUTH_REJECTED'],
    [403, 'API_FORBIDDEN'],
    [404, 'HTTP_NOT_FOUND'],
    [503, 'HTTP_SERVER_ERROR'],
  ])('a refusal that never ends is what its status says: %i', async (status, code) => {
    const server = await api((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).write('{"error": "because');
    });
    expect(stepOf(await test({ url: server.url, auth: bearer }), 'fail')).toMatchObject({
      id: 'auth',
      code,
      evidence: expect.stringContaining('because'),
    });
  });

  it('strangers may be refused without an end', async () => {
    const server = await api((request, response) => {
      if (request.headers.authorization) proper(request, response);
      else response.writeHead(401).flushHeaders();
    });
    const report = await test({ url: server.url, auth: bearer });
    expect(report).toMatchObject({ ok: true, verdict: 'ok' });
    expect(report.steps.find(({ id }) => id === 'auth')?.evidence).toMatch(/without credentials: status 401/);
  });

  it('an answer that never comes ends at its deadline', async () => {
    const hanging = await startHangingServer();
    const report = await test({ url: `http://127.0.0.1:${hanging.port}` });
    expect(stepOf(report, 'fail')).toMatchObject({ id: 'protocol', code: 'HTTP_TIMEOUT' });
    await expect.poll(() => hanging.open).toBe(0);
    await hanging.stop();
  });

  it('a server of another protocol', async () => {
    const garbage = await startGarbageServer();
    const report = await test({ url: `http://127.0.0.1:${garbage.port}` });
    expect(stepOf(report, 'fail')).toMatchObject({
      id: 'protocol',
      code: expect.stringMatching(/WRONG_PROTOCOL|HTTP_BROKEN/),
    });
    await garbage.stop();
  });

  it.each<[string, (plain: Buffer) => Buffer]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['gzip, br', (plain) => brotliCompressSync(gzipSync(plain))],
    ['deflate,  GZIP , identity', (plain) => gzipSync(deflateRawSync(plain))],
    ['identity', (plain) => plain],
  ])('an answer in the coding %s is read', async (coding, encode) => {
    const server = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
      const body = encode(Buffer.from(JSON.stringify(CUSTOMERS)));
      // Byte by byte at first: the beginning says what it is.
      response.write(body.subarray(0, 1), () => response.end(body.subarray(1)));
    });
    expect(await test({ url: server.url })).toMatchObject({ verdict: 'ok', depth: 'read' });
  });

  it.each(['zstd', 'gzip, compress', 'gzip, gzip, gzip, gzip'])('%s cannot be read, and is named', async (coding) => {
    const server = await api((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
      response.end(coding.split(', ').reduce((body) => gzipSync(body), Buffer.from('[]')));
    });
    expect(stepOf(await test({ url: server.url }), 'fail')).toMatchObject({
      code: 'HTTP_CODING',
      message: expect.stringMatching(/coding that was not asked for: (zstd|compress|gzip)$/),
    });
  });

  it('a small answer that decodes to a huge one is cut off', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32));
    const server = await api((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(stepOf(await test({ url: server.url }), 'fail')).toMatchObject({
      code: 'HTTP_NOT_JSON',
      message: expect.stringMatching(/too large/),
    });
  });

  it.each([
    ['bearer', { method: 'bearer', token: '${env:HEADWATER_SECRET_LINES}' }, 'auth.token'],
    ['header', { method: 'header', name: 'X-Key', value: '${env:HEADWATER_SECRET_LINES}' }, 'auth.value'],
  ])('a secret that no header can carry is found out before anything is dialled: %s', async (_, auth, what) => {
    const server = await api(proper);
    const report = await test({ url: server.url, auth });
    expect(stepOf(report, 'fail')).toMatchObject({
      id: 'config',
      code: 'CONFIG_UNUSABLE',
      fields: [what.replace('.', '/')],
    });
    expect(JSON.stringify(report)).not.toContain('canary');
    expect(server.requests).toEqual([]);
  });

  it('an answer that is too large wants a smaller page, not another address', async () => {
    const server = await api((_, response) => json(response, 200, Array(30_000).fill({ name: 'Ada Lovelace' })));
    expect(stepOf(await test({ url: server.url }), 'fail')).toMatchObject({
      id: 'query',
      code: 'HTTP_NOT_JSON',
      message: expect.stringMatching(/too large/),
      fields: ['test_path'],
      fix: { text: expect.stringMatching(/smaller page/) },
    });
  });

  it('follows no redirect, also not to itself', async () => {
    const server = await api((_, response) => json(response, 302, {}, { location: '/elsewhere' }));
    await test({ url: server.url, auth: bearer });
    expect(server.requests).toHaveLength(1);
  });
});

describe('TLS', () => {
  it('checks certificates in full, with an authority of one’s own', async () => {
    const authority = await createAuthority();
    const certificate = await authority.issue({ ips: ['127.0.0.1'] });
    const server = await api(proper, certificate);
    expect(stepOf(await test({ url: server.url, auth: bearer }), 'fail')).toMatchObject({
      id: 'tls',
      code: 'TLS_UNTRUSTED',
      fields: ['tls_ca'],
    });
    expect(await test({ url: server.url, auth: bearer, tls_ca: authority.certPem })).toMatchObject({ ok: true });
  });
});

describe('the config', () => {
  it.each([
    ['ftp://example.com', /http or https/],
    ['https://user:pw@example.com', /credentials/],
    ['https://files.example.com/a.csv?X-Amz-Expires=60&X-Amz-Signature=0f0f', /token or signature in its query/],
    ['https:example.com', /http or https/],
    ['https://exa mple.com', /http or https/],
    ['not a url', /http or https/],
  ])('refuses the URL %s', async (url, why) => {
    const { error } = await session.call('test_connection', { connector: 'rest_api', config: { url } });
    expect(error).toMatchObject({
      code: 'INVALID_CONFIG',
      fields: [{ field: '/config/url', message: expect.stringMatching(why) }],
    });
  });

  it.each([
    { Host: 'x' },
    { 'Content-Length': '1' },
    { Authorization: 'x' },
    { 'Metadata-Flavor': 'Google' },
    { 'X A': '1' },
    { 'X-A': 'a\r\nb' },
    { 'X-A': '你' },
  ])('refuses the headers %j', async (headers) => {
    const { error } = await session.call('test_connection', {
      connector: 'rest_api',
      config: { url: 'https://example.com', headers },
    });
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', fields: [{ field: '/config/headers' }] });
  });

  it.each<[Record<string, unknown>, string, RegExp]>([
    [{ test_path: '/x?api_key=SUPERSECRET&token=abc' }, 'test_path', /api_key .*auth, method query/],
    [{ test_path: '/x?a=1&accessToken=SUPERSECRET' }, 'test_path', /accessToken .*auth, method query/],
    [{ test_path: '/x?key=AIzaSUPERSECRET0123456789' }, 'test_path', /key .*auth, method query/],
    [{ headers: { 'X-Api-Key': 'SUPERSECRET' } }, 'headers', /X-Api-Key, .*auth, method header/],
    [{ headers: { 'X-Auth-Token': 'SUPERSECRET' } }, 'headers', /X-Auth-Token, .*auth, method header/],
    [{ headers: { 'Ocp-Apim-Subscription-Key': 'SUPERSECRET' } }, 'headers', /auth, method header/],
    [{ headers: { apikey: 'SUPERSECRET' } }, 'headers', /auth, method header/],
    [{ headers: { 'PRIVATE-TOKEN': 'SUPERSECRET' } }, 'headers', /auth, method header/],
  ])('refuses a secret where it would be stored in clear: %j', async (change, field, why) => {
    const { error, text } = await session.call('create_source', {
      connector: 'rest_api',
      config: { url: 'https://example.com', ...change },
      run_test: false,
    });
    expect(error).toMatchObject({
      code: 'INVALID_CONFIG',
      fields: [{ field: `/config/${field}`, message: expect.stringMatching(why) }],
    });
    expect(text).not.toContain('SUPERSECRET');
  });

  it.each([
    { test_path: '/x?page_token=abc&nextToken=def&$skiptoken=7&max_tokens=5&sort_key=name&key=name' },
    { headers: { 'X-Api-Version': '1', 'Idempotency-Key': 'a', 'X-CSRF-Token': 'Fetch', 'X-Tenant': 'key' } },
  ])('lets pass what only looks like one: %j', async (change) => {
    const { error } = await session.call('create_source', {
      connector: 'rest_api',
      config: { url: 'https://example.com', ...change },
      run_test: false,
      dry_run: true,
    });
    expect(error).toBeUndefined();
  });

  it('says what a way to authenticate lacks', async () => {
    const { error } = await session.call('test_connection', {
      connector: 'rest_api',
      config: { url: 'https://example.com', auth: { method: 'basic', username: 'x' } },
    });
    expect(error).toMatchObject({
      code: 'INVALID_CONFIG',
      fields: [{ field: '/config/auth/password', message: 'is required' }],
    });
  });
});

describe('the life of a source', () => {
  it('creates, discovers, previews, edits safely', async () => {
    const server = await api(proper);
    const config = { url: `${server.url}/v1`, test_path: '/customers', auth: bearer };
    const { source } = (await session.done('create_source', { connector: 'rest', config, name: 'API' })) as {
      source: { id: string; config: unknown };
    };
    expect(source.config).toMatchObject({
      auth: { method: 'bearer', token: { set: true, from: 'env:HEADWATER_SECRET_API' } },
    });
    const id = { source_id: source.id };
    expect(await session.done('discover_source', { ...id, stream: '/customers' })).toMatchObject({
      streams: [
        { name: '/customers', columns: expect.arrayContaining([{ name: 'note', type: 'string', nullable: true }]) },
      ],
    });
    expect(await session.done('preview_source', { ...id, stream: 'api./customers', limit: 2 })).toMatchObject({
      rows: [{ id: 0, vip: true, tags: '["a"]' }, { id: 1 }],
      truncated: true,
    });

    const refused = await session.call('update_source', {
      ...id,
      config: { url: 'https://evil.example.com/v1' },
      run_test: false,
    });
    expect(refused.error).toMatchObject({ code: 'CREDENTIALS_REQUIRED', fields: [{ field: '/config/auth/token' }] });
    expect(await session.done('update_source', { ...id, config: { url: `${server.url}/v2` } })).toMatchObject({
      changed: ['url'].map((name) => `config.${name}`),
    });
    const basic = { method: 'basic', username: 'reader', password: '${env:HEADWATER_SECRET_API}' };
    expect(await session.done('update_source', { ...id, config: { auth: basic } })).toMatchObject({
      changed: ['config.auth'],
      source: { config: { auth: { method: 'basic', username: 'reader', password: { set: true } } } },
    });
    const wiped = await session.done('update_source', { ...id, config: { auth: {} }, run_test: false });
    expect((wiped['source'] as { config: { auth: unknown } }).config.auth).toEqual({ method: 'none' });
  });
});

describe('records of every shape', () => {
  const created = async (body: string) => {
    const server = await api((_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(body),
    );
    const config = { url: server.url, test_path: '/x', auth: bearer };
    const { source } = (await session.done('create_source', {
      connector: 'rest_api',
      config,
      name: `shape ${servers.length}`,
    })) as {
      source: { id: string };
    };
    return { source_id: source.id, stream: '/x' };
  };
  const previewed = async (body: string) => {
    const answer = await session.call('preview_source', await created(body));
    return {
      size: answer.text.length,
      ...(answer.structured as { rows: Record<string, unknown>[]; columns: unknown[] }),
    };
  };

  it('nested a hundred thousand deep', async () => {
    const { rows } = await previewed(`[{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},"b":{"c":[1,{"d":null}]}}]`);
    expect(rows).toEqual([{ a: expect.stringMatching(/^\[{199}…$/), b: '{"c":[1,{"d":null}]}' }]);
  });

  it('thirty thousand keys: the first two hundred, and how many more', async () => {
    const wide = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`k${i}`, 'v'.repeat(5)]));
    const id = await created(JSON.stringify([wide]));
    const preview = await session.call('preview_source', id);
    expect(preview.text.length).toBeLessThan(100_000);
    expect(preview.structured).toMatchObject({ truncated: true, rows: [{ k0: 'vvvvv', k199: 'vvvvv' }] });
    expect((preview.structured as { columns: unknown[] }).columns).toHaveLength(200);
    const { text, structured } = await session.call('discover_source', id);
    expect(text.length).toBeLessThan(100_000);
    expect(structured).toMatchObject({ streams: [{ columns_left_out: 29_800 }] });
  });

  it('two hundred long values are cut shorter, and the row is there', async () => {
    const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, 'v'.repeat(500)]));
    const { rows, size } = await previewed(JSON.stringify([wide, wide, wide]));
    expect(rows.length).toBeGreaterThan(0);
    expect(size).toBeLessThan(100_000);
  });

  it('a byte order mark before it', async () => {
    expect((await previewed('\ufeff[{"a":1}]')).rows).toEqual([{ a: 1 }]);
  });

  it('a secret of digits that comes back as a number', async () => {
    const own = await inMemory({ HEADWATER_SECRET_PIN: '12345678' });
    const server = await api((_, response) =>
      json(response, 200, [{ pin: 12345678, s: '12345678', in: { it: 12345678 } }]),
    );
    const auth = { method: 'bearer', token: '${env:HEADWATER_SECRET_PIN}' };
    const { source } = (await own.done('create_source', {
      connector: 'rest_api',
      config: { url: server.url, test_path: '/x', auth },
      name: 'pin',
    })) as { source: { id: string } };
    const { text, structured } = await own.call('preview_source', { source_id: source.id, stream: '/x' });
    expect(structured).toMatchObject({ rows: [{ pin: '[secret]', s: '[secret]', in: '{"it":"[secret]"}' }] });
    expect(text).not.toContain('12345678');
    await own.close();
  });
});

describe('webhook', () => {
  const isIn = (request: IncomingMessage) => request.headers.authorization === `Bearer ${TOKEN}`;

  it.each([405, 501, 200])('%i to everybody proves no credentials, and says so', async (status) => {
    const server = await api((_, response) => response.writeHead(status).end());
    const report = await test({ url: server.url, auth: bearer }, 'webhook');
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(stepOf(report, 'warn')).toMatchObject({
      id: 'auth',
      code: 'AUTH_UNPROVEN',
      fix: { text: expect.stringMatching(/send one event/) },
    });
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD', 'HEAD']);
    expect(await test({ url: server.url }, 'webhook')).toMatchObject({ verdict: 'ok' });
  });

  it.each([405, 501, 204])('%i, and 401 to strangers, proves them', async (status) => {
    const server = await api((request, response) => response.writeHead(isIn(request) ? status : 401).end());
    const report = await test({ url: server.url, auth: bearer }, 'webhook');
    expect(report).toMatchObject({ verdict: 'ok' });
    expect(report.steps.at(-1)?.evidence).toBe('bearer; without credentials: status 401');
  });

  it('asks with HEAD and delivers nothing', async () => {
    const server = await api((_, response) => response.writeHead(405).end());
    expect(await test({ url: server.url }, 'webhook')).toMatchObject({ ok: true });
    expect(server.requests.map(({ method }) => method)).toEqual(['HEAD']);
    const gone = await api((_, response) => response.writeHead(410).end());
    expect(stepOf(await test({ url: gone.url }, 'webhook'), 'fail')).toMatchObject({ code: 'HTTP_NOT_FOUND' });
  });

  it.each([200, 204])('%i to HEAD may name the coding of a body that does not come', async (status) => {
    const server = await api((_, response) => response.writeHead(status, { 'content-encoding': 'gzip' }).end());
    expect(await test({ url: server.url }, 'webhook')).toMatchObject({ ok: true });
  });

  it('has nothing to discover, and says so', async () => {
    const { error } = await session.call('discover_source', {
      connector: 'webhook',
      config: { url: 'https://hooks.example.com' },
    });
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(/nothing to discover/) });
  });
});
