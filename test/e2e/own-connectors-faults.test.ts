import { createServer, type Server } from 'node:net';
import type { Client } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, json, startApi } from '../support/api-server.ts';
import { connectorFolder } from '../support/guide.ts';
import { headwater, jsonOf } from '../support/headwater.ts';
import { type Connection, connectV2, type ToolAnswer } from '../support/mcp.ts';
import { freePort, portOf } from '../support/ports.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const CANARY = 'sk-canary-of-own-connectors';

const defined = (code: string, rest: string) => `
import { checkFailed, defineConnector, host, port, secret, setting, staged, through, z } from 'headwater-mcp';
export default defineConnector({ code: '${code}', name: 'Own ${code}', category: 'saas', aliases: [], keywords: [],
  prerequisites: ['A key of the admin page.'], example: { host: 'h.example.com', key: '\${env:HEADWATER_SECRET_X}' },
  fields: { host: host(), port: port(7), key: secret({ title: 'Key', description: 'A key of the admin page.' }) },
  ${rest} });`;
const around = (code: string, shape: string, rest: string) => `
import { staged, through, z } from 'headwater-mcp';
const told = (schema, text = 'A field of the connector.') => schema.describe(text);
export default { code: '${code}', name: 'Own ${code}', category: 'saas', schema: z.object({
  host: told(z.string()), port: told(z.number()), ${shape} }), example: { host: 'h.example.com', port: 7 }, ${rest} };`;
const CHECK = `checks: [{ id: 'seen', title: 'Sees it', run: ({ config }) => ({ evidence: typeof config.topics + config.topics?.length }) }]`;

const idOf = ({ structured }: ToolAnswer) => (structured?.['source'] as { id: string } | undefined)?.id ?? '';

const FILES: Readonly<Record<string, string>> = {
  'leaky.js': defined(
    'leaky',
    `capabilities: ['test'], probe: staged({ server: 'S', target: ({ host, port, key }) => {
      if (!key.reveal().startsWith('\${')) JSON.parse(key.reveal());
      return { host, port };
    } })`,
  ),
  'reader.js': defined(
    'reader',
    `capabilities: ['test', 'discover', 'preview'], probe: staged({ server: 'S', target: (c) => c,
      checks: [{ id: 'a', title: 'A check', run: () => ({ evidence: 'fine' }) }],
      read: ({ config }) => ({
        discover: async ({ stream }) => {
          if (stream === 'fault') throw new Error('fault with ' + config.key.reveal());
          throw checkFailed({ what: 'bad ' + config.key.reveal(), fix: 'fix ' + config.key.reveal(), evidence: config.key.reveal() });
        },
        preview: async () => ({ columns: [{ name: 'v', type: 'text', nullable: false }], truncated: false,
          rows: Array.from({ length: 3000 }, () => ({ v: config.key.reveal() + 'x'.repeat(1500) })) }) }) })`,
  ),
  'crm.js': around(
    'crm',
    `url: told(z.string()), apiKey: told(z.string())`,
    `secrets: ['apiKey'], example: { host: 'h', port: 1, url: 'https://a.example.com', apiKey: '\${env:HEADWATER_SECRET_X}' },
     probe: through('rest_api', ({ url, apiKey }) => ({ url, auth: { method: 'header', name: 'X-Api-Key', value: apiKey } }))`,
  ),
  'form.js': around(
    'form',
    `topics: told(z.string().transform((text) => text.split(','))), label: told(z.string()).optional(),
     size: told(z.string().transform(BigInt)).optional()`,
    `example: { host: 'h.example.com', port: 7, topics: 'a,b' },
     probe: staged({ server: 'S', target: ({ host, port }) => ({ host, port }), ${CHECK} })`,
  ),
  'rules.js': around(
    'rules',
    `apiKey: told(z.string()).optional(), slow: told(z.string().refine(async () => true)).optional(),
     bad: told(z.string().refine((value) => { throw new Error('boom ' + value); })).optional() }).refine(
       (c) => !c.apiKey?.startsWith('$') , { message: 'the key must not start with a dollar' }).refine(() => true, {`,
    `secrets: ['apiKey']`,
  ),
  'short.js': around(
    'short',
    `region: told(z.string())`,
    `advanced: ['region'], example: { host: 'h', port: 1, region: 'eu' }`,
  ),
  'noport.js': around('noport', `door: told(z.number()).optional()`, `settings: ['port'], roles: { door: 'port' }`)
    .replace('port: told(z.number()),', '')
    .replace(`settings: ['port'], `, '')
    .replace('port: 7', 'door: 7'),
  'loud.js': `console.log('printed by a connector file');
    setTimeout(() => Promise.reject(new Error('${CANARY}')), 50);
    ${around('loud', '', '')}`,
};

describe('connectors that err', () => {
  let folder: TemporaryFolder;
  let session: Connection<Client>;
  let server: Server;
  let api: ApiServer;
  let place: { host: string; port: number };

  beforeAll(async () => {
    folder = await connectorFolder(Object.entries(FILES));
    server = createServer((socket) => socket.on('error', () => {}));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    place = { host: '127.0.0.1', port: portOf(server.address()) };
    api = await startApi((_, response) => json(response, 401, {}));
    session = await connectV2({ env: { HEADWATER_CONNECTORS: folder.path, HEADWATER_SECRET_X: CANARY } });
    expect(session.stderr()).not.toContain('left out');
  });
  afterAll(async () => {
    // Whatever went wrong above, nothing of it has told the secret, and nothing but the protocol came on stdout.
    expect(session.stderr()).not.toContain(CANARY);
    for (const line of session.stdoutRaw()) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    expect(session.stderr()).toContain('printed by a connector file');
    await session.close();
    server.close();
    await api.stop();
    await folder.remove();
  });

  const ask = async (name: string, args: Record<string, unknown>) => {
    const answer = await session.call(name, args);
    expect(answer.text).not.toContain(CANARY);
    return answer;
  };
  const failedStep = async (connector: string, config: Record<string, unknown>) => {
    const { structured } = await ask('test_connection', { connector, config });
    return (structured?.['steps'] as { status: string; code?: string; fields?: string[] }[] | undefined)?.find(
      ({ status }) => status === 'fail',
    );
  };

  it('what a probe throws is not told, nor kept, but for whose fault it is', async () => {
    expect(await failedStep('leaky', { ...place, key: CANARY })).toMatchObject({
      code: 'CHECK_BROKEN',
      message: 'The connector itself is at fault: its probe threw SyntaxError',
    });
    const made = await ask('create_source', { connector: 'leaky', config: { ...place, key: CANARY }, run_test: false });
    const id = idOf(made);
    await ask('test_connection', { source_id: id });
    expect((await ask('get_source', { source_id: id })).text).toContain('its probe threw SyntaxError');
  });

  it('the example is planned with something for a secret, so that its steps can be told', async () => {
    const { structured } = await ask('get_connector_schema', { connector: 'leaky' });
    expect(structured?.['tests']).toContainEqual({ id: 'tcp', title: 'TCP connection' });
  });

  it('what reading says is scrubbed, and its faults are the connector’s', async () => {
    const config = { ...place, key: CANARY };
    const failed = await ask('discover_source', { connector: 'reader', config });
    expect(failed.parsed).toMatchObject({
      error: { code: 'CONNECTION_FAILED', message: 'bad [secret].', hint: 'fix [secret]' },
    });
    const fault = await ask('discover_source', { connector: 'reader', config, stream: 'fault' });
    expect(fault.parsed).toMatchObject({
      error: { code: 'CONNECTION_FAILED', message: expect.stringContaining('at fault') },
    });
  });

  it('a preview has the rows that were asked for, short and scrubbed', async () => {
    const made = await ask('create_source', { connector: 'reader', config: { ...place, key: CANARY } });
    const id = idOf(made);
    const { structured, text } = await ask('preview_source', { source_id: id, stream: 'a.b', limit: 2 });
    expect(structured).toMatchObject({ rows: [{ v: expect.stringMatching(/^\[secret\]x+…$/) }, {}], truncated: true });
    expect(text.length).toBeLessThan(1500);
  });

  it('a report of a known probe names the fields of the config that was given', async () => {
    const config = { ...place, url: api.url, apiKey: CANARY };
    expect(await failedStep('crm', config)).toMatchObject({ code: 'API_AUTH_REJECTED', fields: ['apiKey'] });
    expect(await failedStep('crm', { ...config, url: `http://127.0.0.1:${await freePort()}` })).toMatchObject({
      fields: ['url'],
    });
  });

  it('what is given is kept, what is made of it is made for each use', async () => {
    const config = { ...place, topics: 'a,b', size: '12' };
    const made = await ask('create_source', { connector: 'form', config });
    expect(made.structured).toMatchObject({ source: { config: { topics: 'a,b', size: '12' } }, report: { ok: true } });
    expect(made.text).toContain('object2');
    const id = idOf(made);
    const edited = await ask('update_source', { source_id: id, config: { label: 'new' } });
    expect(edited.structured).toMatchObject({ changed: ['config.label'], source: { config: { topics: 'a,b' } } });
    const refused = await ask('update_source', { source_id: id, config: { topics: 4 } });
    expect(refused.parsed).toMatchObject({
      error: { fields: [{ field: '/config/topics', message: expect.stringContaining('string') }] },
    });
  });

  it('a rule of the whole judges what is known, and one that throws is no fault of Headwater', async () => {
    const literal = await ask('test_connection', { connector: 'rules', config: { ...place, apiKey: '$x-literal' } });
    expect(literal.parsed).toMatchObject({
      error: { fields: [{ field: '/config', message: 'the key must not start with a dollar' }] },
    });
    const config = { ...place, apiKey: '${env:HEADWATER_SECRET_X}' };
    expect((await ask('test_connection', { connector: 'rules', config })).structured).toMatchObject({ ok: true });
    for (const name of ['slow', 'bad']) {
      const { parsed } = await ask('test_connection', { connector: 'rules', config: { ...place, [name]: 'value' } });
      expect(parsed).toMatchObject({
        error: {
          code: 'INVALID_CONFIG',
          fields: [{ field: `/config/${name}`, message: expect.stringContaining('at fault') }],
        },
      });
    }
  });

  it('the short schema holds what is required', async () => {
    const { structured } = await ask('get_connector_schema', { connector: 'short', detail: 'essential' });
    expect(structured).toMatchObject({ schema: { properties: { region: {} }, required: ['host', 'port', 'region'] } });
  });

  it('a test without its port says so', async () => {
    expect(await failedStep('noport', { host: '127.0.0.1' })).toMatchObject({
      code: 'CONFIG_UNUSABLE',
      fields: ['door'],
    });
  });

  it('a promise that a file forgot ends nobody’s server', async () => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect((await ask('list_sources', {})).isError).toBe(false);
    expect(session.stderr()).toContain('a rejected promise that nobody heard');
  });
});

describe('a source whose connector', () => {
  const file = (secrets: string, shape = `note: told(z.string()).optional(), phrase: told(z.string()).optional()`) =>
    around('changing', shape, secrets);
  const config = { host: '127.0.0.1', port: 1, note: 'a note', phrase: 'clear-text-1' };

  it('is not loaded is listed, shown, renamed and deleted; what needs the connector says so', async () => {
    const home = await temporaryFolder('home');
    const folder = await connectorFolder([['changing.js', file('')]]);
    const env = { HEADWATER_HOME: home.path };
    const first = await connectV2({ env: { ...env, HEADWATER_CONNECTORS: folder.path } });
    const made = await first.call('create_source', {
      connector: 'changing',
      config,
      name: 'Mine',
      desired_state: 'Pending',
    });
    const id = idOf(made);
    await first.close();

    const session = await connectV2({ env });
    expect((await session.call('list_sources')).structured).toMatchObject({ sources: [{ id, name: 'Mine' }] });
    expect((await session.call('get_source', { source_id: id })).structured).toMatchObject({
      source: { connector: 'changing' },
    });
    const test = await session.call('test_connection', { source_id: id });
    expect(test.structured).toMatchObject({ ok: false, steps: [{}, { code: 'CONNECTOR_ABSENT' }] });
    const edit = { source_id: id, config: { note: 'other' }, run_test: false };
    expect((await session.call('update_source', edit)).parsed).toMatchObject({
      error: { code: 'CONNECTOR_NOT_FOUND' },
    });
    const renamed = await session.call('update_source', { source_id: id, name: 'Yours' });
    expect(renamed.structured).toMatchObject({ source: { name: 'Yours' } });
    const gone = await session.call('delete_source', { source_id: id, confirm: 'Yours' });
    expect(gone.structured).toMatchObject({ deleted: true });
    expect(session.stderr()).not.toContain('undeclared');
    await session.close();
    expect(jsonOf(await headwater(['sources', '--json'], { env }))).toMatchObject({ sources: [] });
    await Promise.all([home.remove(), folder.remove()]);
  });

  it('has changed since shows no new secret, and is edited without its old fields', async () => {
    const home = await temporaryFolder('home');
    const before = await connectorFolder([['changing.js', file('')]]);
    const after = await connectorFolder([
      ['changing.js', file(`secrets: ['phrase']`, `phrase: told(z.string()).optional()`)],
    ]);
    const first = await connectV2({ env: { HEADWATER_HOME: home.path, HEADWATER_CONNECTORS: before.path } });
    const made = await first.call('create_source', { connector: 'changing', config, desired_state: 'Pending' });
    const id = idOf(made);
    await first.close();

    const session = await connectV2({ env: { HEADWATER_HOME: home.path, HEADWATER_CONNECTORS: after.path } });
    const shown = await session.call('get_source', { source_id: id });
    expect(shown.structured).toMatchObject({ source: { config: { phrase: { set: true, from: 'clear' } } } });
    expect(shown.text).not.toContain('clear-text-1');
    const edited = await session.call('update_source', {
      source_id: id,
      config: { port: 2, phrase: 'new-phrase' },
      run_test: false,
    });
    expect(edited.structured).toMatchObject({
      source: { config: { host: '127.0.0.1', port: 2, phrase: { set: true, from: 'vault' } } },
    });
    expect(edited.text).not.toContain('a note');
    await session.close();
    await Promise.all([home.remove(), before.remove(), after.remove()]);
  });
});
