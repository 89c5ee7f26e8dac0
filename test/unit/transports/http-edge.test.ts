import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostileInputs } from '../../support/hostile-inputs.ts';
import { startHangingServer } from '../../support/hostile-servers.ts';
import {
  initialize,
  JSON_HEADERS,
  legacyRequest,
  modernRequest,
  type RawRequest,
  send,
  sendBytes,
} from '../../support/http-raw.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
let auth: { authorization: string };
beforeAll(async () => {
  lab = await startLab({ tokens: { good: 'editor' }, allowHosts: ['MCP.example.com'] });
  auth = { authorization: `Bearer ${lab.tokens['good']}` };
});
afterAll(() => lab.close());

const list = (headers: Record<string, string | string[]> = {}): RawRequest => {
  const { body, headers: own } = modernRequest('tools/list');
  return { ...(body === undefined ? {} : { body }), headers: { ...own, ...headers } };
};

describe('Host and Origin', () => {
  it.each([
    ['127.0.0.1', 200],
    ['127.0.0.1:3333', 200],
    ['localhost:1', 200],
    ['LocalHost', 200],
    ['[::1]:3333', 200],
    ['mcp.example.com', 200],
    ['MCP.EXAMPLE.COM:443', 200],
    ['evil.example.net', 403],
    ['127.0.0.1.evil.example.net', 403],
    ['localhost.evil.example.net', 403],
    ['evil.example.net:3333', 403],
    ['localhost.', 403],
    ['0.0.0.0', 403],
    ['127.0.0.2', 403],
    ['127.1', 403],
    ['0x7f000001', 403],
    ['2130706433', 403],
    ['[::]', 403],
    ['[::ffff:127.0.0.1]', 403],
    ['user@localhost', 403],
    ['localhost/evil', 403],
    ['localhost#', 403],
    ['localhost:port', 403],
    ['localhost, evil.example.net', 403],
    ['sub.mcp.example.com', 403],
  ])('takes Host %j as %i', async (host, status) => {
    expect((await send(lab.url, list({ host, ...auth }))).status).toBe(status);
  });

  it.each([
    ['http://127.0.0.1:3333', 200],
    ['http://localhost', 200],
    ['HTTP://LOCALHOST:8080', 200],
    ['https://mcp.example.com', 200],
    ['http://[::1]:8080', 200],
    ['null', 403],
    ['', 403],
    ['http://evil.example.net', 403],
    ['http://127.0.0.1.evil.example.net', 403],
    ['http://localhost@evil.example.net', 403],
    ['http://evil.example.net#localhost', 403],
    ['http://localhost/', 403],
    ['file://localhost', 403],
    ['chrome-extension://localhost', 403],
    ['localhost', 403],
    ['http://localhost http://evil.example.net', 403],
  ])('takes Origin %j as %i', async (origin, status) => {
    expect((await send(lab.url, list({ origin, ...auth }))).status).toBe(status);
  });

  it.each([
    'HTTP/1.1\r\n',
    'HTTP/1.0\r\n',
    'HTTP/1.1\r\nhost:\r\n',
    'HTTP/1.1\r\nhost: localhost\r\nhost: evil.example.net\r\n',
    'HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\norigin: http://evil.example.net\r\n',
  ])('refuses none and two: %j', async (head) => {
    expect(await sendBytes(lab.url, `GET /healthz ${head}connection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 403 .*x-request-id: [\w-]{36}\r\n/s,
    );
  });

  it('are judged before the path, the token and the body', async () => {
    const host = 'evil.example.net';
    for (const path of ['/mcp', '/healthz', '/readyz', '/nothing']) {
      for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
        expect(await send(lab.url, { method, path, headers: { host } })).toMatchObject({
          status: 403,
          json: { error: 'Host or Origin not permitted' },
        });
      }
    }
    const declared = await sendBytes(
      lab.url,
      `POST /mcp HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\ncontent-length: 999999999\r\n\r\n`,
    );
    expect(declared).toMatch(/^HTTP\/1.1 403 /);
  });

  it.each(['https://mcp.example.com', 'mcp.example.com:443', 'a b', '*'])('takes no name like %j', async (name) => {
    await expect(startLab({ allowHosts: [name] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});

describe('tokens', () => {
  it.each([
    ['none', {}, 'Bearer realm="headwater"'],
    ['one of nobody', { authorization: `Bearer hw_00000000_${'A'.repeat(43)}` }, /error="invalid_token"/],
    ['another scheme', { authorization: 'Basic R09PRA==' }, /error="invalid_token"/],
    ['no text', { authorization: 'Bearer ' }, /error="invalid_token"/],
    ['one with odd signs', { authorization: 'Bearer a.b.c' }, /error="invalid_token"/],
    ['a very long one', { authorization: `Bearer ${'A'.repeat(8000)}` }, /error="invalid_token"/],
  ])('are needed: %s', async (_, headers, challenge) => {
    const { status, headers: answered } = await send(lab.url, list(headers as Record<string, string>));
    expect(status).toBe(401);
    expect(answered['www-authenticate']).toMatch(challenge);
  });

  it('come in the header alone, whole and unchanged', async () => {
    const token = lab.tokens['good'] ?? '';
    for (const wrong of [token.slice(0, -1), `${token}A`, token.toUpperCase(), token.replace('hw_', 'hw-')]) {
      expect((await send(lab.url, list({ authorization: `Bearer ${wrong}` }))).status).toBe(401);
    }
    const { headers, body } = modernRequest('tools/list');
    const query = { path: `/mcp?access_token=${token}`, headers: headers ?? {}, body: body ?? '' };
    expect((await send(lab.url, query)).status).toBe(401);
    expect((await send(lab.url, list({ authorization: `bearer ${token}` }))).status).toBe(200);
  });

  it('say whose tenant it is, whatever else a request says', async () => {
    expect((await send(lab.url, list({ ...auth, 'x-tenant-id': 'acme' }))).status).toBe(200);
    expect((await send(lab.url, list({ ...auth, 'x-tenant-id': 'other' }))).status).toBe(403);
  });
});

describe('methods and paths', () => {
  it.each(['GET', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE'])(
    'has nothing to %s at /mcp',
    async (method) => {
      const { status, headers, text } = await send(lab.url, { method, headers: { ...JSON_HEADERS, ...auth } });
      expect([status, headers['allow']]).toEqual([405, 'POST']);
      expect(text === '' || method !== 'HEAD').toBe(true);
      expect((await send(lab.url, { method, headers: JSON_HEADERS })).status).toBe(401);
    },
  );

  it('knows sessions in the 2025 era alone', async () => {
    const { headers } = await send(lab.url, initialize(auth));
    const session = { ...auth, ...JSON_HEADERS, 'mcp-session-id': String(headers['mcp-session-id']) };
    for (const method of ['GET', 'DELETE', 'PUT']) {
      const asModern = { ...session, 'mcp-protocol-version': '2026-07-28' };
      expect((await send(lab.url, { method, headers: asModern })).status).toBe(405);
    }
    expect(await send(lab.url, { method: 'PUT', headers: session })).toMatchObject({
      status: 405,
      headers: { allow: 'POST, GET, DELETE' },
    });
    expect((await send(lab.url, { method: 'DELETE', headers: session })).status).toBe(200);
    expect((await send(lab.url, { method: 'DELETE', headers: session })).status).toBe(404);
    expect(await send(lab.url, legacyRequest('tools/list', {}, session))).toMatchObject({
      status: 404,
      json: { error: { code: -32001 } },
    });
  });

  it.each(['/', '/mcp/', '/MCP', '/mcp/x', '//mcp', '/../mcp', '/health', '/.well-known/oauth-protected-resource'])(
    'has nothing at %s',
    async (path) => {
      expect((await send(lab.url, { method: 'GET', path, headers: auth })).status).toBe(404);
    },
  );

  it('answers 404 to a target that names another server', async () => {
    const said = await sendBytes(
      lab.url,
      'GET http://evil.example.net/mcp HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n',
    );
    expect(said).toMatch(/^HTTP\/1.1 404 /);
  });

  it.each(['/healthz', '/readyz'])('%s is to be read, by everybody', async (path) => {
    expect(await send(lab.url, { method: 'GET', path })).toMatchObject({ status: 200 });
    expect(await send(lab.url, { method: 'HEAD', path })).toMatchObject({ status: 200, text: '' });
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      expect((await send(lab.url, { method, path })).status).toBe(405);
    }
  });
});

describe('bodies', () => {
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    send(lab.url, { headers: { ...JSON_HEADERS, ...auth, ...headers }, body });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    '',
  ])('are refused as %j', async (type) => {
    expect((await post('{}', { 'content-type': type })).status).toBe(415);
  });

  it('are refused when compressed', async () => {
    expect((await post('{}', { 'content-encoding': 'gzip' })).status).toBe(415);
  });

  it.each([
    ['nothing', ''],
    ['half a text', '{"jsonrpc":"2.0","id":1,'],
    ['two texts', '{}{}'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22])],
  ])('are refused as no JSON: %s', async (_, body) => {
    expect(await post(body)).toMatchObject({
      status: 400,
      json: { jsonrpc: '2.0', error: { code: -32700 }, id: null },
    });
  });

  it.each(['null', '[]', '1', '"x"', '{}', '{"jsonrpc":"2.0"}', '{"jsonrpc":"1.0","id":1,"method":"x"}', '[null]'])(
    'are refused as no message: %s',
    async (body) => {
      const { status, json } = await post(body);
      expect(status).toBe(400);
      expect(json).toHaveProperty('error.code');
    },
  );

  it('are at most 1 MiB, declared or not', async () => {
    const most = 1024 * 1024;
    const exact = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'x', params: { pad: '' } });
    const padded = exact.replace('""', `"${'x'.repeat(most - exact.length)}"`);
    expect((await post(padded)).status).toBe(400);
    expect(await post(`${padded} `)).toMatchObject({ status: 413, headers: { connection: 'close' } });
    const token = lab.tokens['good'];
    const head = `POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
    expect(await sendBytes(lab.url, `${head}content-length: ${most + 1}\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    expect(await sendBytes(lab.url, `${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`)).toMatch(
      /^HTTP\/1.1 413 /,
    );
  });

  it.each([
    ['arrays', '['.repeat(100_000)],
    ['closed arrays', '['.repeat(400_000) + ']'.repeat(400_000)],
    ['objects', '{"a":'.repeat(100_000)],
    ['arguments', `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"a":${'['.repeat(200)}${']'.repeat(200)}}}`],
  ])('may nest so deeply and no deeper: %s', async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 400, json: { error: { code: -32600 } } });
  });

  it('may hold brackets in texts', async () => {
    const { status } = await send(lab.url, {
      ...modernRequest('tools/call', { name: 'list_connectors', arguments: { query: `"\\"${'['.repeat(150)}` } }, auth),
    });
    expect(status).toBe(200);
  });

  it('come to nothing where keys are traps', async () => {
    const request = modernRequest('tools/call', { name: 'list_connectors', arguments: {} }, auth);
    const body = String(request.body).replace(
      '"arguments":{}',
      '"arguments":{"__proto__":{"limit":1},"constructor":1}',
    );
    const { json } = await send(lab.url, { ...request, body });
    expect(json).toMatchObject({ result: { isError: true } });
  });
});

describe('the protocol', () => {
  it('is served to both eras', async () => {
    expect(await send(lab.url, list(auth))).toMatchObject({ status: 200, json: { result: { ttlMs: 86_400_000 } } });
    expect(await send(lab.url, initialize(auth))).toMatchObject({
      status: 200,
      json: { result: { protocolVersion: '2025-11-25' } },
    });
  });

  const withVersion = (version: string): RawRequest => {
    const { headers, body } = modernRequest('tools/list', {}, { ...auth, 'mcp-protocol-version': version });
    return { headers: headers ?? {}, body: String(body).replace('2026-07-28', version) };
  };

  it.each([
    ['an unknown version', () => withVersion('2099-01-01'), 400, -32022],
    [
      'an unknown version in the header alone',
      () => initialize({ ...auth, 'mcp-protocol-version': '1999-01-01' }),
      400,
      -32022,
    ],
    ['no method header', () => modernRequest('tools/list', {}, { ...auth, 'mcp-method': '' }), 400, -32020],
    [
      'another method in the header',
      () => modernRequest('tools/list', {}, { ...auth, 'mcp-method': 'tools/call' }),
      400,
      -32020,
    ],
    [
      'another name in the header',
      () => modernRequest('tools/call', { name: 'list_sources' }, { ...auth, 'mcp-name': 'delete_source' }),
      400,
      -32020,
    ],
    ['an unknown method', () => modernRequest('nope/nope', {}, auth), 404, -32601],
    ['an unknown tool', () => modernRequest('tools/call', { name: 'nope' }, auth), 200, -32602],
    ['a session that is none', () => legacyRequest('tools/list', {}, { ...auth, 'mcp-session-id': 'x' }), 404, -32001],
    ['no session', () => legacyRequest('tools/list', {}, auth), 400, -32000],
    ['a wrong opening', () => legacyRequest('initialize', {}, auth), 400, -32000],
    ['an opening that takes no streams', () => initialize({ ...auth, accept: 'application/json' }), 406, -32000],
  ])('refuses %s', async (_, request, status, code) => {
    const { status: answered, json } = await send(lab.url, request());
    expect([answered, (json as { error: { code: number } }).error.code]).toEqual([status, code]);
  });
});

describe('limits of a connection', () => {
  it('refuses headers above 16 KiB', async () => {
    const said = await sendBytes(
      lab.url,
      `GET /healthz HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(17_000)}\r\n\r\n`,
    );
    expect(said).toMatch(/^HTTP\/1.1 431 .*x-request-id: [\w-]{36}/s);
  });

  it.each([
    'GARBAGE\r\n\r\n',
    'GET /healthz HTTP/9.9\r\nhost: localhost\r\n\r\n',
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n',
    'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello',
    'GET /healthz HTTP/1.1\r\nhost : localhost\r\n\r\n',
  ])('refuses what is no HTTP: %j', async (text) => {
    expect(await sendBytes(lab.url, text)).toMatch(/^HTTP\/1.1 400 .*x-request-id: [\w-]{36}/s);
  });

  it('gives up on slow headers and slow bodies', async () => {
    const slow = await startLab({ limits: { headersMs: 150, requestMs: 300, checkMs: 50 } });
    const headers = sendBytes(slow.url, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n');
    const body = sendBytes(
      slow.url,
      'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    );
    expect(await headers).toMatch(/^HTTP\/1.1 408 .*x-request-id/s);
    expect(await body).toMatch(/^HTTP\/1.1 408 .*x-request-id/s);
    await slow.close();
  });

  it('closes idle connections', async () => {
    const brief = await startLab({ limits: { keepAliveMs: 100 } });
    expect(await sendBytes(brief.url, 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
    await brief.close();
  });
});

describe('the log', () => {
  it('has a line for each request, with its id and without what was in it', async () => {
    const token = lab.tokens['good'] ?? '';
    const before = lab.lines.length;
    const answers = await Promise.all([
      send(lab.url, modernRequest('tools/call', { name: 'list_connectors', arguments: { query: 'needle' } }, auth)),
      send(lab.url, { method: 'GET', path: `/healthz?token=${token}&needle` }),
      send(lab.url, { method: 'GET', path: `/${token}/needle` }),
      send(lab.url, { headers: { host: 'needle.example.net' } }),
      send(lab.url, list()),
    ]);
    const ids = answers.map(({ headers }) => headers['x-request-id']);
    expect(new Set(ids).size).toBe(answers.length);
    await expect.poll(() => lab.lines.length).toBe(before + answers.length);
    const lines = ids.map((id) => lab.lines.find((line) => line['request_id'] === id));
    expect(lines).toMatchObject([
      { method: 'POST', path: '/mcp', status: 200, tenant: 'acme', subject: 'good', ms: expect.any(Number) },
      { method: 'GET', path: '/healthz', status: 200 },
      { method: 'GET', path: 'unknown', status: 404 },
      { method: 'POST', path: '/mcp', status: 403 },
      { method: 'POST', path: '/mcp', status: 401 },
    ]);
    expect(JSON.stringify(lab.lines)).not.toMatch(new RegExp(`needle|${token.slice(12)}`));
  });

  it('has one also where the client broke off', async () => {
    const { port } = new URL(lab.url);
    const before = lab.lines.length;
    const socket = connect(Number(port), '127.0.0.1');
    const token = lab.tokens['good'];
    socket.write(
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await expect
      .poll(() => lab.lines.slice(before))
      .toMatchObject([{ status: 400, tenant: 'acme', message: 'request' }]);
  });
});

describe('hostile-inputs.json', () => {
  interface HttpInput {
    method: string;
    path: string;
    headers: Record<string, string>;
  }
  const STATUS: Readonly<Record<string, number>> = {
    'http-host-evil': 403,
    'http-origin-null': 403,
    'http-origin-prefix': 403,
    'http-noauth': 401,
    'http-basic': 401,
    'http-bad': 401,
    'http-query-token': 401,
    'http-wrong-aud': 401,
    'http-get': 405,
    'http-delete': 405,
    'http-put': 405,
    'http-form': 415,
    'http-te-cl': 400,
    'http-ver': 400,
  };
  it.each(hostileInputs<HttpInput>('http').map((each) => [each.id, each] as const))('%s', async (id, each) => {
    const token = lab.tokens['good'] ?? '';
    const real = (text: string) => text.replace('GOOD', token);
    const { method, path, headers: given } = each.input;
    const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, real(value)]));
    const body = initialize().body ?? '';
    const wish = STATUS[id] ?? 200;
    expect(each.expect === 'allow').toBe(wish === 200);
    if (id === 'http-te-cl') {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      expect(await sendBytes(lab.url, `POST /mcp HTTP/1.1\r\n${lines.join('')}\r\n0\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 400 /,
      );
      return;
    }
    const sent = { method, path: real(path), headers, ...(method === 'POST' ? { body } : {}) };
    expect((await send(lab.url, sent)).status).toBe(wish);
  });
});

describe('the end', () => {
  it('comes after so long, whatever still runs', async () => {
    const hanging = await startHangingServer();
    const busy = await startLab({ limits: { drainMs: 200 }, settings: { HEADWATER_EGRESS: 'allow_private' } });
    const config = { host: '127.0.0.1', port: hanging.port, database: 'd', username: 'u', password: 'literal' };
    const params = { name: 'test_connection', arguments: { connector: 'pg', config, timeout_s: 25 } };
    const call = send(busy.url, modernRequest('tools/call', params));
    await expect.poll(() => hanging.open).toBe(1);
    const started = performance.now();
    await busy.close();
    expect(performance.now() - started).toBeLessThan(1000);
    expect((await call).status).toBe(503);
    await expect.poll(() => hanging.open).toBe(0);
    await hanging.stop();
  });
});
