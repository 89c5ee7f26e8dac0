import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { CONNECTORS } from '../../src/connectors/index.ts';
import { readSettings } from '../../src/settings.ts';
import { LOCAL_PRINCIPAL } from '../../src/sources/principal.ts';
import { PLATFORM_CODES } from '../../src/sources/source.ts';
import { TOOLS } from '../../src/tools/index.ts';
import { connectTo, type InMemory, inMemory } from '../support/in-memory.ts';

let session: InMemory;
let sourceId = '';
const config = { host: 'db.example.com', database: 'shop', username: 'reader' };

beforeAll(async () => {
  session = await inMemory();
  const made = await session.done('create_source', {
    connector: 'postgresql',
    config,
    desired_state: 'Pending',
    name: 'Shop',
  });
  ({ id: sourceId } = made['source'] as { id: string });
});
afterAll(() => session.close());

const read = async (uri: string) => {
  const { contents } = await session.client.readResource({ uri });
  const [first] = contents;
  return JSON.parse(first && 'text' in first ? first.text : 'null') as Record<string, unknown>;
};

describe('resources', () => {
  it('lists the fixed ones and the templates, in order', async () => {
    expect((await session.client.listResources()).resources.map(({ uri }) => uri)).toEqual([
      'headwater://connectors',
      'headwater://platforms',
    ]);
    expect(
      (await session.client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    ).toEqual([
      'headwater://categories/{category}',
      'headwater://platforms/{platform}/connectors/{connector}',
      'headwater://sources/{source_id}',
    ]);
  });

  it('serves the catalog, a category and the platforms', async () => {
    const { connectors } = await read('headwater://connectors');
    expect((connectors as { code: string }[]).map(({ code }) => code)).toEqual(CONNECTORS.map(({ code }) => code));
    expect(await read('headwater://categories/api')).toMatchObject({
      connectors: [{ code: 'mcp' }, { code: 'rest_api' }, { code: 'webhook' }],
    });
    expect(await read('headwater://categories/saas')).toMatchObject({ connectors: [], total: 0 });
    const { platforms } = await read('headwater://platforms');
    expect(platforms).toHaveLength(PLATFORM_CODES.length);
    expect(platforms).toMatchObject([
      { platform: 'local', configured: true },
      { platform: 'streamkap', configured: false },
      {},
      {},
      {},
      {},
    ]);
  });

  it('serves the full schema of a connector on a platform', async () => {
    const connector = await read('headwater://platforms/local/connectors/pg');
    expect(connector).toMatchObject({
      connector: 'postgresql',
      secret_fields: expect.arrayContaining(['/password', '/tls_key', '/connection_string']),
    });
    expect(connector['schema']).toHaveProperty('properties.tls_ca');
    expect(connector).not.toHaveProperty('hidden_fields');
  });

  it('serves a source without secrets', async () => {
    expect(await read(`headwater://sources/${sourceId}`)).toMatchObject({ id: sourceId, status: 'Pending' });
  });

  it.each([
    'headwater://categories/nope',
    'headwater://platforms/nope/connectors/postgresql',
    'headwater://platforms/local/connectors/nope',
    'headwater://sources/src_nope',
    'headwater://nothing',
  ])('answers "not there" for %s', async (uri) => {
    await expect(session.client.readResource({ uri })).rejects.toMatchObject({ code: -32602 });
  });

  it.each([
    ['headwater://categories/{category}', 'category', 'da', ['database']],
    ['headwater://platforms/{platform}/connectors/{connector}', 'platform', '', [...PLATFORM_CODES]],
    ['headwater://platforms/{platform}/connectors/{connector}', 'connector', 'POST', ['postgresql']],
  ])('completes %s %s', async (uri, name, value, expected) => {
    const { completion } = await session.client.complete({
      ref: { type: 'ref/resource', uri },
      argument: { name, value },
    });
    expect(completion.values).toEqual(expected);
  });

  it('completes source ids', async () => {
    const ref = { type: 'ref/resource', uri: 'headwater://sources/{source_id}' } as const;
    const { completion } = await session.client.complete({ ref, argument: { name: 'source_id', value: 'src_' } });
    expect(completion.values).toEqual([sourceId]);
  });

  it('tells subscribers of a change, and only them', async () => {
    const uri = `headwater://sources/${sourceId}`;
    const heard: string[] = [];
    session.client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
      heard.push(params.uri);
    });
    await session.call('update_source', { source_id: sourceId, tags: ['a'] });
    expect(heard).toEqual([]);
    await session.client.subscribeResource({ uri });
    await session.call('update_source', { source_id: sourceId, tags: ['b'] });
    await expect.poll(() => heard).toEqual([uri]);
    await session.client.unsubscribeResource({ uri });
    await session.call('update_source', { source_id: sourceId, tags: ['c'] });
    expect(heard).toEqual([uri]);
  });
});

describe('prompts', () => {
  it('lists both with descriptions and arguments', async () => {
    const { prompts } = await session.client.listPrompts();
    expect(
      prompts.map(({ name, arguments: given }) => [name, given?.map((each) => [each.name, each.required])]),
    ).toEqual([
      [
        'onboard_source',
        [
          ['connector', false],
          ['goal', false],
        ],
      ],
      ['fix_connection', [['source_id', true]]],
    ]);
    expect(prompts.every(({ description }) => description)).toBe(true);
  });

  it('never asks for a secret in the chat', async () => {
    const { messages } = await session.client.getPrompt({
      name: 'onboard_source',
      arguments: { connector: 'pg', goal: 'reports' },
    });
    expect(JSON.stringify(messages)).toMatch(/Never ask me to type a secret/);
    expect(JSON.stringify(messages)).toContain('reports');
  });

  it('speaks of the source that is to be mended', async () => {
    const { messages } = await session.client.getPrompt({ name: 'fix_connection', arguments: { source_id: sourceId } });
    expect(JSON.stringify(messages)).toContain(sourceId);
    await expect(
      session.client.getPrompt({ name: 'fix_connection', arguments: { source_id: 'src_nope' } }),
    ).rejects.toThrow();
  });

  it.each([
    ['admin', false, { onboard_source: /create_source/, fix_connection: /update_source/ }],
    ['editor', false, { onboard_source: /create_source/, fix_connection: /update_source/ }],
    ['viewer', false, { onboard_source: /role editor or admin/, fix_connection: /role editor or admin/ }],
    ['editor', true, { onboard_source: /whoever runs/, fix_connection: /test_connection.*whoever runs/s }],
    ['viewer', true, { onboard_source: /whoever runs/, fix_connection: /role editor or admin/ }],
  ] as const)(
    'name the tools that their reader has, and say who can do the rest: %s, read-only %s',
    async (role, readOnly, said) => {
      const variables = { HEADWATER_HOME: session.app.settings.home, HEADWATER_READ_ONLY: String(readOnly) };
      const app = createApp(readSettings(variables));
      const { client } = await connectTo(app, { ...LOCAL_PRINCIPAL, role });
      const enabled = (await client.listTools()).tools.map(({ name }) => name);
      for (const [name, expected] of Object.entries(said)) {
        const { messages } = await client.getPrompt({
          name,
          arguments: name === 'fix_connection' ? { source_id: sourceId } : {},
        });
        const [{ content } = {}] = messages;
        const text = content?.type === 'text' ? content.text : '';
        expect(text).toMatch(expected);
        const named = TOOLS.map((tool) => tool.name).filter((tool) => text.includes(tool));
        expect(enabled).toEqual(expect.arrayContaining(named));
      }
      await client.close();
      await app.close();
    },
  );

  it('completes its arguments', async () => {
    const { completion } = await session.client.complete({
      ref: { type: 'ref/prompt', name: 'onboard_source' },
      argument: { name: 'connector', value: 'p' },
    });
    expect(completion.values).toEqual(['postgresql']);
  });
});
