import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HeadwaterError } from '../../../src/errors.ts';
import { type ApiClient, createApiClient } from '../../../src/net/api-client.ts';
import { PlannedSecret, Secret } from '../../../src/secrets/secret.ts';
import { type ApiServer, startApi } from '../../support/api-server.ts';

type Answer = (response: ServerResponse, nth: number) => void;

let server: ApiServer | undefined;
let bodies: string[] = [];
afterEach(async () => server?.stop());

async function clientOf(answer: Answer, over: Partial<Parameters<typeof createApiClient>[0]> = {}): Promise<ApiClient> {
  let nth = 0;
  bodies = [];
  server = await startApi(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(Buffer.concat(chunks).toString());
    answer(response, ++nth);
  });
  const url = new URL(`${server.url}/base/`);
  return createApiClient({ name: 'Vendor', server: { url }, now: () => new Date(), ...over });
}

const signal = () => new AbortController().signal;
const ended = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HeadwaterError)) throw new Error(`no error of ours: ${String(error)}`);
  return error;
};

describe('a client of an API', () => {
  it('sends JSON with its secrets opened, and reads JSON', async () => {
    const client = await clientOf((response) => response.writeHead(200, { 'x-request-id': 'r1' }).end('{"a":1}'));
    const body = { name: 'Shop', config: { password: new Secret('s3cret-word'), list: [new Secret('other-one')] } };
    const query = { wait: false, tag: ['a', 'b'], none: undefined };
    const answer = await client.send({ method: 'POST', path: '/sources', query, body }, { signal: signal() });
    expect(answer).toMatchObject({ status: 200, json: { a: 1 }, headers: { 'x-request-id': 'r1' } });
    expect(server?.requests).toEqual([
      expect.objectContaining({ method: 'POST', path: '/base/sources?wait=false&tag=a&tag=b' }),
    ]);
    expect(bodies).toEqual(['{"name":"Shop","config":{"password":"s3cret-word","list":["other-one"]}}']);
    expect(client.urlOf({ method: 'GET', path: '/x', query: { a: 1 } })).toBe(`${server?.url}/base/x?a=1`);
  });

  it('takes the secrets it has sent out of what comes back', async () => {
    const client = await clientOf((response) => response.writeHead(422).end('{"detail":"bad s3cret-word"}'));
    const answer = await client.send(
      { method: 'POST', path: '/', body: { password: new Secret('s3cret-word') } },
      { signal: signal() },
    );
    expect(answer.clean(JSON.stringify(answer.json))).toBe('{"detail":"bad [secret]"}');
  });

  it('takes the credential of a header out of every answer, without the word before it too', async () => {
    const token = 'tok-0123456789abcdef';
    const basic = Buffer.from('ada:pa55-word-one').toString('base64');
    const client = await clientOf(
      (response) => response.end(JSON.stringify({ a: `${token} ${basic} pa55-word-one` })),
      {
        headers: { authorization: new Secret(`Bearer ${token}`), 'x-other': new Secret(`Basic ${basic}`) },
      },
    );
    const answer = await client.send({ method: 'GET', path: '/' }, { signal: signal() });
    expect(answer.json).toEqual({ a: '[secret] [secret] pa55-word-one' });
    expect(answer.clean(String((answer.json as { a: string }).a))).toBe('[secret] [secret] [secret]');
  });

  it('finds a secret that looks like a tag before tags are taken away', async () => {
    const body = { password: new Secret('s3<cr>et-word') };
    const client = await clientOf((response) => response.writeHead(500).end('<p>bad s3<cr>et-word</p>'));
    const error = await ended(client.send({ method: 'POST', path: '/', body }, { signal: signal() }));
    expect(error.details.upstream_message).toBe('bad [secret]');
  });

  it('reads no JSON that is nested to do harm', async () => {
    const deep = '{"a":'.repeat(6000) + 1 + '}'.repeat(6000);
    const client = await clientOf((response) => response.end(deep));
    expect((await client.send({ method: 'GET', path: '/' }, { signal: signal() })).json).toBeUndefined();
  });

  it('does not send what was only made to be shown', async () => {
    const client = await clientOf((response) => response.end('{}'));
    const body = { password: new PlannedSecret('[secret]') };
    await expect(client.send({ method: 'POST', path: '/', body }, { signal: signal() })).rejects.toThrow(TypeError);
    expect(server?.requests).toEqual([]);
  });

  it.each([502, 503, 504])('repeats after %i what may be repeated', async (status) => {
    const client = await clientOf((response, nth) =>
      nth < 3 ? response.writeHead(status).end('<html>bad gateway</html>') : response.end('{"ok":true}'),
    );
    const answer = await client.send({ method: 'GET', path: '/' }, { signal: signal(), repeats: true });
    expect(answer.json).toEqual({ ok: true });
    expect(server?.requests).toHaveLength(3);
  });

  it('does not repeat what may have been done, and says that nobody knows', async () => {
    const client = await clientOf((response) => response.writeHead(502).end('<html>bad gateway</html>'));
    const error = await ended(client.send({ method: 'POST', path: '/', body: {} }, { signal: signal() }));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(server?.requests).toHaveLength(1);
  });

  it('knows no outcome where the connection is lost behind the request', async () => {
    const client = await clientOf((response) => response.destroy());
    const error = await ended(client.send({ method: 'POST', path: '/', body: {} }, { signal: signal() }));
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(server?.requests).toHaveLength(1);
  });

  it('knows that nothing was done where nobody listens', async () => {
    const client = await clientOf((response) => response.end('{}'));
    await server?.stop();
    const error = await ended(client.send({ method: 'POST', path: '/', body: {} }, { signal: signal() }));
    expect(error.code).toBe('PLATFORM_UNAVAILABLE');
  });

  it('waits as long as it is asked to, when that is short', async () => {
    const client = await clientOf((response, nth) =>
      nth === 1 ? response.writeHead(429, { 'retry-after': '1' }).end() : response.end('{}'),
    );
    const begun = performance.now();
    await client.send({ method: 'POST', path: '/', body: {} }, { signal: signal() });
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(server?.requests).toHaveLength(2);
  });

  it('tells the caller how long to wait, when that is long', async () => {
    const client = await clientOf((response) => response.writeHead(429, { 'retry-after': '120' }).end());
    const error = await ended(client.send({ method: 'GET', path: '/' }, { signal: signal(), repeats: true }));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', details: { retry_after_ms: 120_000 } });
    expect(server?.requests).toHaveLength(1);
  });

  it('renews what tells who it is once after a 401, and repeats even what is done once', async () => {
    let token = 'old';
    const renew = () => {
      token = 'new';
      return true;
    };
    const headers = async () => ({ authorization: new Secret(`Bearer ${token}`) });
    const client = await clientOf((response, nth) => (nth === 1 ? response.writeHead(401).end() : response.end('{}')), {
      authorization: { headers, renew },
    });
    const answer = await client.send({ method: 'POST', path: '/', body: {} }, { signal: signal() });
    expect(answer.status).toBe(200);
    expect(server?.requests.map(({ headers: sent }) => sent['authorization'])).toEqual(['Bearer old', 'Bearer new']);
  });

  it('follows no redirect', async () => {
    const client = await clientOf((response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    const answer = await client.send({ method: 'GET', path: '/' }, { signal: signal(), repeats: true });
    expect(answer.status).toBe(302);
  });

  it('ends a try that takes too long', async () => {
    const client = await clientOf(() => {});
    const error = await ended(
      client.send({ method: 'POST', path: '/', body: {} }, { signal: signal(), deadlineMs: 200 }),
    );
    expect(error.code).toBe('OUTCOME_UNKNOWN');
  });

  it('tells a gateway page in plain words', async () => {
    const client = await clientOf((response) =>
      response.writeHead(500).end('<html><style>b{}</style><b>Oops</b></html>'),
    );
    const error = await ended(client.send({ method: 'GET', path: '/' }, { signal: signal() }));
    expect(error.code).toBe('PLATFORM_UNAVAILABLE');
    expect(error.details.upstream_message).not.toMatch(/</);
  });
});
