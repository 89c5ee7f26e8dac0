import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCredentialPages } from '../../../src/transports/pages/handler.ts';
import { listenForPages, type PageListener } from '../../../src/transports/pages/loopback.ts';
import { type FakeHandover, fakeHandover, RIGHT, UNREACHABLE } from '../../support/fake-handover.ts';
import { type PageAnswer, pageRequest, tokenIn } from '../../support/page-request.ts';

let handover: FakeHandover;
let listener: PageListener;
const faults: unknown[] = [];

beforeAll(async () => {
  handover = fakeHandover();
  const onFault = (error: unknown) => void faults.push(error);
  listener = await listenForPages(createCredentialPages({ handover, now: () => new Date(), onFault }));
});
afterAll(() => listener.close());

const NAVIGATION = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const open = (url: string, headers: Record<string, string> = {}) =>
  pageRequest(url, { headers: { ...NAVIGATION, ...headers } });

const post = (url: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  pageRequest(url, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      origin: new URL(url).origin,
      'sec-fetch-site': 'same-origin',
      ...headers,
    },
  });

/** A page that somebody has opened. */
async function opened(changes: Parameters<FakeHandover['begin']>[0] = {}) {
  const nonce = handover.begin(changes);
  const url = listener.url(nonce);
  const page = await open(url);
  const cookie = page.cookies[0]?.split(';')[0] ?? '';
  const token = tokenIn(page);
  const send = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    post(url, { _token: token, ...fields }, { cookie, ...headers });
  return { nonce, url, page, cookie, token, send };
}

const LOGIN = { 'value.username': 'app', 'value.password': RIGHT };

/** An answer without what differs from one to the next by its nature. */
function uniform({ status, headers, body }: PageAnswer): unknown {
  const { date: _, 'content-security-policy': policy, ...rest } = headers;
  const drop = (text: string) => text.replace(/nonce-[^']+|nonce="[^"]+"/g, 'nonce');
  return { status, rest, policy: drop(String(policy)), body: drop(body) };
}

describe('what every answer carries', () => {
  it('a strict policy, no copy anywhere, no frame, no referrer', async () => {
    const { page, send, url } = await opened();
    const answers = [page, await open(listener.url('unknown')), await send({}), await post(url, {}), await send(LOGIN)];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'x-content-type-options': 'nosniff',
      });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("form-action 'self'");
      expect(policy).not.toContain('unsafe');
    }
  });

  it('a policy nonce of its own each time, on the style and the script alone', async () => {
    const { url, page, cookie } = await opened();
    const again = await open(url, { cookie });
    const nonceOf = ({ headers }: PageAnswer) =>
      /script-src 'nonce-([^']+)'/.exec(String(headers['content-security-policy']))?.[1];
    expect(nonceOf(page)).not.toBe(nonceOf(again));
    expect(page.body.match(/nonce="/g)).toHaveLength(2);
    expect(page.body).not.toMatch(/(src|href)="(https?:)?\/\//);
  });
});

describe('who opens a page', () => {
  it('the first browser gets a cookie that no script, no other site and no other page has', async () => {
    const { page, nonce } = await opened();
    expect(page.status).toBe(200);
    expect(page.cookies).toHaveLength(1);
    expect(page.cookies[0]).toMatch(
      new RegExp(
        `^headwater_opener=[\\w-]{43}; Path=/credentials/${nonce}; Max-Age=(600|599); HttpOnly; SameSite=Strict$`,
      ),
    );
    expect(page.body).toContain('KX7-42M');
  });

  it('it may open it again, another browser may not', async () => {
    const { url, cookie } = await opened();
    expect((await open(url, { cookie })).status).toBe(200);
    expect((await open(url)).status).toBe(404);
    expect((await open(url, { cookie: 'headwater_opener=guessed' })).status).toBe(404);
  });

  it('unknown, used, expired, locked and foreign links are the same answer', async () => {
    const used = await opened();
    await used.send(LOGIN);
    const expired = await opened();
    handover.expire(expired.nonce);
    const locked = await opened();
    for (let tries = 0; tries < 5; tries++) await open(locked.url);
    const foreign = await opened();
    const answers = [
      await open(listener.url('A'.repeat(43))),
      await open(used.url),
      await open(expired.url, { cookie: expired.cookie }),
      await open(locked.url, { cookie: locked.cookie }),
      await open(foreign.url),
      await open(listener.url('../../etc/passwd')),
    ];
    for (const answer of answers) expect(uniform(answer)).toEqual(uniform(answers[0] ?? answer));
    expect(answers[0]?.cookies).toEqual([]);
  });

  it('a program that looks at links does not use them up', async () => {
    const url = listener.url(handover.begin());
    const before = handover.calls.length;
    const preview = await pageRequest(url);
    expect(preview.status).toBe(200);
    expect(preview.cookies).toEqual([]);
    expect(preview.body).not.toContain('KX7-42M');
    expect(uniform(preview)).toEqual(uniform(await pageRequest(listener.url('A'.repeat(43)))));
    expect(handover.calls).toHaveLength(before);
    expect((await pageRequest(url, { method: 'HEAD' })).status).toBe(405);
    expect((await open(url, { 'sec-fetch-dest': 'iframe' })).cookies).toEqual([]);
    expect((await open(url)).body).toContain('KX7-42M');
  });

  it('a browser that says nothing of itself opens it with a button', async () => {
    const url = listener.url(handover.begin());
    const page = await post(url, { _action: 'open' }, { 'sec-fetch-site': '' });
    expect(page.status).toBe(403);
    const plain = await pageRequest(url, {
      method: 'POST',
      body: '_action=open',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(url).origin },
    });
    expect(plain.body).toContain('KX7-42M');
    expect(plain.cookies).toHaveLength(1);
  });

  it('a link on another site goes on by itself, once', async () => {
    const url = listener.url(handover.begin());
    const away = { 'sec-fetch-site': 'cross-site' };
    const door = await open(url, away);
    expect(door.body).toMatch(/http-equiv="refresh" content="0;url=[\w-]+\?go"/);
    expect(door.cookies).toEqual([]);
    expect((await open(`${url}?go`, away)).body).not.toContain('refresh');
    expect((await open(`${url}?go`, { 'sec-fetch-site': 'same-origin' })).body).toContain('KX7-42M');
  });
});

describe('what is refused', () => {
  it.each(['evil.example', '127.0.0.1', 'localhost:1'])('Host %j', async (host) => {
    const url = listener.url(handover.begin());
    expect((await open(url, { host })).status).toBe(403);
  });

  it.each(['', 'Host: {own}\r\nHost: {own}\r\n'])('%j', async (lines) => {
    const { host, pathname, port } = new URL(listener.url(handover.begin()));
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(`GET ${pathname} HTTP/1.1\r\n${lines.replaceAll('{own}', host)}Connection: close\r\n\r\n`);
    expect(await text(socket)).toMatch(/^HTTP\/1.1 40[03] /);
  });

  it.each([
    [{ origin: 'https://evil.example' }],
    [{ origin: 'http://127.0.0.1:1' }],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'none' }],
  ])('a form with %j', async (headers) => {
    const { send, nonce } = await opened();
    expect((await send(LOGIN, headers)).status).toBe(403);
    expect(handover.given.has(nonce)).toBe(false);
  });

  it('a form without the token of the page, or with that of another page', async () => {
    const { send, nonce, url, token } = await opened();
    const other = await opened();
    const answers = [
      await send({ ...LOGIN, _token: '' }),
      await send({ ...LOGIN, _token: other.token }),
      await post(url, { ...LOGIN, _token: token }),
      await post(url, { ...LOGIN, _token: token }, { cookie: other.cookie }),
    ];
    for (const answer of answers) expect(answer.status).toBe(403);
    expect(handover.given.has(nonce)).toBe(false);
    expect((await send(LOGIN)).status).toBe(200);
  });

  it('too much, another kind of body, bytes that are no text', async () => {
    const { send, url, cookie, token } = await opened();
    expect((await send({ 'value.tls_key': 'x'.repeat(300_000) })).status).toBe(413);
    expect((await send({ 'value.tls_key': 'x'.repeat(200_000) })).status).toBe(422);
    expect((await send(LOGIN, { 'content-type': 'application/json' })).status).toBe(415);
    expect((await send(LOGIN, { 'content-encoding': 'gzip' })).status).toBe(415);
    const raw = await pageRequest(url, {
      method: 'POST',
      body: Buffer.concat([Buffer.from(`_token=${token}&value.username=`), Buffer.from([0xff, 0xfe])]),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(url).origin,
        'sec-fetch-site': 'same-origin',
        cookie,
      },
    });
    expect(raw.status).toBe(400);
  });

  it('to skip a test that was not in the way', async () => {
    const { send, nonce, token } = await opened();
    const answer = await send({ ...LOGIN, 'value.password': 'wrong', _without_test: token });
    expect(answer.status).toBe(422);
    expect(answer.body).not.toContain('_without_test');
    expect(handover.given.has(nonce)).toBe(false);
  });
});

describe('what a person gives', () => {
  it('is tested, and the end says so', async () => {
    const { send, nonce } = await opened();
    const end = await send(LOGIN);
    expect(end.status).toBe(200);
    expect(end.body).toContain('Done: return to your conversation');
    expect(end.body).toContain('PostgreSQL at db.example.com:5432 works.');
    expect(handover.given.get(nonce)).toEqual({ username: 'app', password: RIGHT });
  });

  it('where it is wrong, the page says which fields, shows the test, and no secret again', async () => {
    const { send } = await opened();
    const page = await send({ ...LOGIN, 'value.password': 'wr0ng-secret' });
    expect(page.status).toBe(422);
    expect(page.body).toContain('The server rejected user app.');
    expect(page.body.match(/aria-invalid="true"/g)).toHaveLength(2);
    expect(page.body).toContain('value="app"');
    expect(page.body).not.toContain('wr0ng-secret');
    expect(page.body).toContain('TLS 1.3 &lt;b&gt;bold&lt;/b&gt;');
    expect((await send(LOGIN)).body).toContain('Done');
  });

  it('where something is missing, nothing is tried', async () => {
    const { send } = await opened();
    const before = handover.calls.filter((call) => call === 'submit').length;
    const page = await send({ 'value.username': 'app' });
    expect(page.body).toContain('<a href="#field-1">Enter: Password.</a>');
    expect(handover.calls.filter((call) => call === 'submit')).toHaveLength(before);
  });

  it('fields that were not asked for are dropped, ends of lines are those of a key', async () => {
    const { send, nonce } = await opened();
    await send({ ...LOGIN, 'value.tls_key': 'a\r\nb\r\n', 'value.host': 'evil.example', host: 'x' });
    expect(handover.given.get(nonce)).toEqual({ username: 'app', password: RIGHT, tls_key: 'a\nb\n' });
  });

  it('a connection string goes on whole, in place of the fields', async () => {
    const { send, nonce } = await opened();
    const whole = `postgresql://app:${encodeURIComponent(RIGHT)}@db.example.com/shop`;
    expect((await send({ connection_string: ` ${whole}\n` })).body).toContain('Done');
    expect(handover.given.get(nonce)).toEqual({ connection_string: whole });
  });

  it('a connection string is not taken where none is asked for', async () => {
    const { send, page } = await opened({ takesConnectionString: false });
    expect(page.body).not.toContain('connection_string');
    expect((await send({ connection_string: 'postgresql://a:b@c/d' })).status).toBe(422);
  });

  it('where the test cannot tell, it may be given without one', async () => {
    const { send, nonce } = await opened();
    const page = await send({ ...LOGIN, 'value.password': UNREACHABLE });
    const permit = /name="_without_test" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    expect(permit).not.toBe('');
    expect(page.body).toContain('For the network administrator: Open the firewall');
    expect((await send({ ...LOGIN, 'value.password': UNREACHABLE, _without_test: permit })).body).toContain('Done');
    expect(handover.given.get(nonce)).toMatchObject({ password: UNREACHABLE });
  });

  it('what could not be tried says why', async () => {
    const { send } = await opened();
    const page = await send({ ...LOGIN, 'value.username': 'limited' });
    expect(page.status).toBe(422);
    expect(page.body).toContain('Too many tests. Wait a minute.');
  });

  it('a fault says nothing of itself', async () => {
    const { send } = await opened();
    const page = await send({ ...LOGIN, 'value.username': 'fault' });
    expect(page.status).toBe(500);
    expect(page.body).not.toContain(RIGHT);
    expect(faults).toHaveLength(1);
  });

  it('the page of what is there already says so', async () => {
    const { send, url, cookie } = await opened();
    await send(LOGIN);
    expect((await open(url, { cookie })).body).toContain('Done');
    expect((await send(LOGIN)).body).toContain('Done');
  });
});

describe('for the script on the page', () => {
  const lines = ({ body }: PageAnswer) =>
    body
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const accept = { accept: 'application/x-ndjson' };

  it('each step comes as it ends, then what came of it', async () => {
    const { send } = await opened();
    const answer = await send({ ...LOGIN, 'value.password': 'wrong' }, accept);
    expect(answer.headers).toMatchObject({ 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    const events = lines(answer);
    expect(events.map(({ is }) => is)).toEqual(['step', 'step', 'step', 'step', 'outcome']);
    expect(answer.chunks).toBeGreaterThan(2);
    expect(events.at(-1)?.['problems']).toEqual({
      'field-0': 'The server rejected user app.',
      'field-1': 'The server rejected user app.',
    });
    const end = lines(await send(LOGIN, accept));
    expect(end.map(({ is }) => is)).toEqual(['step', 'step', 'step', 'page']);
    expect(JSON.stringify([events, end])).not.toContain(RIGHT);
  });
});

describe('signing in at a provider', () => {
  const PROVIDER = { signIn: { provider: 'GitHub', only: true } };
  const begin = { _action: 'provider', 'value.username': 'client' };
  const back = (url: string, query: string, cookie: string) =>
    pageRequest(new URL(`callback?${query}`, url).href, {
      headers: { ...NAVIGATION, 'sec-fetch-site': 'cross-site', cookie },
    });

  it('goes on from a page of its own, and comes back with a cookie for that alone', async () => {
    const { send, url, page, nonce } = await opened(PROVIDER);
    expect(page.body).not.toContain('Test and hand over');
    const onwards = await send(begin);
    expect(onwards.body).toContain(`href="https://provider.example/authorize?state=x&amp;back=${new URL(url).origin}"`);
    expect(onwards.cookies[0]).toMatch(
      /^headwater_provider=[\w-]{43}; Path=\/credentials\/callback; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
    const cookie = onwards.cookies[0]?.split(';')[0] ?? '';
    expect((await back(url, 'state=x&code=1', '')).status).toBe(404);
    expect((await back(url, 'state=y&code=1', cookie)).status).toBe(404);
    const end = await back(url, 'state=x&code=1', cookie);
    expect(end.body).toContain('Done: return to your conversation');
    expect(end.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(handover.given.get(nonce)).toEqual({ code: '1' });
    expect(uniform(await back(url, 'state=x&code=1', cookie))).toEqual(
      uniform(await open(listener.url('A'.repeat(43)))),
    );
  });

  it('what is missing is said on the form, what the provider refused on the way back to it', async () => {
    const { send, url, nonce } = await opened(PROVIDER);
    expect((await send({ _action: 'provider' })).body).toContain('User name is required.');
    const events = await pageRequestEvents(send);
    expect(events).toMatchObject({ is: 'go', url: expect.stringContaining('https://provider.example/authorize') });
    const cookie = (await send(begin)).cookies[0]?.split(';')[0] ?? '';
    const refused = await back(url, 'state=x&error=access_denied', cookie);
    expect(refused.status).toBe(422);
    expect(refused.body).toContain('The provider said no');
    expect(refused.body).toContain(`<a href="${nonce}">Back to the form</a>`);
  });

  const pageRequestEvents = async (send: Awaited<ReturnType<typeof opened>>['send']) =>
    JSON.parse((await send(begin, { accept: 'application/x-ndjson' })).body) as Record<string, unknown>;
});
