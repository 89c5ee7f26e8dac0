import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../../../src/app.ts';
import { readSettings } from '../../../../src/settings.ts';
import { serveOverHttp } from '../../../../src/transports/http/index.ts';
import { type InMemory, inMemory } from '../../../support/in-memory.ts';
import { type RemoteMcp, startClassicMcp, startModernMcp, startOldMcp } from '../../../support/mcp-servers.ts';
import { temporaryFolder } from '../../../support/temp.ts';

const TOKEN = 'canary-token-4712';
const bearer = { method: 'bearer', token: '${env:HEADWATER_SECRET_MCP}' };

let session: InMemory;
const servers: RemoteMcp[] = [];
beforeAll(async () => {
  session = await inMemory({ HEADWATER_SECRET_MCP: TOKEN, HEADWATER_SECRET_WRONG: 'canary-token-wrong' });
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await session.close();
});

async function started(server: Promise<RemoteMcp>): Promise<RemoteMcp> {
  servers.push(await server);
  return await server;
}

interface Report {
  ok: boolean;
  steps: { id: string; status: string; code?: string; evidence?: string; fields?: string[] }[];
}

async function test(config: Record<string, unknown>): Promise<Report> {
  const report = await session.done('test_connection', { connector: 'mcp', config });
  expect(JSON.stringify(report)).not.toContain(TOKEN);
  return report as unknown as Report;
}
const step = (report: Report, wanted: string) => report.steps.find(({ id }) => id === wanted);

const ERAS = [
  ['2026-07-28', startModernMcp, /^weather 3\.1\.4, MCP 2026-07-28 over streamable_http$/],
  ['2025-11-25', startClassicMcp, /^weather 3\.1\.4, MCP 2025-11-25 over streamable_http$/],
  ['HTTP+SSE', startOldMcp, /^weather 3\.1\.4, MCP 2025-11-25 over sse$/],
] as const;

describe.each(ERAS)('a server of %s', (_, start, evidence) => {
  it('is greeted and lists its tools, and none is called', async () => {
    const server = await started(start());
    const report = await test({ base_url: server.url, selected_tools: ['forecast', 'alerts'] });
    expect(report).toMatchObject({ ok: true, verdict: 'ok', depth: 'read' });
    expect(step(report, 'protocol')?.evidence).toMatch(evidence);
    expect(step(report, 'list')?.evidence).toBe('4 tools: alerts, forecast, history, stations');
    expect(step(report, 'selection')?.evidence).toBe('2 of 4');
    expect(server.heard).not.toContain('tools/call');
    await expect.poll(() => server.sessions.size).toBe(0);
  });

  it('has its credentials proven against a stranger', async () => {
    const server = await started(start({ token: TOKEN }));
    const report = await test({ base_url: server.url, auth: bearer });
    expect(report).toMatchObject({ ok: true, verdict: 'ok' });
    expect(step(report, 'auth')?.evidence).toBe('bearer; without credentials: status 401');
    await expect.poll(() => server.sessions.size).toBe(0);
  });

  it('says when the credentials make no difference', async () => {
    const server = await started(start());
    const report = await test({ base_url: server.url, auth: bearer });
    expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
    expect(step(report, 'auth')).toMatchObject({ code: 'MCP_AUTH_UNPROVEN', fields: ['auth'] });
    await expect.poll(() => server.sessions.size).toBe(0);
  });

  it('explains what it says of credentials that are missing or wrong', async () => {
    const server = await started(start({ token: TOKEN }));
    expect(step(await test({ base_url: server.url }), 'auth')).toMatchObject({
      status: 'fail',
      code: 'MCP_AUTH_MISSING',
      fields: ['auth'],
      actor: 'user',
      fix: { text: expect.stringMatching(/OAuth.*oauth-protected-resource.*scope read/) },
    });
    const wrong = { method: 'bearer', token: '${env:HEADWATER_SECRET_WRONG}' };
    expect(step(await test({ base_url: server.url, auth: wrong }), 'auth')).toMatchObject({
      code: 'MCP_AUTH_REJECTED',
      fields: ['auth'],
      driver_code: 'HTTP 401',
    });
  });
});

describe('the chosen transport', () => {
  it.each([
    ['sse', startModernMcp, 'streamable_http'],
    ['sse', startClassicMcp, 'streamable_http'],
    ['streamable_http', startOldMcp, 'sse'],
  ] as const)('%s, where it is another', async (transport, start, right) => {
    const server = await started(start());
    expect(step(await test({ base_url: server.url, transport }), 'protocol')).toMatchObject({
      code: 'MCP_WRONG_TRANSPORT',
      fields: ['transport'],
      fix: { text: expect.stringContaining(right) },
    });
    await expect.poll(() => server.sessions.size).toBe(0);
  });

  it.each([
    ['sse', startOldMcp],
    ['streamable_http', startClassicMcp],
  ] as const)('%s, where it is right', async (transport, start) => {
    const server = await started(start());
    expect(await test({ base_url: server.url, transport })).toMatchObject({ ok: true, verdict: 'ok' });
  });
});

describe('tools', () => {
  it('are read page by page', async () => {
    const server = await started(startClassicMcp({ pageSize: 1 }));
    expect(step(await test({ base_url: server.url }), 'list')?.evidence).toMatch(/^4 tools/);
    expect(server.heard.filter((method) => method === 'tools/list')).toHaveLength(4);
  });

  it('that are selected have to be there', async () => {
    const server = await started(startClassicMcp());
    const report = await test({ base_url: server.url, selected_tools: ['forcast', 'alerts', 'unheard_of'] });
    expect(step(report, 'selection')).toMatchObject({
      status: 'fail',
      code: 'MCP_TOOL_NOT_FOUND',
      fields: ['selected_tools'],
      actor: 'user',
      message: 'The server has no tools forcast, unheard_of',
      fix: { text: expect.stringContaining('forcast: did you mean forecast?') },
    });
  });
});

it('Headwater itself, over its own HTTP transport', async () => {
  const home = await temporaryFolder('remote');
  const app = createApp(readSettings({ HEADWATER_HOME: home.path, HEADWATER_LOG_LEVEL: 'silent' }));
  const http = await serveOverHttp(app, { host: '127.0.0.1', port: 0, allowHosts: [] });
  const report = await test({ base_url: http.url, selected_tools: ['create_source'] });
  expect(report).toMatchObject({ ok: true, verdict: 'ok' });
  expect(step(report, 'protocol')?.evidence).toMatch(/^headwater .*MCP 2026-07-28/i);
  await http.close();
  await app.close();
  await home.remove();
});

it('the life of a source: created, discovered, kept from other servers', async () => {
  const server = await started(startClassicMcp({ token: TOKEN }));
  const config = { base_url: server.url, auth: bearer };
  const { source } = (await session.done('create_source', { connector: 'mcp_server', config, name: 'Weather' })) as {
    source: { id: string; status: string };
  };
  expect(source).toMatchObject({ status: 'Active', connector: 'mcp', last_error: null });
  const id = { source_id: source.id };
  const first = await session.done('discover_source', { ...id, limit: 2 });
  expect(first).toMatchObject({
    streams: [
      { namespace: 'weather', name: 'alerts', kind: 'tool' },
      { namespace: 'weather', name: 'forecast', kind: 'tool' },
    ],
  });
  expect(await session.done('discover_source', { ...id, cursor: first['next_cursor'] })).toMatchObject({
    streams: [{ name: 'history' }, { name: 'stations' }],
  });
  expect(await session.done('discover_source', { ...id, stream: 'weather.forecast' })).toMatchObject({
    streams: [
      {
        columns: [
          { name: 'city', type: 'string', nullable: false },
          { name: 'days', type: 'integer | null', nullable: true },
        ],
      },
    ],
  });
  expect((await session.call('preview_source', { ...id, stream: 'weather.forecast' })).error.code).toBe('UNSUPPORTED');
  // So nobody is sent there.
  expect(await session.done('discover_source', id)).toMatchObject({ next: [] });
  expect(await session.done('update_source', { ...id, config: { selected_tools: ['history'] } })).toMatchObject({
    changed: ['config.selected_tools'],
  });
  const away = { base_url: 'https://evil.example.com/mcp' };
  expect((await session.call('update_source', { ...id, config: away, run_test: false })).error).toMatchObject({
    code: 'CREDENTIALS_REQUIRED',
    fields: [{ field: '/config/auth/token' }],
  });
  expect(await session.done('delete_source', { ...id, confirm: 'Weather' })).toMatchObject({ deleted: true });
  expect(server.heard).not.toContain('tools/call');
});

it('says where a token goes that was given at the top', async () => {
  const config = { base_url: 'https://mcp.example.com/mcp', access_token: 'x' };
  expect((await session.call('test_connection', { connector: 'mcp', config })).error).toMatchObject({
    code: 'INVALID_CONFIG',
    fields: [{ field: '/config/access_token', message: expect.stringContaining('did you mean auth/token?') }],
  });
});
