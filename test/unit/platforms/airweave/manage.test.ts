import { afterEach, describe, expect, it } from 'vitest';
import type { AirweaveServer } from '../../../support/airweave-server.ts';
import { asked, type Lab, lab, STRIPE_KEY, stripe } from './lab.ts';

let here: Lab;
afterEach(() => here.close());

type Body = Record<string, unknown>;

async function made(request: Body = stripe): Promise<string> {
  const { source } = await here.done('create_source', request);
  return (source as Body)['id'] as string;
}

const patched = () => here.airweave.requests.filter(({ method }) => method === 'PATCH').map(({ body }) => body as Body);

/** One that somebody made in Airweave's own app. */
function elsewhere({ backend }: AirweaveServer, shape: Body): string {
  const { connection } = backend.create({ readable_collection_id: 'shop-data', sync_immediately: false, ...shape });
  return `airweave:${connection.id}`;
}

const github = {
  platform: 'airweave',
  connector: 'github',
  config: { repo_name: 'acme/shop', auth: { method: 'direct', personal_access_token: `ghp_CANARY${'1'.repeat(20)}` } },
};

describe('an update', () => {
  it('sends what changes, and the whole config where that does', async () => {
    here = await lab();
    const id = await made(github);
    const answer = await here.done('update_source', { source_id: id, config: { branch: 'main' }, run_test: false });
    expect(patched()).toEqual([{ config: { repo_name: 'acme/shop', branch: 'main', sync_pull_requests: false } }]);
    expect(answer['changed']).toEqual(['config.branch']);
    await here.done('update_source', {
      source_id: id,
      name: 'Code',
      description: 'of the shop',
      schedule: { cron: '0 6 * * *' },
    });
    expect(patched().at(-1)).toEqual({ name: 'Code', description: 'of the shop', schedule: { cron: '0 6 * * *' } });
    const { source } = await here.done('get_source', { source_id: id });
    expect(source).toMatchObject({ name: 'Code', config: { branch: 'main' }, schedule: { cron: '0 6 * * *' } });
    expect(JSON.stringify([answer, source])).not.toContain('CANARY');
  });

  it.each([
    [{ clear: ['/schedule'] }, { schedule: null }],
    [{ schedule: { cron: null } }, { schedule: { cron: null } }],
  ])('%j takes the schedule away', async (change, body) => {
    here = await lab();
    const id = await made();
    await here.done('update_source', { source_id: id, ...change });
    expect(patched()).toEqual([body]);
    const { source } = await here.done('get_source', { source_id: id });
    expect(source).not.toHaveProperty('schedule');
  });

  it('replaces credentials that are given directly, and only those', async () => {
    here = await lab();
    const id = await made();
    await here.done('update_source', { source_id: id, config: { auth: { api_key: `${STRIPE_KEY}2` } } });
    expect(patched()).toEqual([{ authentication: { credentials: { api_key: `${STRIPE_KEY}2` } } }]);
    const auth = { method: 'oauth_token', access_token: 'one' };
    const other = await made({ platform: 'airweave', connector: 'notion', config: { auth } });
    const { error } = await here.call('update_source', { source_id: other, config: { auth: { access_token: 'two' } } });
    expect(error.code).toBe('UNSUPPORTED');
    expect(patched()).toHaveLength(1);
  });

  it('moves no source', async () => {
    here = await lab();
    here.airweave.backend.createCollection({ name: 'Other', readable_id: 'other' });
    const id = await made({ ...stripe, options: { collection: 'shop-data' } });
    const { error } = await here.call('update_source', { source_id: id, options: { collection: 'other' } });
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.fields).toEqual([{ field: '/options/collection', message: expect.any(String) }]);
  });

  it('is planned without being sent', async () => {
    here = await lab();
    const id = await made();
    const { plan } = await here.done('update_source', {
      source_id: id,
      config: { auth: { api_key: '${env:HEADWATER_SECRET_STRIPE}' } },
      name: 'Renamed',
      dry_run: true,
    });
    expect((plan as { requests: Body[] }).requests).toEqual([
      expect.objectContaining({
        method: 'PATCH',
        body: {
          name: 'Renamed',
          authentication: { credentials: { api_key: '[secret from env:HEADWATER_SECRET_STRIPE]' } },
        },
      }),
    ]);
    expect(patched()).toEqual([]);
  });
});

describe('a source that was made elsewhere', () => {
  it('is shown, its credentials as held there', async () => {
    here = await lab();
    const id = elsewhere(here.airweave, {
      short_name: 'ctti',
      authentication: { credentials: { username: 'reader', password: 'CANARY' } },
    });
    const { source } = await here.done('get_source', { source_id: id });
    expect(source).toMatchObject({
      connector: 'ctti',
      config: {
        limit: 10_000,
        auth: { method: 'direct', username: '(held by Airweave)', password: { set: true, from: 'platform' } },
      },
    });
    expect(JSON.stringify(source)).not.toContain('CANARY');
  });

  it('can be changed, and its credentials only as a whole', async () => {
    here = await lab();
    const id = elsewhere(here.airweave, {
      short_name: 'ctti',
      authentication: { credentials: { username: 'reader', password: 'one' } },
    });
    await here.done('update_source', { source_id: id, config: { limit: 5 }, run_test: false });
    expect(patched()).toEqual([{ config: { limit: 5, skip: 0 } }]);
    const { error } = await here.call('update_source', {
      source_id: id,
      config: { auth: { password: 'two' } },
      run_test: false,
    });
    expect(error.code).toBe('CREDENTIALS_REQUIRED');
    expect(error.fields?.map(({ field }) => field)).toEqual(['/config/auth/username']);
    await here.done('update_source', {
      source_id: id,
      config: { auth: { username: 'reader', password: 'two' } },
      run_test: false,
    });
    expect(patched().at(-1)).toEqual({ authentication: { credentials: { username: 'reader', password: 'two' } } });
  });

  it('keeps a token that stands in its config, and never shows it', async () => {
    here = await lab({ flags: new Set(['zephyr_scale']) });
    const id = elsewhere(here.airweave, {
      short_name: 'jira',
      authentication: { access_token: 'a' },
      config: { project_keys: ['SHOP'], zephyr_scale_api_token: 'zephyr-CANARY' },
    });
    const { source } = await here.done('get_source', { source_id: id });
    expect(source).toMatchObject({ config: { zephyr_scale_api_token: { set: true, from: 'platform' } } });
    const answer = await here.done('update_source', {
      source_id: id,
      config: { project_keys: ['SHOP', 'CRM'] },
      run_test: false,
    });
    expect(patched()).toEqual([{ config: { project_keys: ['SHOP', 'CRM'], zephyr_scale_api_token: 'zephyr-CANARY' } }]);
    expect(JSON.stringify([source, answer])).not.toContain('CANARY');
  });

  it('of a connector that the catalog does not have is shown all the same', async () => {
    here = await lab();
    const id = elsewhere(here.airweave, { short_name: 'notion', authentication: { access_token: 'a' } });
    const connection = here.airweave.backend.connection(id.slice('airweave:'.length));
    connection.short_name = 'brand_new';
    const { source } = await here.done('get_source', { source_id: id });
    expect(source).toMatchObject({ connector: 'brand_new', status: 'Active' });
  });
});

describe('lists', () => {
  it('go through pages, and find by connector, name and status', async () => {
    here = await lab();
    for (let n = 0; n < 7; n++) {
      elsewhere(here.airweave, {
        short_name: n % 2 ? 'notion' : 'linear',
        name: `Source ${n}`,
        authentication: { access_token: 'a' },
      });
    }
    const first = await here.done('list_sources', { platform: 'airweave', limit: 3 });
    expect((first['sources'] as Body[]).map(({ name }) => name)).toEqual(['Source 0', 'Source 1', 'Source 2']);
    const second = await here.done('list_sources', { platform: 'airweave', limit: 3, cursor: first['next_cursor'] });
    expect((second['sources'] as Body[]).map(({ name }) => name)).toEqual(['Source 3', 'Source 4', 'Source 5']);
    const third = await here.done('list_sources', { platform: 'airweave', limit: 3, cursor: second['next_cursor'] });
    expect((third['sources'] as Body[]).map(({ name }) => name)).toEqual(['Source 6']);
    expect(third['next_cursor']).toBeUndefined();
    const named = await here.done('list_sources', { platform: 'airweave', connector: 'notion', query: '3' });
    expect((named['sources'] as Body[]).map(({ name }) => name)).toEqual(['Source 3']);
    const pending = await here.done('list_sources', { platform: 'airweave', status: 'Pending' });
    expect(pending['sources']).toEqual([]);
  });

  it('a name that is there already is refused, wherever it was made', async () => {
    here = await lab();
    elsewhere(here.airweave, {
      short_name: 'notion',
      name: 'Stripe Connection',
      authentication: { access_token: 'a' },
    });
    const { error } = await here.call('create_source', stripe);
    expect(error.code).toBe('NAME_TAKEN');
    expect(asked(here, 'POST')).toEqual([]);
  });
});

describe('a delete', () => {
  it('says what stays behind', async () => {
    here = await lab();
    const id = await made();
    const answer = await here.done('delete_source', { source_id: id, confirm: 'Stripe Connection' });
    expect(answer['deleted']).toBe(true);
    expect(JSON.stringify(answer['left_behind'])).toContain('shop-data');
    const { error } = await here.call('get_source', { source_id: id });
    expect(error.code).toBe('SOURCE_NOT_FOUND');
  });

  it('is done where it was done but not answered', async () => {
    here = await lab();
    const id = await made();
    here.airweave.fault('drop_after', ({ method }) => method === 'DELETE');
    await here.done('delete_source', { source_id: id, confirm: 'Stripe Connection' });
    expect(here.airweave.backend.connections.size).toBe(0);
  });

  it.each(['airweave:not-a-uuid', 'airweave:00000000-0000-4000-8000-000000000000'])(
    'of %s finds nothing',
    async (id) => {
      here = await lab();
      const { error } = await here.call('delete_source', { source_id: id, confirm: 'x' });
      expect(error.code).toBe('SOURCE_NOT_FOUND');
    },
  );
});
