import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CONNECTORS } from '../../src/connectors/index.ts';
import type { Source } from '../../src/sources/source.ts';
import { startApi } from '../support/api-server.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

const server = sharedPostgres();
let session: InMemory;
let config: Record<string, unknown>;
let count = 0;

beforeAll(async () => {
  session = await inMemory({ HEADWATER_SECRET_SHOP: server.readerPassword });
  const password = '${env:HEADWATER_SECRET_SHOP}';
  config = { host: '127.0.0.1', port: server.port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, password };
});
afterAll(() => session.close());
beforeEach(() => {
  count++;
});

const create = (args: Record<string, unknown> = {}) => ({
  connector: 'postgresql',
  config,
  name: `Shop ${count}`,
  ...args,
});
const sourceOf = (result: Record<string, unknown>) => result['source'] as Source;
const made = async (args: Record<string, unknown> = {}) => sourceOf(await session.done('create_source', create(args)));
const get = async (id: string) => sourceOf(await session.done('get_source', { source_id: id }));
const error = async (name: string, args: Record<string, unknown>) => (await session.call(name, args)).error;

describe('create_source', () => {
  it('tests, stores and shows a source without its secret', async () => {
    const result = await session.done(
      'create_source',
      create({ description: 'The shop', tags: ['eu'], options: { collection: 'sales' } }),
    );
    expect(sourceOf(result)).toMatchObject({
      id: expect.stringMatching(/^src_[0-9a-z]{26}$/),
      connector: 'postgresql',
      connector_display_name: 'PostgreSQL',
      platform: 'local',
      description: 'The shop',
      tags: ['eu'],
      collection: 'sales',
      desired_state: 'Active',
      status: 'Active',
      last_error: null,
      last_tested_at: expect.any(String),
      latency_ms: expect.any(Number),
      created_from: 'api',
      version: 1,
      tenant_id: 'local',
      config: { host: '127.0.0.1', tls_mode: 'prefer', password: { set: true, from: 'env:HEADWATER_SECRET_SHOP' } },
    });
    expect(result['report']).toMatchObject({ ok: true, verdict: 'ok', depth: 'read' });
    expect(result['next']).toMatchObject([{ tool: 'discover_source', arguments: { source_id: sourceOf(result).id } }]);
  });

  it('stores nothing when the test fails, and carries the report', async () => {
    const { code, report, message } = await error(
      'create_source',
      create({ config: { ...config, password: 'wrong-password' } }),
    );
    expect(code).toBe('TEST_FAILED');
    expect(report).toMatchObject({ ok: false, verdict: 'failed', headline: message });
    expect(await session.done('list_sources', { query: `Shop ${count}` })).toMatchObject({ sources: [] });
  });

  it.each([
    ['Pending', 'Pending'],
    ['Paused', 'Paused'],
    ['Stopped', 'Stopped'],
  ])('%s is saved without a connection', async (desired_state, status) => {
    const unreachable = { ...config, port: 1 };
    expect(await made({ desired_state, config: unreachable })).toMatchObject({
      desired_state,
      status,
      last_tested_at: null,
    });
  });

  it('run_test false stores it untested', async () => {
    const result = await session.done('create_source', create({ run_test: false, config: { ...config, port: 1 } }));
    expect(sourceOf(result)).toMatchObject({ status: 'Unknown', last_tested_at: null });
    expect(result['next']).toMatchObject([{ tool: 'test_connection' }]);
  });

  it('names it after the connector by default, and says so when that is taken', async () => {
    const { connector, config: given } = create();
    expect(await made({ name: undefined, connector, config: given })).toMatchObject({ name: 'PostgreSQL Connection' });
    expect(await error('create_source', { connector, config: given })).toMatchObject({
      code: 'NAME_TAKEN',
      fields: [{ field: '/name' }],
    });
  });

  it.each(['SHOP %', 'shop %', ' Shop % '])('%s is the name of a source that is there', async (pattern) => {
    await made();
    expect(await error('create_source', create({ name: pattern.replace('%', String(count)) }))).toMatchObject({
      code: 'NAME_TAKEN',
    });
  });

  it.each([
    ['', /empty/],
    ['a\u0000b', /control/],
    ['a\u202eb', /invisible/],
    ['x'.repeat(256), /255/],
  ])('refuses the name %j', async (name, why) => {
    const { code, fields } = await error('create_source', create({ name }));
    expect(code).toBe('INVALID_ARGUMENTS');
    expect(fields?.[0]).toMatchObject({ field: '/name', message: expect.stringMatching(why) });
  });

  it('replays an idempotency key, and refuses it for another call', async () => {
    const args = create({ idempotency_key: `key-${count}` });
    const first = await session.done('create_source', args);
    const second = await session.done('create_source', args);
    expect(second).toMatchObject({ replayed: true, source: { id: sourceOf(first).id } });
    expect(await error('create_source', { ...args, name: 'Another' })).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('makes one source of many calls at once with one key', async () => {
    const args = create({ idempotency_key: `race-${count}`, run_test: false });
    const results = await Promise.all(Array.from({ length: 8 }, () => session.done('create_source', args)));
    expect(new Set(results.map((result) => sourceOf(result).id)).size).toBe(1);
    expect(results.filter((result) => result['replayed'] !== true)).toHaveLength(1);
  });

  it('dry_run shows the request, masked, and does nothing', async () => {
    const result = await session.done(
      'create_source',
      create({ dry_run: true, config: { ...config, password: 'literal-one' } }),
    );
    expect(result).not.toHaveProperty('source');
    expect(result['plan']).toMatchObject({
      action: 'create',
      tests: true,
      request: { platform: 'local', config: { password: { set: true, from: 'vault' } } },
    });
    expect(JSON.stringify(result)).not.toContain('literal-one');
    expect(await session.done('list_sources', { query: `Shop ${count}` })).toMatchObject({ sources: [] });
  });

  it('takes a connection string apart', async () => {
    const text = `postgresql://${SHOP_ROLES.reader}:${encodeURIComponent(server.readerPassword)}@127.0.0.1:${server.port}/${SHOP_DATABASE}?sslmode=require`;
    const result = await session.done('create_source', create({ config: { connection_string: text } }));
    expect(sourceOf(result).config).toEqual({
      host: '127.0.0.1',
      port: server.port,
      database: SHOP_DATABASE,
      username: SHOP_ROLES.reader,
      tls_mode: 'require',
      password: { set: true, from: 'vault', fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/) },
    });
    expect(result['warnings']).toMatchObject([expect.stringMatching(/password was given in clear.*transcript/)]);
  });

  it('says what a broken reference needs', async () => {
    const broken = { ...config, password: '${env:HEADWATER_SECRET_NIX}' };
    const { code, report } = await error('create_source', create({ config: broken }));
    expect(code).toBe('TEST_FAILED');
    const [step, ...others] = (report?.['steps'] ?? []) as Record<string, unknown>[];
    expect(step).toMatchObject({
      id: 'config',
      status: 'fail',
      code: 'CONFIG_UNUSABLE',
      driver_code: 'REFERENCE_BROKEN',
      fields: ['password'],
      actor: 'user',
      fix: { text: expect.stringMatching(/must set HEADWATER_SECRET_NIX/) },
    });
    expect(others.every(({ status, because }) => status === 'skip' && because === 'config')).toBe(true);
  });
});

describe('test_connection', () => {
  it('notes a failure at the source and clears it with a success', async () => {
    const source = await made({ config: { ...config, tls_mode: 'prefer' } });
    await session.done('update_source', { source_id: source.id, config: { schemas: ['gone'] }, run_test: false });
    const failed = await session.done('test_connection', { source_id: source.id });
    expect(failed).toMatchObject({ ok: false, verdict: 'failed' });
    expect(await get(source.id)).toMatchObject({
      status: 'Broken',
      last_error: failed['headline'],
      error_category: 'SCHEMA_NOT_FOUND',
      version: 2,
    });
    await session.done('update_source', { source_id: source.id, config: { schemas: ['public'] }, run_test: false });
    expect(await session.done('test_connection', { source_id: source.id })).toMatchObject({ ok: true });
    const mended = await get(source.id);
    expect(mended).toMatchObject({ status: 'Active', last_error: null, version: 3 });
    expect(mended).not.toHaveProperty('error_category');
  });

  it('never combines stored credentials with another destination', async () => {
    const { id } = await made();
    const { code, fields } = await error('test_connection', { source_id: id, config: { host: 'evil.example.com' } });
    expect(code).toBe('INVALID_ARGUMENTS');
    expect(fields?.[0]?.field).toBe('/config');
  });

  it('opens no connection for a paused source', async () => {
    const { id } = await made({ desired_state: 'Paused' });
    for (const tool of ['test_connection', 'discover_source']) {
      expect(await error(tool, { source_id: id })).toMatchObject({
        code: 'SOURCE_PAUSED',
        next: [{ tool: 'update_source' }],
      });
    }
    expect(await error('preview_source', { source_id: id, stream: 'public.orders' })).toMatchObject({
      code: 'SOURCE_PAUSED',
    });
  });

  it('keeps warnings out of last_error', async () => {
    const { id } = await made();
    const report = await session.done('test_connection', { source_id: id, checks: ['cdc'] });
    expect((report['warnings'] as string[]).length).toBeGreaterThan(0);
    const { last_error } = await get(id);
    expect(last_error ?? '').not.toContain((report['warnings'] as string[])[0]);
  });

  it('offers create_source, complete, once a config with references has passed', async () => {
    const report = await session.done('test_connection', { connector: 'pg', config });
    const [next] = report['next'] as { tool: string; arguments: Record<string, unknown> }[];
    expect(next).toMatchObject({
      tool: 'create_source',
      arguments: { connector: 'postgresql', config: { password: config['password'] } },
    });
    expect(await session.done('create_source', { ...next?.arguments, name: `Offered ${count}` })).toMatchObject({
      source: { status: 'Active' },
    });
  });

  it('offers no call that would need a literal secret again', async () => {
    const report = await session.done('test_connection', {
      connector: 'pg',
      config: { ...config, password: server.readerPassword },
    });
    expect(report).toMatchObject({ ok: true, next: [], warnings: [expect.stringMatching(/transcript/)] });
    expect(JSON.stringify(report)).not.toContain(server.readerPassword);
  });
});

describe('update_source', () => {
  it('merges by field, names what changed, and counts versions', async () => {
    const { id } = await made();
    const result = await session.done('update_source', {
      source_id: id,
      name: `Renamed ${count}`,
      config: { schemas: ['public'] },
      tags: ['x'],
      if_version: 1,
    });
    expect(result).toMatchObject({
      changed: ['name', 'tags', 'config.schemas'],
      source: { version: 2, config: { schemas: ['public'], password: { set: true } } },
    });
    expect(result['report']).toMatchObject({ ok: true });
    expect(await error('update_source', { source_id: id, tags: ['y'], if_version: 1 })).toMatchObject({
      code: 'VERSION_CONFLICT',
    });
  });

  it('does nothing when nothing changes', async () => {
    const { id, tags } = await made({ tags: ['same'] });
    expect(await session.done('update_source', { source_id: id, tags, config: { host: '127.0.0.1' } })).toMatchObject({
      changed: [],
      source: { version: 1 },
    });
  });

  it('stores nothing when the test of a change fails', async () => {
    const { id } = await made();
    expect(await error('update_source', { source_id: id, config: { schemas: ['gone'] } })).toMatchObject({
      code: 'TEST_FAILED',
    });
    expect((await get(id)).config).not.toHaveProperty('schemas');
  });

  it.each([
    ['host', { host: 'localhost' }],
    ['port', { port: 5433 }],
    ['tls_mode', { tls_mode: 'disable' }],
    ['tls_ca', { tls_ca: server.caPem }],
    ['connection_string', { connection_string: 'postgresql://shop_reader@evil.example.com/shop' }],
  ])('does not carry credentials along when %s changes', async (_, change) => {
    const { id } = await made();
    const refused = await error('update_source', { source_id: id, config: change, run_test: false });
    expect(refused).toMatchObject({ code: 'CREDENTIALS_REQUIRED', fields: [{ field: '/config/password' }] });
    expect(await get(id)).toMatchObject({ version: 1, config: { host: '127.0.0.1' } });
  });

  it('takes a new destination with credentials given again', async () => {
    const { id } = await made();
    const change = { host: 'localhost', password: config['password'] };
    expect(await session.done('update_source', { source_id: id, config: change })).toMatchObject({
      changed: ['config.host', 'config.password'],
      report: { ok: true },
    });
  });

  it('the same destination in another spelling is the same', async () => {
    const { id } = await made({ config: { ...config, host: 'LocalHost.' } });
    expect((await get(id)).config['host']).toBe('localhost');
    const change = { host: 'LOCALHOST.', schemas: ['public'] };
    expect(await session.done('update_source', { source_id: id, config: change })).toMatchObject({
      changed: ['config.schemas'],
      report: { ok: true },
    });
  });

  it('clears what is named, and only that', async () => {
    const { id } = await made({
      description: 'd',
      config: { ...config, schemas: ['public'] },
      options: { collection: 'c' },
    });
    const result = await session.done('update_source', {
      source_id: id,
      clear: ['/description', '/config/schemas', '/options/collection'],
    });
    expect(result['source']).not.toHaveProperty('description');
    expect(result['source']).not.toHaveProperty('collection');
    expect(sourceOf(result).config).not.toHaveProperty('schemas');
    expect(sourceOf(result).config['password']).toEqual({
      set: true,
      from: 'env:HEADWATER_SECRET_SHOP',
      fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    expect(await error('update_source', { source_id: id, clear: ['/name', '/config/nope'] })).toMatchObject({
      code: 'INVALID_ARGUMENTS',
    });
  });

  it('wipes a credential that is cleared', async () => {
    const { id } = await made();
    const result = await session.done('update_source', { source_id: id, clear: ['/config/password'], run_test: false });
    expect(sourceOf(result).config).not.toHaveProperty('password');
    expect(await session.done('test_connection', { source_id: id })).toMatchObject({ ok: false });
  });

  it.each([[null], ['********'], [{ set: true, from: 'vault' }], ['••••']])(
    'refuses %j as a password',
    async (password) => {
      const { id } = await made();
      expect(await error('update_source', { source_id: id, config: { password } })).toMatchObject({
        code: 'INVALID_CONFIG',
        fields: [{ field: '/config/password' }],
      });
    },
  );

  it('tests before it takes a source into service', async () => {
    const { id } = await made({ desired_state: 'Pending', config: { ...config, port: 1 } });
    expect(await error('update_source', { source_id: id, desired_state: 'Active' })).toMatchObject({
      code: 'TEST_FAILED',
    });
    expect(await get(id)).toMatchObject({ desired_state: 'Pending', status: 'Pending' });
    const change = { desired_state: 'Active', config: { port: server.port, password: config['password'] } };
    expect(await session.done('update_source', { source_id: id, ...change })).toMatchObject({
      source: { status: 'Active', last_error: null },
    });
    expect(await session.done('update_source', { source_id: id, desired_state: 'Stopped' })).toMatchObject({
      source: { status: 'Stopped' },
    });
  });

  it('dry_run shows the change and makes none', async () => {
    const { id } = await made();
    const result = await session.done('update_source', { source_id: id, tags: ['t'], dry_run: true });
    expect(result).toMatchObject({
      changed: ['tags'],
      plan: { action: 'update', request: { tags: ['t'] } },
      source: { version: 1 },
    });
    expect(await get(id)).toMatchObject({ tags: [], version: 1 });
  });

  it('dry_run says that a name is taken, and does not mean the own one', async () => {
    const [one, other] = [await made({ name: 'Renamed' }), await made({ name: 'Taken' })];
    const rename = (name: string) =>
      session.done('update_source', { source_id: one.id, name, tags: ['t'], dry_run: true });
    expect(await rename(other.name)).toMatchObject({ warnings: [expect.stringMatching(/is taken/)] });
    expect(await rename(one.name.toUpperCase())).not.toHaveProperty('warnings');
  });
});

describe('delete_source', () => {
  it('needs the name, exactly', async () => {
    const { id, name } = await made();
    expect(await error('delete_source', { source_id: id, confirm: name.toLowerCase() })).toMatchObject({
      code: 'CONFIRMATION_REQUIRED',
    });
    expect(await session.done('delete_source', { source_id: id, confirm: name, dry_run: true })).toMatchObject({
      deleted: false,
      plan: { action: 'delete' },
    });
    expect(await session.done('delete_source', { source_id: id, confirm: name })).toMatchObject({
      deleted: true,
      left_behind: [],
    });
    expect(await error('get_source', { source_id: id })).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
    expect(await error('delete_source', { source_id: id, confirm: name })).toMatchObject({ code: 'SOURCE_NOT_FOUND' });
  });
});

describe('reading', () => {
  it('discovers by pages that join without gaps', async () => {
    const { id } = await made();
    const names: string[] = [];
    let cursor: unknown;
    do {
      const page = await session.done('discover_source', { source_id: id, limit: 3, ...(cursor ? { cursor } : {}) });
      names.push(
        ...(page['streams'] as { namespace: string; name: string }[]).map(
          ({ namespace, name }) => `${namespace}.${name}`,
        ),
      );
      cursor = page['next_cursor'];
    } while (cursor !== undefined);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('public.orders');
    expect(names).toContain('public.Weird "Name"');
  });

  it('discovers from a config that is not stored', async () => {
    expect(await session.done('discover_source', { connector: 'pg', config, query: 'ORDER' })).toMatchObject({
      streams: [{ name: 'order_items' }, { name: 'order_totals', kind: 'view' }, { name: 'orders', keys: ['id'] }],
      next: [],
    });
    expect(await error('discover_source', { connector: 'pg' })).toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it.each(['users--', "pg_read_file('/etc/passwd')", 'public.orders; DROP TABLE x', 'nope'])(
    'there is no stream %s',
    async (stream) => {
      const { id } = await made();
      expect(await error('preview_source', { source_id: id, stream })).toMatchObject({ code: 'STREAM_NOT_FOUND' });
      expect(await error('discover_source', { source_id: id, stream })).toMatchObject({ code: 'STREAM_NOT_FOUND' });
    },
  );

  it('previews rows as data', async () => {
    const { id } = await made();
    const preview = await session.done('preview_source', { source_id: id, stream: 'public.reviews', limit: 2 });
    expect(preview).toMatchObject({ truncated: true, notice: expect.stringMatching(/untrusted/) });
    expect(preview['rows']).toHaveLength(2);
  });

  it('says why a source cannot be read', async () => {
    const { id } = await made({ run_test: false, config: { ...config, port: 1 } });
    expect(await error('discover_source', { source_id: id })).toMatchObject({
      code: 'CONNECTION_FAILED',
      report: { steps: expect.arrayContaining([expect.objectContaining({ code: 'TCP_REFUSED' })]) },
    });
  });
});

describe('list_sources', () => {
  it('filters and pages, newest first', async () => {
    const tag = `page-${count}`;
    const ids: string[] = [];
    for (let i = 0; i < 5; i++)
      ids.unshift((await made({ name: `Page ${count} ${i}`, tags: [tag], desired_state: 'Pending' })).id);
    const first = await session.done('list_sources', { tag, limit: 3 });
    expect(first).toMatchObject({ total: 5, next_cursor: expect.any(String) });
    const second = await session.done('list_sources', { tag, limit: 3, cursor: first['next_cursor'] });
    const listed = [first, second].flatMap((page) => page['sources'] as Source[]).map(({ id }) => id);
    expect(listed).toEqual(ids);
    expect(second).not.toHaveProperty('next_cursor');
    expect(await session.done('list_sources', { tag, status: 'Broken' })).toMatchObject({ sources: [], total: 0 });
    expect(await error('list_sources', { cursor: 'nonsense!' })).toMatchObject({ code: 'INVALID_CURSOR' });
  });
});

describe('list_connectors', () => {
  it('pages, and takes no cursor that it did not give out', async () => {
    const codes: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await session.done('list_connectors', { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      codes.push(...(page['connectors'] as { code: string }[]).map(({ code }) => code));
      cursor = page['next_cursor'] as string | undefined;
    } while (cursor !== undefined);
    expect(codes).toEqual(CONNECTORS.map(({ code }) => code));
    const forged = Buffer.from('nope').toString('base64url');
    const ofAnotherQuery = Buffer.from('webhook').toString('base64url');
    for (const args of [{ cursor: 'nonsense!' }, { cursor: forged }, { query: 'postgres', cursor: ofAnotherQuery }]) {
      expect(await error('list_connectors', args)).toMatchObject({ code: 'INVALID_CURSOR' });
    }
  });
});

describe('next', () => {
  it('leads to no discovery where the connector has nothing to discover', async () => {
    const api = await startApi((_, response) => void response.writeHead(204).end());
    const made = await session.done('create_source', {
      connector: 'webhook',
      config: { url: api.url },
      name: `Hook ${count}`,
    });
    const tested = await session.done('test_connection', { source_id: sourceOf(made).id });
    expect([made['next'], tested['ok'], tested['next']]).toEqual([[], true, []]);
    await api.stop();
  });

  it('offers no change where nothing may be changed', async () => {
    const { id } = await made({ desired_state: 'Paused' });
    const { home } = session.app.settings;
    const readOnly = await inMemory({ HEADWATER_HOME: home, HEADWATER_READ_ONLY: 'true' });
    for (const tool of ['test_connection', 'discover_source']) {
      const { error: refused } = await readOnly.call(tool, { source_id: id });
      expect(refused).toMatchObject({ code: 'SOURCE_PAUSED', next: [] });
    }
    await readOnly.close();
  });
});

describe('get_source', () => {
  it('waits for a status', async () => {
    const { id } = await made({ desired_state: 'Pending' });
    const waiting = session.done('get_source', { source_id: id, wait_for: 'Stopped', wait_s: 5 });
    await session.done('update_source', { source_id: id, desired_state: 'Stopped' });
    expect(await waiting).toMatchObject({ source: { status: 'Stopped' } });
    const started = performance.now();
    expect(await session.done('get_source', { source_id: id, wait_for: 'Active', wait_s: 0.3 })).toMatchObject({
      source: { status: 'Stopped' },
    });
    expect(performance.now() - started).toBeGreaterThan(250);
  });
});

describe('literal secrets', () => {
  it('are refused where the operator says so', async () => {
    const strict = await inMemory({ HEADWATER_INLINE_SECRETS: 'refuse' });
    const { error: refused } = await strict.call(
      'create_source',
      create({ config: { ...config, password: 'literal' } }),
    );
    expect(refused).toMatchObject({ code: 'SECRET_IN_ARGUMENT', fields: [{ field: '/config/password' }] });
    await strict.close();
  });
});
