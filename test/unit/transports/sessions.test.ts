import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import type { Caller } from '../../../src/transports/http/caller.ts';
import { createSessions, type Sessions, type SessionsOptions } from '../../../src/transports/http/sessions.ts';

const PRINCIPAL = { tenant: 'acme', subject: 'anna', role: 'editor' } as const;
const ANNA: Caller = { principal: PRINCIPAL, token: 'a' };
const BORIS: Caller = { principal: { ...PRINCIPAL, subject: 'boris' }, token: 'b' };
const MINUTE = 60_000;

let now = 0;
let servers = { made: 0, closed: 0 };
let sessions: Sessions;
afterEach(() => sessions.close());

function start(options: Partial<SessionsOptions> = {}): void {
  now = 0;
  servers = { made: 0, closed: 0 };
  const createServer = () => {
    servers.made++;
    const server = new McpServer({ name: 'test', version: '0' });
    server.server.onclose = () => void servers.closed++;
    return server;
  };
  sessions = createSessions({ createServer, clock: () => now, ...options });
}

const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const clientInfo = { name: 'test', version: '0' };
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo },
};
const done = Promise.resolve();

function ask(caller: Caller, body: unknown, more: Record<string, string> = {}, finished = done) {
  const request = new Request('http://localhost/mcp', { method: 'POST', headers: { ...headers, ...more } });
  return sessions.handle(request, caller, body, finished);
}

async function open(caller: Caller, finished = done): Promise<string> {
  const response = await ask(caller, INITIALIZE, {}, finished);
  expect(response.status).toBe(200);
  return response.headers.get('mcp-session-id') ?? '';
}

const ping = async (caller: Caller, id: string) =>
  (await ask(caller, { jsonrpc: '2.0', id: 2, method: 'ping' }, { 'mcp-session-id': id })).status;

describe('sessions', () => {
  it('are their owner’s alone: to others they are not there', async () => {
    start();
    const id = await open(ANNA);
    const body = { jsonrpc: '2.0', id: 'x', method: 'ping' };
    const others: Caller[] = [
      BORIS,
      { ...ANNA, token: 'another of hers' },
      { principal: PRINCIPAL },
      { ...ANNA, principal: { ...PRINCIPAL, tenant: 'other' } },
      { ...ANNA, principal: { ...PRINCIPAL, role: 'viewer' } },
    ];
    const answers = others.map((other) => ask(other, body, { 'mcp-session-id': id }));
    const absent = await ask(ANNA, body, { 'mcp-session-id': 'absent' });
    const expected = [absent.status, await absent.text()];
    for (const answer of await Promise.all(answers)) expect([answer.status, await answer.text()]).toEqual(expected);
    expect(expected).toEqual([404, expect.stringContaining('"id":"x"')]);
    expect(await ping(ANNA, id)).toBe(200);
  });

  it('begin with a right initialize alone, and leave nothing behind otherwise', async () => {
    start();
    for (const body of [
      { jsonrpc: '2.0', id: 1, method: 'tools/list' },
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      { ...INITIALIZE, params: {} },
      [INITIALIZE],
      undefined,
    ]) {
      expect((await ask(ANNA, body)).status).toBe(400);
    }
    expect(servers).toEqual({ made: 0, closed: 0 });
    expect((await ask(ANNA, INITIALIZE, { accept: 'text/html' })).status).toBe(406);
    expect(servers).toEqual({ made: 1, closed: 1 });
    expect(sessions.size).toBe(0);
  });

  it('end after 30 minutes without use', async () => {
    start();
    const [idle, used] = [await open(ANNA), await open(ANNA)];
    now += 20 * MINUTE;
    await ping(ANNA, used);
    now += 11 * MINUTE;
    sessions.sweep();
    expect([await ping(ANNA, idle), await ping(ANNA, used)]).toEqual([404, 200]);
    expect(servers.closed).toBe(1);
  });

  it('end with the token that opened them, whoever still uses them', async () => {
    start();
    const ids = [await open(ANNA, new Promise(() => {})), await open(BORIS)] as const;
    sessions.endOf(({ token }) => token === ANNA.token);
    expect([await ping(ANNA, ids[0]), await ping(BORIS, ids[1])]).toEqual([404, 200]);
    expect(servers).toEqual({ made: 2, closed: 1 });
  });

  it('do not end while a stream is open', async () => {
    start();
    let finish = () => {};
    const streaming = await open(ANNA, new Promise((resolve) => (finish = resolve)));
    now += 90 * MINUTE;
    sessions.sweep();
    expect(sessions.size).toBe(1);
    finish();
    await done;
    now += 31 * MINUTE;
    sessions.sweep();
    expect(await ping(ANNA, streaming)).toBe(404);
  });

  it('give way, the longest unused first, to new ones of the same caller', async () => {
    start({ mostPerCaller: 3 });
    const others = await open(BORIS);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      now += 1;
      ids.push(await open(ANNA));
    }
    now += 1;
    await ping(ANNA, ids[0] ?? '');
    now += 1;
    await open(ANNA);
    expect(await Promise.all(ids.map((id) => ping(ANNA, id)))).toEqual([200, 404, 200]);
    expect(await ping(BORIS, others)).toBe(200);
  });

  it('are refused where all are in use', async () => {
    start({ mostPerCaller: 2 });
    const never = new Promise<void>(() => {});
    await open(ANNA, never);
    await open(ANNA, never);
    expect((await ask(ANNA, INITIALIZE)).status).toBe(429);
    expect(servers.made).toBe(2);
    await open(BORIS);
  });

  it('are taken from whoever has most where there are too many of all', async () => {
    start({ most: 4 });
    const annas = [await open(ANNA), await open(ANNA), await open(ANNA)];
    const boriss = [await open(BORIS), await open(BORIS)];
    expect(sessions.size).toBe(4);
    expect(await Promise.all(boriss.map((id) => ping(BORIS, id)))).toEqual([200, 200]);
    expect((await Promise.all(annas.map((id) => ping(ANNA, id)))).filter((status) => status === 404)).toHaveLength(1);
  });
});
