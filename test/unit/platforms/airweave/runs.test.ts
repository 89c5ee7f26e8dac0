import { afterEach, describe, expect, it } from 'vitest';
import { asked, type Lab, lab, stripe } from './lab.ts';

let here: Lab;
afterEach(() => here.close());

type Body = Record<string, unknown>;

const quiet = { schedule: { cron: '0 6 * * *' }, sync_immediately: false };
const notion = { platform: 'airweave', connector: 'notion', config: { auth: { method: 'oauth_browser' } } };

async function made(request: Body = { ...stripe, ...quiet }): Promise<string> {
  const { source } = await here.done('create_source', request);
  return (source as Body)['id'] as string;
}

const run = (source_id: string, action: string, more: Body = {}) =>
  here.done('run_source', { source_id, action, wait_s: 10, ...more });
const refused = async (source_id: string, action: string, more: Body = {}) =>
  (await here.call('run_source', { source_id, action, wait_s: 0, ...more })).error;
const connectionOf = (id: string) => here.airweave.backend.connection(id.slice('airweave:'.length));
const linkOf = (answer: Body) => ((answer['source'] as Body)['todo'] as Body[])[0]?.['url'] as string;

/** A person opens the link and signs in. */
function signIn(id: string, link: string): void {
  here.airweave.backend.openLink(link.split('/').at(-1) ?? '');
  here.airweave.backend.signIn(id.slice('airweave:'.length));
}

describe('a sync', () => {
  it('is followed to its end, and its counts are told', async () => {
    here = await lab();
    const id = await made();
    const answer = await run(id, 'sync');
    expect(answer['run']).toMatchObject({
      id: expect.any(String),
      status: 'completed',
      counts: { inserted: 120, updated: 3, deleted: 0, failed: 0 },
    });
    expect(answer['source']).toMatchObject({
      status: 'Active',
      last_sync_row_count: 120,
      last_sync_at: expect.any(String),
      streams: [{ name: 'PageEntity', count: 120 }],
      details: { sync: { total_runs: 1 }, entities: { total_entities: 120 } },
    });
    expect(asked(here, 'POST').at(-1)).toMatch(/\/run$/);
  });

  it('is not waited for where nobody wants to', async () => {
    here = await lab({ pace: { runs: 50, done: 99 } });
    const id = await made();
    const answer = await run(id, 'sync', { wait_s: 0 });
    expect(answer['run']).toMatchObject({ status: 'pending' });
  });

  it('reads everything again as a snapshot', async () => {
    here = await lab();
    const id = await made();
    const answer = await run(id, 'snapshot');
    expect(asked(here, 'POST').at(-1)).toMatch(/\/run\?force_full_sync=true$/);
    expect(answer['warnings']).toHaveLength(1);
    expect(connectionOf(id).jobs[0]?.force_full_sync).toBe(true);
  });

  it('that runs already is named', async () => {
    here = await lab({ pace: { runs: 2, done: 999 } });
    const id = await made();
    await run(id, 'sync', { wait_s: 0 });
    const error = await refused(id, 'sync');
    expect(error.code).toBe('PLATFORM_REJECTED');
    expect(error.message).toContain('running already');
    expect(error.hint).toContain('cancel');
  });

  it('that fails shows on the source, with its category', async () => {
    here = await lab({ ending: { status: 'failed', error: 'API key revoked', error_category: 'api_key_invalid' } });
    const id = await made();
    const answer = await run(id, 'sync');
    expect(answer['run']).toMatchObject({ status: 'failed', error: 'API key revoked' });
    expect(answer['source']).toMatchObject({
      status: 'NeedsAuth',
      platform_status: 'needs_reauth',
      error_category: 'api_key_invalid',
      last_error: 'API key revoked',
    });
    const error = await refused(id, 'sync');
    expect(error.message).toContain('paused');
    const report = await here.done('test_connection', { source_id: id });
    expect(report['warnings']).toContainEqual(expect.stringContaining('needs_reauth: API key revoked'));
    expect(JSON.stringify(report)).toContain('update_source');
    // New credentials resume it.
    here.airweave.backend.settings.ending = { status: 'completed' };
    const key = 'sk_test_0123456789abcdef0000';
    await here.done('update_source', { source_id: id, config: { auth: { api_key: key } } });
    const again = await run(id, 'sync');
    expect(again['source']).toMatchObject({ status: 'Active', last_error: null });
  });

  it('that fails without a category makes the source Broken', async () => {
    here = await lab({ ending: { status: 'failed', error: 'Timeout' } });
    const id = await made();
    expect((await run(id, 'sync'))['source']).toMatchObject({ status: 'Broken', last_error: 'Timeout' });
  });

  it('of some streams only is refused', async () => {
    here = await lab();
    const error = await refused(await made(), 'sync', { streams: ['PageEntity'] });
    expect(error.fields?.[0]?.field).toBe('/streams');
  });

  it('of what has none is refused with the way to one', async () => {
    here = await lab();
    const bare = await made({ ...stripe, schedule: { cron: null }, sync_immediately: false });
    expect((await refused(bare, 'sync')).hint).toContain('schedule');
    const auth = { method: 'oauth_token', access_token: 'xoxp' };
    const slack = await made({ platform: 'airweave', connector: 'slack', config: { auth } });
    expect((await refused(slack, 'sync')).code).toBe('UNSUPPORTED');
    const pending = await made(notion);
    expect((await refused(pending, 'sync')).message).toContain('signed in');
  });

  it('has no restart', async () => {
    here = await lab();
    const error = await refused(await made(), 'restart');
    expect(error.code).toBe('UNSUPPORTED');
  });
});

describe('a cancel', () => {
  it('ends what runs', async () => {
    here = await lab({ pace: { runs: 2, done: 999 } });
    const id = await made();
    await run(id, 'sync', { wait_s: 0 });
    expect((await run(id, 'cancel'))['run']).toMatchObject({ status: 'cancelled' });
  });

  it('of nothing says so', async () => {
    here = await lab();
    const error = await refused(await made(), 'cancel');
    expect(error.message).toContain('No job');
  });

  it('waits for an orchestrator that is down, and then says so', async () => {
    here = await lab({ pace: { runs: 2, done: 999 } });
    const id = await made();
    await run(id, 'sync', { wait_s: 0 });
    here.airweave.backend.settings.orchestratorDown = true;
    expect((await refused(id, 'cancel')).code).toBe('PLATFORM_UNAVAILABLE');
  });
});

describe('a sign-in through a browser', () => {
  it('is verified with the claim that came with the link, and then syncs', async () => {
    here = await lab();
    const created = await here.done('create_source', notion);
    const id = (created['source'] as Body)['id'] as string;
    const report = await here.done('test_connection', { source_id: id });
    expect(report['warnings']).toContainEqual(expect.stringContaining('nobody has signed in'));
    const early = await refused(id, 'verify');
    expect(early.message).toContain('nobody has signed in');
    signIn(id, linkOf(created));
    const { source } = await here.done('get_source', { source_id: id });
    expect(source).toMatchObject({
      status: 'Pending',
      platform_status: 'active',
      details: { awaiting: expect.any(String) },
    });
    const answer = await run(id, 'verify');
    expect(answer['run']).toMatchObject({ status: 'completed' });
    expect(answer['source']).toMatchObject({ status: 'Active', todo: [] });
    const claim = here.airweave.requests.find(({ path }) => path.endsWith('/verify-oauth'))?.body as Body;
    expect(JSON.stringify([created, source, answer])).not.toContain(claim['claim_token'] as string);
  });

  it('gets a fresh link once the first was used or has expired', async () => {
    here = await lab();
    const created = await here.done('create_source', notion);
    const id = (created['source'] as Body)['id'] as string;
    here.airweave.backend.openLink(linkOf(created).split('/').at(-1) ?? '');
    const { source } = await here.done('get_source', { source_id: id });
    expect((source as Body)['todo']).toEqual([
      { kind: 'open_url', text: expect.stringContaining('action reauthenticate') },
    ]);
    const again = await run(id, 'reauthenticate');
    expect(linkOf(again)).not.toBe(linkOf(created));
    signIn(id, linkOf(again));
    expect((await run(id, 'verify'))['source']).toMatchObject({ status: 'Active' });
  });

  it('is begun again once its access has ended', async () => {
    here = await lab({
      ending: { status: 'failed', error: 'Token expired', error_category: 'oauth_credentials_expired' },
    });
    const created = await here.done('create_source', notion);
    const id = (created['source'] as Body)['id'] as string;
    signIn(id, linkOf(created));
    const failed = await run(id, 'verify');
    expect(failed['source']).toMatchObject({
      status: 'NeedsAuth',
      todo: [{ kind: 'open_url', text: expect.stringContaining('reauthenticate') }],
    });
    expect(linkOf(await run(id, 'reauthenticate'))).toContain('/authorize/');
  });

  it('that works is not begun again', async () => {
    here = await lab();
    const created = await here.done('create_source', notion);
    const id = (created['source'] as Body)['id'] as string;
    signIn(id, linkOf(created));
    await run(id, 'verify');
    expect((await refused(id, 'reauthenticate')).message).toContain('signed in');
  });

  it('of a stranger cannot be verified', async () => {
    here = await lab();
    const { connection } = here.airweave.backend.create({ short_name: 'notion', readable_collection_id: 'shop-data' });
    const error = await refused(`airweave:${connection.id}`, 'verify');
    expect(error.message).toContain('no claim token');
  });

  it('is not what a key is for', async () => {
    here = await lab();
    const id = await made();
    expect((await refused(id, 'verify')).code).toBe('UNSUPPORTED');
    expect((await refused(id, 'reauthenticate')).code).toBe('UNSUPPORTED');
  });

  it('at a provider is mended there', async () => {
    here = await lab({ ending: { status: 'failed', error: 'gone', error_category: 'auth_provider_account_gone' } });
    here.airweave.backend.providers.set('our-composio', 'composio');
    const provider_config = { auth_config_id: 'a', account_id: 'b' };
    const auth = { method: 'auth_provider', provider_readable_id: 'our-composio', provider_config };
    const id = await made({ platform: 'airweave', connector: 'notion', config: { auth }, ...quiet });
    expect((await run(id, 'sync'))['source']).toMatchObject({
      status: 'NeedsAuth',
      error_category: 'auth_provider_account_gone',
      todo: [{ kind: 'open_url', url: 'https://app.composio.dev/settings' }],
      details: { provider_short_name: 'composio', provider_settings_url: 'https://app.composio.dev/settings' },
    });
  });
});
