import { afterEach, describe, expect, it } from 'vitest';
import { Refusal } from '../../../support/airweave-refusal.ts';
import type { Asked } from '../../../support/airweave-server.ts';
import { inMemory } from '../../../support/in-memory.ts';
import { API_KEY, type Lab, lab, STRIPE_KEY, stripe } from './lab.ts';

let here: Lab;
afterEach(() => here.close());

type Body = Record<string, unknown>;

const creating = ({ method, path }: Asked) => method === 'POST' && path === '/source-connections';
const looking = ({ method, path }: Asked) => method === 'GET' && path.startsWith('/source-connections/');
const failed = async (request: Body = {}) => (await here.call('create_source', { ...stripe, ...request })).error;

async function made(): Promise<string> {
  const { source } = await here.done('create_source', stripe);
  return (source as Body)['id'] as string;
}

describe('a create whose answer is lost', () => {
  it.each(['drop_after', 'html_504_after'] as const)('by %s makes one source', async (fault) => {
    here = await lab();
    here.airweave.fault(fault, creating);
    const answer = await here.done('create_source', stripe);
    expect(here.airweave.backend.connections.size).toBe(1);
    expect(answer['source']).toMatchObject({ name: 'Stripe Connection', collection: 'shop-data' });
    expect(answer['warnings']).toContainEqual(expect.stringContaining('answer was lost'));
  });

  it('before it was done is not taken for done', async () => {
    here = await lab();
    here.airweave.fault('drop_before', creating);
    const error = await failed();
    expect(error.code).toBe('OUTCOME_UNKNOWN');
    expect(here.airweave.backend.connections.size).toBe(0);
    await here.done('create_source', stripe);
    expect(here.airweave.backend.connections.size).toBe(1);
  }, 60_000);
});

describe('what goes wrong on the way', () => {
  it('passes where reading it again helps', async () => {
    here = await lab();
    const id = await made();
    for (const fault of ['html_502', 'too_many', 'drop_before'] as const) {
      here.airweave.fault(fault, looking);
      const { source } = await here.done('get_source', { source_id: id });
      expect(source).toMatchObject({ status: 'Active' });
    }
  });

  it.each(['empty', 'not_json'] as const)('is no source where the answer is %s', async (fault) => {
    here = await lab();
    const id = await made();
    here.airweave.fault(fault, looking);
    const { error } = await here.call('get_source', { source_id: id });
    expect(error.code).toBe('PLATFORM_UNAVAILABLE');
  });

  it('is told where Airweave itself fails', async () => {
    here = await lab();
    const id = await made();
    here.airweave.fault('server_error', looking, 9);
    const { error } = await here.call('get_source', { source_id: id });
    expect(error.code).toBe('PLATFORM_UNAVAILABLE');
    expect(error.retryable).toBe(true);
  });

  it('is a key that has expired', async () => {
    here = await lab();
    const id = await made();
    here.airweave.keys.clear();
    for (const [tool, args] of [
      ['get_source', { source_id: id }],
      ['list_sources', { platform: 'airweave' }],
      ['create_source', { ...stripe, name: 'Another', run_test: false }],
    ] as const) {
      const { error, text } = await here.call(tool, args);
      expect(error.code).toBe('PLATFORM_AUTH_FAILED');
      expect(text).not.toContain(API_KEY);
    }
    const report = await here.done('test_connection', stripe);
    expect(JSON.stringify(report)).toContain('PLATFORM_CHECK_UNAVAILABLE');
  });

  it('is a limit of requests, for as long as it lasts', async () => {
    here = await lab();
    here.airweave.fault('too_many', ({ path }) => path.startsWith('/source-connections?'), 9);
    const { error } = await here.call('list_sources', { platform: 'airweave' });
    expect(error.code).toBe('RATE_LIMITED');
    expect(error.retry_after_ms).toBe(1000);
  }, 20_000);
});

describe('what Airweave refuses', () => {
  it.each([false, true])('names its fields in both forms of 422 (documented: %s)', async (documented422) => {
    here = await lab({ documented422 });
    // As a server with narrower rules than ours.
    here.airweave.backend.settings.judge = () =>
      here.airweave.backend.unprocessable({
        'body.config.repo_name': 'no such repository',
        'body.authentication.DirectAuthentication.credentials.api_key': 'is too old',
      });
    const error = await failed();
    expect(error.code).toBe('PLATFORM_REJECTED');
    expect(error.fields).toEqual([
      { field: '/config/repo_name', message: 'no such repository' },
      { field: '/config/auth/api_key', message: 'is too old' },
    ]);
  });

  it('names its fields in a sentence', async () => {
    here = await lab();
    here.airweave.backend.settings.judge = () =>
      new Refusal(422, 'Invalid auth fields: api_key: String should be longer; email: Field required');
    const error = await failed();
    expect(error.fields).toEqual([
      { field: '/config/auth/api_key', message: 'String should be longer' },
      { field: '/config/auth/email', message: 'Field required' },
    ]);
  });

  it('says of credentials that they are refused, and repeats none', async () => {
    here = await lab();
    here.airweave.backend.settings.judge = (_, { api_key }) =>
      new Refusal(400, `Invalid OAuth access token: ${String(api_key)}`);
    const answer = await here.call('create_source', stripe);
    expect(answer.error.code).toBe('PLATFORM_REJECTED');
    expect(answer.error.fields?.map(({ field }) => field)).toContain('/config/auth');
    expect(answer.text).not.toContain(STRIPE_KEY);
  });

  it('says of a plan that it is full', async () => {
    here = await lab({ mostConnections: 0 });
    const error = await failed();
    expect(error.code).toBe('PLATFORM_REJECTED');
    expect(error.hint).toContain('plan');
  });

  it('says of a feature that it is off', async () => {
    here = await lab();
    const { error } = await here.call('create_source', {
      platform: 'airweave',
      connector: 'jira',
      config: {
        project_keys: ['SHOP'],
        zephyr_scale_api_token: 'z',
        auth: { method: 'oauth_token', access_token: 'a' },
      },
    });
    expect(error.code).toBe('PLATFORM_REJECTED');
    expect(error.hint).toContain('feature');
  });

  it('says of an auth provider that it is none', async () => {
    here = await lab();
    const auth = { method: 'auth_provider', provider_readable_id: 'nobody' };
    const { error } = await here.call('create_source', { platform: 'airweave', connector: 'notion', config: { auth } });
    expect(error.fields?.map(({ field }) => field)).toContain('/config/auth/provider_readable_id');
  });
});

describe('the test of a config', () => {
  const steps = (report: Body) => report['steps'] as { id: string; status: string; code?: string; message?: string }[];

  it('compares the catalog with what this Airweave describes', async () => {
    here = await lab();
    const { backend } = here.airweave;
    const described = backend.source.bind(backend);
    backend.source = (name) => ({
      ...described(name),
      config_fields: { fields: [{ name: 'region', required: true, type: 'string' }] },
    });
    const report = await here.done('test_connection', stripe);
    const step = steps(report).find(({ id }) => id === 'platform_schema');
    expect(step).toMatchObject({ status: 'warn', code: 'PLATFORM_SCHEMA_DIFFERS' });
    expect(step?.message).toContain('region');
  });

  it('warns where an Airweave of one’s own has no application for the service', async () => {
    here = await lab({ isSelfHosted: true });
    const report = await here.done('test_connection', { platform: 'airweave', connector: 'notion', config: {} });
    expect(JSON.stringify(steps(report))).toContain('oauth_byoc');
  });

  it('reaches what the config leads to, as far as TLS', async () => {
    here = await lab();
    const config = { host: here.airweave.url, api_key: 'cal_live_0123456789' };
    const report = await here.done('test_connection', { platform: 'airweave', connector: 'calcom', config });
    expect(report['depth']).toBe('tcp');
    expect(steps(report).map(({ id }) => id)).toContain('tcp');
  });
});

it('without a key nothing is sent, and what is missing is said', async () => {
  here = await lab();
  const bare = await inMemory({ AIRWEAVE_BASE_URL: here.airweave.url });
  const { error } = await bare.call('create_source', { ...stripe, run_test: false, config: { api_key: STRIPE_KEY } });
  expect(error.code).toBe('PLATFORM_NOT_CONFIGURED');
  expect(error.hint).toContain('AIRWEAVE_API_KEY');
  expect(here.airweave.requests).toEqual([]);
  await bare.close();
});

it('settings that the catalog does not have are shown apart', async () => {
  here = await lab();
  const id = await made();
  const connection = here.airweave.backend.connection(id.slice('airweave:'.length));
  Object.assign(connection, { config: { ...connection.config, note: 'plain' } });
  const { source } = await here.done('get_source', { source_id: id });
  expect(source).toMatchObject({ details: { other_config: { note: 'plain' } } });
});
