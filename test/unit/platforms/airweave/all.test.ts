import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isSecret } from '../../../../src/connectors/fields.ts';
import { AIRWEAVE_CONNECTORS } from '../../../../src/platforms/airweave/catalog/index.ts';
import { type Lab, lab } from './lab.ts';

let here: Lab;
beforeAll(async () => {
  here = await lab({ flags: new Set(['sharepoint_2019_v2', 'zephyr_scale']) });
});
afterAll(() => here.close());

type Body = Record<string, unknown>;

/** What fits the patterns of whatever asks for one. */
const SECRETS: Readonly<Record<string, string>> = {
  stripe: 'sk_test_0123456789abcdef0000',
  github: 'ghp_0123456789abcdef0000',
};

function withSecrets(code: string, example: Body): Body {
  return JSON.parse(
    JSON.stringify(example).replace(/\$\{env:[A-Z0-9_]+\}/g, SECRETS[code] ?? 'a-secret-of-some-length'),
  ) as Body;
}

describe.each(AIRWEAVE_CONNECTORS.map((connector) => [connector.code, connector] as const))('%s', (code, connector) => {
  it('is created from its example, shown, and removed', async () => {
    const config = withSecrets(code, connector.example);
    const { source } = await here.done('create_source', {
      platform: 'airweave',
      connector: code,
      config,
      run_test: false,
    });
    const { id, name, ...rest } = source as Body;
    const { auth } = config as { auth: { method: string } };
    expect(rest).toMatchObject({
      connector: code,
      status: auth.method.startsWith('oauth_b') ? 'Pending' : 'Active',
      auth: { method: auth.method },
    });
    const shown = rest['config'] as Body;
    for (const [field, { facts }] of Object.entries(connector.fields)) {
      if (config[field] !== undefined && !isSecret(facts)) expect(shown[field]).toEqual(config[field]);
    }
    await here.done('delete_source', { source_id: id, confirm: name });
  });

  it('takes every other way to sign in that it has', async () => {
    here.airweave.backend.providers.set('ours', 'custom');
    for (const [method, fields] of Object.entries(connector.auth ?? {})) {
      const auth: Body = { method };
      for (const [name, field] of Object.entries(fields)) {
        if (!field.schema().isOptional()) auth[name] = SECRETS[code] ?? 'something-long-enough';
      }
      if (method === 'auth_provider') auth['provider_readable_id'] = 'ours';
      if (code === 'servicenow' && method === 'direct') auth['subdomain'] = 'acme';
      const config = { ...withSecrets(code, connector.example), auth };
      const { source } = await here.done('create_source', {
        platform: 'airweave',
        connector: code,
        config,
        run_test: false,
      });
      const { id, name } = source as Body;
      expect(source).toMatchObject({ auth: { method } });
      await here.done('delete_source', { source_id: id, confirm: name });
    }
  });
});

it('tells its options with the schema of a connector', async () => {
  const answer = await here.done('get_connector_schema', { connector: 'github', platform: 'airweave' });
  expect(Object.keys((answer['options_schema'] as { properties: Body }).properties)).toEqual([
    'collection',
    'create_collection',
    'redirect_url',
  ]);
  const { connectors } = await here.done('list_connectors', { platform: 'airweave', query: 'tickets' });
  expect((connectors as { code: string }[]).map(({ code }) => code)).toEqual(
    expect.arrayContaining(['zendesk', 'freshdesk']),
  );
});
