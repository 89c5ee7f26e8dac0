import type { ServerResponse } from 'node:http';
import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, json, startApi } from '../support/api-server.ts';
import { casesOf } from '../support/hostile-map.ts';
import { closedPort } from '../support/hostile-servers.ts';
import {
  bearer,
  connectHttpV1,
  connectHttpV2,
  type HttpConnection,
  type HttpProcess,
  startHttp,
} from '../support/http.ts';
import { initialize, legacyRequest, modernRequest, type RawAnswer, send } from '../support/http-raw.ts';

const TENANTS = ['acme', 'globex'] as const;
const ROLES = ['admin', 'editor', 'viewer'] as const;
const config = { host: 'db.example.com', database: 'd', username: 'u', password: '${env:HEADWATER_SECRET_X}' };

/** What somebody of a role may do, by seed 002: look, or everything. */
const LOOKING = ['list_connectors', 'get_connector_schema', 'list_sources', 'get_source', 'describe_platforms'];
const CHANGING = [
  'test_connection',
  'create_source',
  'update_source',
  'delete_source',
  'discover_source',
  'preview_source',
  'run_source',
  'request_credentials',
];

let server: HttpProcess;
/** Of each tenant: a source with the same name as the other's. */
const ids: Record<string, string> = {};
let absent: string;

const tokenOf = (tenant: string, role: string) => server.tokens[`${tenant}-${role}`]?.token;

function call(who: string | undefined, name: string, args: Record<string, unknown> = {}): Promise<RawAnswer> {
  return send(server.url, modernRequest('tools/call', { name, arguments: args }, bearer(who)));
}

function errorOf({ json }: RawAnswer): { code?: string; [key: string]: unknown } {
  const { result } = json as { result?: { isError?: boolean; content: { text: string }[] } };
  return result?.isError === true ? JSON.parse(result.content[0]?.text ?? '{}').error : {};
}

function resultOf({ json, text }: RawAnswer): Record<string, unknown> {
  const { result } = json as { result?: { structuredContent?: Record<string, unknown> } };
  if (!result?.structuredContent) throw new Error(text);
  return result.structuredContent;
}

async function createSource(who: string | undefined, args: Record<string, unknown>): Promise<string> {
  const answer = await call(who, 'create_source', { connector: 'pg', config, desired_state: 'Pending', ...args });
  return (resultOf(answer)['source'] as { id: string }).id;
}

beforeAll(async () => {
  const wishes = TENANTS.flatMap((tenant) => ROLES.map((role) => ({ name: `${tenant}-${role}`, tenant, role })));
  server = await startHttp({ tokens: wishes });
  for (const tenant of TENANTS) ids[tenant] = await createSource(tokenOf(tenant, 'editor'), { name: 'Orders' });
  const id = ids['globex'] ?? '';
  absent = `${id.slice(0, -4)}${id.endsWith('0000') ? '1111' : '0000'}`;
});
afterAll(() => server.stop());

describe.each(ROLES)('%s', (role) => {
  const tools = role === 'viewer' ? LOOKING : [...LOOKING, ...CHANGING];

  it('sees exactly the tools it may call, in both eras', async () => {
    const token = tokenOf('acme', role);
    for (const connect of [connectHttpV1, connectHttpV2] as const) {
      const session: HttpConnection<{ listTools(): Promise<{ tools: { name: string }[] }> }> = await connect(
        server.url,
        {
          ...(token === undefined ? {} : { token }),
        },
      );
      expect((await session.client.listTools()).tools.map(({ name }) => name).sort()).toEqual([...tools].sort());
      await session.close();
    }
  });

  it('is refused every other tool as one that there is not', async () => {
    const token = tokenOf('acme', role);
    const nothing = await call(token, 'no_such_tool');
    const { headers } = await send(server.url, initialize(bearer(token)));
    const session = { ...bearer(token), 'mcp-session-id': String(headers['mcp-session-id']) };
    for (const name of CHANGING) {
      const refused = await call(token, name, { source_id: absent });
      const asLegacy = await send(server.url, legacyRequest('tools/call', { name, arguments: {} }, session));
      if (tools.includes(name)) expect(refused.json).not.toMatchObject({ error: { code: -32602 } });
      else {
        expect(refused.text).toBe(nothing.text.replace('no_such_tool', name));
        expect(asLegacy.json).toMatchObject({ error: { code: -32602 } });
      }
    }
    expect(errorOf(await call(token, 'get_source', { source_id: ids['acme'] }))).toEqual({});
  });
});

describe('another tenant’s source', () => {
  /** A call of each tool that takes a source; a new tool must join them. */
  const CALLS: Readonly<Record<string, Record<string, unknown>>> = {
    test_connection: {},
    get_source: { wait_for: 'Active', wait_s: 1 },
    update_source: { config: { host: 'other.example.com' }, name: 'Mine now' },
    delete_source: { confirm: 'Orders' },
    discover_source: {},
    preview_source: { stream: 'public.orders' },
    run_source: { action: 'sync' },
    request_credentials: {},
  };
  const alike = (answer: RawAnswer, id: string) => {
    const { 'x-request-id': _, date: __, ...headers } = answer.headers;
    return { status: answer.status, headers, text: answer.text.replaceAll(id, 'ID') };
  };

  it('has a call for every tool that takes a source', async () => {
    const { json } = await send(server.url, modernRequest('tools/list', {}, bearer(tokenOf('acme', 'admin'))));
    const { tools } = (json as { result: { tools: { name: string; inputSchema: { properties: object } }[] } }).result;
    const taking = tools.filter(({ inputSchema }) => 'source_id' in inputSchema.properties).map(({ name }) => name);
    expect(Object.keys(CALLS).sort()).toEqual(taking.sort());
  });

  it.each([
    ...Object.entries(CALLS).map(([name, args]) => [
      `tools/call ${name}`,
      (source_id: string) => modernRequest('tools/call', { name, arguments: { source_id, ...args } }),
    ]),
    ...Object.entries(CALLS).map(([name, args]) => [
      `tools/call ${name}, dry`,
      (source_id: string) => modernRequest('tools/call', { name, arguments: { source_id, ...args, dry_run: true } }),
    ]),
    ['resources/read', (id: string) => modernRequest('resources/read', { uri: `headwater://sources/${id}` })],
    [
      'prompts/get fix_connection',
      (source_id: string) => modernRequest('prompts/get', { name: 'fix_connection', arguments: { source_id } }),
    ],
    [
      'completion/complete',
      (value: string) =>
        modernRequest('completion/complete', {
          ref: { type: 'ref/resource', uri: 'headwater://sources/{source_id}' },
          argument: { name: 'source_id', value },
        }),
    ],
    [
      'tools/call list_sources',
      (query: string) => modernRequest('tools/call', { name: 'list_sources', arguments: { query } }),
    ],
  ] as [string, (id: string) => ReturnType<typeof modernRequest>][])(
    'is answered as an absent one, byte for byte: %s',
    async (_, request) => {
      const theirs = ids['globex'] ?? '';
      const ask = async (id: string) => {
        const { headers, body } = request(id);
        const wanted = { headers: { ...headers, ...bearer(tokenOf('acme', 'admin')) }, body: body ?? '' };
        return alike(await send(server.url, wanted), id);
      };
      expect(await ask(theirs)).toEqual(await ask(absent));
    },
  );

  it('is still there, unchanged', async () => {
    const { source } = resultOf(await call(tokenOf('globex', 'viewer'), 'get_source', { source_id: ids['globex'] }));
    expect(source).toMatchObject({ name: 'Orders', version: 1, tenant_id: 'globex' });
  });
});

describe('two tenants', () => {
  it('use names, idempotency keys and cursors beside each other', async () => {
    const key = { idempotency_key: 'same-key', name: 'Same name' };
    const made = await Promise.all(TENANTS.map((tenant) => createSource(tokenOf(tenant, 'editor'), key)));
    expect(new Set(made).size).toBe(2);
    expect(await createSource(tokenOf('acme', 'editor'), key)).toBe(made[0]);
    const page = resultOf(await call(tokenOf('globex', 'editor'), 'list_sources', { limit: 1 }));
    const next = await call(tokenOf('acme', 'editor'), 'list_sources', { limit: 100, cursor: page['next_cursor'] });
    const seen = (next.json as { result: object }).result;
    expect(JSON.stringify(seen)).not.toContain(made[1]);
    expect(JSON.stringify(seen)).not.toContain(ids['globex']);
  });

  it('are listed and completed apart', async () => {
    for (const tenant of TENANTS) {
      const other = tenant === 'acme' ? 'globex' : 'acme';
      for (const role of ROLES) {
        const session = await connectHttpV2(server.url, { token: tokenOf(tenant, role) });
        const listed = await session.call('list_sources', { limit: 100 });
        expect(listed.text).toContain(ids[tenant]);
        expect(listed.text).not.toContain(ids[other]);
        for (const ref of [
          { type: 'ref/resource', uri: 'headwater://sources/{source_id}' },
          { type: 'ref/prompt', name: 'fix_connection' },
        ] as const) {
          const { completion } = await session.client.complete({ ref, argument: { name: 'source_id', value: 'src_' } });
          expect(completion.values).toContain(ids[tenant]);
          expect(completion.values).not.toContain(ids[other]);
        }
        await session.close();
      }
    }
  });

  it('hear nothing of each other, in sessions or on streams', async () => {
    const theirs = `headwater://sources/${ids['globex']}`;
    const own = `headwater://sources/${ids['acme']}`;
    const heard: string[] = [];
    const session = await connectHttpV1(server.url, { token: tokenOf('acme', 'viewer') });
    session.client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(`session ${params.uri}`),
    );
    for (const uri of [own, theirs, `headwater://sources/${absent}`]) {
      expect(await session.client.subscribeResource({ uri })).toEqual({});
    }
    const modern = await connectHttpV2(server.url, { token: tokenOf('acme', 'viewer') });
    modern.client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void heard.push(`stream ${params.uri}`),
    );
    const stream = await modern.client.listen({
      resourceSubscriptions: [own, theirs, `headwater://sources/${absent}`],
    });
    await call(tokenOf('globex', 'editor'), 'update_source', { source_id: ids['globex'], tags: ['changed'] });
    await call(tokenOf('acme', 'editor'), 'update_source', { source_id: ids['acme'], tags: ['changed'] });
    await expect.poll(() => heard.length).toBe(2);
    expect(heard.sort()).toEqual([`session ${own}`, `stream ${own}`]);
    await stream.close();
    await Promise.all([session.close(), modern.close()]);
  });

  it('cannot use each other’s sessions, nor two principals of one tenant', async () => {
    const { headers } = await send(server.url, initialize(bearer(tokenOf('acme', 'admin'))));
    const id = String(headers['mcp-session-id']);
    const ask = (token: string | undefined, session: string, method: 'POST' | 'GET' | 'DELETE') => {
      const { headers: own, body } = legacyRequest('tools/list', {}, { ...bearer(token), 'mcp-session-id': session });
      return send(server.url, { method, headers: own ?? {}, ...(method === 'POST' ? { body: body ?? '' } : {}) });
    };
    for (const method of ['POST', 'GET', 'DELETE'] as const) {
      const unknown = await ask(tokenOf('globex', 'admin'), 'a'.repeat(36), method);
      expect(unknown.status).toBe(404);
      for (const other of [tokenOf('globex', 'admin'), tokenOf('acme', 'viewer')]) {
        expect(await ask(other, id, method)).toMatchObject({ status: 404, text: unknown.text });
      }
    }
    expect((await ask(tokenOf('acme', 'admin'), id, 'POST')).status).toBe(200);
  });

  it('cannot agree for each other: what a person agreed to holds for who asked', async () => {
    const source_id = await createSource(tokenOf('acme', 'admin'), { name: 'Asked about' });
    const ask = (token: string | undefined, more: Record<string, unknown> = {}) => {
      const params = { name: 'delete_source', arguments: { source_id, confirm: 'Asked about' }, ...more };
      const { headers, body } = modernRequest('tools/call', params, bearer(token));
      const asking = String(body).replace('clientCapabilities":{}', 'clientCapabilities":{"elicitation":{"form":{}}}');
      return send(server.url, { headers: headers ?? {}, body: asking });
    };
    const { json } = await ask(tokenOf('acme', 'admin'));
    const { requestState } = (json as { result: { requestState: string } }).result;
    const inputResponses = { consent: { action: 'accept', content: { agree: true } } };
    const tampered = `${requestState.slice(0, -4)}AAAA`;
    expect((await ask(tokenOf('acme', 'editor'), { requestState, inputResponses })).json).toMatchObject({
      result: { resultType: 'input_required' },
    });
    expect((await ask(tokenOf('acme', 'admin'), { requestState: tampered, inputResponses })).json).not.toHaveProperty(
      'result.structuredContent',
    );
    expect((await ask(tokenOf('globex', 'admin'), { requestState, inputResponses })).text).toMatch(/SOURCE_NOT_FOUND/);
    expect((await ask(tokenOf('acme', 'admin'), { requestState, inputResponses })).json).toMatchObject({
      result: { structuredContent: { deleted: true } },
    });
  });
});

describe('hostile-inputs.json', () => {
  interface AuthzInput {
    role?: string;
    op: 'list' | 'get' | 'delete' | 'test' | 'create' | 'update';
    header?: Record<string, string>;
    target?: { id: string };
    args?: Record<string, unknown>;
    repeat?: number;
  }
  /** Those that take more than one call. */
  const OWN: Readonly<Record<string, (input: AuthzInput) => Promise<void>>> = {
    // Of a server as it comes; one destination alone would not get so many.
    'authz-rate-101': async ({ repeat = 0 }) => {
      const answer = (_: unknown, response: ServerResponse) => json(response, 200, {});
      const apis = await Promise.all(Array.from({ length: 5 }, () => startApi(answer)));
      const tokens = TENANTS.map((tenant) => ({ name: tenant, tenant, role: 'editor' as const }));
      const standard = await startHttp({ tokens, env: { HEADWATER_EGRESS: 'allow_private' } });
      const test = (tenant: string, { url }: { url: string }) => {
        const args = { connector: 'rest_api', config: { url } };
        const headers = bearer(standard.tokens[tenant]?.token);
        return send(standard.url, modernRequest('tools/call', { name: 'test_connection', arguments: args }, headers));
      };
      const [last, ...others] = apis as [ApiServer, ...ApiServer[]];
      await Promise.all(
        others.map(async (api) => {
          for (let n = 0; n < (repeat - 1) / others.length; n += 1) {
            expect(resultOf(await test('acme', api))).toMatchObject({ ok: true });
          }
        }),
      );
      expect(errorOf(await test('acme', last))).toMatchObject({
        code: 'RATE_LIMITED',
        retryable: true,
        retry_after_ms: expect.any(Number),
      });
      expect(last.requests).toEqual([]);
      expect(resultOf(await test('globex', last))).toMatchObject({ ok: true });
      await Promise.all([standard.stop(), ...apis.map((api) => api.stop())]);
    },
    'authz-idem-differs': async () => {
      const token = tokenOf('acme', 'editor');
      await createSource(token, { name: 'First body', idempotency_key: 'k1' });
      const args = { connector: 'pg', config, desired_state: 'Pending', name: 'Second body', idempotency_key: 'k1' };
      expect(errorOf(await call(token, 'create_source', args))).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    },
    // Of a call that asks nobody, and of one that does, above.
    'authz-state-tamper': async () => {
      const args = { connector: 'pg', config, desired_state: 'Pending', name: 'Tampered' };
      const params = { name: 'create_source', arguments: args, requestState: 'tampered' };
      const { json } = await send(server.url, modernRequest('tools/call', params, bearer(tokenOf('acme', 'editor'))));
      expect(json).toMatchObject({ error: { code: -32602 } });
      const { sources } = resultOf(await call(tokenOf('acme', 'editor'), 'list_sources', { query: 'Tampered' }));
      expect(sources).toEqual([]);
    },
  };

  it.each(casesOf<AuthzInput>('authz').map((each) => [each.id, each] as const))('%s', async (id, each) => {
    const special = OWN[id];
    if (special) return await special(each.input);
    const { input, expect: verdict } = each;
    const own = { source_id: ids['acme'] };
    const { id: givenId, ...args } = input.args ?? {};
    const target = input.target ? { source_id: ids['globex'] } : givenId === undefined ? own : { source_id: givenId };
    const create = { connector: 'pg', config, name: id, desired_state: 'Pending' };
    const calls = {
      list: ['list_sources', {}],
      get: ['get_source', target],
      delete: ['delete_source', { ...target, confirm: 'Orders', dry_run: true }],
      test: ['test_connection', target],
      create: ['create_source', create],
      update: ['update_source', { ...target, description: id }],
    } as const;
    const [name, basic] = calls[input.op];
    const token = input.role === undefined || input.role === 'none' ? undefined : tokenOf('acme', input.role);
    const headers = { ...bearer(token), ...input.header };
    const request = modernRequest('tools/call', { name, arguments: { ...basic, ...args } }, headers);
    const { status, json } = await send(server.url, request);
    const { result } = json as { result?: { isError?: boolean } };
    const allowed = status === 200 && result !== undefined && result.isError !== true;
    expect([id, allowed]).toEqual([id, verdict === 'allow']);
  });
});

describe('limits', () => {
  it('are those of each tenant, and an answer of the tool', async () => {
    const tokens = TENANTS.map((tenant) => ({ name: tenant, tenant, role: 'editor' as const }));
    const limited = await startHttp({
      tokens,
      env: { HEADWATER_TEST_LIMIT: '1', HEADWATER_EGRESS: 'allow_private', HEADWATER_SECRET_X: 'x' },
    });
    const nowhere = { connector: 'pg', config: { ...config, host: '127.0.0.1', port: await closedPort() } };
    const test = (tenant: string) => {
      const headers = bearer(limited.tokens[tenant]?.token);
      return send(limited.url, modernRequest('tools/call', { name: 'test_connection', arguments: nowhere }, headers));
    };
    expect(resultOf(await test('acme'))).toMatchObject({ ok: false });
    const refused = await test('acme');
    expect(refused.status).toBe(200);
    expect(errorOf(refused)).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: expect.any(Number) });
    expect(resultOf(await test('globex'))).toMatchObject({ ok: false });
    await limited.stop();
  });
});
