import { afterEach, describe, expect, it } from 'vitest';
import { asked, type Lab, lab, STRIPE_KEY, stripe } from './lab.ts';

let here: Lab;
afterEach(() => here.close());

type Body = Record<string, unknown>;
const sent = (): Body =>
  here.airweave.requests.filter(({ method, path }) => method === 'POST' && path === '/source-connections').at(-1)
    ?.body as Body;
const source = (answer: Body) => answer['source'] as Body;

describe('a create', () => {
  it('is sent once, in the form that Airweave tells the way to sign in by', async () => {
    here = await lab();
    const answer = await here.done('create_source', {
      ...stripe,
      name: 'Payments',
      description: 'of the shop',
      options: { collection: 'shop-data' },
      schedule: { cron: '0 6 * * *' },
      sync_immediately: false,
    });
    expect(sent()).toEqual({
      short_name: 'stripe',
      readable_collection_id: 'shop-data',
      name: 'Payments',
      description: 'of the shop',
      schedule: { cron: '0 6 * * *' },
      sync_immediately: false,
      authentication: { credentials: { api_key: STRIPE_KEY } },
    });
    expect(source(answer)).toMatchObject({
      id: expect.stringMatching(/^airweave:[0-9a-f-]{36}$/),
      name: 'Payments',
      connector: 'stripe',
      platform: 'airweave',
      description: 'of the shop',
      status: 'Active',
      platform_status: 'active',
      collection: 'shop-data',
      schedule: { cron: '0 6 * * *', next_run: expect.any(String) },
      auth: { method: 'direct', authenticated: true },
      config: { auth: { method: 'direct', api_key: { set: true, from: 'env:HEADWATER_SECRET_STRIPE' } } },
      todo: [],
    });
    expect(asked(here, 'POST')).toEqual(['POST /source-connections']);
    const [first] = here.airweave.requests;
    expect(first?.headers['x-api-key']).toBe('aw-key-CANARY-4711');
    expect(first?.headers['x-organization-id']).toBeUndefined();
    expect(JSON.stringify(answer)).not.toMatch(/CANARY/);
  });

  it.each([
    [
      'oauth_token',
      'notion',
      { method: 'oauth_token', access_token: 'tok-CANARY', expires_at: '2099-01-01T00:00:00Z' },
    ],
    ['oauth_browser', 'notion', { method: 'oauth_browser' }],
    ['oauth_byoc', 'gmail', { method: 'oauth_byoc', client_id: 'me', client_secret: 'CANARY-s' }],
    ['oauth_byoc', 'trello', { method: 'oauth_byoc', consumer_key: 'me', consumer_secret: 'CANARY-s' }],
    [
      'auth_provider',
      'notion',
      {
        method: 'auth_provider',
        provider_readable_id: 'our-composio',
        provider_config: { auth_config_id: 'a', account_id: 'b' },
      },
    ],
  ])('by %s of %s has no type and no method in it', async (method, connector, auth) => {
    here = await lab();
    here.airweave.backend.providers.set('our-composio', 'composio');
    const answer = await here.done('create_source', { platform: 'airweave', connector, config: { auth } });
    const { method: _, ...bare } = auth;
    expect(sent()['authentication']).toEqual(bare);
    expect(source(answer)['auth']).toMatchObject({ method });
    expect(JSON.stringify(answer)).not.toMatch(/CANARY/);
  });

  it('takes the vendor form of the seed', async () => {
    here = await lab();
    const config = { auth: { credentials: { api_key: '${env:HEADWATER_SECRET_STRIPE}' } } };
    await here.done('create_source', { ...stripe, config });
    expect(sent()['authentication']).toEqual({ credentials: { api_key: STRIPE_KEY } });
  });

  it('says that a refresh token is not kept', async () => {
    here = await lab();
    const auth = { method: 'oauth_token', access_token: 'a', refresh_token: 'b' };
    const answer = await here.done('create_source', { platform: 'airweave', connector: 'notion', config: { auth } });
    expect(answer['warnings']).toContainEqual(expect.stringContaining('refresh token'));
  });

  it('gives a link to sign in with, and keeps the claim to itself', async () => {
    here = await lab();
    const answer = await here.done('create_source', { platform: 'airweave', connector: 'notion', config: {} });
    expect(source(answer)).toMatchObject({
      status: 'Pending',
      platform_status: 'pending_auth',
      todo: [
        {
          kind: 'open_url',
          url: expect.stringContaining('/source-connections/authorize/'),
          expires_at: expect.any(String),
        },
      ],
    });
    expect(JSON.stringify(answer)).not.toContain('claim');
    // The link works once: Headwater itself must not open it.
    expect(asked(here).filter((each) => each.includes('authorize'))).toEqual([]);
  });

  it('never lets a federated source have a sync', async () => {
    here = await lab();
    const auth = { method: 'oauth_token', access_token: 'xoxp-1' };
    await here.done('create_source', { platform: 'airweave', connector: 'slack', config: { auth } });
    expect(sent()).toMatchObject({ schedule: { cron: null }, sync_immediately: false });
    const again = { platform: 'airweave', connector: 'slack', name: 'Another', config: { auth } };
    const refused = await here.call('create_source', { ...again, schedule: { cron: '0 * * * *' } });
    expect(refused.error.code).toBe('UNSUPPORTED');
  });

  it('says which requests it would send, and sends none', async () => {
    here = await lab();
    const { plan } = await here.done('create_source', {
      ...stripe,
      dry_run: true,
      options: { create_collection: 'Nice data' },
    });
    const { requests } = plan as { requests: Body[] };
    expect(requests.map(({ method, url }) => `${method} ${String(url).replace(here.airweave.url, '')}`)).toEqual([
      'GET /collections',
      'POST /collections',
      'POST /source-connections',
    ]);
    expect(requests.at(-1)?.['body']).toMatchObject({
      authentication: { credentials: { api_key: '[secret from env:HEADWATER_SECRET_STRIPE]' } },
    });
    expect(asked(here, 'POST')).toEqual([]);
  });
});

describe('the collection', () => {
  it('is the only one there is, and that is told', async () => {
    here = await lab();
    const answer = await here.done('create_source', stripe);
    expect(source(answer)['collection']).toBe('shop-data');
    expect(answer['warnings']).toContainEqual(expect.stringContaining('shop-data'));
  });

  it('must be named where there are several', async () => {
    here = await lab();
    here.airweave.backend.createCollection({ name: 'Other', readable_id: 'other' });
    const { error } = await here.call('create_source', stripe);
    expect(error.code).toBe('INVALID_ARGUMENTS');
    expect(error.fields?.[0]?.field).toBe('/options/collection');
    expect(error.hint).toContain('shop-data, other');
    expect(asked(here, 'POST')).toEqual([]);
  });

  it('is created when asked, and not twice when the create after it fails', async () => {
    here = await lab();
    here.airweave.fault('server_error', ({ method, path }) => method === 'POST' && path === '/source-connections');
    const request = { ...stripe, options: { create_collection: 'Payment data' } };
    const first = await here.call('create_source', request);
    expect(first.error.code).toBe('PLATFORM_UNAVAILABLE');
    const answer = await here.done('create_source', request);
    expect(source(answer)['collection']).toMatch(/^payment-data-/);
    expect(here.airweave.backend.collections.map(({ name }) => name)).toEqual(['Shop data', 'Payment data']);
  });

  it('is not taken from others for having the name', async () => {
    here = await lab();
    await here.done('create_source', stripe);
    const { error } = await here.call('create_source', {
      ...stripe,
      name: 'Another',
      options: { create_collection: 'Shop data' },
    });
    expect(error.code).toBe('INVALID_ARGUMENTS');
    expect(error.hint).toContain('shop-data');
  });

  it('that is not there is named', async () => {
    here = await lab();
    const { error } = await here.call('create_source', { ...stripe, options: { collection: 'nothing-here' } });
    expect(error.code).toBe('PLATFORM_REJECTED');
    expect(error.fields?.map(({ field }) => field)).toContain('/options/collection');
  });
});

describe('before anything is sent', () => {
  it.each([
    ['a short name', { name: 'abc' }, '/name'],
    ['a long name', { name: 'x'.repeat(43) }, '/name'],
    ['a long description', { description: 'x'.repeat(256) }, '/description'],
    ['four fields of cron', { schedule: { cron: '0 6 * *' } }, '/schedule/cron'],
    ['an hour that is none', { schedule: { cron: '0 24 * * *' } }, '/schedule/cron'],
    ['a sync every five minutes', { schedule: { cron: '*/5 * * * *' } }, '/schedule/cron'],
    ['every minute', { schedule: { cron: '* * * * *' } }, '/schedule/cron'],
    ['an unknown word of a schedule', { schedule: { crom: '0 6 * * *' } }, '/schedule/crom'],
    ['two collections', { options: { collection: 'a', create_collection: 'Bcde' } }, '/options/create_collection'],
    ['an address that is none', { options: { redirect_url: 'javascript:alert(1)' } }, '/options/redirect_url'],
  ])('%s is refused by its field', async (_, change, field) => {
    here = await lab();
    const { error } = await here.call('create_source', { ...stripe, ...change });
    expect(error.code).toBe('INVALID_ARGUMENTS');
    expect(error.fields?.map((each) => each.field)).toContain(field);
    expect(asked(here, 'POST')).toEqual([]);
  });

  it('a sync before anybody has signed in is refused', async () => {
    here = await lab();
    const { error } = await here.call('create_source', {
      platform: 'airweave',
      connector: 'notion',
      config: {},
      sync_immediately: true,
    });
    expect(error.fields?.map(({ field }) => field)).toEqual(['/sync_immediately']);
    expect(asked(here, 'POST')).toEqual([]);
  });

  it.each([
    ['Paused', 'pauses'],
    ['Pending', 'drafts'],
  ])('the state %s is refused with its reason', async (desired_state, why) => {
    here = await lab();
    const { error } = await here.call('create_source', { ...stripe, desired_state });
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain(why);
  });

  it('a source that this Airweave does not offer is refused by the test', async () => {
    here = await lab();
    const config = { site_url: '', auth: { method: 'oauth_browser' } };
    const { error } = await here.call('create_source', {
      platform: 'airweave',
      connector: 'sharepoint_online',
      config,
    });
    expect(error.code).toBe('TEST_FAILED');
    expect(error.message).toContain('offers no source');
  });
});

describe('schedules that pass', () => {
  it.each([
    ['stripe', '0 6 * * *'],
    ['stripe', '0,30 * * * *'],
    ['stripe', '0 9-17/2 1,15 jan-jun mon-fri'],
    ['github', '*/5 * * * *'],
  ])('%s: %s', async (connector, cron) => {
    here = await lab();
    const config =
      connector === 'github'
        ? { repo_name: 'acme/shop', personal_access_token: `ghp_${'1'.repeat(20)}` }
        : stripe.config;
    const answer = await here.done('create_source', { platform: 'airweave', connector, config, schedule: { cron } });
    expect(source(answer)['schedule']).toMatchObject({ cron });
  });

  it('what has no effect is told', async () => {
    here = await lab();
    const answer = await here.done('create_source', { ...stripe, schedule: { cron: null, continuous: true } });
    expect(answer['warnings']).toContainEqual(expect.stringContaining('continuous'));
    expect(source(answer)['schedule']).toBeUndefined();
  });
});
