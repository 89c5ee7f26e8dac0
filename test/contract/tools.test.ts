import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.ts';
import { enabledTools, TOOLS } from '../../src/tools/index.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { projectRoot } from '../support/root.ts';

let session: InMemory;
beforeAll(async () => {
  session = await inMemory();
});
afterAll(() => session.close());

const listed = async () => (await session.client.listTools()).tools;

/** Every schema inside a schema. */
function* schemas(node: unknown): Generator<Record<string, unknown>> {
  if (node === null || typeof node !== 'object') return;
  if (!Array.isArray(node)) yield node as Record<string, unknown>;
  for (const inner of Object.values(node)) yield* schemas(inner);
}

describe('the surface', () => {
  it('is the contract, in its order', async () => {
    expect((await listed()).map(({ name }) => name)).toEqual([
      'list_connectors',
      'get_connector_schema',
      'test_connection',
      'create_source',
      'list_sources',
      'get_source',
      'update_source',
      'delete_source',
      'discover_source',
      'preview_source',
      'run_source',
      'request_credentials',
      'describe_platforms',
    ]);
  });

  it('matches the reviewed snapshots', async () => {
    for (const tool of await listed()) {
      await expect(`${JSON.stringify(tool, null, 2)}\n`).toMatchFileSnapshot(`__snapshots__/tools/${tool.name}.json`);
    }
  });

  it('costs a model less than its budget', async () => {
    const tools = await listed();
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(JSON.stringify(read).length).toBeLessThanOrEqual(10_000);
    expect(JSON.stringify(tools).length).toBeLessThanOrEqual(22_000);
  });

  it('hides what writes when read-only', async () => {
    const readOnly = await inMemory({ HEADWATER_READ_ONLY: 'on' });
    const names = (await readOnly.client.listTools()).tools.map(({ name }) => name);
    expect(names).toEqual(enabledTools({ role: 'admin', readOnly: true }).map(({ name }) => name));
    expect(names).not.toContain('create_source');
    await expect(readOnly.client.callTool({ name: 'delete_source', arguments: {} })).rejects.toThrow(/not found/);
    await readOnly.close();
  });
});

describe.each(TOOLS.map((tool) => [tool.name, tool] as const))('%s', (name, tool) => {
  it('has a name that is its file', () => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(existsSync(join(projectRoot, 'src/tools', `${name.replaceAll('_', '-')}.ts`))).toBe(true);
  });

  it('says when to use it, in 400 characters', async () => {
    const found = (await listed()).find((each) => each.name === name);
    expect(found?.title).toBeTruthy();
    expect(found?.description?.length).toBeGreaterThan(60);
    expect(found?.description?.length).toBeLessThanOrEqual(400);
  });

  it('sets all four annotations', async () => {
    const { annotations } = (await listed()).find((each) => each.name === name) ?? {};
    const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const;
    expect(hints.map((hint) => typeof annotations?.[hint])).toEqual(hints.map(() => 'boolean'));
  });

  it('takes a flat, closed object without unions', () => {
    const input = tool.inputJson();
    expect(input['type']).toBe('object');
    expect(input['additionalProperties']).toBe(false);
    for (const schema of schemas(input)) {
      expect(Object.keys(schema)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(oneOf|anyOf|allOf|not|\$ref)$/)]),
      );
    }
  });

  it('answers with an object that names its fields', () => {
    const output = tool.outputJson();
    expect(output['type']).toBe('object');
    expect(Object.keys(output['properties'] ?? {}).length).toBeGreaterThan(0);
    expect(output).not.toHaveProperty('oneOf');
  });

  it('declares only known errors', () => {
    for (const code of tool.errors) expect(ERROR_CODES).toHaveProperty(code);
  });

  it('refuses unknown arguments, naming the known ones', async () => {
    const answer = await session.call(name, { nonsense: 1 });
    expect(answer.isError).toBe(true);
    expect(answer.structured).toBeUndefined();
    expect(answer.error.code).toBe('INVALID_ARGUMENTS');
    expect(answer.error.fields?.map(({ field }) => field)).toContain('/nonsense');
  });
});

describe('deliberately absent', () => {
  const config = { host: 'db.example.com', database: 'd', username: 'u' };
  it.each([
    [
      'create_source',
      { connector: 'postgresql', connectionConfig: config },
      '/connectionConfig',
      /did you mean config/,
    ],
    ['create_source', { connector: 'postgresql', config, secret_returned: true }, '/secret_returned', /not known/],
    ['create_source', { connector: 'postgresql', config, created_from: 'web' }, '/created_from', /not known/],
    ['create_source', { connector: 'postgresql', config, status: 'Active' }, '/status', /not known/],
    ['create_source', { connector: 'postgresql', config, desired_state: 'Pending Update' }, '/desired_state', /Active/],
    ['update_source', { source_id: 'src_x', status: 'Active' }, '/status', /not known/],
    ['get_source', { id: 'src_x' }, '/id', /did you mean source_id/],
  ])('%s refuses %j', async (name, args, field, message) => {
    const { error } = await session.call(name, args);
    expect(error.code).toBe('INVALID_ARGUMENTS');
    expect(error.fields?.find((problem) => problem.field === field)?.message).toMatch(message);
  });

  it.each([
    [{ schedule: { cron: '0 * * * *' } }, '/schedule'],
    [{ sync_immediately: true }, '/sync_immediately'],
  ])('local refuses %j with its reason', async (wish, field) => {
    const { error } = await session.call('create_source', { connector: 'postgresql', config, ...wish });
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toMatch(/nothing syncs them yet/);
    expect(error.fields?.[0]?.field).toBe(field);
  });
});
