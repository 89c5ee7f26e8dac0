import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileServer, startHangingServer } from '../support/hostile-servers.ts';
import {
  type Answer,
  connectV1,
  connectV2,
  modern,
  type Progress,
  type Question,
  spawnServer,
} from '../support/mcp.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';
import { temporaryFolder } from '../support/temp.ts';

const server = sharedPostgres();
const password = '${env:HEADWATER_SECRET_SHOP}';
const config = { host: '127.0.0.1', port: server.port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, password };
const env = { HEADWATER_SECRET_SHOP: server.readerPassword };

type Options = { env?: Record<string, string>; onElicit?: (question: Question) => Answer };

const CLIENTS = [
  ['the v2 client, 2026-07-28', (options: Options) => connectV2({ ...options, era: 'modern' })],
  ['the v2 client, negotiating', (options: Options) => connectV2({ ...options, era: 'auto' })],
  ['the v2 client, 2025', (options: Options) => connectV2({ ...options, era: 'legacy' })],
  ['the v1 client', (options: Options) => connectV1(options)],
] as const;

describe.each(CLIENTS)('%s', (_, connect) => {
  it('goes the whole way, and is asked before a deletion', async () => {
    const questions: Question[] = [];
    const onElicit = (question: Question): Answer => {
      questions.push(question);
      return { action: 'accept', content: { agree: true } };
    };
    const session = await connect({ env, onElicit });
    const done = async (name: string, args: Record<string, unknown>) => {
      const { isError, structured, parsed, text } = await session.call(name, args);
      expect(isError, text).toBe(false);
      expect(parsed).toEqual(structured);
      return structured ?? {};
    };
    expect(await done('list_connectors', { query: 'psql' })).toMatchObject({ connectors: [{ code: 'postgresql' }] });
    expect(await done('get_connector_schema', { connector: 'postgres' })).toHaveProperty('schema.properties.host');
    expect(await done('test_connection', { connector: 'pg', config: { ...config, port: 1 } })).toMatchObject({
      ok: false,
    });
    const { source } = (await done('create_source', { connector: 'pg', config, name: 'Shop' })) as {
      source: { id: string };
    };
    const id = { source_id: source.id };
    expect(await done('discover_source', { ...id, query: 'orders' })).toMatchObject({ streams: [{ name: 'orders' }] });
    expect(await done('preview_source', { ...id, stream: 'public.orders', limit: 1 })).toMatchObject({
      truncated: true,
    });
    const refused = await session.call('update_source', { ...id, config: { host: 'localhost' } });
    expect(refused).toMatchObject({
      isError: true,
      structured: undefined,
      parsed: { error: { code: 'CREDENTIALS_REQUIRED' } },
    });
    expect(await done('delete_source', { ...id, confirm: 'Shop' })).toMatchObject({ deleted: true });
    expect(questions.map(({ message }) => message)).toEqual([expect.stringMatching(/Delete the source "Shop"/)]);
    await session.close();
    expect(await session.exited).toMatchObject({ code: 0 });
    expect(session.stderr()).toBe('');
  });

  it('deletes nothing when the person says no', async () => {
    for (const answer of [
      { action: 'decline' },
      { action: 'cancel' },
      { action: 'accept', content: { agree: false } },
    ] as const) {
      const session = await connect({ onElicit: () => answer });
      const { structured } = await session.call('create_source', {
        connector: 'pg',
        config,
        name: 'Kept',
        desired_state: 'Pending',
      });
      const { id } = (structured?.['source'] ?? {}) as { id: string };
      const { parsed } = await session.call('delete_source', { source_id: id, confirm: 'Kept' });
      expect(parsed).toMatchObject({ error: { code: 'CONFIRMATION_REQUIRED' } });
      expect((await session.call('get_source', { source_id: id })).isError).toBe(false);
      await session.close();
    }
  });

  it('deletes by the name alone where the client cannot ask', async () => {
    const session = await connect({});
    const { structured } = await session.call('create_source', {
      connector: 'pg',
      config,
      name: 'Gone',
      desired_state: 'Pending',
    });
    const { id } = (structured?.['source'] ?? {}) as { id: string };
    expect((await session.call('delete_source', { source_id: id, confirm: 'Gone' })).structured).toMatchObject({
      deleted: true,
    });
    await session.close();
  });

  it('hears of each step as it ends', async () => {
    const session = await connect({ env });
    const heard: Progress[] = [];
    await session.call(
      'test_connection',
      { connector: 'pg', config },
      { onprogress: (progress) => void heard.push(progress) },
    );
    expect(heard.map(({ progress }) => progress)).toEqual(heard.map((_, i) => i + 1));
    expect(heard.at(-1)).toMatchObject({ progress: heard[0]?.total, message: expect.stringMatching(/stays valid/) });
    await session.close();
  });
});

describe('cancellation', () => {
  let hanging: HostileServer;
  beforeAll(async () => {
    hanging = await startHangingServer();
  });
  afterAll(() => hanging.stop());

  it.each([
    ['v2', connectV2],
    ['v1', connectV1],
  ] as const)('ends a test at once, closes its socket, and the server goes on (%s)', async (_, connect) => {
    const session = await connect({ env });
    const stop = new AbortController();
    const call = session.call(
      'test_connection',
      { connector: 'pg', config: { ...config, port: hanging.port } },
      { signal: stop.signal },
    );
    await expect.poll(() => hanging.open).toBeGreaterThan(0);
    stop.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => hanging.open).toBe(0);
    expect((await session.call('list_connectors')).isError).toBe(false);
    await session.close();
  });
});

describe('the wire', () => {
  it('carries nothing but protocol messages on stdout', async () => {
    const raw = await spawnServer({ env: { ...env, HEADWATER_LOG_LEVEL: 'debug' } });
    await raw.initialize();
    await raw.request('tools/call', { name: 'test_connection', arguments: { connector: 'pg', config } });
    raw.write('this is not JSON\n');
    raw.write('{"jsonrpc":"2.0","id":99}\n');
    expect(await raw.request('tools/call', { name: 'nope', arguments: {} })).toMatchObject({ error: { code: -32602 } });
    expect(await raw.request('nope/nope')).toMatchObject({ error: { code: -32601 } });
    expect(await raw.request('tools/list')).toHaveProperty('result.tools');
    await raw.close();
    const lines = raw.stdoutRaw();
    expect(lines.length).toBeGreaterThan(4);
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('jsonrpc', '2.0');
  });

  it('serves both eras, with cache hints to the newer', async () => {
    const raw = await spawnServer();
    const { result } = await raw.request('server/discover', modern());
    expect(result).toMatchObject({ supportedVersions: expect.arrayContaining(['2026-07-28']) });
    expect(result?.['instructions']).toMatch(/list_connectors.*get_connector_schema.*test_connection.*create_source/s);
    expect(await raw.request('tools/list', modern())).toMatchObject({
      result: { ttlMs: 86_400_000, cacheScope: 'private' },
    });
    await raw.close();
  });
});

describe('the end', () => {
  it.each([
    ['before anything', async () => {}],
    ['after the handshake', (raw: Awaited<ReturnType<typeof spawnServer>>) => raw.initialize()],
    [
      'with an open store',
      async (raw: Awaited<ReturnType<typeof spawnServer>>) => {
        await raw.initialize();
        await raw.request('tools/call', { name: 'list_sources', arguments: {} });
      },
    ],
  ])('comes with the end of input, %s', async (_, before) => {
    const raw = await spawnServer();
    await before(raw);
    raw.endInput();
    expect(await raw.exited).toMatchObject({ code: 0, signal: null });
    await raw.close();
  });

  it('comes with the end of input in the middle of a test', async () => {
    const hanging = await startHangingServer();
    const raw = await spawnServer({ env });
    await raw.initialize();
    raw.send({
      id: 7,
      method: 'tools/call',
      params: { name: 'test_connection', arguments: { connector: 'pg', config: { ...config, port: hanging.port } } },
    });
    await expect.poll(() => hanging.open).toBe(1);
    raw.endInput();
    const { code, ms } = await raw.exited;
    expect(code).toBe(0);
    expect(ms).toBeLessThan(2000);
    await raw.close();
    await hanging.stop();
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('comes with %s', async (signal) => {
    const raw = await spawnServer();
    await raw.initialize();
    raw.kill(signal);
    expect(await raw.exited).toMatchObject({ code: 0 });
    await raw.close();
  });
});

describe('the start', () => {
  it.each([
    [{ HEADWATER_EGRESS: 'everything' }, /HEADWATER_EGRESS/],
    [{ HEADWATER_EGRES: 'public_only' }, /HEADWATER_EGRES is not a setting; did you mean HEADWATER_EGRESS/],
    [{ HEADWATER_ALLOW_CIDRS: '10.0.0.0/99' }, /HEADWATER_ALLOW_CIDRS/],
  ])('stops for %j with one line', async (wrong, line) => {
    const raw = await spawnServer({ env: wrong as Record<string, string> });
    expect(await raw.exited).toMatchObject({ code: 2 });
    expect(raw.stderr()).toMatch(line);
    expect(raw.stderr().trim().split('\n')).toHaveLength(1);
    expect(raw.stdoutRaw()).toEqual([]);
    await raw.close();
  });

  it('stops for nothing else: a broken store fails its first use, with a remedy', async () => {
    const folder = await temporaryFolder('broken');
    const home = join(folder.path, 'file');
    await writeFile(home, 'not a folder');
    const session = await connectV2({ env: { HEADWATER_HOME: home } });
    expect((await session.call('list_connectors')).isError).toBe(false);
    expect((await session.call('list_sources')).parsed).toMatchObject({
      error: { code: 'STORE_UNAVAILABLE', hint: expect.any(String) },
    });
    await session.close();
    await folder.remove();
  });

  it('touches no file before the first use', async () => {
    const folder = await temporaryFolder('untouched');
    const home = join(folder.path, 'home');
    const session = await connectV2({ env: { HEADWATER_HOME: home } });
    await session.call('list_connectors');
    await session.close();
    const { existsSync } = await import('node:fs');
    expect(existsSync(home)).toBe(false);
    await folder.remove();
  });

  it('refuses credentials that another key sealed, and makes no new key', async () => {
    const folder = await temporaryFolder('keys');
    const literal = { ...config, password: server.readerPassword };
    const first = await connectV2({ env: { HEADWATER_HOME: folder.path } });
    const { structured } = await first.call('create_source', { connector: 'pg', config: literal, name: 'Sealed' });
    const { id } = (structured?.['source'] ?? {}) as { id: string };
    await first.close();
    const other = Buffer.alloc(32, 7).toString('base64');
    const second = await connectV2({ env: { HEADWATER_HOME: folder.path, HEADWATER_MASTER_KEY: other } });
    expect((await second.call('test_connection', { source_id: id })).parsed).toMatchObject({
      error: { code: 'KEY_UNAVAILABLE', hint: expect.any(String) },
    });
    expect(
      (await second.call('create_source', { connector: 'pg', config: literal, name: 'Other' })).parsed,
    ).toMatchObject({ error: { code: 'KEY_UNAVAILABLE' } });
    await second.close();
    const third = await connectV2({ env: { HEADWATER_HOME: folder.path } });
    expect((await third.call('test_connection', { source_id: id })).structured).toMatchObject({ ok: true });
    await third.close();
    await folder.remove();
  });
});

describe('two processes on one store', () => {
  it('see each other, and hear of each other', async () => {
    const folder = await temporaryFolder('shared');
    const shared = { ...env, HEADWATER_HOME: folder.path };
    const [one, two] = await Promise.all([connectV1({ env: shared }), connectV2({ env: shared })]);
    const { structured } = await two.call('create_source', {
      connector: 'pg',
      config,
      name: 'Ours',
      desired_state: 'Pending',
    });
    const { id } = (structured?.['source'] ?? {}) as { id: string };
    expect((await one.call('get_source', { source_id: id })).structured).toMatchObject({ source: { name: 'Ours' } });
    expect((await one.call('create_source', { connector: 'pg', config, name: 'ours' })).parsed).toMatchObject({
      error: { code: 'NAME_TAKEN' },
    });
    const uri = `headwater://sources/${id}`;
    const heard: string[] = [];
    const { ResourceUpdatedNotificationSchema } = await import('@modelcontextprotocol/sdk/types.js');
    one.client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void heard.push(params.uri));
    await one.client.subscribeResource({ uri });
    await two.call('update_source', { source_id: id, tags: ['x'] });
    await expect.poll(() => heard, { timeout: 5000 }).toContain(uri);
    await Promise.all([one.close(), two.close()]);
    await folder.remove();
  });
});
