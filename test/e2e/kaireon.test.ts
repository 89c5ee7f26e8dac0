import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import {
  KAIREON_KEY,
  KAIREON_TENANT,
  type KaireonHabits,
  type KaireonServer,
  startKaireon,
} from '../support/kaireon-server.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

type Values = Record<string, unknown>;

let kaireon: KaireonServer;
let headwater: InMemory;

const on = 'kaireon';
const shop = () => {
  const { host, port, readerPassword: password } = sharedPostgres();
  return { host, port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, password, tls_mode: 'require' };
};

async function start(habits: Partial<KaireonHabits> = {}, environment: Record<string, string> = {}): Promise<void> {
  kaireon = await startKaireon(habits);
  headwater = await inMemory({
    KAIREON_API_KEY: KAIREON_KEY,
    KAIREON_TENANT_ID: KAIREON_TENANT,
    KAIREON_BASE_URL: kaireon.url,
    ...environment,
  });
}

beforeEach(() => start());
afterEach(async () => {
  await headwater?.close();
  await kaireon?.stop();
});

async function restart(habits: Partial<KaireonHabits> = {}, environment: Record<string, string> = {}): Promise<void> {
  await headwater.close();
  await kaireon.stop();
  await start(habits, environment);
}

const sourceOf = (answer: Values) => answer['source'] as Values;
const create = (args: Values = {}) =>
  headwater.done('create_source', { platform: on, connector: 'postgresql', config: shop(), name: 'Shop', ...args });
/** Untested: the test is not what this is about. */
const quick = (args: Values = {}) => create({ run_test: false, ...args });
const lastBody = () => kaireon.writes().at(-1)?.body as Values;

describe('a source', () => {
  it('is tested from here, then created there from portable names', async () => {
    const answer = await create({ description: 'Orders and customers' });
    expect((answer['report'] as Values)['verdict']).toMatch(/^ok/);
    expect(lastBody()).toEqual({
      name: 'Shop',
      type: 'postgresql',
      description: 'Orders and customers',
      config: { host: shop().host, port: shop().port, database: SHOP_DATABASE },
      authMethod: 'access_key',
      authConfig: { username: SHOP_ROLES.reader, password: shop().password },
    });
    expect(kaireon.writes()[0]?.headers).toMatchObject({
      'x-api-key': KAIREON_KEY,
      authorization: `Bearer ${KAIREON_KEY}`,
      'x-tenant-id': KAIREON_TENANT,
      'x-requested-with': 'XMLHttpRequest',
    });
    const source = sourceOf(answer);
    expect(source).toMatchObject({
      id: 'kaireon:conn_001',
      name: 'Shop',
      connector: 'postgresql',
      platform: 'kaireon',
      description: 'Orders and customers',
      status: 'Unknown',
      last_error: null,
      details: { authMethod: 'access_key' },
    });
    expect(source['config']).toMatchObject({
      host: shop().host,
      tls_mode: 'require',
      auth: { method: 'access_key', username: SHOP_ROLES.reader, password: { set: true, from: 'vault' } },
    });
    expect(JSON.stringify(answer)).not.toContain(shop().password);
  });

  it('is not created where the test fails', async () => {
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'postgresql',
      config: { ...shop(), password: 'wrong-hunter2-wrong' },
    });
    expect(refused.error.code).toBe('TEST_FAILED');
    expect(JSON.stringify(refused.error.report)).toContain('auth/password');
    expect(kaireon.writes()).toEqual([]);
  });

  it('shows in a dry run what would be sent, without secrets', async () => {
    const { plan } = await create({ dry_run: true });
    expect(plan).toMatchObject({
      requests: [
        {
          method: 'POST',
          url: `${kaireon.url}/connectors`,
          body: { type: 'postgresql', authMethod: 'access_key', authConfig: { password: '[secret]' } },
        },
      ],
    });
    expect(kaireon.writes()).toEqual([]);
  });

  it('is created with what its form has beyond the published fields', async () => {
    await quick({
      connector: 'kafka',
      config: { bootstrapServers: 'broker.example.com:9092' },
      options: { extra_config: { topic: 'orders' } },
    });
    expect(lastBody()).toMatchObject({ config: { bootstrapServers: 'broker.example.com:9092', topic: 'orders' } });
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'kafka',
      name: 'Other',
      config: { bootstrapServers: 'broker.example.com:9092' },
      options: { extra_config: { bootstrapServers: 'x' } },
      run_test: false,
    });
    expect(refused.error.fields?.[0]?.field).toBe('/options/extra_config/bootstrapServers');
  });

  it('takes credentials under the names that its caller knows', async () => {
    const secret = 'dapi-0123456789abcdef';
    const answer = await quick({
      connector: 'databricks',
      config: {
        host: 'dbc.example.com',
        httpPath: '/sql/1.0/warehouses/abc',
        auth: { method: 'access_key', credentials: JSON.stringify({ token: secret }) },
      },
    });
    expect(lastBody()).toMatchObject({ authMethod: 'access_key', authConfig: { token: secret } });
    expect(JSON.stringify(answer)).not.toContain(secret);
    await quick({
      connector: 's3',
      name: 'Bucket',
      config: {
        bucket: 'acme',
        region: 'eu-central-1',
        auth: { method: 'iam_role', credentials: JSON.stringify({ arn: 'arn:aws:iam::1:role/x' }) },
      },
    });
    expect(lastBody()).toMatchObject({ type: 'aws_s3', authMethod: 'iam_role' });
  });

  it('without credentials sends none', async () => {
    await quick({ connector: 'webhook', config: { url: 'https://hooks.example.com/orders' } });
    expect(lastBody()).toEqual({
      name: 'Shop',
      type: 'webhook',
      config: { url: 'https://hooks.example.com/orders' },
    });
  });

  it('of MongoDB is made of parts, and stays editable by parts', async () => {
    const password = 'mongo-hunter2';
    const config = { host: 'mongo.example.com', port: 27018, username: 'reader', password, database: 'shop' };
    const made = sourceOf(await quick({ connector: 'mongodb', config }));
    expect(lastBody()).toMatchObject({
      config: { connectionString: `mongodb://reader:${password}@mongo.example.com:27018/shop` },
    });
    const seen = sourceOf(await headwater.done('get_source', { source_id: made['id'] }));
    expect(seen['config']).toMatchObject({ host: 'mongo.example.com', port: 27018, password: { set: true } });
    expect(JSON.stringify(seen)).not.toContain(password);
    await headwater.done('update_source', {
      source_id: made['id'],
      config: { database: 'crm' },
      run_test: false,
    });
    expect(lastBody()).toMatchObject({
      config: { connectionString: `mongodb://reader:${password}@mongo.example.com:27018/crm` },
    });
  });
});

describe('what is there', () => {
  it.each(['nested', 'flat', 'opaque'] as const)('is listed and found in pages (%s)', async (pages) => {
    await restart({ pages });
    for (let n = 1; n <= 230; n++) kaireon.add({ name: `Connector ${n}`, type: 'kafka' });
    const names: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await headwater.done('list_sources', { platform: on, limit: 100, ...(cursor ? { cursor } : {}) });
      names.push(...(page['sources'] as Values[]).map(({ name }) => name));
      cursor = page['next_cursor'];
    } while (cursor !== undefined);
    expect(names).toEqual(Array.from({ length: 230 }, (_, n) => `Connector ${n + 1}`));
    expect(sourceOf(await headwater.done('get_source', { source_id: 'kaireon:conn_225' }))['name']).toBe(
      'Connector 225',
    );
    const missing = await headwater.call('get_source', { source_id: 'kaireon:conn_999' });
    expect(missing.error.code).toBe('SOURCE_NOT_FOUND');
    expect(missing.error['next']).toMatchObject([{ arguments: { platform: on } }]);
  });

  it('shows no secret that KaireonAI keeps in clear, nor its masks', async () => {
    kaireon.add({
      type: 'mongodb',
      config: { connectionString: 'mongodb://u:clear-hunter2@h/d', region: 'eu' },
      secretKey: 'clear-hunter2',
    });
    kaireon.add({ type: 'hubspot', config: { apiKey: 'clear-hunter2', api_token: 'clear-hunter2', page: 5 } });
    const first = sourceOf(await headwater.done('get_source', { source_id: 'kaireon:conn_001' }));
    expect(first['config']).toMatchObject({ connectionString: { set: true, from: 'platform' } });
    const second = sourceOf(await headwater.done('get_source', { source_id: 'kaireon:conn_002' }));
    expect(second['config']).toMatchObject({ apiKey: { set: true, from: 'platform' } });
    expect(second['details']).toMatchObject({ other_config: { page: 5, api_token: '[secret]' } });
    expect(JSON.stringify([first, second])).not.toContain('clear-hunter2');
  });

  it('is told in our words, and everything else in details', async () => {
    kaireon.add({
      type: 'snowflake',
      config: { account: 'xy12345', warehouse: 'WH', database: 'DB', sourceTable: 'T' },
      status: 'active',
      lastError: 'bucket is empty',
      lastTestedAt: '2026-03-15T10:30:00.000Z',
      lastSyncRowCount: 18_432,
      lastSyncAt: '2026-03-15T10:30:05.000Z',
      tenantId: 'my-tenant',
      brandNew: { field: 1 },
    });
    kaireon.add({ type: 'slack_w16', status: 'error', lastError: 'no such host', authMethod: 'oauth2' });
    const active = sourceOf(await headwater.done('get_source', { source_id: 'kaireon:conn_001' }));
    expect(active).toMatchObject({
      status: 'Active',
      platform_status: 'active',
      last_error: null,
      last_tested_at: '2026-03-15T10:30:00.000Z',
      last_sync_row_count: 18_432,
      last_sync_at: '2026-03-15T10:30:05.000Z',
      details: { authMethod: 'access_key', tenantId: 'my-tenant', brandNew: { field: 1 } },
    });
    const broken = sourceOf(await headwater.done('get_source', { source_id: 'kaireon:conn_002' }));
    expect(broken).toMatchObject({ connector: 'slack_w16', status: 'Broken', last_error: 'no such host' });
  });
});

describe('an update', () => {
  const made = async () => String(sourceOf(await quick())['id']);

  it('sends what changes, and no credentials', async () => {
    const source_id = await made();
    await headwater.done('update_source', { source_id, name: 'Renamed', description: 'New' });
    expect(lastBody()).toEqual({ id: 'conn_001', name: 'Renamed', description: 'New' });
    await headwater.done('update_source', { source_id, config: { database: 'crm' }, run_test: false });
    expect(lastBody()).toEqual({
      id: 'conn_001',
      config: { host: shop().host, port: shop().port, database: 'crm' },
    });
    expect(kaireon.connectors.get('conn_001')?.authConfig).toMatchObject({ password: shop().password });
  });

  it('with a new password sends the whole set, since it replaces the old one', async () => {
    const source_id = await made();
    const answer = await headwater.done('update_source', {
      source_id,
      config: { password: 'new-hunter2' },
      run_test: false,
    });
    expect(lastBody()).toEqual({
      id: 'conn_001',
      authMethod: 'access_key',
      authConfig: { username: SHOP_ROLES.reader, password: 'new-hunter2' },
    });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
  });

  it('wipes the credentials only where that is said', async () => {
    const source_id = await made();
    await headwater.done('update_source', { source_id, config: { auth: {} }, run_test: false });
    expect(lastBody()).toEqual({ id: 'conn_001', authConfig: {} });
    const seen = sourceOf(await headwater.done('get_source', { source_id }));
    expect((seen['config'] as Values)['auth']).toEqual({ method: 'none' });
  });

  it('keeps every setting where only further ones are given', async () => {
    const config = { host: 'db.example.com', port: 5432, database: 'shop', ssl: true };
    const { id } = kaireon.add({ config, authConfig: { username: 'u', password: 'p' } });
    const change = { source_id: `kaireon:${id}`, options: { extra_config: { pool: 4 } } };
    const { plan } = await headwater.done('update_source', { ...change, dry_run: true });
    expect(plan).toMatchObject({ requests: [{ body: { id, config: { ...config, pool: 4 } } }] });
    await headwater.done('update_source', { ...change, run_test: false });
    expect(lastBody()['config']).toEqual({ ...config, pool: 4 });
    expect(kaireon.connectors.get(id)?.config).toEqual({ ...config, pool: 4 });
    const mongo = kaireon.add({ type: 'mongodb', config: { connectionString: 'mongodb://u:clear-hunter2@db/shop' } });
    const of = { source_id: `kaireon:${mongo.id}`, options: { extra_config: { pool: 4 } } };
    const planned = await headwater.done('update_source', { ...of, dry_run: true });
    expect(JSON.stringify(planned)).not.toContain('clear-hunter2');
    expect(JSON.stringify(planned['plan'])).toContain('"connectionString":"[secret]"');
    await headwater.done('update_source', { ...of, run_test: false });
    expect(kaireon.connectors.get(mongo.id)?.config['connectionString']).toBe('mongodb://u:clear-hunter2@db/shop');
  });

  it('takes further settings that lead elsewhere only with the credentials', async () => {
    const { id } = kaireon.add({ config: { host: 'db.example.com', port: 5432, database: 'shop' } });
    for (const further of [{ endpoint: 'evil.example.com' }, { sslMode: 'off' }, { proxyHost: 'evil.example.com' }]) {
      const change = { source_id: `kaireon:${id}`, options: { extra_config: further }, run_test: false };
      const { error } = await headwater.call('update_source', change);
      expect(error?.['code'], JSON.stringify(further)).toBe('CREDENTIALS_REQUIRED');
    }
    for (const further of [
      { apiToken: 'hunter2' },
      { more: { url: 'https://u:hunter2@h' } },
      { connectionConfig: {} },
    ]) {
      const { error } = await headwater.call('create_source', {
        ...{ platform: on, connector: 'stripe', name: 'S', config: {}, run_test: false },
        options: { extra_config: further },
      });
      expect(error?.['code'], JSON.stringify(further)).toBe('INVALID_ARGUMENTS');
    }
    expect(kaireon.writes()).toEqual([]);
  });

  it('shows none of the secrets that somebody has put into its settings', async () => {
    const config = {
      url: 'https://u:clear-hunter2@api.example.com/x?api_key=clear-hunter2&page=1',
      headers: { Authorization: 'Bearer clear-hunter2' },
      mirrors: ['https://u:clear-hunter2@h/x'],
      webhookUrl: 'https://hooks.slack.com/services/T0/B0/clear-hunter2',
    };
    const lastError = `HEAD ${config.url} gave 401 (clear-hunter2)`;
    const { id } = kaireon.add({ type: 'rest_api', name: 'Orders', config, status: 'error', lastError });
    const source_id = `kaireon:${id}`;
    kaireon.result = { success: false, message: `cannot use ${JSON.stringify(config)}` };
    const answers = [
      await headwater.done('get_source', { source_id }),
      await headwater.done('list_sources', { platform: on }),
      await headwater.done('test_connection', { source_id }),
      await headwater.done('run_source', { source_id, action: 'verify' }),
      await headwater.done('update_source', { source_id, options: { extra_config: { pool: 4 } }, dry_run: true }),
      await headwater.done('update_source', { source_id, options: { extra_config: { pool: 4 } }, run_test: false }),
    ];
    for (const answer of answers) expect(JSON.stringify(answer)).not.toContain('clear-hunter2');
    expect(sourceOf(answers[0] ?? {})['config']).toMatchObject({
      url: 'https://u:…@api.example.com/x?api_key=…&page=1',
    });
    // What is shown without its secret is not sent back so.
    expect(kaireon.connectors.get(id)?.config).toEqual({ ...config, pool: 4 });
  });

  it('leaves the credentials of a source that was made elsewhere, and asks for all of them to change one', async () => {
    kaireon.add({
      name: 'Theirs',
      config: { host: 'db.example.com', port: 5432, database: 'shop', ssl: true },
      authConfig: { username: 'u', password: 'p' },
    });
    const source_id = 'kaireon:conn_001';
    await headwater.done('update_source', { source_id, config: { database: 'crm' }, run_test: false });
    expect(lastBody()).toEqual({
      id: 'conn_001',
      config: { host: 'db.example.com', port: 5432, database: 'crm', ssl: true },
    });
    const alone = await headwater.call('update_source', {
      source_id,
      config: { password: 'x-hunter2' },
      run_test: false,
    });
    expect(alone.error.fields?.[0]?.field).toBe('/config/auth/username');
    const user = await headwater.call('update_source', { source_id, config: { username: 'other' }, run_test: false });
    expect(user.error.code).toBe('CREDENTIALS_REQUIRED');
    expect(kaireon.writes()).toHaveLength(1);
  });

  it.each(['replace', 'merge'] as const)('takes a setting away (KaireonAI would %s)', async (config) => {
    await restart({ config });
    const source_id = String(
      sourceOf(await quick({ connector: 's3', config: { bucket: 'a', region: 'eu-central-1', prefix: 'x/' } }))['id'],
    );
    await headwater.done('update_source', { source_id, clear: ['/config/prefix'], run_test: false });
    expect(kaireon.connectors.get('conn_001')?.config['prefix'] ?? null).toBeNull();
    const seen = sourceOf(await headwater.done('get_source', { source_id }));
    expect(seen['config']).not.toHaveProperty('prefix');
  });

  it('asks for the password again where the host changes', async () => {
    const source_id = await made();
    const refused = await headwater.call('update_source', { source_id, config: { host: 'evil.example.com' } });
    expect(refused.error.code).toBe('CREDENTIALS_REQUIRED');
  });
});

describe('a test', () => {
  it('of a stored source is joined with that of KaireonAI', async () => {
    const source_id = String(sourceOf(await create())['id']);
    kaireon.result = {
      success: true,
      message: 'Connection test succeeded',
      warning: 'nothing at the prefix',
      latencyMs: 9,
    };
    const report = await headwater.done('test_connection', { source_id });
    const step = (report['steps'] as Values[]).find(({ id }) => id === 'kaireon_test');
    expect(step).toMatchObject({ status: 'warn', code: 'PLATFORM_WARNED' });
    expect(report['ok']).toBe(true);
    const seen = sourceOf(await headwater.done('get_source', { source_id }));
    expect(seen).toMatchObject({ status: 'Active', last_error: null });
  });

  it('of a source that was made elsewhere goes as far as its connection', async () => {
    const { host, port } = shop();
    kaireon.add({ config: { host, port, database: 'shop' }, authConfig: { username: 'u', password: 'p' } });
    kaireon.add({ type: 'kafka', config: { bootstrapServers: `${host}:${port}` } });
    for (const source_id of ['kaireon:conn_001', 'kaireon:conn_002']) {
      const report = await headwater.done('test_connection', { source_id });
      expect(report['ok']).toBe(true);
      const codes = (report['steps'] as Values[]).map(({ id, status }) => `${id} ${status}`);
      expect(codes).toEqual(expect.arrayContaining(['tcp pass', 'auth warn', 'kaireon_test pass']));
    }
  });

  it('that KaireonAI fails says so, whatever ours says', async () => {
    const source_id = String(sourceOf(await create())['id']);
    kaireon.result = { success: false, message: `timeout for ${KAIREON_KEY}` };
    const report = await headwater.done('test_connection', { source_id });
    expect(report['ok']).toBe(false);
    const steps = report['steps'] as Values[];
    expect(steps.filter(({ status }) => status === 'fail').map(({ id, code }) => [id, code])).toEqual([
      ['kaireon_test', 'PLATFORM_TEST_FAILED'],
    ]);
    expect(JSON.stringify(report)).not.toContain(KAIREON_KEY);
  });

  it('of what KaireonAI has says nothing of what it is to have', async () => {
    const source_id = String(sourceOf(await create({ config: { ...shop(), database: 'postgres' } }))['id']);
    kaireon.result = { success: false, message: 'database "postgres" is not the shop' };
    const answer = await headwater.done('update_source', { source_id, config: { database: SHOP_DATABASE } });
    expect((answer['report'] as Values)['ok']).toBe(true);
    expect(kaireon.connectors.get('conn_001')?.config['database']).toBe(SHOP_DATABASE);
  });

  it('is an action as well', async () => {
    const source_id = String(sourceOf(await quick())['id']);
    kaireon.result = { success: false, message: 'no route to host' };
    const failed = await headwater.done('run_source', { source_id, action: 'verify' });
    expect(failed['run']).toMatchObject({ status: 'failed', error: 'no route to host' });
    expect(sourceOf(failed)).toMatchObject({ status: 'Broken', last_error: 'no route to host' });
    kaireon.result = { success: true, warning: 'empty', lastSyncRowCount: 12 };
    const passed = await headwater.done('run_source', { source_id, action: 'verify' });
    expect(passed['run']).toMatchObject({ status: 'completed', counts: { rows: 12 } });
    expect(passed['warnings']).toEqual(['KaireonAI says: empty']);
    expect(sourceOf(passed)).toMatchObject({ status: 'Active', last_error: null, last_sync_row_count: 12 });
    const sync = await headwater.call('run_source', { source_id, action: 'sync' });
    expect(sync.error.code).toBe('UNSUPPORTED');
  });

  it('does not fail because KaireonAI cannot be asked', async () => {
    const source_id = String(sourceOf(await create())['id']);
    kaireon.fail({ path: /test$/, times: 9, do: { status: 429, headers: { 'retry-after': '60' } } });
    const report = await headwater.done('test_connection', { source_id });
    expect(report['ok']).toBe(true);
    expect(JSON.stringify(report['steps'])).toContain('PLATFORM_CHECK_UNAVAILABLE');
  });
});

describe('failures', () => {
  it.each(['nested', 'flat', 'code'] as const)('are told in our words (%s)', async (errors) => {
    await restart({ errors });
    kaireon.fail({
      method: 'POST',
      do: { status: 400, body: { error: { code: 'BAD_REQUEST', message: 'no such type' } } },
    });
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'kafka',
      config: { bootstrapServers: 'b.example.com:9092' },
      run_test: false,
    });
    expect(refused.error).toMatchObject({ code: 'PLATFORM_REJECTED', upstream_message: 'no such type' });
  });

  it.each([409, 400, 422] as const)('of a name that is taken are NAME_TAKEN (%i)', async (duplicate) => {
    await restart({ duplicate });
    kaireon.add({ name: 'Shop' });
    const before = await headwater.call('create_source', {
      platform: on,
      connector: 'kafka',
      name: 'Shop',
      config: { bootstrapServers: 'b.example.com:9092' },
      run_test: false,
    });
    expect(before.error.code).toBe('NAME_TAKEN');
    const source_id = String(sourceOf(await quick({ name: 'Other' }))['id']);
    kaireon.fail({ method: 'PUT', do: { status: duplicate, body: { error: 'already exists' } } });
    const race = await headwater.call('update_source', { source_id, name: 'Fresh' });
    expect(race.error.code).toBe('NAME_TAKEN');
  });

  it('of the key or the tenant are for an operator', async () => {
    await restart({}, { KAIREON_API_KEY: 'krn_wrong_wrong_wrong' });
    const key = await headwater.call('list_sources', { platform: on });
    expect(key.error.code).toBe('PLATFORM_AUTH_FAILED');
    expect(JSON.stringify(key)).not.toContain('krn_wrong');
    await restart({}, { KAIREON_TENANT_ID: 'other' });
    const tenant = await headwater.call('list_sources', { platform: on });
    expect(tenant.error).toMatchObject({
      code: 'PLATFORM_AUTH_FAILED',
      upstream_message: 'Tenant could not be resolved',
    });
  });

  it('of a platform that is not configured name the variable', async () => {
    await headwater.close();
    headwater = await inMemory({});
    const refused = await headwater.call('list_sources', { platform: on });
    expect(refused.error.code).toBe('PLATFORM_NOT_CONFIGURED');
    expect(refused.error.hint).toContain('KAIREON_API_KEY');
    expect(kaireon.requests).toEqual([]);
  });

  it('that pass are waited out where that is safe', async () => {
    kaireon.add({ name: 'Theirs' });
    kaireon.fail(
      { method: 'GET', do: { status: 502, html: '<html><body><h1>502 Bad Gateway</h1></body></html>' } },
      { method: 'GET', do: 'drop' },
      { method: 'GET', do: { status: 429, headers: { 'retry-after': '1' } } },
    );
    const { sources } = await headwater.done('list_sources', { platform: on });
    expect(sources).toHaveLength(1);
    expect(kaireon.requests).toHaveLength(4);
  });

  it('of a rate limit say when there is room again', async () => {
    kaireon.fail({ method: 'GET', times: 9, do: { status: 429, headers: { 'retry-after': '42' } } });
    const refused = await headwater.call('list_sources', { platform: on });
    expect(refused.error).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: 42_000 });
  });

  it('of a URL that leads elsewhere are for an operator, and nothing goes there', async () => {
    kaireon.fail({ times: 9, do: { status: 301, html: '' } });
    const { error } = await headwater.call('list_sources', { platform: on });
    expect(error).toMatchObject({ code: 'PLATFORM_UNAVAILABLE', hint: expect.stringContaining('operator') });
  });

  it('of answers that are none are told as such', async () => {
    kaireon.fail({ do: { status: 200, body: { hello: 'world' } } });
    const odd = await headwater.call('list_sources', { platform: on });
    expect(odd.error.code).toBe('PLATFORM_UNAVAILABLE');
    kaireon.fail({ do: { status: 200 } });
    const empty = await headwater.call('list_sources', { platform: on });
    expect(empty.error.code).toBe('PLATFORM_UNAVAILABLE');
    kaireon.fail({ times: 9, do: { status: 502, html: '<html><script>x()</script><h1>Bad gateway</h1></html>' } });
    const html = await headwater.call('list_sources', { platform: on });
    expect(html.error.code).toBe('PLATFORM_UNAVAILABLE');
    expect(JSON.stringify(html)).not.toContain('<h1>');
  });

  it('after a create was done there make nothing twice', async () => {
    kaireon.fail({ method: 'POST', do: 'after' });
    const answer = await quick();
    expect(sourceOf(answer)['id']).toBe('kaireon:conn_001');
    expect(kaireon.connectors.size).toBe(1);
    expect(kaireon.writes()).toHaveLength(1);
  });

  it('before a create was done there are told, and another call makes it', { timeout: 60_000 }, async () => {
    kaireon.fail({ method: 'POST', do: 'drop' });
    const lost = await headwater.call('create_source', {
      platform: on,
      connector: 'postgresql',
      config: shop(),
      name: 'Shop',
      run_test: false,
    });
    expect(lost.error.code).toBe('OUTCOME_UNKNOWN');
    await quick();
    expect(kaireon.connectors.size).toBe(1);
  });
});

describe('the end of a source', () => {
  it('is asked for once and done', async () => {
    const source_id = String(sourceOf(await quick())['id']);
    kaireon.fail({ method: 'DELETE', do: 'after' });
    const gone = await headwater.done('delete_source', { source_id, confirm: 'Shop' });
    expect(gone['deleted']).toBeTruthy();
    expect(kaireon.connectors.size).toBe(0);
    expect((await headwater.call('get_source', { source_id })).error.code).toBe('SOURCE_NOT_FOUND');
  });

  it('is refused where pipelines use it, with what KaireonAI says', async () => {
    const source_id = String(sourceOf(await quick())['id']);
    kaireon.fail({ method: 'DELETE', do: { status: 409, body: { error: 'used by pipeline p1' } } });
    const refused = await headwater.call('delete_source', { source_id, confirm: 'Shop' });
    expect(refused.error).toMatchObject({ code: 'PLATFORM_REJECTED', upstream_message: 'used by pipeline p1' });
  });
});

it('describes itself: what it can do, what it cannot and why', async () => {
  const { platforms } = await headwater.done('describe_platforms', { platform: on });
  const [told] = platforms as Values[];
  expect(told).toMatchObject({ platform: 'kaireon', configured: true });
  expect(JSON.stringify(told)).toContain('Slack');
});
