import { describe, expect, it } from 'vitest';
import { mergeConfig, parseConfig } from '../../../../src/connectors/config.ts';
import type { Connector } from '../../../../src/connectors/define-connector.ts';
import { HeadwaterError } from '../../../../src/errors.ts';
import { AIRWEAVE_CONNECTORS } from '../../../../src/platforms/airweave/catalog/index.ts';

const of = (code: string) => AIRWEAVE_CONNECTORS.find((each) => each.code === code) as Connector;
const secret = (name: string) => `\${env:HEADWATER_SECRET_${name}}`;

function parsed(code: string, config: Record<string, unknown>): unknown {
  const { settings, secrets } = parseConfig(of(code), config);
  return { method: (settings['auth'] as { method: string }).method, secrets: Object.keys(secrets) };
}

function faults(code: string, config: Record<string, unknown>): Record<string, string> {
  try {
    parseConfig(of(code), config);
    return {};
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return Object.fromEntries((error.details.fields ?? []).map(({ field, message }) => [field, message]));
  }
}

describe("Airweave's way of telling how to sign in", () => {
  it.each([
    ['stripe', { auth: { credentials: { api_key: secret('A') } } }, 'direct', ['auth/api_key']],
    ['stripe', { authentication: { credentials: { api_key: secret('A') } } }, 'direct', ['auth/api_key']],
    ['notion', { auth: { access_token: secret('A') } }, 'oauth_token', ['auth/access_token']],
    ['notion', { auth: {} }, 'oauth_browser', []],
    ['notion', {}, 'oauth_browser', []],
    ['notion', { auth: { redirect_uri: 'https://acme.example.com' } }, 'oauth_browser', []],
    ['notion', { auth: { client_id: 'a', client_secret: secret('A') } }, 'oauth_byoc', ['auth/client_secret']],
    ['trello', { auth: { consumer_key: 'a', consumer_secret: secret('A') } }, 'oauth_byoc', ['auth/consumer_secret']],
    ['notion', { auth: { provider_readable_id: 'composio-1' } }, 'auth_provider', []],
    // Both ways of Zoho take a token: bare, it is OAuth's.
    [
      'zoho_crm',
      { auth: { access_token: secret('A'), refresh_token: secret('B') } },
      'oauth_token',
      ['auth/access_token', 'auth/refresh_token'],
    ],
    [
      'zoho_crm',
      { auth: { credentials: { access_token: secret('A'), refresh_token: secret('B') } } },
      'direct',
      ['auth/access_token', 'auth/refresh_token'],
    ],
    // Credentials beside the settings.
    [
      'github',
      { repo_name: 'acme/shop', personal_access_token: secret('A') },
      'direct',
      ['auth/personal_access_token'],
    ],
  ])('%s takes %j as %s', (code, config, method, secrets) => {
    expect(parsed(code, config)).toEqual({ method, secrets });
  });

  it.each([
    ['a pair that is not whole', 'notion', { auth: { client_id: 'a' } }],
    ['two ways at once', 'notion', { auth: { access_token: secret('A'), provider_readable_id: 'x' } }],
    ['a browser where an application of one’s own is asked for', 'gmail', { auth: {} }],
    ['a browser where there is none', 'stripe', { auth: { method: 'oauth_browser' } }],
    ['no credentials', 'stripe', {}],
    ['empty credentials', 'stripe', { auth: { credentials: {} } }],
    ['both names of the group', 'stripe', { auth: { api_key: secret('A') }, authentication: {} }],
    ["Airweave's documented type", 'notion', { auth: { type: 'oauth_token', access_token: secret('A') } }],
    ['a time without an offset', 'notion', { auth: { access_token: secret('A'), expires_at: '2030-01-01T00:00:00' } }],
    [
      'the settings of no provider',
      'notion',
      { auth: { provider_readable_id: 'x', provider_config: { acount: '1' } } },
    ],
    [
      'half the settings of one',
      'notion',
      { auth: { provider_readable_id: 'x', provider_config: { account_id: '1' } } },
    ],
  ])('refuses %s', (_, code, config) => {
    expect(Object.keys(faults(code, config))).not.toEqual([]);
  });

  it('names the field that was meant inside the group', () => {
    const auth = { method: 'direct', api_kye: secret('A') };
    expect(faults('stripe', { auth })['/config/auth/api_kye']).toContain('did you mean auth/api_key');
  });

  it('never repeats a literal that it refuses', () => {
    const found = faults('stripe', { auth: { credentials: { api_key: 'pk_live_1234567890abcdefgh' } } });
    expect(found['/config/auth/api_key']).toContain('sk_test_');
    expect(JSON.stringify(found)).not.toContain('1234567890abcdefgh');
  });

  it('keeps the way of a source in a patch of it', () => {
    const before = parseConfig(of('zoho_crm'), {
      auth: { credentials: { access_token: secret('A'), refresh_token: secret('B') } },
    });
    const after = mergeConfig(of('zoho_crm'), before, { auth: { access_token: secret('C') } }, []);
    expect(after.settings['auth']).toEqual({ method: 'direct' });
    expect(after.secrets['auth/access_token']).toEqual({ scheme: 'env', target: 'HEADWATER_SECRET_C' });
    expect(after.secrets['auth/refresh_token']).toEqual({ scheme: 'env', target: 'HEADWATER_SECRET_B' });
  });

  it('leaves the way alone where a patch is about something else', () => {
    const before = parseConfig(of('github'), { repo_name: 'acme/shop', personal_access_token: secret('A') });
    const after = mergeConfig(of('github'), before, { branch: 'main' }, []);
    expect(after.settings).toMatchObject({ branch: 'main', auth: { method: 'direct' } });
    expect(after.secrets).toEqual(before.secrets);
  });

  it('takes text with commas where a list is meant', () => {
    const config = { auth: { access_token: secret('A') }, project_keys: 'SHOP, CRM,' };
    expect(parseConfig(of('jira'), config).settings['project_keys']).toEqual(['SHOP', 'CRM']);
  });
});
