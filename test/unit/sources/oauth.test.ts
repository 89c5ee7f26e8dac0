import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/secrets/secret.ts';
import { openForm } from '../../../src/sources/credential-page.ts';
import { finishSignIn, startSignIn } from '../../../src/sources/oauth-sign-in.ts';
import { BrowserPerson } from '../../support/browser-person.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts';

const ORIGIN = 'http://127.0.0.1:45002';
const REDIRECT = `${ORIGIN}/credentials/callback`;
const MINUTE = 60_000;
const { signal } = new AbortController();
const submission = { signal };

let server: OAuthServer;
let session: InMemory;
let clock = 0;
const links: string[] = [];

const now = () => new Date(Date.now() + clock);

async function start(environment: Record<string, string> = {}): Promise<void> {
  session = await inMemory(environment, { now });
  session.app.servePages(async (nonce) => {
    links.push(nonce);
    return `${ORIGIN}/credentials/${nonce}`;
  });
}

beforeEach(async () => {
  clock = 0;
  links.length = 0;
  server = await startOAuthServer({ redirectUris: [REDIRECT], accessTokenSeconds: 1800 });
  await start();
});
afterEach(async () => {
  await session.close();
  await server.stop();
});

/** The provider's own API is what is connected: it answers those alone who have its tokens. */
const config = (auth: Record<string, unknown> = {}) => ({
  url: server.issuer,
  test_path: '/me',
  auth: { method: 'oauth2', provider: 'custom', issuer: server.issuer, client_id: server.client.id, ...auth },
});
const services = () => session.app.services;
const secretTyped = () => ({ 'auth/client_secret': server.client.secret });

/** A browser that has opened the page of the last link. */
async function opened(): Promise<{ nonce: string; opener: { token: string | undefined } }> {
  const nonce = links.at(-1) ?? '';
  const { token } = await openForm(services(), nonce, { token: undefined });
  return { nonce, opener: { token } };
}

async function begun(values: Record<string, string> = secretTyped()) {
  const { nonce, opener } = await opened();
  const sent = await startSignIn(services(), nonce, opener, ORIGIN, { values, signal });
  if ('problems' in sent) throw new Error(JSON.stringify(sent.problems));
  return { nonce, opener, ...sent };
}

async function signedIn(answer: 'agrees' | 'refuses' = 'agrees') {
  const { redirect, token, ...rest } = await begun();
  const { searchParams } = await new BrowserPerson().signsIn(redirect, REDIRECT, answer);
  return { ...rest, token, query: searchParams };
}

async function handedOver(request: Record<string, unknown>): Promise<Record<string, unknown>> {
  const { session_id } = await session.done('request_credentials', request);
  const { query, token } = await signedIn();
  const { submitted } = await finishSignIn(services(), query, ORIGIN, token, submission);
  expect(submitted).toMatchObject({ state: 'ready', problems: [], report: { ok: true } });
  return await session.done('request_credentials', { session_id, wait_s: 5 });
}

async function createdSource(): Promise<string> {
  const { next } = await handedOver({ connector: 'rest_api', config: config() });
  const [call] = next as { tool: string; arguments: Record<string, unknown> }[];
  const { source } = await session.done(call?.tool ?? '', call?.arguments);
  return (source as { id: string }).id;
}

const sourceOf = async (id: string) =>
  (await session.done('get_source', { source_id: id }))['source'] as Record<string, Record<string, unknown>>;

describe('a sign-in on the page', () => {
  it('makes a source in three calls, and no conversation sees a token', async () => {
    const id = await createdSource();
    const source = await sourceOf(id);
    expect(source).toMatchObject({
      status: 'Active',
      auth: { method: 'oauth2', provider: 'custom', authenticated: true },
      config: {
        auth: {
          client_secret: { set: true, from: 'vault' },
          access_token: { set: true, from: 'vault' },
          refresh_token: { set: true, from: 'vault' },
        },
      },
    });
    const left = Date.parse(String(source['auth']?.['expires_at'])) - now().getTime();
    expect(left).toBeGreaterThan(29 * MINUTE);
    const stored = await services()
      .platforms.get('local')
      ?.sources.get({ principal: { tenant: 'local', subject: 'local', role: 'admin' }, signal }, id);
    const { secrets } = (await stored?.config()) ?? { secrets: {} };
    const file = await readFile(session.app.settings.storeFile, 'latin1');
    for (const value of Object.values(secrets)) {
      const text = value instanceof Secret ? value.reveal() : '';
      expect(text.length).toBeGreaterThan(10);
      expect(file.includes(text)).toBe(false);
    }
  });

  it('asks on the form for what is not known, and for the secret of the client', async () => {
    await session.done('request_credentials', {
      connector: 'rest_api',
      config: { url: server.issuer, auth: { method: 'oauth2' } },
    });
    const { form } = await openForm(services(), links.at(-1) ?? '', { token: undefined });
    expect(form.signIn).toEqual({ provider: 'the provider', only: true });
    expect(form.fields.map(({ path }) => path)).toEqual([
      'auth/provider',
      'auth/account',
      'auth/issuer',
      'auth/client_id',
      'auth/scopes',
      'auth/client_secret',
    ]);
    expect(form.fields[0]?.options).toContain('google');
  });

  it('takes what was typed on the form', async () => {
    await session.done('request_credentials', {
      connector: 'rest_api',
      config: { url: server.issuer, test_path: '/me', auth: { method: 'oauth2' } },
    });
    const { redirect, token } = await begun({
      ...secretTyped(),
      'auth/provider': 'custom',
      'auth/issuer': server.issuer,
      'auth/client_id': server.client.id,
    });
    const { searchParams } = await new BrowserPerson().signsIn(redirect, REDIRECT);
    const { submitted } = await finishSignIn(services(), searchParams, ORIGIN, token, submission);
    expect(submitted.state).toBe('ready');
  });

  it('tells on the page what is wrong, before anybody is sent anywhere', async () => {
    await session.done('request_credentials', {
      connector: 'rest_api',
      config: { url: server.issuer, auth: { method: 'oauth2' } },
    });
    const { nonce, opener } = await opened();
    const start = (values: Record<string, string>) =>
      startSignIn(services(), nonce, opener, ORIGIN, { values, signal });
    expect(await start({ 'auth/provider': 'google' })).toMatchObject({ problems: [{ path: 'auth/client_id' }] });
    expect(await start({ 'auth/provider': 'shopify', 'auth/client_id': 'x' })).toMatchObject({
      problems: [{ path: 'auth/account' }],
    });
    const nowhere = { 'auth/provider': 'custom', 'auth/client_id': 'x', 'auth/issuer': `${server.issuer}/nobody` };
    expect(await start(nowhere)).toMatchObject({
      problems: [{ message: expect.stringContaining('no OAuth metadata') }],
    });
  });

  it('may be tried again where access was not granted', async () => {
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { query, token, nonce, opener } = await signedIn('refuses');
    const { submitted } = await finishSignIn(services(), query, ORIGIN, token, submission);
    expect(submitted).toMatchObject({
      state: 'waiting',
      problems: [{ path: '', message: expect.stringContaining('Access was not granted') }],
    });
    const again = await startSignIn(services(), nonce, opener, ORIGIN, { values: secretTyped(), signal });
    const { redirect, token: second } = again as { redirect: string; token: string };
    const { searchParams } = await new BrowserPerson().signsIn(redirect, REDIRECT);
    const end = await finishSignIn(services(), searchParams, ORIGIN, second, submission);
    expect(end).toMatchObject({ nonce, submitted: { state: 'ready' } });
  });

  it('says so where the client’s secret is wrong, and shows it nowhere', async () => {
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { redirect, token } = await begun({ 'auth/client_secret': 'CANARY-wrong' });
    const { searchParams } = await new BrowserPerson().signsIn(redirect, REDIRECT);
    const { submitted } = await finishSignIn(services(), searchParams, ORIGIN, token, submission);
    expect(submitted.problems[0]?.message).toContain('does not accept the client');
    expect(JSON.stringify(submitted)).not.toContain('CANARY');
  });

  it('goes where the egress policy permits, and nowhere else', async () => {
    await session.close();
    await start({ HEADWATER_EGRESS: 'public_only' });
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { nonce, opener } = await opened();
    expect(await startSignIn(services(), nonce, opener, ORIGIN, { values: secretTyped(), signal })).toMatchObject({
      problems: [{ message: expect.stringContaining('not a public address') }],
    });
    expect(server.grants).toEqual([]);
  });
});

describe('a callback', () => {
  const gone = { code: 'LINK_GONE' };

  it('is good once, for the browser that began, at the address it began at', async () => {
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { query, token } = await signedIn();
    const finish = (more: { query?: URLSearchParams; origin?: string; token?: string | undefined }) => {
      const given = { query, origin: ORIGIN, token, ...more };
      return finishSignIn(services(), given.query, given.origin, given.token, submission);
    };
    const forged = new URLSearchParams(query);
    forged.set('state', `${query.get('state')?.split('.')[0]}.${'A'.repeat(43)}`);
    const twice = new URLSearchParams([...query, ['state', query.get('state') ?? '']]);
    await expect(finish({ query: forged })).rejects.toMatchObject(gone);
    await expect(finish({ query: twice })).rejects.toMatchObject(gone);
    await expect(finish({ query: new URLSearchParams('code=x') })).rejects.toMatchObject(gone);
    await expect(finish({ query: new URLSearchParams('code=x&state=..') })).rejects.toMatchObject(gone);
    await expect(finish({ token: undefined })).rejects.toMatchObject(gone);
    await expect(finish({ token: 'B'.repeat(43) })).rejects.toMatchObject(gone);
    await expect(finish({ origin: 'https://evil.example' })).rejects.toMatchObject(gone);
    expect(server.grants).toEqual([]);
    const [first, second] = await Promise.allSettled([finish({}), finish({})]);
    expect([first?.status, second?.status].sort()).toEqual(['fulfilled', 'rejected']);
    await expect(finish({})).rejects.toMatchObject(gone);
    expect(server.grants).toEqual(['authorization_code']);
  });

  it('has the answer of the newest sign-in alone', async () => {
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { query, token, nonce, opener } = await signedIn();
    await startSignIn(services(), nonce, opener, ORIGIN, { values: secretTyped(), signal });
    await expect(finishSignIn(services(), query, ORIGIN, token, submission)).rejects.toMatchObject(gone);
  });

  it('is nothing after the ten minutes of its page, nor for a stranger', async () => {
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { query, token, nonce } = await signedIn();
    const stranger = { token: 'C'.repeat(43) };
    await expect(startSignIn(services(), nonce, stranger, ORIGIN, { signal })).rejects.toMatchObject(gone);
    clock += 11 * MINUTE;
    await expect(finishSignIn(services(), query, ORIGIN, token, submission)).rejects.toMatchObject(gone);
  });
});

describe('tokens that expire', () => {
  it('are renewed before they do, once for all who ask, and the new ones are kept', async () => {
    const id = await createdSource();
    clock += 20 * MINUTE;
    await session.done('test_connection', { source_id: id });
    expect(server.grants).toEqual(['authorization_code']);
    clock += 9.5 * MINUTE;
    const reports = await Promise.all([1, 2, 3, 4].map(() => session.done('test_connection', { source_id: id })));
    expect(reports.map(({ ok }) => ok)).toEqual([true, true, true, true]);
    expect(server.grants).toEqual(['authorization_code', 'refresh_token']);
    const before = await sourceOf(id);
    clock += 60 * MINUTE;
    await session.done('discover_source', { source_id: id });
    expect(server.grants).toEqual(['authorization_code', 'refresh_token', 'refresh_token']);
    const after = await sourceOf(id);
    expect(after).toMatchObject({ status: 'Active', auth: { authenticated: true } });
    expect(after['version']).toBe(Number(before['version']) + 1);
  });

  it('are used to their end while the provider is away', async () => {
    const id = await createdSource();
    server.faults.token = { status: 503, body: '' };
    clock += 29.5 * MINUTE;
    expect(await session.done('test_connection', { source_id: id })).toMatchObject({ ok: true });
    clock += 5 * MINUTE;
    const report = await session.done('test_connection', { source_id: id });
    expect(report).toMatchObject({
      ok: false,
      steps: expect.arrayContaining([expect.objectContaining({ code: 'OAUTH_UNREACHABLE', retryable: true })]),
    });
    expect((await session.call('discover_source', { source_id: id })).error).toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
      retryable: true,
    });
    delete server.faults.token;
    expect(await session.done('test_connection', { source_id: id })).toMatchObject({ ok: true });
  });

  it('ask for a person where they are not renewed any more, who signs in again through the same page', async () => {
    const id = await createdSource();
    server.faults.token = { status: 400, body: '{"error":"invalid_grant","error_description":"revoked"}' };
    clock += 40 * MINUTE;
    const next = [{ tool: 'request_credentials', arguments: { source_id: id } }];
    const { error } = await session.call('discover_source', { source_id: id });
    expect(error).toMatchObject({ code: 'NEEDS_AUTH', retryable: false, next });
    expect(await sourceOf(id)).toMatchObject({ status: 'NeedsAuth', auth: { authenticated: false } });
    const report = await session.done('test_connection', { source_id: id });
    expect(report).toMatchObject({
      ok: false,
      headline: expect.stringContaining('invalid_grant'),
      steps: expect.arrayContaining([expect.objectContaining({ code: 'OAUTH_SIGN_IN_NEEDED', actor: 'user' })]),
      next: expect.arrayContaining([expect.objectContaining(next[0] as object)]),
    });
    expect(await sourceOf(id)).toMatchObject({ status: 'NeedsAuth', error_category: 'OAUTH_SIGN_IN_NEEDED' });
    delete server.faults.token;

    await session.done('request_credentials', { source_id: id });
    // The client's secret is known already.
    const { redirect, token } = await begun({});
    const { searchParams } = await new BrowserPerson().signsIn(redirect, REDIRECT);
    const { submitted } = await finishSignIn(services(), searchParams, ORIGIN, token, submission);
    expect(submitted.state).toBe('ready');
    const [call] = (await session.done('request_credentials', { session_id: await sessionOf(), wait_s: 5 }))[
      'next'
    ] as { tool: string; arguments: Record<string, unknown> }[];
    expect(call?.tool).toBe('update_source');
    await session.done('update_source', call?.arguments);
    expect(await sourceOf(id)).toMatchObject({ status: 'Active', last_error: null, auth: { authenticated: true } });
    clock += 40 * MINUTE;
    expect(await session.done('test_connection', { source_id: id })).toMatchObject({ ok: true });
  });

  const sessionOf = async () => {
    const { findByNonce } = services().sessions;
    const { createHash } = await import('node:crypto');
    const found = await findByNonce(
      createHash('sha256')
        .update(links.at(-1) ?? '')
        .digest('hex'),
    );
    return found?.id;
  };
});

describe('tokens that are given', () => {
  it('are used as they are, and a refresh token that would be replaced is not', async () => {
    await session.done('request_credentials', { connector: 'rest_api', config: config() });
    const { query, token } = await signedIn();
    await finishSignIn(services(), query, ORIGIN, token, submission);
    const nobody = await session.done('test_connection', { connector: 'rest_api', config: config() });
    expect(nobody).toMatchObject({
      ok: false,
      headline: expect.stringContaining('nobody has signed in'),
      next: expect.arrayContaining([expect.objectContaining({ tool: 'request_credentials' })]),
    });
    await session.close();
    await start({ HEADWATER_SECRET_TOKEN: 'not-one-of-theirs' });
    const reference = '${env:HEADWATER_SECRET_TOKEN}';
    const wrong = await session.done('test_connection', {
      connector: 'rest_api',
      config: config({ access_token: reference, expires_at: '2020-01-01T00:00:00Z' }),
    });
    expect(JSON.stringify(wrong)).toContain('API_AUTH_REJECTED');
    const rotating = await session.done('test_connection', {
      connector: 'rest_api',
      config: config({ refresh_token: reference }),
    });
    expect(rotating).toMatchObject({ headline: expect.stringContaining('replaced with each use') });
    expect(server.grants).toEqual(['authorization_code']);
  });
});
