import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizeUrl, codeOf } from '../../../../src/connectors/oauth/authorize.ts';
import { endpointsFor, endpointsOf } from '../../../../src/connectors/oauth/endpoints.ts';
import { exchangeCode, renewTokens } from '../../../../src/connectors/oauth/tokens.ts';
import { blockList } from '../../../../src/net/address.ts';
import { createAsk } from '../../../../src/net/ask.ts';
import { createEgress } from '../../../../src/net/egress.ts';
import { Secret } from '../../../../src/secrets/secret.ts';
import { BrowserPerson } from '../../../support/browser-person.ts';
import { type OAuthServer, startOAuthServer } from '../../../support/oauth-server.ts';

const REDIRECT = 'http://127.0.0.1:45001/credentials/callback';
const now = () => new Date();
const signal = new AbortController().signal;
const egress = (allowPrivate: boolean) =>
  createEgress({ policy: { allowPrivate, allowHosts: new Set(), allowCidrs: blockList([]) } });
const ask = createAsk(egress(true), now);
const parts = { ask, now, signal };

let server: OAuthServer;
beforeAll(async () => {
  server = await startOAuthServer({ redirectUris: [REDIRECT], accessTokenSeconds: 600 });
});
afterAll(() => server.stop());

const custom = () => ({ method: 'oauth2', provider: 'custom', issuer: server.issuer }) as const;
const client = () => ({ id: server.client.id, secret: new Secret(server.client.secret) });
const verifier = 'v'.repeat(64);

async function signIn({ id = server.client.id, answer = 'agrees' as 'agrees' | 'refuses' } = {}) {
  const endpoints = await endpointsOf(custom(), ask, signal);
  const state = 'a state';
  const url = authorizeUrl(endpoints, { clientId: id, scopes: 'orders.read', redirectUri: REDIRECT, state, verifier });
  const sent = await new BrowserPerson().signsIn(url.href, REDIRECT, answer);
  return { endpoints, url, sent, query: sent.searchParams };
}

describe('a sign-in at a real OAuth server', () => {
  it('gives tokens for a code, and new ones for the refresh token, once', async () => {
    const { endpoints, url, query } = await signIn();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      prompt: 'consent',
      scope: 'orders.read openid offline_access',
      redirect_uri: REDIRECT,
    });
    expect(url.href).not.toContain(verifier);
    const code = codeOf(query, endpoints);
    const tokens = await exchangeCode(endpoints, client(), { code, verifier, redirectUri: REDIRECT }, parts);
    const left = Date.parse(tokens.expiresAt ?? '') - Date.now();
    expect(left).toBeGreaterThan(590_000);
    expect(left).toBeLessThanOrEqual(600_000);
    const refresh = tokens.refresh as Secret;
    const renewed = await renewTokens(endpoints, client(), refresh, parts);
    expect(renewed.access.reveal()).not.toBe(tokens.access.reveal());
    expect(renewed.refresh?.reveal()).not.toBe(refresh.reveal());
    await expect(renewTokens(endpoints, client(), refresh, parts)).rejects.toMatchObject({
      code: 'NEEDS_AUTH',
      message: expect.stringContaining('invalid_grant'),
    });
    await expect(
      exchangeCode(endpoints, client(), { code, verifier, redirectUri: REDIRECT }, parts),
    ).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' });
  });

  it('needs the verifier and the exact redirect that it began with', async () => {
    for (const wrong of [{ verifier: 'w'.repeat(64) }, { redirectUri: `${REDIRECT}/` }]) {
      const { endpoints, query } = await signIn();
      const grant = { code: codeOf(query, endpoints), verifier, redirectUri: REDIRECT, ...wrong };
      await expect(exchangeCode(endpoints, client(), grant, parts)).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' });
    }
  });

  it('asks for tokens by the address of a remote MCP server, where the provider is of its own', async () => {
    const settings = { base_url: 'https://mcp.example.com/mcp' };
    const bound = await endpointsFor(settings, custom(), ask, signal);
    const parameters = { clientId: 'x', scopes: undefined, redirectUri: REDIRECT, state: 's', verifier };
    expect(authorizeUrl(bound, parameters).searchParams.get('resource')).toBe(settings.base_url);
    const asked: unknown[] = [];
    const noting = async (question: { fields?: unknown }) => {
      asked.push(question.fields);
      return { status: 200, json: { access_token: 'x' }, clean: (text: string) => text };
    };
    await renewTokens(bound, client(), new Secret('a token'), { ...parts, ask: noting });
    expect(asked).toEqual([expect.objectContaining({ resource: settings.base_url })]);
    const google = await endpointsFor(settings, { method: 'oauth2', provider: 'google' }, ask, signal);
    expect(google).not.toHaveProperty('resource');
  });

  it('works for a client without a secret', async () => {
    const { id } = server.publicClient;
    const { endpoints, query } = await signIn({ id });
    const grant = { code: codeOf(query, endpoints), verifier, redirectUri: REDIRECT };
    const { access } = await exchangeCode(endpoints, { id }, grant, parts);
    expect(access).toBeInstanceOf(Secret);
  });

  it('says that a client is not accepted, without telling its secret', async () => {
    const { endpoints, query } = await signIn();
    const grant = { code: codeOf(query, endpoints), verifier, redirectUri: REDIRECT };
    const wrong = { id: server.client.id, secret: new Secret('CANARY-wrong-secret') };
    const failure = await exchangeCode(endpoints, wrong, grant, parts).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SIGN_IN_FAILED', message: expect.stringContaining('client') });
    expect(JSON.stringify(failure)).not.toContain('CANARY');
  });

  it('ends where the person does not agree', async () => {
    const { endpoints, query } = await signIn({ answer: 'refuses' });
    expect(() => codeOf(query, endpoints)).toThrow('Access was not granted.');
  });

  it('takes no answer of another provider, and none without the name where there always is one', async () => {
    const { endpoints, query } = await signIn();
    expect(query.get('iss')).toBe(server.issuer);
    for (const iss of [null, 'https://evil.example', `${server.issuer}/`]) {
      const other = new URLSearchParams(query);
      if (iss === null) other.delete('iss');
      else other.set('iss', iss);
      expect(() => codeOf(other, endpoints)).toThrow('another provider');
    }
  });

  it('is for the egress policy to permit, the operator’s own addresses or not', async () => {
    const strict = createAsk(egress(false), now);
    await expect(endpointsOf(custom(), strict, signal)).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
    const direct = { method: 'oauth2', provider: 'custom', token_url: `${server.issuer}/token` } as const;
    const endpoints = await endpointsOf(direct, strict, signal);
    await expect(
      renewTokens(endpoints, client(), new Secret('a token'), { ...parts, ask: strict }),
    ).rejects.toMatchObject({ code: 'EGRESS_DENIED' });
  });

  it.each([
    [{ status: 503, body: '' }, 'PROVIDER_UNAVAILABLE'],
    [{ status: 429, body: '{}' }, 'PROVIDER_UNAVAILABLE'],
    [{ status: 200, body: '{"ok":false,"error":"invalid_refresh_token"}' }, 'NEEDS_AUTH'],
    [{ status: 200, body: '<html>' }, 'NEEDS_AUTH'],
    [{ status: 200, body: '{"access_token":"x","token_type":"DPoP"}' }, 'NEEDS_AUTH'],
    [{ status: 200, body: '{}' }, 'NEEDS_AUTH'],
    [{ status: 302, body: '{}' }, 'NEEDS_AUTH'],
  ])('takes %j for what it is', async (fault, code) => {
    const endpoints = await endpointsOf(custom(), ask, signal);
    server.faults.token = fault;
    try {
      await expect(renewTokens(endpoints, client(), new Secret('CANARY-token'), parts)).rejects.toMatchObject({ code });
    } finally {
      delete server.faults.token;
    }
  });
});
