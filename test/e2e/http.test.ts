import { ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostileServer, startHangingServer } from '../support/hostile-servers.ts';
import { connectHttpV1, connectHttpV2, type HttpConnectOptions, type HttpProcess, startHttp } from '../support/http.ts';
import type { Answer, Progress, Question } from '../support/mcp.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

const postgres = sharedPostgres();
const config = {
  host: '127.0.0.1',
  port: postgres.port,
  database: SHOP_DATABASE,
  username: SHOP_ROLES.reader,
  password: '${env:HEADWATER_SECRET_SHOP}',
};
const pending = { connector: 'pg', config, desired_state: 'Pending' };

const CLIENTS = [
  ['the v2 client, 2026-07-28', (options) => connectHttpV2(server.url, { ...options, era: 'modern' })],
  ['the v2 client, negotiating', (options) => connectHttpV2(server.url, { ...options, era: 'auto' })],
  ['the v2 client, 2025', (options) => connectHttpV2(server.url, { ...options, era: 'legacy' })],
  ['the v1 client', (options) => connectHttpV1(server.url, options)],
] as const satisfies [string, (options: HttpConnectOptions) => unknown][];

let server: HttpProcess;
let hanging: HostileServer;
beforeAll(async () => {
  [server, hanging] = await Promise.all([
    startHttp({ env: { HEADWATER_EGRESS: 'allow_private', HEADWATER_SECRET_SHOP: postgres.readerPassword } }),
    startHangingServer(),
  ]);
});
afterAll(async () => {
  await Promise.all([server.stop(), hanging.stop()]);
});

function idOf(structured: Record<string, unknown> | undefined): string {
  return ((structured?.['source'] ?? {}) as { id: string }).id;
}

describe.each(CLIENTS)('%s', (title, connect) => {
  it('goes the whole way, and is asked before a deletion', async () => {
    const questions: Question[] = [];
    const onElicit = (question: Question): Answer => {
      questions.push(question);
      return { action: 'accept', content: { agree: true } };
    };
    const session = await connect({ onElicit });
    const done = async (name: string, args: Record<string, unknown>) => {
      const { isError, structured, parsed, text } = await session.call(name, args);
      expect(isError, text).toBe(false);
      expect(parsed).toEqual(structured);
      return structured ?? {};
    };
    expect((await session.client.listTools()).tools.length).toBeGreaterThanOrEqual(11);
    expect(await done('list_connectors', { query: 'psql' })).toHaveProperty('connectors.0.code', 'postgresql');
    expect(await done('get_connector_schema', { connector: 'postgres' })).toHaveProperty('schema.properties.host');
    expect(await done('test_connection', { connector: 'pg', config })).toMatchObject({ ok: true });
    const id = { source_id: idOf(await done('create_source', { connector: 'pg', config, name: title })) };
    expect(await done('discover_source', { ...id, query: 'orders' })).toMatchObject({ streams: [{ name: 'orders' }] });
    expect(await done('preview_source', { ...id, stream: 'public.orders', limit: 1 })).toMatchObject({
      truncated: true,
    });
    expect(await session.call('update_source', { ...id, config: { host: 'localhost' } })).toMatchObject({
      isError: true,
      structured: undefined,
      parsed: { error: { code: 'CREDENTIALS_REQUIRED' } },
    });
    expect(await done('delete_source', { ...id, confirm: title })).toMatchObject({ deleted: true });
    expect(questions.map(({ message }) => message)).toEqual([expect.stringContaining(`Delete the source "${title}"`)]);
    await session.close();
  });

  it('deletes nothing when the person says no', async () => {
    const session = await connect({ onElicit: () => ({ action: 'decline' }) });
    const id = {
      source_id: idOf((await session.call('create_source', { ...pending, name: `${title} no` })).structured),
    };
    expect((await session.call('delete_source', { ...id, confirm: `${title} no` })).parsed).toMatchObject({
      error: { code: 'CONFIRMATION_REQUIRED' },
    });
    expect((await session.call('get_source', id)).isError).toBe(false);
    await session.close();
  });

  it('hears of each step as it ends', async () => {
    const session = await connect({});
    const heard: Progress[] = [];
    const onprogress = (progress: Progress) => void heard.push(progress);
    await session.call('test_connection', { connector: 'pg', config }, { onprogress });
    expect(heard.map(({ progress }) => progress)).toEqual(heard.map((_, i) => i + 1));
    expect(heard.at(-1)).toMatchObject({ progress: heard[0]?.total, message: expect.stringMatching(/stays valid/) });
    await session.close();
  });

  it('stops a test by cancelling it, which closes its socket', async () => {
    const session = await connect({});
    const stop = new AbortController();
    const args = { connector: 'pg', config: { ...config, port: hanging.port } };
    const call = session.call('test_connection', args, { signal: stop.signal });
    await expect.poll(() => hanging.open).toBeGreaterThan(0);
    stop.abort();
    await expect(call).rejects.toThrow();
    await expect.poll(() => hanging.open).toBe(0);
    expect((await session.call('list_connectors')).isError).toBe(false);
    await session.close();
  });
});

describe('who listens', () => {
  it('hears of changes in a session of the v1 client', async () => {
    const session = await connectHttpV1(server.url);
    const heard: string[] = [];
    session.client.setNotificationHandler(
      ResourceUpdatedNotificationSchema,
      ({ params }) => void heard.push(params.uri),
    );
    const source_id = idOf((await session.call('create_source', { ...pending, name: 'Heard by v1' })).structured);
    const uri = `headwater://sources/${source_id}`;
    await session.call('update_source', { source_id, tags: ['unheard'] });
    await session.client.subscribeResource({ uri });
    await session.call('update_source', { source_id, tags: ['heard'] });
    await expect.poll(() => heard).toEqual([uri]);
    await session.client.unsubscribeResource({ uri });
    await session.call('update_source', { source_id, tags: ['unheard again'] });
    await session.call('list_sources');
    expect(heard).toEqual([uri]);
    await session.close();
  });

  it('hears of changes on a stream of 2026-07-28', async () => {
    const session = await connectHttpV2(server.url);
    const heard: string[] = [];
    session.client.setNotificationHandler(
      'notifications/resources/updated',
      ({ params }) => void heard.push(params.uri),
    );
    const create = async (name: string) => idOf((await session.call('create_source', { ...pending, name })).structured);
    const [mine, other] = [await create('Heard by v2'), await create('Not heard by v2')];
    const uri = `headwater://sources/${mine}`;
    const stream = await session.client.listen({ resourceSubscriptions: [uri] });
    await session.call('update_source', { source_id: other, tags: ['x'] });
    await session.call('update_source', { source_id: mine, tags: ['x'] });
    await expect.poll(() => heard).toEqual([uri]);
    await stream.close();
    await session.call('update_source', { source_id: mine, tags: ['y'] });
    expect(heard).toEqual([uri]);
    await session.close();
  });
});

it('refuses loopback without dialling unless the operator opened it', async () => {
  const strict = await startHttp();
  const session = await connectHttpV2(strict.url);
  const dialled = hanging.connections;
  const { structured } = await session.call('test_connection', {
    connector: 'pg',
    config: { ...config, port: hanging.port, password: 'literal' },
  });
  expect(structured).toMatchObject({ ok: false });
  expect(JSON.stringify(structured)).toMatch(/HEADWATER_EGRESS/);
  expect(hanging.connections).toBe(dialled);
  await session.close();
  await strict.stop();
});
