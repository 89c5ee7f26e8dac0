import { chmod, mkdir, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, json, startApi } from '../support/api-server.ts';
import { connectorFolder, guideFiles } from '../support/guide.ts';
import { headwater, jsonOf, shopConfig } from '../support/headwater.ts';
import { type Connection, connectV2 } from '../support/mcp.ts';
import { projectRoot } from '../support/root.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import type { TemporaryFolder } from '../support/temp.ts';

const TOKEN = 'acme-queue-token-canary';
const API_KEY = 'acme-crm-key-canary';

/** A server of the guide's own protocol: AUTH and COUNT, a line each. */
async function startQueue(): Promise<{ port: number; stop: () => Promise<void> }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const [command, word] = String(bytes).trim().split(' ');
      if (command === 'AUTH') socket.write(word === TOKEN ? 'OK\n' : `ERR42 ${word}\n`);
      else socket.write(word === 'orders' ? '12\n' : '0\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

interface Step {
  id: string;
  status: string;
  code?: string;
}

describe('the connectors of the guide', () => {
  let folder: TemporaryFolder;
  let session: Connection<Client>;
  let queue: Awaited<ReturnType<typeof startQueue>>;
  let api: ApiServer;

  beforeAll(async () => {
    folder = await connectorFolder(await guideFiles());
    queue = await startQueue();
    api = await startApi((request, response) => {
      if (request.headers['x-api-key'] !== API_KEY) return json(response, 401, { error: 'no' });
      json(response, 200, { results: [{ id: 1, name: 'Ada' }] });
    });
    session = await connectV2({ env: { HEADWATER_CONNECTORS: folder.path, HEADWATER_SECRET_ACME_CRM: API_KEY } });
  });
  afterAll(async () => {
    await session.close();
    await Promise.all([api.stop(), queue.stop()]);
    await folder.remove();
  });

  const test = async (connector: string, config: Record<string, unknown>) => {
    const { structured } = await session.call('test_connection', { connector, config });
    return structured as { ok: boolean; verdict: string; headline: string; depth: string; steps: Step[] };
  };
  const failed = (report: { steps: Step[] }) => report.steps.find(({ status }) => status === 'fail');

  it('are three, stand in the catalog, and are found by their names', async () => {
    expect(session.stderr()).not.toContain('left out');
    for (const [query, code] of [
      ['acme db', 'acme_db'],
      ['customers', 'acme_crm'],
      ['acmemq', 'acme_queue'],
    ]) {
      const { structured } = await session.call('list_connectors', { query });
      expect(structured).toMatchObject({ connectors: expect.arrayContaining([expect.objectContaining({ code })]) });
      expect(JSON.stringify(structured)).toContain(`[{"code":"${code}"`);
    }
  });

  it('publish a schema with what their own schemas say, secrets marked', async () => {
    const { structured } = await session.call('get_connector_schema', { connector: 'acme_crm' });
    expect(structured).toMatchObject({
      secret_fields: ['/apiKey'],
      portable_names: { url: 'url' },
      schema: {
        properties: {
          apiKey: { type: 'string', minLength: 8, writeOnly: true, title: 'Api key' },
          object: { enum: ['contacts', 'deals'], default: 'contacts', description: 'What to read.' },
        },
        required: ['url', 'apiKey'],
        additionalProperties: false,
      },
    });
  });

  it('test for real through the probe of a known protocol, and read', async () => {
    expect(await test('acme_db', shopConfig())).toMatchObject({ ok: true, depth: 'read' });
    const wrong = await test('acme_db', shopConfig({ password: 'acme-wrong-canary' }));
    expect(failed(wrong)).toMatchObject({ id: 'auth', code: 'AUTH_REJECTED', fields: ['username', 'password'] });
    const found = await session.call('discover_source', { connector: 'acme_db', config: shopConfig() });
    expect(found.text).toContain('orders');
  });

  it('take a config of another form to the probe, references and defaults included', async () => {
    const config = { url: api.url, apiKey: '${env:HEADWATER_SECRET_ACME_CRM}' };
    expect(await test('acme_crm', config)).toMatchObject({ ok: true, depth: 'read' });
    expect(api.requests.map(({ path }) => path)).toContain('/v1/contacts');
    expect(failed(await test('acme_crm', { ...config, apiKey: 'wrong-key' }))).toMatchObject({ id: 'auth' });
  });

  it('refuse what their schema refuses, without the value of a secret', async () => {
    const { parsed, text } = await session.call('test_connection', {
      connector: 'acme_crm',
      config: { url: 'http://user:pw@127.0.0.1', apiKey: 'shrtcny', object: 'both', sort: 1 },
    });
    const { fields } = (parsed as { error: { fields: { field: string; message: string }[] } }).error;
    const said = Object.fromEntries(fields.map(({ field, message }) => [field, message]));
    expect(said['/config/url']).toContain('must not hold credentials');
    expect(said['/config/apiKey']).toBe('does not have the form that this secret has');
    expect(said['/config/object']).toBe('expected one of "contacts"|"deals"');
    expect(said['/config/sort']).toContain('is not known here');
    expect(text).not.toContain('shrtcny');
  });

  it('check in steps of their own, and their words are scrubbed', async () => {
    const place = { host: '127.0.0.1', port: queue.port, topic: 'orders' };
    expect(await test('acme_queue', { ...place, token: TOKEN })).toMatchObject({ verdict: 'ok', depth: 'read' });
    const empty = await test('acme_queue', { ...place, topic: 'nothing', token: TOKEN });
    expect(empty).toMatchObject({ verdict: 'ok_with_warnings' });
    const wrong = await test('acme_queue', { ...place, token: 'wrong-token-canary' });
    expect(failed(wrong)).toMatchObject({
      id: 'auth',
      code: 'CHECK_FAILED',
      driver_code: 'ERR42 [secret]',
      fields: ['token'],
      fix: { text: 'Have a token made: acmectl token create --read TOPIC.' },
    });
    expect(JSON.stringify(wrong)).not.toContain('wrong-token-canary');
    const dead = await test('acme_queue', { ...place, port: 1, token: TOKEN });
    expect(failed(dead)).toMatchObject({ id: 'tcp', code: 'TCP_REFUSED', fields: ['port', 'host'] });
  });

  it('are created, read and edited by the rules of all connectors', async () => {
    const config = { host: '127.0.0.1', port: queue.port, topic: 'orders', token: TOKEN };
    const made = await session.call('create_source', { connector: 'acme_queue', config, name: 'Our queue' });
    const source = made.structured?.['source'] as { id: string };
    expect(made.structured).toMatchObject({
      source: { status: 'Active', config: { token: { set: true, from: 'vault' } } },
    });
    const found = await session.call('discover_source', { source_id: source.id });
    expect(found.structured).toMatchObject({ streams: [{ name: 'orders', row_estimate: 12 }] });
    const moved = await session.call('update_source', { source_id: source.id, config: { host: 'localhost' } });
    expect(moved.parsed).toMatchObject({ error: { code: 'CREDENTIALS_REQUIRED' } });
    expect(made.text + moved.text).not.toContain(TOKEN);
  });

  it('need the variable: without it they are not there', async () => {
    const plain = await headwater(['catalog', 'acme', '--json']);
    expect(jsonOf(plain)).toMatchObject({ connectors: [] });
  });
});

const ZOD3 = `
import { z } from ${JSON.stringify(join(projectRoot, 'node_modules/zod/v3/index.js'))};
export default {
  code: 'old_store', name: 'Old store', category: 'storage',
  schema: z.object({
    server: z.string().describe('Name of the server.'),
    port: z.number().int().min(1).default(7001).describe('Port of the server.'),
    span: z.tuple([z.number(), z.number()]).optional().describe('First and last year to read.'),
    mode: z.enum(['fast', 'safe']).optional().describe('How to read the store.'),
    key: z.string().min(6).describe('Key of the store admin.'),
  }).refine((c) => !c.span || c.span[0] <= c.span[1], { message: 'must begin before it ends', path: ['span'] }),
  secrets: ['key'], roles: { server: 'host' },
  example: { server: 'store.example.com', key: '\${env:HEADWATER_SECRET_STORE}' },
};`;

describe('a zod 3 schema', () => {
  let folder: TemporaryFolder;
  let env: Record<string, string>;
  beforeAll(async () => {
    folder = await connectorFolder([['old.mjs', ZOD3]]);
    env = { HEADWATER_CONNECTORS: folder.path };
  });
  afterAll(() => folder.remove());

  it('is published as JSON Schema 2020-12, defaults and tuples included', async () => {
    const { schema } = jsonOf(await headwater(['schema', 'old_store', '--json'], { env }));
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      properties: {
        port: { type: 'integer', minimum: 1, default: 7001 },
        span: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }] },
        mode: { enum: ['fast', 'safe'] },
        key: { type: 'string', minLength: 6, writeOnly: true },
      },
      required: ['server', 'key'],
    });
  });

  it('validates, its refinement and its defaults too, and the test goes as far as the connection', async () => {
    const run = async (config: Record<string, unknown>) => {
      const input = JSON.stringify({ server: '127.0.0.1', key: 'store-key', ...config });
      return await headwater(['test', 'old_store', '--config', '-', '--json'], { env, input });
    };
    expect((await run({ span: [2020, 2010] })).stdout).toContain('must begin before it ends');
    const wrong = await run({ mode: 'sidew-canary' });
    expect(wrong.stdout).toContain("Expected 'fast' | 'safe'");
    expect(wrong.stdout).not.toContain('sidew-canary');
    const report = jsonOf(await run({ port: sharedPostgres().port }));
    expect(report).toMatchObject({ verdict: 'ok_with_warnings', depth: 'tcp' });
    expect(report['headline']).toContain('the login was not tested');
  });
});

const plain = (changes: string, schema = `z.object({ host: ${HOST}, port: ${PORT} })`, before = '') => `
import { z } from 'headwater-mcp';
${before}
export default { code: 'some_thing', name: 'Some thing', category: 'api', schema: ${schema},
  example: { host: 'a.example', port: 1 }, ${changes} };`;
const HOST = `z.string().describe('Name of the server.')`;
const PORT = `z.number().describe('Port of the server.')`;

/** What a file gets wrong, and what its writer is told. */
const FAULTS: Readonly<Record<string, readonly [text: string, told: RegExp]>> = {
  'syntax.js': ['export default {', /cannot be loaded: SyntaxError/],
  'throws.js': ['throw new Error("boom")', /cannot be loaded: Error: boom/],
  'import.js': ['import "left-pad-of-nobody"', /Cannot find package.*install what it imports/],
  'empty.js': ['export const x = 1;', /no default export.*underscore/],
  'number.js': ['export default 4', /must export what defineConnector made/],
  'typo.js': [plain('exmaple: {}'), /exmaple is not known here; did you mean example\?/],
  'code.js': [plain('code: "Some-Thing"'), /code must be snake_case/],
  'category.js': [plain('category: "db"'), /category must be one of database, warehouse/],
  'told.js': [plain('', `z.object({ host: z.string(), port: ${PORT} })`), /fields\.host needs a description/],
  'array.js': [plain('', 'z.array(z.string())'), /schema must be a zod object/],
  'noschema.js': [plain('schema: 3'), /schema must be a zod schema/],
  'hidden.js': [
    plain('', `z.object({ host: ${HOST}, port: ${PORT}, db_password: z.string() })`),
    /db_password looks like a secret/,
  ],
  'nested.js': [
    plain('', `z.object({ host: ${HOST}, port: ${PORT}, login: z.object({ token: z.string() }) })`),
    /login holds token/,
  ],
  'place.js': [plain('', `z.object({ host: ${HOST}, port: ${PORT}, proxy: z.string() })`), /proxy looks like a place/],
  'unknown.js': [plain('secrets: ["key"]'), /secrets names key, which the schema does not have/],
  'nowhere.js': [plain('', `z.object({ name: ${HOST} })`), /without a probe the schema needs fields/],
  'literal.js': [
    plain(
      'secrets: ["key"], example: { host: "a.example", port: 1, key: "hunter22" }',
      `z.object({ host: ${HOST}, port: ${PORT}, key: ${HOST} })`,
    ),
    /example\.key must be a reference/,
  ],
  'default.js': [
    plain(
      'secrets: ["key"]',
      `z.object({ host: ${HOST}, port: ${PORT}, key: z.string().default("x1").describe("A key of the admin.") })`,
    ),
    /fields\.key is a secret, so it has no default/,
  ],
  'example.js': [
    plain('example: { host: "a.example", prot: 2 }'),
    /example\.prot is not known here; did you mean port/,
  ],
  'circle.js': [
    plain(
      '',
      `z.object({ host: ${HOST}, port: ${PORT}, tree: z.lazy(() => tree) })`,
      'const tree = z.object({ name: z.string(), get inner() { return tree.optional(); } });',
    ),
    /schema\.tree cannot be written as JSON Schema/,
  ],
  'null.js': [
    plain('', `z.object({ host: ${HOST}, port: ${PORT}, note: z.string().nullable() })`),
    /schema\.note takes null/,
  ],
  'placed.js': [
    plain(
      'example: { at: { host: "a.example" } }',
      `z.object({ at: z.object({ host: z.string() }).describe('Where the server is.') })`,
    ),
    /schema\.at holds host, which looks like a place/,
  ],
  'string.js': [
    plain(
      'secrets: ["connection_string"]',
      `z.object({ host: ${HOST}, port: ${PORT}, connection_string: ${HOST}.optional() })`,
    ),
    /fields\.connection_string needs connectionString/,
  ],
  'getter.js': ['export default { get schema() { throw Object.create(null); } }', /something that cannot be shown/],
  'symbol.js': ['throw Symbol("x")', /cannot be loaded: Symbol\(x\)/],
  'json.js': [
    plain('', `z.object({ host: ${HOST}, port: ${PORT}, when: z.date() })`),
    /schema\.when cannot be written as JSON Schema/,
  ],
  'taken.js': [
    plain('code: "other_thing", name: "Other", aliases: ["Postgres"]'),
    /another connector is known as postgres already/,
  ],
  'hangs.js': ['await new Promise((resolve) => setTimeout(resolve, 60_000))', /it took longer than 10 s/],
};

describe('a folder of faulty files', () => {
  it('stops nothing: each is left out with the reason, and doctor says so', async () => {
    const texts = Object.entries(FAULTS).map(([name, [text]]) => [name, text] as const);
    const folder = await connectorFolder([
      ...texts,
      ['_shared.js', 'export const x = 1;'],
      ['good.js', plain('name: "Good one"')],
    ]);
    await writeFile(join(folder.path, 'open.js'), plain(''));
    await chmod(join(folder.path, 'open.js'), 0o646);
    await mkdir(join(folder.path, 'node_modules'));
    try {
      const ran = await headwater(['doctor', '--json'], { env: { HEADWATER_CONNECTORS: folder.path } });
      expect(ran.code).toBe(1);
      const checks = jsonOf(ran)['checks'] as { id: string; status: string; detail: string }[];
      const own = checks.find(({ id }) => id === 'connectors');
      expect(own?.status).toBe('fail');
      const told = Object.fromEntries(
        (own?.detail ?? '').split(/; (?=[\w]+\.js: )/).map((line) => line.split(/: (.*)/s)),
      );
      for (const [name, [, expected]] of Object.entries(FAULTS)) expect(told[name], name).toMatch(expected);
      expect(told['open.js']).toContain('writable by everybody');
      expect(Object.keys(told).sort()).toEqual([...Object.keys(FAULTS), 'open.js'].sort());
    } finally {
      await folder.remove();
    }
  });

  it('is told to agents as well', async () => {
    const folder = await connectorFolder([['bad.js', 'export default 4']]);
    const session = await connectV2({ env: { HEADWATER_CONNECTORS: folder.path } });
    try {
      const { structured } = await session.call('describe_platforms');
      expect(structured).toMatchObject({
        platforms: expect.arrayContaining([
          expect.objectContaining({
            platform: 'local',
            notes: expect.arrayContaining([expect.stringContaining('1 connector files')]),
          }),
        ]),
      });
      expect(session.stderr()).toContain('must export what defineConnector made');
    } finally {
      await session.close();
      await folder.remove();
    }
  });

  it('is told of when it is not there', async () => {
    const env = { HEADWATER_CONNECTORS: '/nowhere/at/all' };
    expect((await headwater(['catalog'], { env })).stderr).toContain('/nowhere/at/all was left out: Error: ENOENT');
    expect((await headwater(['doctor'], { env })).code).toBe(1);
  });

  it('in a CommonJS package is told of its file name', async () => {
    const folder = await connectorFolder([
      ['own.js', plain('')],
      ['package.json', '{ "type": "commonjs" }'],
    ]);
    const { stdout } = await headwater(['doctor', '--json'], { env: { HEADWATER_CONNECTORS: folder.path } });
    expect(stdout).toContain('Node takes it for CommonJS: name it .mjs');
    await folder.remove();
  });

  it('a probe that throws is a failed test that says whose fault it is', async () => {
    const folder = await connectorFolder([['late.js', plain('probe: async () => { throw new TypeError("late") }')]]);
    const env = { HEADWATER_CONNECTORS: folder.path };
    try {
      const input = JSON.stringify({ host: '127.0.0.1', port: 9 });
      const ran = await headwater(['test', 'some_thing', '--config', '-'], { env, input });
      expect(ran).toMatchObject({ code: 1, stderr: '' });
      expect(ran.stdout).toContain('The connector itself is at fault');
      expect((await headwater(['doctor'], { env })).stdout).toContain('its probe throws on its own example');
    } finally {
      await folder.remove();
    }
  });
});
