import { describe, expect, it } from 'vitest';
import { restApi } from '../../../../src/connectors/apis/rest-api.ts';
import { destinationOf, parseConfig } from '../../../../src/connectors/config.ts';
import { authorizeUrl } from '../../../../src/connectors/oauth/authorize.ts';
import { endpointsOf } from '../../../../src/connectors/oauth/endpoints.ts';
import { exchangeCode } from '../../../../src/connectors/oauth/tokens.ts';
import { HeadwaterError } from '../../../../src/errors.ts';
import type { Question } from '../../../../src/net/ask.ts';
import { Secret } from '../../../../src/secrets/secret.ts';

const signal = new AbortController().signal;
const config = (auth: Record<string, unknown>) => ({
  url: 'https://api.example.com',
  auth: { method: 'oauth2', ...auth },
});
const parse = (auth: Record<string, unknown>) => parseConfig(restApi, config(auth));
function faults(auth: Record<string, unknown>): Record<string, string> {
  try {
    parse(auth);
    return {};
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return Object.fromEntries((error.details.fields ?? []).map(({ field, message }) => [field, message]));
  }
}

/** Where each is, and how it wants to be asked; what stands here is what was read in its documentation. */
const PLACES: Readonly<Record<string, { account?: string; authorize: string; token: string; scope?: string }>> = {
  google: {
    authorize: 'https://accounts.google.com/o/oauth2/v2/auth?access_type=offline',
    token: 'https://oauth2.googleapis.com/token',
  },
  github: {
    authorize: 'https://github.com/login/oauth/authorize?',
    token: 'https://github.com/login/oauth/access_token',
  },
  slack: {
    authorize: 'https://slack.com/oauth/v2/authorize?',
    token: 'https://slack.com/api/oauth.v2.access',
    scope: 'a,b',
  },
  hubspot: {
    authorize: 'https://app.hubspot.com/oauth/authorize?',
    token: 'https://api.hubapi.com/oauth/v1/token',
  },
  salesforce: {
    authorize: 'https://login.salesforce.com/services/oauth2/authorize?',
    token: 'https://login.salesforce.com/services/oauth2/token',
    scope: 'a b refresh_token',
  },
  notion: {
    authorize: 'https://api.notion.com/v1/oauth/authorize?owner=user',
    token: 'https://api.notion.com/v1/oauth/token',
  },
  atlassian: {
    authorize: 'https://auth.atlassian.com/authorize?audience=api.atlassian.com',
    token: 'https://auth.atlassian.com/oauth/token',
    scope: 'a b offline_access',
  },
  microsoft: {
    authorize: 'https://login.microsoftonline.com/common/oauth2/v2.0/authorize?',
    token: 'https://login.microsoftonline.com/common/oauth2/v2.0/token',
    scope: 'a b offline_access',
  },
  shopify: {
    account: 'acme-store',
    authorize: 'https://acme-store.myshopify.com/admin/oauth/authorize?',
    token: 'https://acme-store.myshopify.com/admin/oauth/access_token',
    scope: 'a,b',
  },
  stripe: {
    authorize: 'https://connect.stripe.com/oauth/authorize?',
    token: 'https://connect.stripe.com/oauth/token',
  },
};

describe('providers', () => {
  it.each(Object.entries(PLACES))('%s', async (provider, { account, authorize, token, scope = 'a b' }) => {
    const auth = { method: 'oauth2', provider: provider as 'google', account } as const;
    const asked: Question[] = [];
    const ask = async (question: Question) => {
      asked.push(question);
      return { status: 200, json: { access_token: 'x', expires_in: '60' }, clean: (text: string) => text };
    };
    const endpoints = await endpointsOf(auth, ask, signal);
    expect(asked).toEqual([]);
    const authorization = { clientId: 'id', scopes: 'a b', redirectUri: 'http://x/', state: 's', verifier: 'v' };
    const url = authorizeUrl(endpoints, authorization);
    expect(url.href.startsWith(authorize)).toBe(true);
    expect(url.searchParams.get('scope')).toBe(scope);
    const parts = { ask, now: () => new Date(0), signal };
    const grant = { code: 'c', verifier: 'v', redirectUri: 'http://x/' };
    const { expiresAt } = await exchangeCode(endpoints, { id: 'id', secret: new Secret('s3') }, grant, parts);
    expect(expiresAt).toBe('1970-01-01T00:01:00.000Z');
    expect(asked[0]?.url.href).toBe(token);
    // Once, in one of both ways.
    expect([asked[0]?.basic, asked[0]?.fields?.['client_secret']].filter(Boolean)).toHaveLength(1);
  });

  it.each([
    ['shopify', 'evil.com/'],
    ['shopify', 'evil.com#'],
    ['shopify', 'a@evil.com'],
    ['shopify', 'a.evil'],
    ['salesforce', 'evil.com/x'],
    ['salesforce', 'a.b'],
    ['salesforce', 'evil.com?my'],
    ['microsoft', '../x'],
    ['microsoft', 'a/b'],
    ['microsoft', 'a?b'],
    ['microsoft', 'x#'],
  ])('%s is nowhere else by an account %s', async (provider, account) => {
    expect(faults({ provider, account, client_id: 'x' })).toHaveProperty('/config/auth/account');
    const auth = { method: 'oauth2', provider: provider as 'shopify', account } as const;
    const ask = () => Promise.reject(new Error('asked'));
    await expect(endpointsOf(auth, ask, signal)).rejects.toMatchObject({ code: 'SIGN_IN_FAILED' });
  });

  it.each(['acme.my', 'acme--dev.sandbox.my', 'login', 'test'])('salesforce is at %s', (account) => {
    expect(faults({ provider: 'salesforce', account, client_id: 'x' })).toEqual({});
  });
});

describe('the config of a sign-in', () => {
  it('is what the provider needs, and nothing else', () => {
    expect(faults({ provider: 'google', client_id: 'x' })).toEqual({});
    expect(faults({ provider: 'google' })).toEqual({ '/config/auth/client_id': 'is needed to sign in' });
    expect(faults({ provider: 'google', access_token: '${env:HEADWATER_SECRET_T}' })).toEqual({});
    expect(Object.keys(faults({ provider: 'google', refresh_token: '${env:HEADWATER_SECRET_T}' }))).toEqual([
      '/config/auth/client_id',
    ]);
    expect(Object.keys(faults({ provider: 'google', client_id: 'x', token_url: 'https://evil.example/' }))).toEqual([
      '/config/auth/token_url',
    ]);
    expect(Object.keys(faults({ provider: 'shopify', client_id: 'x' }))).toEqual(['/config/auth/account']);
    expect(Object.keys(faults({ provider: 'custom', client_id: 'x' }))).toEqual(['/config/auth/issuer']);
    expect(faults({ provider: 'custom', client_id: 'x', issuer: 'https://id.example.com' })).toEqual({});
  });

  it('keeps secrets from its settings, and its destination covers who is sent them', () => {
    const secrets = {
      client_secret: 'one secret',
      access_token: 'two secret',
      refresh_token: '${env:HEADWATER_SECRET_R}',
    };
    const parsed = parse({ provider: 'custom', issuer: 'https://id.example.com', client_id: 'x', ...secrets });
    expect(JSON.stringify(parsed.settings)).not.toContain('secret');
    expect(Object.keys(parsed.secrets).sort()).toEqual(
      Object.keys(secrets)
        .map((name) => `auth/${name}`)
        .sort(),
    );
    expect(destinationOf(restApi, parsed)).toMatchObject({
      'auth/provider': '"custom"',
      'auth/issuer': '"https://id.example.com"',
    });
  });
});
