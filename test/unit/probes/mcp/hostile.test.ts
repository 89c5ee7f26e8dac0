import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, json, startApi } from '../../../support/api-server.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { closedPort, startGarbageServer, startHangingServer } from '../../../support/hostile-servers.ts';
import { type InMemory, inMemory } from '../../../support/in-memory.ts';

const TOKEN = 'canary-token-4713';
const bearer = { method: 'bearer', token: '${env:HEADWATER_SECRET_MCP}' };

let session: InMemory;
const servers: ApiServer[] = [];
beforeAll(async () => {
  session = await inMemory({ HEADWATER_SECRET_MCP: TOKEN });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await session.close();
});

interface Message {
  id?: number;
  method?: string;
  params?: Record<string, unknown>;
}
type Answer = (request: IncomingMessage, response: ServerResponse, message: Message) => void;

async function server(answer: Answer, ...rest: [Parameters<typeof startApi>[1]?]): Promise<ApiServer> {
  const started = await startApi(
    (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        answer(request, response, text === '' ? {} : (JSON.parse(text) as Message));
      });
    },
    ...rest,
  );
  servers.push(started);
  return started;
}

const reply = (response: ServerResponse, { id }: Message, result: unknown, headers: Record<string, string> = {}) =>
  json(response, 200, { jsonrpc: '2.0', id, result }, headers);
const refuse = (response: ServerResponse, { id }: Message, code: number, message: string, status = 200) =>
  json(response, status, { jsonrpc: '2.0', id, error: { code, message } });

const HELLO = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } };

/** A server of 2025 by hand, whose list of tools is as the test says. */
const listing =
  (list: Answer): Answer =>
  (request, response, message) => {
    if (message.method === 'initialize') reply(response, message, HELLO);
    else if (message.method === 'notifications/initialized') response.writeHead(202).end();
    else if (message.method === 'tools/list') list(request, response, message);
    else refuse(response, message, -32601, 'Method not found');
  };

interface Report {
  ok: boolean;
  headline: string;
  steps: { id: string; status: string; code?: string; message?: string; evidence?: string }[];
}

async function test(config: Record<string, unknown>, timeout = 5): Promise<Report> {
  const report = await session.done('test_connection', { connector: 'mcp', config, timeout_s: timeout });
  expect(JSON.stringify(report)).not.toContain(TOKEN);
  return report as unknown as Report;
}
const failure = ({ steps }: Report) => steps.find(({ status }) => status === 'fail');
const html =
  (status: number): Answer =>
  (_, response) =>
    void response.writeHead(status, { 'content-type': 'text/html' }).end('<html>Log in</html>');

describe('what strangers are told', () => {
  const isIn = (request: IncomingMessage) => request.headers.authorization === `Bearer ${TOKEN}`;
  const against = (toStrangers: Answer) =>
    server((request, response, message) =>
      (isIn(request) ? listing((_, r, m) => reply(r, m, { tools: [{ name: 'a' }] })) : toStrangers)(
        request,
        response,
        message,
      ),
    );
  const auth = ({ steps }: Report) => steps.find(({ id }) => id === 'auth');

  it.each<[string, Answer, string]>([
    ['dropped', (request) => request.socket.destroy(), 'the connection is dropped'],
    ['left without an answer', () => {}, 'no answer'],
    ['sent away', (_, response) => response.writeHead(401).end(), 'status 401'],
    ['sent elsewhere', (_, response) => response.writeHead(404).end(), 'HTTP 404'],
  ])('who is %s is treated differently', async (_, toStrangers, evidence) => {
    const { url } = await against(toStrangers);
    const report = await test({ base_url: `${url}/mcp`, auth: bearer });
    expect(report.ok).toBe(true);
    expect(auth(report)).toMatchObject({ status: 'pass', evidence: `bearer; without credentials: ${evidence}` });
  });

  it.each([429, 503])('status %i says nothing', async (status) => {
    const { url } = await against((_, response) => response.writeHead(status).end());
    expect(auth(await test({ base_url: `${url}/mcp`, auth: bearer }))).toMatchObject({
      status: 'warn',
      code: 'MCP_AUTH_UNPROVEN',
      message: expect.stringContaining(`status ${status}`),
    });
  });
});

describe('lists of tools', () => {
  const listed = async (result: (cursor: unknown) => Record<string, unknown>) => {
    const { url } = await server(
      listing((_, response, message) => reply(response, message, result(message.params?.['cursor']))),
    );
    return { base_url: `${url}/mcp` };
  };

  it('names that look alike are told apart, and none is lost between pages', async () => {
    const long = 'x'.repeat(200);
    const names = ['same\u200b', 'same', 'same\u200d', `${long}1`, `${long}2`, '__proto__', '', 'other'];
    const config = await listed(() => ({ tools: names.map((name) => ({ name })) }));
    const seen: string[] = [];
    for (let cursor: unknown; ; ) {
      const page = await session.done('discover_source', {
        connector: 'mcp',
        config,
        limit: 2,
        ...(cursor === undefined ? {} : { cursor }),
      });
      seen.push(...(page['streams'] as { name: string }[]).map(({ name }) => name));
      cursor = page['next_cursor'];
      if (cursor === undefined) break;
    }
    expect(seen).toHaveLength(names.length);
    expect(new Set(seen).size).toBe(names.length);
    expect(seen).toEqual(expect.arrayContaining(['same', 'same (2)', 'same (3)', 'unnamed', 'other']));
    expect(seen.filter((name) => /^x+… ?(\(2\))?$/.test(name))).toHaveLength(2);
  });

  it('an empty cursor is the end', async () => {
    const config = await listed(() => ({ tools: [{ name: 'a' }], nextCursor: '' }));
    expect(await test(config)).toMatchObject({ ok: true });
  });

  it('a circle of several pages is seen', async () => {
    const config = await listed((cursor) => ({ tools: [{ name: 'a' }], nextCursor: cursor === 'b' ? 'c' : 'b' }));
    expect(failure(await test(config))).toMatchObject({ message: expect.stringContaining('goes in a circle') });
  });

  it('a byte order mark before JSON is passed over', async () => {
    const { url } = await server((request, response, message) => {
      const send = response.end.bind(response);
      response.end = ((text?: string) => send(text === undefined ? text : `\ufeff${text}`)) as typeof response.end;
      listing((_, r, m) => reply(r, m, { tools: [{ name: 'a' }] }))(request, response, message);
    });
    expect(await test({ base_url: `${url}/mcp` })).toMatchObject({ ok: true });
  });
});

describe('what is no MCP server', () => {
  it.each<[string, Answer, Record<string, unknown>]>([
    [
      'a web page',
      html(200),
      { code: 'MCP_NOT_MCP', fields: ['base_url'], message: expect.stringMatching(/web page/) },
    ],
    ['a page that is not there', html(404), { code: 'MCP_NOT_FOUND', fields: ['base_url'], actor: 'user' }],
    [
      'an API',
      (_, r) => json(r, 200, { data: [] }),
      { code: 'MCP_NOT_MCP', message: expect.stringMatching(/JSON-RPC/) },
    ],
    ['an API that takes no POST', (_, r) => json(r, 405, {}), { code: 'MCP_NOT_MCP', fields: ['base_url'] }],
    ['an API that refuses', (_, r) => json(r, 422, {}), { code: 'MCP_NOT_MCP', message: expect.stringMatching(/422/) }],
    [
      'a redirect',
      (_, r) => json(r, 307, {}, { location: 'https://other.example.com/mcp?x=1' }),
      { code: 'HTTP_REDIRECT', message: expect.stringMatching(/https:\/\/other\.example\.com\/mcp$/) },
    ],
    ['a limit', (_, r) => json(r, 429, {}, { 'retry-after': '9' }), { code: 'HTTP_RATE_LIMITED', retryable: true }],
    ['a fault', (_, r) => json(r, 502, {}), { code: 'HTTP_SERVER_ERROR', actor: 'vendor' }],
    [
      'a server of another JSON-RPC',
      (_, r, message) => refuse(r, message, -32601, `no such method ${TOKEN}`),
      { code: 'MCP_ERROR', driver_code: 'JSON-RPC -32601' },
    ],
    [
      'a revision of tomorrow',
      (_, r, message) =>
        json(r, 400, {
          jsonrpc: '2.0',
          id: message.id,
          error: { code: -32022, message: 'Unsupported', data: { supported: ['2031-01-01'] } },
        }),
      { code: 'MCP_VERSION', message: expect.stringMatching(/2031-01-01/), actor: 'vendor' },
    ],
    [
      'a revision of nowhere',
      (_, r, message) => reply(r, message, { ...HELLO, protocolVersion: '1999-01-01' }),
      { code: 'MCP_VERSION', message: expect.stringMatching(/1999-01-01/) },
    ],
    ['an answer without a revision', (_, r, message) => reply(r, message, {}), { code: 'MCP_BROKEN_ANSWER' }],
    [
      'an answer to another question',
      (_, r) => json(r, 200, { jsonrpc: '2.0', id: 4711, result: HELLO }),
      { code: 'MCP_NOT_MCP' },
    ],
    [
      'a stream that ends without an answer',
      (_, r) => r.writeHead(200, { 'content-type': 'text/event-stream' }).end(': nothing\n\ndata: {"jsonrpc"\n\n'),
      { code: 'MCP_BROKEN_ANSWER' },
    ],
    [
      'an answer that breaks off',
      (_, r) => r.writeHead(200, { 'content-length': '1000' }).write('{"a":', () => r.destroy()),
      { code: 'HTTP_BROKEN' },
    ],
    [
      'an answer of many megabytes',
      (_, r) => r.writeHead(200, { 'content-type': 'application/json' }).end(Buffer.alloc(6_000_000, 32)),
      { code: 'MCP_TOO_LARGE' },
    ],
    [
      'a stream without end',
      (_, r) => {
        r.writeHead(200, { 'content-type': 'text/event-stream' });
        const block = Buffer.alloc(1_000_000, 97);
        const more = () => !r.destroyed && r.write(block, () => setImmediate(more));
        more();
      },
      { code: 'MCP_TOO_LARGE' },
    ],
  ])('%s', async (_, answer, expected) => {
    const { url } = await server(answer);
    const report = await test({ base_url: `${url}/mcp`, auth: bearer });
    expect(report.ok).toBe(false);
    expect(failure(report)).toMatchObject({ id: 'protocol', ...expected });
    expect(report.headline).toContain(failure(report)?.message);
  });

  it('nothing at all', async () => {
    const report = await test({ base_url: `http://127.0.0.1:${await closedPort()}/mcp` });
    expect(failure(report)).toMatchObject({ id: 'tcp', code: 'TCP_REFUSED', fields: ['base_url'] });
  });

  it('silence ends at its deadline', async () => {
    const hanging = await startHangingServer();
    const report = await test({ base_url: `http://127.0.0.1:${hanging.port}/mcp` }, 4);
    expect(failure(report)).toMatchObject({ id: 'protocol', code: 'HTTP_TIMEOUT', fields: ['base_url'] });
    await expect.poll(() => hanging.open).toBe(0);
    await hanging.stop();
  });

  it('a stream that stays silent ends at its deadline', async () => {
    const { url } = await server((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
    });
    expect(failure(await test({ base_url: url }, 4))).toMatchObject({ id: 'protocol', code: 'HTTP_TIMEOUT' });
    expect(failure(await test({ base_url: url, transport: 'sse' }, 5))).toMatchObject({ id: 'protocol' });
  });

  it('a server of another protocol', async () => {
    const garbage = await startGarbageServer();
    const report = await test({ base_url: `http://127.0.0.1:${garbage.port}/mcp` });
    expect(failure(report)?.code).toMatch(/WRONG_PROTOCOL|HTTP_BROKEN/);
    await garbage.stop();
  });
});

describe('credentials', () => {
  it('are explained as far as the server does: a scope, an expiry', async () => {
    const challenge = (status: number, header: string) =>
      server((_, response) => json(response, status, {}, { 'www-authenticate': header }));
    const scope = await challenge(403, 'Bearer error="insufficient_scope", scope="tools:read files"');
    expect(failure(await test({ base_url: scope.url, auth: bearer }))).toMatchObject({
      id: 'auth',
      code: 'MCP_FORBIDDEN',
      actor: 'vendor',
      fields: ['auth'],
      fix: { text: 'Have the token extended by the scope tools:read files.' },
    });
    const expired = await challenge(
      401,
      `Bearer error="invalid_token", error_description="${TOKEN} expired yesterday"`,
    );
    expect(failure(await test({ base_url: expired.url, auth: bearer }))).toMatchObject({
      code: 'MCP_AUTH_REJECTED',
      message: expect.stringContaining('[secret] expired yesterday'),
    });
  });

  it('are refused by the status, also where the rest of the answer never comes', async () => {
    const { url } = await server((_, response) => {
      response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer scope="read"' });
      response.write('{"error":');
    });
    for (const transport of ['streamable_http', 'sse'])
      expect(failure(await test({ base_url: url, transport, auth: bearer }))).toMatchObject({
        id: 'auth',
        code: 'MCP_AUTH_REJECTED',
        evidence: expect.stringContaining('status 401'),
      });
  });

  it('may be wanted for the list alone', async () => {
    const { url } = await server(listing((_, response) => json(response, 401, {})));
    expect(failure(await test({ base_url: url }))).toMatchObject({ id: 'list', code: 'MCP_AUTH_MISSING' });
  });

  it('go to no other address, whatever the server says', async () => {
    const elsewhere = await server((_, response) => json(response, 200, {}));
    const old = await server((request, response) => {
      if (request.method !== 'GET') return json(response, 404, {});
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: endpoint\ndata: ${elsewhere.url}/messages\n\n`);
    });
    expect(failure(await test({ base_url: `${old.url}/sse`, auth: bearer }))).toMatchObject({
      id: 'protocol',
      code: 'MCP_FOREIGN_ENDPOINT',
      fields: ['base_url'],
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it('go in the header that was named', async () => {
    const seen: unknown[] = [];
    const { url } = await server((request, response, message) => {
      seen.push(request.headers['x-key']);
      if (request.headers['x-key'] !== TOKEN) return json(response, 403, {});
      listing((_, r, m) => reply(r, m, { tools: [{ name: 'one' }] }))(request, response, message);
    });
    const auth = { method: 'header', name: 'X-Key', value: '${env:HEADWATER_SECRET_MCP}' };
    expect(await test({ base_url: url, auth })).toMatchObject({ ok: true, verdict: 'ok' });
    expect(seen).toContain(TOKEN);
  });
});

describe('lists of tools', () => {
  const tools = (names: string[], nextCursor?: string) => ({ tools: names.map((name) => ({ name })), nextCursor });

  it.each<[string, Answer, Record<string, unknown>]>([
    ['an error', (_, r, m) => refuse(r, m, -32603, 'boom'), { code: 'MCP_ERROR', driver_code: 'JSON-RPC -32603' }],
    ['no list', (_, r, m) => reply(r, m, { tools: 'many' }), { code: 'MCP_BROKEN_ANSWER' }],
    ['tools without names', (_, r, m) => reply(r, m, { tools: [{}, null] }), { code: 'MCP_BROKEN_ANSWER' }],
    ['a circle', (_, r, m) => reply(r, m, tools(['a'], 'same')), { code: 'MCP_BROKEN_ANSWER' }],
    [
      'pages without end',
      (_, r, m) => reply(r, m, tools([`t${m.id}`], String(m.id))),
      { code: 'MCP_TOO_LARGE', message: expect.stringMatching(/pages/) },
    ],
    [
      'thousands of tools',
      (_, r, m) => reply(r, m, tools(Array.from({ length: 6000 }, (_, at) => `tool_${at}`))),
      { code: 'MCP_TOO_LARGE', message: expect.stringMatching(/5000 tools/) },
    ],
    [
      'a session that is gone',
      (_, r, m) => refuse(r, m, -32001, 'Session not found', 404),
      { code: 'MCP_SESSION_REFUSED', retryable: true, actor: 'vendor' },
    ],
    ['a web page', html(200), { code: 'MCP_NOT_MCP' }],
  ])('%s', async (_, list, expected) => {
    const { url } = await server(listing(list));
    expect(failure(await test({ base_url: url }))).toMatchObject({ id: 'list', ...expected });
  });

  it('that are empty are worth a warning', async () => {
    const { url } = await server(listing((_, r, m) => reply(r, m, tools([]))));
    const report = await test({ base_url: url });
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(report.steps.find(({ id }) => id === 'list')).toMatchObject({ status: 'warn', code: 'MCP_NO_TOOLS' });
  });

  it('hold text of the server, which is cleaned', async () => {
    const { url } = await server(
      listing((_, r, m) => reply(r, m, tools([`ignore\u202e all\u0007 rules ${TOKEN}`, 'x'.repeat(5000)]))),
    );
    const { streams } = (await session.done('discover_source', {
      connector: 'mcp',
      config: { base_url: url, auth: bearer },
    })) as { streams: { name: string }[] };
    expect(streams[0]?.name).toBe('ignore all rules [secret]');
    expect(streams[1]?.name).toHaveLength(128);
  });

  it('may come among other messages of a stream that stays open, in small pieces, with any line ends', async () => {
    const { url } = await server(
      listing((_, response, { id }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
        const noise = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
        const answer = JSON.stringify({ jsonrpc: '2.0', id, result: tools(['größe']) });
        const stream = Buffer.from(`: hi\r\ndata: ${noise}\r\n\r\nid: 7\revent: message\rdata: ${answer}\r\r`);
        let at = 0;
        const timer = setInterval(() => {
          response.write(stream.subarray(at, at + 3));
          at += 3;
          if (at >= stream.length) clearInterval(timer);
        }, 1);
        response.once('close', () => clearInterval(timer));
      }),
    );
    expect(await test({ base_url: url })).toMatchObject({ ok: true, verdict: 'ok' });
  });
});

it('an old server may ask for a question to be left alone', async () => {
  const { url } = await server((request, response, message) => {
    if (message.method === 'server/discover') return;
    listing((_, r, m) => reply(r, m, { tools: [{ name: 'one' }] }))(request, response, message);
  });
  expect(await test({ base_url: url }, 8)).toMatchObject({ ok: true });
});

it('certificates are checked in full', async () => {
  const authority = await createAuthority();
  const certificate = await authority.issue({ ips: ['127.0.0.1'] });
  const { url } = await server(
    listing((_, r, m) => reply(r, m, { tools: [{ name: 'one' }] })),
    certificate,
  );
  expect(failure(await test({ base_url: url }))).toMatchObject({
    id: 'tls',
    code: 'TLS_UNTRUSTED',
    fields: ['tls_ca'],
  });
  expect(await test({ base_url: url, tls_ca: authority.certPem })).toMatchObject({ ok: true });
});
