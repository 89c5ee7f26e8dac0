import { afterAll, beforeAll, expect, it } from 'vitest';
import { casesOf } from '../support/hostile-map.ts';
import { bearer, type HttpProcess, startHttp } from '../support/http.ts';
import { initialize, modernRequest, send } from '../support/http-raw.ts';
import { modern, type RawServer, spawnServer } from '../support/mcp.ts';

/** JSON that is none, or is too much of it, on both transports: refused at once, and the next request is served. */

let stdio: RawServer;
let http: HttpProcess;
beforeAll(async () => {
  [stdio, http] = await Promise.all([
    spawnServer(),
    startHttp({ tokens: [{ name: 'a', tenant: 'a', role: 'editor' }] }),
  ]);
  await stdio.initialize();
});
afterAll(async () => {
  await Promise.all([stdio.close(), http.stop()]);
});

const token = () => http.tokens['a']?.token;
const SOON_MS = 5000;
const CREATE = { connector: 'csv', config: { path: '/data/x.csv' }, desired_state: 'Pending' };

/** Cases that are a part of a request: where the text goes in a call of `create_source`. */
const ARGUMENTS: Readonly<Record<string, (text: string) => string>> = {
  // The body of another product, in our words.
  'json-proto': (text) => text.replace('"type":"rest_api"', '"connector":"rest_api","desired_state":"Pending"'),
  'json-dup': (text) => JSON.stringify(CREATE).replace('{', `{${text.slice(1, -1)},`),
  'json-nan': (text) => JSON.stringify({ ...CREATE, config: 0 }).replace('0', text),
  'json-utf8': (text) => JSON.stringify(CREATE).replace('{', `{${text.slice(1, -1)},`),
  'json-keys': (text) => JSON.stringify({ ...CREATE, config: 0 }).replace('0', text),
  'json-bigarr': (text) => JSON.stringify({ ...CREATE, tags: 0 }).replace('0', text),
  'json-deep': (text) => JSON.stringify({ ...CREATE, config: { path: 0 } }).replace('0', text),
};

function requests(id: string, input: string): string[] {
  const within = ARGUMENTS[id];
  if (!within) return [input];
  const params = modern({ name: 'create_source', arguments: 0 });
  const call = { jsonrpc: '2.0', id, method: 'tools/call', params };
  return [JSON.stringify(call).replace('"arguments":0', () => `"arguments":${within(input)}`), input];
}

const names = async () => {
  const { result } = await stdio.request('tools/call', { name: 'list_sources', arguments: {} });
  return (result as { structuredContent: { sources: unknown[] } }).structuredContent.sources;
};

it.each(casesOf<string>('json').map((each) => [each.id, each] as const))('%s over stdio', async (id, { input }) => {
  for (const text of requests(id, input)) {
    const begun = performance.now();
    const before = stdio.stdoutRaw().length;
    stdio.write(`${text}\n`);
    expect(await names()).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    const answers = stdio.stdoutRaw().slice(before).join('\n');
    expect(answers.length).toBeLessThan(20_000);
    expect(answers).not.toContain('INTERNAL');
  }
  expect(Object.prototype).not.toHaveProperty('isAdmin');
});

it.each(casesOf<string>('json').map((each) => [each.id, each] as const))('%s over HTTP', async (id, { input }) => {
  for (const body of requests(id, input)) {
    const begun = performance.now();
    const { headers = {} } = modernRequest('tools/call', { name: 'create_source' }, bearer(token()));
    const sent = await send(http.url, { headers, body }).catch((error: { code?: string }) => error);
    // What is too large is refused while it is still sent.
    if (!('status' in sent)) {
      expect([sent.code, body.length > 1_000_000]).toEqual([expect.stringMatching(/EPIPE|ECONNRESET/), true]);
      continue;
    }
    const { status, json, text } = sent;
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    expect(text.length).toBeLessThan(20_000);
    const { result, error } = json as { result?: { isError?: boolean; content: { text: string }[] }; error?: object };
    expect([id, status >= 400 || error !== undefined || result?.isError === true]).toEqual([id, true]);
    expect(text).not.toContain('INTERNAL');
  }
  const { status } = await send(http.url, initialize(bearer(token())));
  expect(status).toBe(200);
  const listed = await send(
    http.url,
    modernRequest('tools/call', { name: 'list_sources', arguments: {} }, bearer(token())),
  );
  expect(listed.json).toMatchObject({ result: { structuredContent: { sources: [] } } });
});
