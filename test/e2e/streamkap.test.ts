import { afterEach, describe, expect, it } from 'vitest';
import { STREAMKAP_EXAMPLE } from '../support/facts/streamkap-example.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { HTML_502, type StreamkapOptions, StreamkapServer } from '../support/streamkap-server.ts';

type Json = Record<string, unknown>;

const CANARY = 'canary-9f8e7d-password';
const PORTABLE = {
  host: 'db.example.com',
  port: 5432,
  username: 'streamkap',
  password: '${env:HEADWATER_SECRET_DB}',
  database: 'shop',
  schemas: ['public'],
  tables: ['public.orders', 'public.customers'],
  tls_mode: 'require',
};
const SENT = {
  'database.hostname.user.defined': 'db.example.com',
  'database.port.user.defined': 5432,
  'database.user': 'streamkap',
  'database.password': CANARY,
  'database.dbname': 'shop',
  'schema.include.list': 'public',
  'table.include.list.user.defined': 'public.orders,public.customers',
  'database.sslmode': 'require',
};

let server: StreamkapServer;
let app: InMemory;

async function start(options: StreamkapOptions = {}) {
  server = await new StreamkapServer(options).start();
  app = await inMemory({ ...server.environment, HEADWATER_PLATFORM: 'streamkap', HEADWATER_SECRET_DB: CANARY });
}

afterEach(async () => {
  await app?.close();
  await server?.stop();
});

const create = async (more: Json = {}) =>
  await app.call('create_source', {
    connector: 'postgresql',
    name: 'Shop',
    config: PORTABLE,
    run_test: false,
    ...more,
  });
const made = async (more: Json = {}) => {
  const answer = await create(more);
  if (answer.isError) throw new Error(answer.text);
  return answer.structured?.['source'] as Json & { id: string };
};

describe('creating', () => {
  it('sends the portable config under Streamkap’s keys and follows it until it runs', async () => {
    await start();
    const source = await made({ tags: ['billing'], options: { kc_cluster_id: 'KC-1' } });
    const [post] = server.askedFor('POST', /^\/sources$/);
    expect(post?.query).toEqual({ wait: 'false' });
    expect(post?.body).toEqual({
      name: 'Shop',
      connector: 'postgresql',
      config: SENT,
      created_from: 'api',
      desired_state: 'Active',
      kc_cluster_id: 'KC-1',
      tags: ['670e5ca40afe1d3983ce0c23'],
    });
    expect(source).toMatchObject({
      id: expect.stringMatching(/^streamkap:/),
      connector: 'postgresql',
      platform: 'streamkap',
      status: 'Active',
      desired_state: 'Active',
      last_error: null,
      tags: ['670e5ca40afe1d3983ce0c23'],
      details: { kc_cluster_id: 'KC-1', service_id: 'service-1', something_new: { since: '2026-11' } },
    });
    expect(JSON.stringify(source)).not.toContain(CANARY);
  });

  it('sends the example of the documentation key by key', async () => {
    await start();
    const { config, desired_state } = STREAMKAP_EXAMPLE;
    await made({ connector: 'alloydb', config, desired_state });
    const [post] = server.askedFor('POST', /^\/sources$/);
    expect(post?.body['config']).toEqual(config);
    expect(post?.body['desired_state']).toBe('Pending');
  });

  it('shows what it would send, secrets masked, and sends nothing', async () => {
    await start();
    const answer = await create({ dry_run: true });
    expect(answer.isError, answer.text).toBe(false);
    expect(answer.text).toContain('/sources?wait=false');
    expect(answer.text).toContain('database.hostname.user.defined');
    expect(answer.text).not.toContain(CANARY);
    expect(server.askedFor('POST', /^\/sources$/)).toEqual([]);
  });

  it('shows the key to permit on the SSH server', async () => {
    await start({ becomes: ['Starting'] });
    const source = await made({
      config: { ...PORTABLE, ssh_host: 'bastion.example.com', ssh_username: 'tunnel' },
      wait: false,
    });
    const [post] = server.askedFor('POST', /^\/sources$/);
    expect(post?.body['config']).toEqual({
      ...SENT,
      'ssh.enabled': true,
      'ssh.host': 'bastion.example.com',
      'ssh.user': 'tunnel',
    });
    expect(source['todo']).toEqual([
      {
        kind: 'copy_value',
        text: expect.stringContaining('tunnel on bastion.example.com'),
        value: expect.stringMatching(/^ssh-ed25519 /),
      },
    ]);
  });

  it('says where events are to be sent, and never the key', async () => {
    await start({ secrets: 'mask' });
    const source = await made({ connector: 'webhook', config: { 'topic.include.list.user.defined': 'orders' } });
    expect(source['todo']).toEqual([
      { kind: 'copy_value', text: expect.stringContaining('Streamkap'), value: 'https://hooks.streamkap.com/in/abc' },
    ]);
    expect(JSON.stringify(source)).not.toContain('whk-canary-key');
  });

  it('composes a connection string of the portable names', async () => {
    await start();
    const config = {
      host: 'mongo.example.com',
      username: 'u@x',
      password: '${env:HEADWATER_SECRET_DB}',
      database: 'shop',
      tables: ['shop.orders'],
      replica_set: 'rs0',
      'signal.data.collection.schema.or.database': 'shop.signals',
    };
    const source = await made({ connector: 'mongodb', config });
    expect(source['connector']).toBe('mongodb_hosted');
    const [post] = server.askedFor('POST', /^\/sources$/);
    expect(post?.body['connector']).toBe('mongodbhosted');
    expect(post?.body['config']).toEqual({
      'mongodb.connection.string.user.defined': `mongodb://u%40x:${CANARY}@mongo.example.com:27017/?replicaSet=rs0`,
      'database.include.list': 'shop',
      'collection.include.list.user.defined': 'shop.orders',
      'signal.data.collection.schema.or.database': 'shop.signals',
    });
    expect(JSON.stringify(source)).not.toContain(CANARY);
  });

  it('names the tags there are where one is not, and sends nothing', async () => {
    await start();
    const { error } = await create({ tags: ['biling'] });
    expect(error.code).toBe('INVALID_ARGUMENTS');
    expect(error.fields).toEqual([{ field: '/tags/0', message: 'is no tag at Streamkap' }]);
    expect(error.hint).toContain('billing');
    expect(server.askedFor('POST', /^\/sources$/)).toEqual([]);
  });

  it('explains a name that is taken where nobody sees it, and adopts nothing', async () => {
    await start();
    server.hiddenNames.add('Shop');
    const { error } = await create();
    expect(error).toMatchObject({ code: 'NAME_TAKEN', hint: expect.stringContaining('another project') });
    expect(error.hint).toContain('req-4711');
    expect(server.askedFor('POST', /^\/sources$/)).toHaveLength(1);
  });

  it('names the slot and the publication that another source has', async () => {
    await start();
    await made({ name: 'One', config: { ...PORTABLE, slot_name: 'a', publication: 'b' } });
    const { error } = await create({ name: 'Two', config: { ...PORTABLE, slot_name: 'a', publication: 'b' } });
    expect(error.code).toBe('PLATFORM_REJECTED');
    expect(error.fields?.map(({ field }) => field)).toEqual(['/config/slot.name', '/config/publication.name']);
  });

  it('reads a refusal by fields', async () => {
    await start();
    const body = { detail: [{ loc: ['body', 'config', 'database.user'], msg: 'Field required', type: 'missing' }] };
    server.fail('POST', /^\/sources$/, { answer: { status: 422, body } });
    const { error } = await create();
    expect(error.fields).toEqual([{ field: '/config/database.user', message: 'Field required' }]);
  });

  it('finds what it made when the answer was lost', async () => {
    await start();
    server.fail('POST', /^\/sources$/, { drop: 'after' });
    const source = await made();
    expect(source['name']).toBe('Shop');
    expect(server.sources.size).toBe(1);
    expect(server.askedFor('POST', /^\/sources$/)).toHaveLength(1);
  });

  it('finds what it made when the answer was empty', async () => {
    await start();
    server.fail('POST', /^\/sources$/, { done: { status: 200 } });
    await made();
    expect(server.askedFor('POST', /^\/sources$/)).toHaveLength(1);
  });

  it('finds what it made behind a gateway that gave up', async () => {
    await start();
    server.fail('POST', /^\/sources$/, { done: { status: 502, body: HTML_502 } });
    await made();
    expect(server.sources.size).toBe(1);
  });

  it('finds what Kafka Connect was too slow for', async () => {
    await start();
    server.fail('POST', /^\/sources$/, {
      done: { status: 400, body: { detail: 'KafkaConnectTimeout: request timed out' } },
    });
    await made();
    expect(server.askedFor('POST', /^\/sources$/)).toHaveLength(1);
  });

  it('asks for a grant before Streamkap does', async () => {
    await start();
    const config = { subdomain: 'acme', resources: ['ticket_audits'] };
    const { error } = await create({ connector: 'zendesk', config });
    expect(error.fields).toEqual([{ field: '/config/oauth_grant_id', message: 'is required to create the source' }]);
  });

  it('says that nothing was tested where a key is Streamkap’s', async () => {
    await start();
    server.definitions = [];
    const report = await app.done('test_connection', {
      connector: 'hubspot',
      config: { token: 'abc-token', resources: ['contacts'] },
    });
    expect(report['verdict']).toBe('ok_with_warnings');
    expect(JSON.stringify(report)).toContain('TESTED_ELSEWHERE');
  });
});

describe('signing in', () => {
  it('signs in again when the token has ended midway, and sends the request once more', async () => {
    await start();
    const { id } = await made();
    server.expireTokens();
    await app.done('get_source', { source_id: id });
    expect(server.refreshes).toBe(1);
    server.expireTokens({ refresh: true });
    await app.done('get_source', { source_id: id });
    expect(server.askedFor('POST', /^\/auth\/access-token$/)).toHaveLength(2);
  });

  it('asks for one token however many wait for it', async () => {
    await start();
    await Promise.all(Array.from({ length: 5 }, () => app.done('list_sources')));
    expect(server.tokensGiven).toBe(1);
  });

  it('renews a token before it ends', async () => {
    await start({ expiresIn: 2 });
    await app.done('list_sources');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await app.done('list_sources');
    expect(server.refreshes).toBe(1);
    expect(server.askedFor('GET', /^\/sources$/)).toHaveLength(2);
  });

  it('says whose credentials are refused', async () => {
    server = await new StreamkapServer().start();
    app = await inMemory({
      ...server.environment,
      STREAMKAP_CLIENT_SECRET: 'wrong-secret-1',
      HEADWATER_PLATFORM: 'streamkap',
    });
    const { error, text } = await app.call('list_sources');
    expect(error.code).toBe('PLATFORM_AUTH_FAILED');
    expect(error.hint).toContain('STREAMKAP_CLIENT_ID');
    expect(text).not.toContain('wrong-secret-1');
  });
});

describe('reading', () => {
  it('reads numbers and booleans that came as text, and the errors of tasks', async () => {
    await start({ asText: true });
    const trace = [
      'org.apache.kafka.connect.errors.ConnectException: An exception occurred',
      '\tat io.debezium.Foo.bar(Foo.java:1)',
      'Caused by: org.postgresql.util.PSQLException: FATAL: password authentication failed for user "streamkap"',
      '\t... 7 more',
    ].join('\n');
    const { id } = server.add({
      name: 'Broken one',
      connector: 'postgresql',
      config: {
        ...SENT,
        'heartbeat.enabled': false,
        'streamkap.snapshot.parallelism': 3,
        'new.key': 'kept',
        'new.password': 'hidden-1',
      },
      connector_status: 'Broken',
      task_statuses: { 0: { state: 'FAILED', trace } },
      topics: ['source_1.public.orders'],
    });
    const { source } = (await app.done('get_source', { source_id: `streamkap:${id}` })) as { source: Json };
    expect(source).toMatchObject({
      status: 'Broken',
      last_error: 'Task 0 failed: PSQLException: FATAL: password authentication failed for user "streamkap"',
      topics: ['source_1.public.orders'],
      config: {
        'heartbeat.enabled': false,
        'streamkap.snapshot.parallelism': 3,
        'database.password': { set: true, from: 'platform' },
      },
      details: { other_config: { 'new.key': 'kept' } },
    });
    expect(JSON.stringify(source)).not.toContain('hidden-1');
    expect(JSON.stringify(source)).not.toContain(CANARY);
  });

  it('lists page after page, whatever Streamkap says of how many there are', async () => {
    await start();
    for (let at = 0; at < 25; at++) {
      server.add({ name: `Source ${String(at).padStart(2, '0')}`, connector: 'mysql', config: {} });
    }
    const names: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await app.done('list_sources', { limit: 10, ...(cursor ? { cursor } : {}) });
      names.push(...(page['sources'] as Json[]).map(({ name }) => String(name)));
      cursor = page['next_cursor'] as string | undefined;
    } while (cursor);
    expect(names).toHaveLength(25);
    expect(new Set(names).size).toBe(25);
  });

  it('filters by connector, status and part of the name', async () => {
    await start();
    server.add({ name: 'Alpha', connector: 'mysql', config: {}, connector_status: 'Broken' });
    server.add({ name: 'Beta', connector: 'mysql', config: {} });
    server.add({ name: 'Gamma', connector: 'sqlserveraws', config: {} });
    const names = async (filter: Json) =>
      ((await app.done('list_sources', filter))['sources'] as Json[]).map(({ name }) => name);
    expect(await names({ connector: 'mysql' })).toEqual(['Alpha', 'Beta']);
    expect(await names({ status: 'Broken' })).toEqual(['Alpha']);
    expect(await names({ query: 'amm' })).toEqual(['Gamma']);
    expect(await names({ connector: 'sqlserver' })).toEqual(['Gamma']);
  });

  it('shows a source of a kind that the catalog does not know', async () => {
    await start();
    const { id } = server.add({ name: 'New kind', connector: 'brandnew', config: { a: 1, 'b.password': 'hidden-2' } });
    const { source } = (await app.done('get_source', { source_id: `streamkap:${id}` })) as { source: Json };
    expect(source).toMatchObject({ name: 'New kind', details: { other_config: { a: 1 } } });
    expect(JSON.stringify(source)).not.toContain('hidden-2');
    expect((await app.done('list_sources'))['sources']).toHaveLength(1);
  });

  it('knows nothing of a source that is gone', async () => {
    await start();
    const { error } = await app.call('get_source', { source_id: 'streamkap:0123456789abcdef01234567' });
    expect(error.code).toBe('SOURCE_NOT_FOUND');
  });

  it('lists by what people call a tag', async () => {
    await start();
    const { id } = await made({ tags: ['billing'] });
    await made({ name: 'Other' });
    const { structured } = await app.call('list_sources', { tag: 'billing' });
    expect(structured?.['sources']).toEqual([expect.objectContaining({ id })]);
    expect((await app.call('list_sources', { tag: 'no such' })).error.fields?.[0]?.field).toBe('/tag');
  });

  it.each([HTML_502, '{"message":"maintenance"}'])('takes no other page for an empty list: %j', async (body) => {
    await start();
    const { id } = await made();
    server.fail('GET', /^\/sources/, { answer: { status: 200, body } }, 9);
    for (const [tool, args] of [
      ['list_sources', {}],
      ['get_source', { source_id: id }],
    ] as const) {
      expect((await app.call(tool, args)).error.code).toBe('PLATFORM_UNAVAILABLE');
    }
  });

  it('waits where Streamkap asks for that, and says what a gateway said', async () => {
    await start();
    server.fail('GET', /^\/sources$/, { answer: { status: 429, headers: { 'retry-after': '1' } } });
    await app.done('list_sources');
    server.fail('GET', /^\/sources$/, { answer: { status: 502, body: HTML_502 } }, 9);
    const { error, text } = await app.call('list_sources');
    expect(error.code).toBe('PLATFORM_UNAVAILABLE');
    expect(text).toContain('502 Bad Gateway');
    expect(text).not.toContain('<h1>');
  });
});

describe('changing', () => {
  it('replaces the whole config, secrets that only Streamkap has among it', async () => {
    await start();
    const { id } = server.add({
      name: 'Elsewhere',
      connector: 'postgresql',
      config: { ...SENT, 'new.key': 'kept', 'heartbeat.enabled': false },
      kc_cluster_id: 'KC-1',
      tags: ['670e5ca40afe1d3983ce0c22'],
    });
    const answer = await app.call('update_source', {
      source_id: `streamkap:${id}`,
      config: { tables: ['public.orders'] },
      run_test: false,
    });
    expect(answer.isError, answer.text).toBe(false);
    const [put] = server.askedFor('PUT', /./);
    expect(put?.query).toEqual({ wait: 'false' });
    expect(put?.body).toEqual({
      name: 'Elsewhere',
      connector: 'postgresql',
      kc_cluster_id: 'KC-1',
      config: {
        ...SENT,
        'new.key': 'kept',
        'heartbeat.enabled': false,
        'table.include.list.user.defined': 'public.orders',
      },
    });
    expect(answer.text).not.toContain(CANARY);
    expect(answer.structured?.['source']).toMatchObject({ status: 'Active' });
  });

  it('renames, and keeps everything else', async () => {
    await start();
    const { id } = server.add({ name: 'Old', connector: 'postgresql', config: { ...SENT } });
    await app.done('update_source', { source_id: `streamkap:${id}`, name: 'New' });
    expect(server.sources.get(id)).toMatchObject({ name: 'New', config: SENT });
  });

  it('keeps secrets of which no answer says that they are set', async () => {
    await start({ secrets: 'absent' });
    const config = { 'aws.access.key.id': 'AKIA1', 'aws.secret.access.key': 'aws-canary-1', 'aws.s3.bucket.name': 'b' };
    const { id } = server.add({ name: 'Bucket', connector: 's3', config });
    await app.done('update_source', { source_id: `streamkap:${id}`, name: 'Other' });
    await app.done('update_source', { source_id: `streamkap:${id}`, config: { format: 'csv' }, run_test: false });
    expect(server.sources.get(id)?.config).toEqual({ ...config, format: 'csv' });
  });

  it('sends no secret of a way to sign in that was left', async () => {
    await start();
    const config = { auth_mode: 'token', token: 'hub-canary-1', resources: ['contacts'] };
    const { id } = server.add({ name: 'Hub', connector: 'hubspot', config });
    await app.done('update_source', { source_id: `streamkap:${id}`, name: 'Other' });
    expect(server.sources.get(id)?.config).toEqual(config);
    server.lost.add('token');
    await app.done('update_source', { source_id: `streamkap:${id}`, name: 'Third' });
    expect(server.askedFor('PUT', /./).at(-1)?.body['config']).toEqual({ auth_mode: 'token', resources: ['contacts'] });
  });

  it('shows what a change would send, secrets masked', async () => {
    await start();
    const { id } = server.add({ name: 'Elsewhere', connector: 'postgresql', config: { ...SENT } });
    const answer = await app.call('update_source', {
      source_id: `streamkap:${id}`,
      name: 'New',
      desired_state: 'Paused',
      dry_run: true,
    });
    expect(answer.isError, answer.text).toBe(false);
    expect(answer.text).toContain(`/sources/${id}?wait=false`);
    expect(answer.text).toContain(`/sources/${id}/actions/pause`);
    expect(answer.text).not.toContain(CANARY);
    expect(server.askedFor('PUT', /./)).toEqual([]);
  });

  it('asks for secrets that Streamkap does not give back, and sends nothing', async () => {
    await start();
    const { id } = server.add({ name: 'Elsewhere', connector: 'postgresql', config: { ...SENT } });
    server.lost.add('database.password');
    const { error } = await app.call('update_source', { source_id: `streamkap:${id}`, name: 'New' });
    expect(error).toMatchObject({
      code: 'CREDENTIALS_REQUIRED',
      fields: [{ field: '/config/database.password', message: 'must be given again' }],
    });
    expect(server.askedFor('PUT', /./)).toEqual([]);
  });

  it('pauses, resumes and stops', async () => {
    await start();
    const { id } = await made();
    const to = async (desired_state: string) =>
      ((await app.done('update_source', { source_id: id, desired_state, run_test: false }))['source'] as Json)[
        'status'
      ];
    expect(await to('Paused')).toBe('Paused');
    expect(await to('Active')).toBe('Active');
    expect(await to('Stopped')).toBe('Stopped');
    expect(await to('Active')).toBe('Active');
    expect(server.askedFor('POST', /actions/).map(({ path }) => path.split('/').at(-1))).toEqual([
      'pause',
      'resume',
      'stop',
      'resume',
    ]);
    expect(server.askedFor('PUT', /./).map(({ body }) => body['desired_state'])).toEqual(['Stopped']);
    expect(server.sources.get(id.slice('streamkap:'.length))?.config).toEqual({
      ...SENT,
      'ssh.public.key.user.displayed': expect.any(String),
    });
  });

  it('stops by an action where there is one', async () => {
    await start({ canStop: true });
    const { id } = await made();
    const { source } = (await app.done('update_source', {
      source_id: id,
      desired_state: 'Stopped',
      run_test: false,
    })) as {
      source: Json;
    };
    expect(source['status']).toBe('Stopped');
    expect(server.askedFor('PUT', /./)).toEqual([]);
  });

  it('says that a stop was not taken', async () => {
    await start({ takesState: false });
    const { id } = await made();
    const { error } = await app.call('update_source', { source_id: id, desired_state: 'Stopped', run_test: false });
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('Paused') });
  });

  it('deploys a draft', async () => {
    await start();
    const { id, status } = await made({ desired_state: 'Pending' });
    expect(status).toBe('Pending');
    const { source } = (await app.done('update_source', {
      source_id: id,
      desired_state: 'Active',
      run_test: false,
    })) as { source: Json };
    expect(source['status']).toBe('Active');
    expect(server.askedFor('POST', /\/deploy$/)).toHaveLength(1);
  });

  it('sends a change again while Kafka Connect is busy', async () => {
    await start();
    const { id } = await made();
    server.fail('PUT', /./, { answer: { status: 400, body: { detail: 'rebalance_in_progress' } } }, 2);
    await app.done('update_source', { source_id: id, name: 'Other' });
    expect(server.askedFor('PUT', /./)).toHaveLength(3);
  });

  it('explains a rename to a name that is taken', async () => {
    await start();
    const { id } = await made();
    server.hiddenNames.add('Theirs');
    const { error } = await app.call('update_source', { source_id: id, name: 'Theirs' });
    expect(error.code).toBe('NAME_TAKEN');
  });

  it('clears tags only where told to', async () => {
    await start();
    const { id } = await made({ tags: ['billing'] });
    await app.done('update_source', { source_id: id, name: 'Other' });
    expect(server.askedFor('PUT', /./).at(-1)?.body).not.toHaveProperty('tags');
    await app.done('update_source', { source_id: id, tags: [] });
    expect(server.askedFor('PUT', /./).at(-1)?.body['tags']).toEqual([]);
  });
});

describe('deleting', () => {
  it('waits until it is gone, and says what is left in the database', async () => {
    await start({ goneAfter: 2 });
    const { id } = await made();
    const answer = await app.done('delete_source', { source_id: id, confirm: 'Shop' });
    expect(answer['deleted']).toBeTruthy();
    expect(JSON.stringify(answer['left_behind'])).toContain("pg_drop_replication_slot('streamkap_pgoutput_slot')");
    expect(server.sources.size).toBe(0);
    expect(server.askedFor('DELETE', /./)[0]?.query).toEqual({ wait: 'false' });
  });

  it('is done where the first try was, although its answer was lost', async () => {
    await start({ goneAfter: 0 });
    const { id } = await made();
    server.fail('DELETE', /./, { drop: 'after' });
    await app.done('delete_source', { source_id: id, confirm: 'Shop' });
    expect(server.sources.size).toBe(0);
  });
});

describe('running', () => {
  it('restarts, snapshots and cancels', async () => {
    await start();
    const { id } = await made();
    const vendorId = id.slice('streamkap:'.length);
    const kept = server.sources.get(vendorId);
    if (kept) kept.topics = [`source_${vendorId}.public.orders`, `source_${vendorId}.public.customers`];
    await app.done('run_source', { source_id: id, action: 'restart' });
    await app.done('run_source', { source_id: id, action: 'snapshot', streams: ['public.orders'] });
    await app.done('run_source', { source_id: id, action: 'cancel' });
    expect(server.askedFor('POST', /\/sources\/snapshot$/)[0]?.body).toEqual({
      source_id: vendorId,
      topic_names: [`source_${vendorId}.public.orders`],
      snapshot_type: 'incremental',
    });
    expect(server.askedFor('POST', /cancel_snapshot$/)[0]?.body).toEqual({ source_id: vendorId });
    const { error } = await app.call('run_source', { source_id: id, action: 'snapshot', streams: ['public.nothing'] });
    expect(error.code).toBe('STREAM_NOT_FOUND');
    const sync = await app.call('run_source', { source_id: id, action: 'sync' });
    expect(sync.error.code).toBe('UNSUPPORTED');
  });
});

describe('what Streamkap itself says of a connector', () => {
  const test = async () =>
    (
      (
        await app.done('test_connection', {
          connector: 'kafkadirect',
          config: { 'topic.prefix': 'a', 'topic.include.list.user.defined': 'a.b' },
        })
      )['steps'] as Json[]
    ).find(({ id }) => id === 'platform_schema');

  it('is the same as the catalog says', async () => {
    await start();
    expect(await test()).toMatchObject({ status: 'pass' });
  });

  it.each([
    ['an object', (definition: Json): unknown => ({ 'Kafka Direct': definition })],
    ['a list', (definition: Json): unknown => [definition]],
    ['inside result', (definition: Json): unknown => ({ result: { 'Kafka Direct': [definition] } })],
  ])('is read as %s, and differences are told', async (_, wrapped) => {
    await start();
    const entry = (name: string, value: Json) => ({ name, user_defined: true, value });
    server.definitions = wrapped({
      display_name: 'Kafka Direct',
      config: [
        entry('topic.prefix', {}),
        entry('topic.include.list.user.defined', {}),
        entry('format', { default: 'json', raw_values: [{ value: 'json', label: 'JSON' }, 'string', 'protobuf'] }),
        entry('records.metadata', {}),
      ],
    });
    const step = await test();
    expect(step).toMatchObject({ status: 'warn', code: 'PLATFORM_SCHEMA_DIFFERS' });
    const text = JSON.stringify(step);
    for (const said of [
      'protobuf',
      'avro',
      'records.metadata is new',
      'schemas.enable is not there any more',
      'by default',
    ]) {
      expect(text).toContain(said);
    }
  });

  it('is no fault of a source where it cannot be asked', async () => {
    await start();
    server.fail('GET', /connectors$/, { answer: { status: 500, body: '' } }, 5);
    expect(await test()).toMatchObject({ status: 'warn', code: 'PLATFORM_CHECK_UNAVAILABLE' });
  });
});
