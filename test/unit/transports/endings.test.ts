import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTokenFile } from '../../../src/transports/http/tokens.ts';
import { type ApiServer, startApi } from '../../support/api-server.ts';
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
