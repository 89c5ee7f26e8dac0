import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenFile } from '../../../src/transports/http/tokens.ts';
import { type ApiServer, json, startApi } from '../../support/api-server.ts';
import { bearer } from '../../support/http.ts';
import {
  initialize,
  JSON_HEADERS,
  legacyRequest,
  modernRequest,
  type RawRequest,
  send,
} from '../../support/http-raw.ts';
import { type Lab, startLab } from './lab.ts';

let lab: Lab;
let api: ApiServer;
/** What the API was asked and has not answered; a call that is aborted closes them. */
let asked: ServerResponse[] = [];

beforeAll(async () => {
  api = await startApi((_, response) => void asked.push(response));
});
afterAll(() => api.stop());
beforeEach(async () => {
  asked = [];
  lab = await startLab({ tokens: { bob: 'admin' }, settings: { HEADWATER_EGRESS: 'allow_private' } });
});
afterEach(() => lab.close());

const PATIENT = { timeout: 10_000 };
const begun = (calls: number) => expect.poll(() => asked.length, PATIENT).toBe(calls);

const ALICE = { name: 'alice', tenant: 'acme', role: 'editor' } as const;
const tokens = () => createTokenFile(`${lab.home}/tokens.json`);

/** A token that the server already knows of. */
async function newToken(): Promise<{ id: string; auth: Record<string, string> }> {
  const { token, record } = await tokens().add(ALICE, new Date());
  const auth = bearer(token);
  await expect.poll(async () => (await send(lab.url, modernRequest('tools/list', {}, auth))).status, PATIENT).toBe(200);
  return { id: record.id, auth };
}

/** The headers of a new session. */
async function session(auth: Record<string, string>): Promise<Record<string, string>> {
  const { headers } = await send(lab.url, initialize(auth));
  return { ...auth, 'mcp-session-id': String(headers['mcp-session-id']) };
}

const statusOf = async (request: RawRequest) => (await send(lab.url, request)).status;
const call = (tool: string, args: Record<string, unknown> = {}) => ({
  name: tool,
  arguments: { connector: 'rest_api', config: { url: api.url }, ...args },
});
/** Messages of the 2025 era; several go out as a batch. */
const messages = (headers: Record<string, string>, ...bodies: object[]): RawRequest => {
  const all = bodies.map((body) => ({ jsonrpc: '2.0', ...body }));
  return { headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(all.length === 1 ? all[0] : all) };
};
const cancel = (headers: Record<string, string>, requestId: unknown) =>
  statusOf(messages(headers, { method: 'notifications/cancelled', params: { requestId } }));

describe('a session', () => {
  it('is of the token that opened it, not of others with the same name, tenant and role', async () => {
    const [own, other] = [await newToken(), await newToken()];
    const mine = await session(own.auth);
    const theirs = { ...mine, ...other.auth };
    for (const method of ['POST', 'GET', 'DELETE']) {
      const { headers = {}, body = '' } = legacyRequest('tools/list', {}, theirs);
      expect([method, await statusOf({ method, headers, ...(method === 'POST' ? { body } : {}) })]).toEqual([
        method,
        404,
      ]);
    }
    expect(await statusOf(legacyRequest('tools/list', {}, mine))).toBe(200);
  });

  it('ends with its token, and with it what was called in it', async () => {
    const { id, auth } = await newToken();
    const mine = await session(auth);
    const answered = send(lab.url, legacyRequest('tools/call', call('create_source', { name: 'Late' }), mine)).catch(
      ({ code }: { code: string }) => code,
    );
    await begun(1);
    await tokens().revoke(id);
    expect(await answered).toBe('ECONNRESET');
    // Well before its own limit of time.
    await expect.poll(() => asked[0]?.destroyed).toBe(true);
    const list = modernRequest('tools/call', { name: 'list_sources', arguments: {} }, bearer(lab.tokens['bob']));
    expect((await send(lab.url, list)).json).toMatchObject({ result: { structuredContent: { sources: [] } } });
  });
});

describe('a call that its client cancels', () => {
  it('ends without an answer, and so does its exchange', async () => {
    const mine = await session(bearer(lab.tokens['bob']));
    const answered = send(lab.url, messages(mine, { id: 7, method: 'tools/call', params: call('test_connection') }));
    await begun(1);
    expect(await cancel(mine, 'another')).toBe(202);
    expect(await cancel(mine, 7)).toBe(202);
    expect(await answered).toMatchObject({ status: 200, text: '' });
    await expect.poll(() => asked[0]?.destroyed, PATIENT).toBe(true);
    expect(await statusOf(legacyRequest('tools/list', {}, mine))).toBe(200);
    const started = performance.now();
    await lab.stop();
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it.each([
    ['after', 'cancelled first'],
    ['before', 'answered first'],
  ])('leaves the answers of its batch as they are: one that comes %s', async (order) => {
    const mine = await session(bearer(lab.tokens['bob']));
    const params = call('test_connection');
    const other = order === 'after' ? params : { name: 'list_connectors', arguments: {} };
    const answered = send(
      lab.url,
      messages(mine, { id: 'a', method: 'tools/call', params }, { id: 'b', method: 'tools/call', params: other }),
    );
    await begun(order === 'after' ? 2 : 1);
    await cancel(mine, 'a');
    if (order === 'after') {
      await expect.poll(() => asked.filter(({ destroyed }) => !destroyed).length, PATIENT).toBe(1);
      for (const response of asked) if (!response.destroyed) json(response, 200, [{ a: 1 }]);
    }
    const { text } = await answered;
    expect(text.match(/"id":"\w"/g)).toEqual(['"id":"b"']);
  });
});
