import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiServer, startApi } from '../support/api-server.ts';
import { CAMEL_KEY, type CamelServer, startCamel } from '../support/camelai-server.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { startModernMcp } from '../support/mcp-servers.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

type Values = Record<string, unknown>;

let camel: CamelServer;
let headwater: InMemory;

const on = 'camelai';
const shop = () => {
  const { host, port, readerPassword: password } = sharedPostgres();
  return { host, port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, password, tls_mode: 'require' };
};

beforeEach(async () => {
  camel = await startCamel();
  headwater = await inMemory({ CAMELAI_API_KEY: CAMEL_KEY, CAMELAI_BASE_URL: camel.url });
});
afterEach(async () => {
  await headwater.close();
  await camel.stop();
});

const sourceOf = (answer: Values) => answer['source'] as Values;
const create = (args: Values = {}) =>
  headwater.done('create_source', { platform: on, connector: 'postgresql', config: shop(), name: 'Shop', ...args });
/** Untested: the test is not what this is about. */
const quick = (args: Values = {}) => create({ run_test: false, ...args });
const last = () => camel.writes().at(-1);

describe('a source', () => {
  it('is tested from here, then created there from portable names', async () => {
    const answer = await create();
    expect((answer['report'] as Values)['verdict']).toMatch(/^ok/);
    expect(camel.writes()).toHaveLength(1);
    expect(last()).toMatchObject({ method: 'POST', path: '/api/v1/sources/' });
    expect(last()?.headers.authorization).toBe(`Bearer ${CAMEL_KEY}`);
    expect(last()?.body).toEqual({
      type: 'POSTGRES',
      account_name: 'Shop',
      hostname: shop().host,
      port: shop().port,
      database_name: SHOP_DATABASE,
      username: SHOP_ROLES.reader,
      password: shop().password,
    });
    const source = sourceOf(answer);
    expect(source).toMatchObject({
      id: 'camelai:41',
      name: 'Shop',
      connector: 'postgresql',
      platform_connector: 'POSTGRES',
      status: 'Active',
      details: { is_fully_configured: true },
      config: { hostname: shop().host, username: SHOP_ROLES.reader, password: { set: true, from: 'vault' } },
    });
    const seen = sourceOf(await headwater.done('get_source', { source_id: source['id'] }));
    expect(seen['config']).toEqual(source['config']);
    expect(JSON.stringify([answer, seen])).not.toContain(shop().password);
  });

  it('by the vendor’s own words is the same', async () => {
    const { host: hostname, database: database_name, tls_mode: _, ...rest } = shop();
    await create({ connector: 'POSTGRES', config: { ...rest, hostname, database_name } });
    expect(last()?.body).toMatchObject({ type: 'POSTGRES', hostname, database_name });
  });

  it('by a connection string is tested by it and sent with it', async () => {
    const { host, port, database, username, password } = shop();
    const connection_string = `postgresql://${username}:${encodeURIComponent(password)}@${host}:${port}/${database}?sslmode=require`;
    const answer = await create({ config: { connection_string } });
    expect((answer['report'] as Values)['depth']).toBe('read');
    expect(last()?.body).toEqual({ type: 'POSTGRES', account_name: 'Shop', connection_string });
    expect(JSON.stringify(answer)).not.toContain(password);
    const wrong = await headwater.call('create_source', {
      platform: on,
      connector: 'postgres',
      config: { connection_string: connection_string.replace(encodeURIComponent(password), 'wrong-hunter2') },
    });
    const steps = wrong.error.report?.['steps'] as Values[];
    expect(steps.find(({ status }) => status === 'fail')).toMatchObject({ id: 'auth', fields: ['connection_string'] });
  });

  it('of Snowflake with a key pair waits for the SQL that it comes with', async () => {
    const config = { account: 'xy12345', user: 'CAMEL', public_key: 'MIIBIjANBgkq' };
    const answer = await quick({ connector: 'snowflake', config });
    expect(sourceOf(answer)).toMatchObject({
      status: 'Pending',
      platform_status: 'not fully configured',
      todo: [{ kind: 'run_sql', sql: `ALTER USER "CAMEL" SET RSA_PUBLIC_KEY='MIIBIjANBgkq';` }],
    });
  });

  it('of BigQuery sends the key as an object, and shows it never', async () => {
    const key = {
      type: 'service_account',
      project_id: 'acme',
      private_key: '-----BEGIN KEY-----hunter2',
      client_email: 'a@b',
    };
    const answer = await quick({ connector: 'bigquery', config: { service_account_key: JSON.stringify(key) } });
    expect(last()?.body).toMatchObject({ type: 'BIGQUERY', service_account_key: key });
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'bigquery',
      name: 'Other',
      config: { service_account_key: 'no json' },
      run_test: false,
    });
    expect(refused.error.fields?.[0]?.field).toBe('/config/service_account_key');
  });

  it('of MongoDB is made of parts', async () => {
    const config = {
      host: 'mongo.example.com',
      port: 27017,
      username: 'reader',
      password: 'hunter2hunter2',
      database: 'shop',
    };
    const answer = await quick({ connector: 'mongodb', config });
    expect(last()?.body).toEqual({
      type: 'MONGODB',
      account_name: 'Shop',
      connection_string: 'mongodb://reader:hunter2hunter2@mongo.example.com:27017/shop',
    });
    await headwater.done('update_source', {
      source_id: sourceOf(answer)['id'],
      config: { database: 'crm' },
      run_test: false,
    });
    expect(last()?.body).toEqual({
      connection_string: 'mongodb://reader:hunter2hunter2@mongo.example.com:27017/crm',
    });
  });

  it('of Databricks sends the credentials that its caller can name', async () => {
    const config = {
      server_hostname: 'dbc.example.com',
      http_path: '/sql/1',
      credentials: '{"access_token":"hunter2hunter2"}',
    };
    await quick({ connector: 'databricks', config });
    expect(last()?.body).toEqual({
      type: 'DATABRICKS',
      account_name: 'Shop',
      server_hostname: 'dbc.example.com',
      http_path: '/sql/1',
      access_token: 'hunter2hunter2',
    });
  });

  it('shows in a dry run what would be sent, without secrets', async () => {
    const { plan } = await create({ dry_run: true });
    expect(plan).toMatchObject({
      requests: [
        { method: 'POST', url: `${camel.url}/api/v1/sources/`, body: { type: 'POSTGRES', password: '[secret]' } },
      ],
    });
    expect(camel.writes()).toEqual([]);
  });

  it('has no description there, and says so', async () => {
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'postgresql',
      config: shop(),
      description: 'x',
      run_test: false,
    });
    expect(refused.error).toMatchObject({ code: 'UNSUPPORTED', fields: [{ field: '/description' }] });
  });
});

describe('an MCP server', () => {
  it('is really contacted, its tools listed, and a selection held against them', async () => {
    const remote = await startModernMcp({ token: 'mcp-hunter2-token' });
    try {
      const config = { base_url: remote.url, access_token: 'mcp-hunter2-token', selected_tools: ['forecast'] };
      const answer = await create({ connector: 'mcp', config });
      expect(JSON.stringify(answer['report'])).toContain('4 tools');
      expect(last()?.body).toEqual({ type: 'MCP', account_name: 'Shop', ...config });
      expect(JSON.stringify(answer)).not.toContain('hunter2');
      const { streams } = await headwater.done('discover_source', { source_id: sourceOf(answer)['id'] });
      expect((streams as Values[]).map(({ name }) => name)).toEqual(['alerts', 'forecast', 'history', 'stations']);
      const wrong = await headwater.call('create_source', {
        platform: on,
        connector: 'MCP',
        name: 'Other',
        config: { ...config, selected_tools: ['forcast'] },
      });
      const steps = wrong.error.report?.['steps'] as Values[];
      const step = steps.find(({ status }) => status === 'fail');
      expect(step).toMatchObject({ code: 'MCP_TOOL_NOT_FOUND', fields: ['selected_tools'] });
      expect(step?.['evidence']).toContain('forecast');
    } finally {
      await remote.stop();
    }
  });
});

describe('files', () => {
  let web: ApiServer;
  const CONTENTS: Readonly<Record<string, Buffer | string>> = {
    '/sales.csv': 'id,total\n1,2\n',
    '/data.parquet': Buffer.concat([Buffer.from('PAR1'), Buffer.alloc(64), Buffer.from('PAR1')]),
    '/book.xlsx': Buffer.from('504b03041400000008000000', 'hex'),
    '/app.db': 'SQLite format 3\0rest',
    '/page.csv': '<!doctype html><html><body>Sign in</body></html>',
    '/empty.csv': '',
  };
  beforeEach(async () => {
    web = await startApi((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const content = CONTENTS[path];
      if (path === '/moved.csv') response.writeHead(302, { location: '/sales.csv' }).end();
      else if (content === undefined)
        response.writeHead(404, { 'content-type': 'text/plain' }).end(`no ${request.url}`);
      else response.end(content);
    });
  });
  afterEach(() => web.stop());
  const file = (path: string, filename = path.slice(1)) => ({ url: `${web.url}${path}`, filename });

  it('are really fetched and recognised', async () => {
    const file_urls = ['/sales.csv', '/data.parquet', '/book.xlsx', '/app.db', '/moved.csv'].map((path) => file(path));
    const answer = await create({ connector: 'file', config: { file_urls } });
    const steps = (answer['report'] as Values)['steps'] as Values[];
    expect(steps.filter(({ id }) => String(id).startsWith('file_')).map(({ status }) => status)).toEqual(
      Array.from({ length: 5 }, () => 'pass'),
    );
    expect(steps.map(({ evidence }) => String(evidence)).join()).toMatch(/parquet.*xlsx.*sqlite/);
    expect(last()?.body).toEqual({ type: 'FILE', account_name: 'Shop', file_urls });
    expect(new Set(web.requests.map(({ path }) => path)).size).toBe(5);
  });

  it('that are not what they should be are told one by one', async () => {
    const file_urls = [
      file('/sales.csv'),
      file('/page.csv'),
      file('/missing.csv'),
      file('/sales.csv', 'sales.parquet'),
      file('/empty.csv'),
    ];
    const refused = await headwater.call('create_source', { platform: on, connector: 'FILE', config: { file_urls } });
    expect(refused.error.code).toBe('TEST_FAILED');
    const steps = refused.error.report?.['steps'] as Values[];
    expect(steps.filter(({ status }) => status === 'fail').map(({ code, fields }) => [code, fields])).toEqual([
      ['FILE_NOT_AS_NAMED', ['file_urls/1']],
      ['HTTP_NOT_FOUND', ['file_urls/2']],
      ['FILE_NOT_AS_NAMED', ['file_urls/3']],
      ['FILE_EMPTY', ['file_urls/4']],
    ]);
    expect(camel.writes()).toEqual([]);
  });

  it('behind signed links are fetched, sent and never shown', async () => {
    const signature = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';
    const list = [
      file(`/sales.csv?X-Amz-Signature=${signature}`, 'sales.csv'),
      file(`/gone?sig=${signature}`, 'gone.csv'),
    ];
    const config = { signed_file_urls: JSON.stringify(list.slice(0, 1)) };
    const answer = await create({ connector: 'file', config });
    expect(last()?.body).toEqual({ type: 'FILE', account_name: 'Shop', file_urls: list.slice(0, 1) });
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'file',
      name: 'Other',
      config: { signed_file_urls: JSON.stringify(list) },
    });
    expect(refused.error.code).toBe('TEST_FAILED');
    const seen = await headwater.done('get_source', { source_id: sourceOf(answer)['id'] });
    expect(JSON.stringify([answer, refused, seen])).not.toContain(signature);
  });

  it('cannot be exchanged, and the answer says what to do', async () => {
    const answer = await quick({ connector: 'file', config: { file_urls: [file('/sales.csv')] } });
    const source_id = sourceOf(answer)['id'];
    const config = { file_urls: [file('/data.parquet')] };
    const refused = await headwater.call('update_source', { source_id, config, run_test: false });
    expect(refused.error).toMatchObject({ code: 'UNSUPPORTED', fields: [{ field: '/config/file_urls' }] });
    expect(refused.error.hint).toContain('Create a source with the new values');
    expect(camel.writes()).toHaveLength(1);
  });
});

describe('what is there', () => {
  it('is listed page by page, and never asked for anywhere else', async () => {
    camel.publicOrigin = 'https://attacker.example.com';
    camel.mostAPage = 7;
    for (let n = 1; n <= 25; n++) camel.add({ account_name: `Source ${n}` });
    const names: unknown[] = [];
    let cursor: unknown;
    do {
      const page = await headwater.done('list_sources', { platform: on, limit: 10, ...(cursor ? { cursor } : {}) });
      names.push(...(page['sources'] as Values[]).map(({ name }) => name));
      cursor = page['next_cursor'];
    } while (cursor !== undefined);
    expect(names).toEqual(Array.from({ length: 25 }, (_, n) => `Source ${n + 1}`));
    expect(camel.requests.every(({ path }) => path === '/api/v1/sources/')).toBe(true);
  });

  it('is listed to its end although it gets shorter meanwhile', async () => {
    for (let n = 1; n <= 12; n++) camel.add({ account_name: `Source ${n}` });
    const first = await headwater.done('list_sources', { platform: on, limit: 10 });
    for (let id = 41; id <= 44; id++) camel.connections.delete(id);
    const rest = await headwater.done('list_sources', { platform: on, limit: 10, cursor: first['next_cursor'] });
    expect(rest['sources']).toEqual([]);
    expect(rest).not.toHaveProperty('next_cursor');
  });

  it('is shown although its type is none that can be created', async () => {
    camel.add({ account_name: 'Sheets', type: 'GOOGLE_SHEETS' });
    const source = sourceOf(await headwater.done('get_source', { source_id: 'camelai:41' }));
    expect(source).toMatchObject({ name: 'Sheets', connector: 'GOOGLE_SHEETS', config: {} });
  });

  it('is not called broken because its config is not shown', async () => {
    camel.add({ account_name: 'Theirs', type: 'SNOWFLAKE' });
    camel.add({ account_name: 'Theirs as well', type: 'POSTGRES' });
    for (const source_id of ['camelai:41', 'camelai:42']) {
      const report = await headwater.done('test_connection', { source_id });
      expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings' });
      expect((report['steps'] as Values[]).map(({ code }) => code)).toContain('TESTED_ELSEWHERE');
    }
  });

  it('is nothing where the id is none', async () => {
    for (const id of ['99', 'abc', '../../x', '1/update-config']) {
      const missing = await headwater.call('get_source', { source_id: `camelai:${id}` });
      expect(['SOURCE_NOT_FOUND', 'INVALID_ARGUMENTS']).toContain(missing.error.code);
    }
  });
});

describe('an update', () => {
  const made = async () => String(sourceOf(await quick())['id']);

  it('sends what changes by the route that takes it', async () => {
    const source_id = await made();
    await headwater.done('update_source', { source_id, name: 'Renamed' });
    expect(last()).toMatchObject({ method: 'PATCH', path: '/api/v1/sources/41/', body: { account_name: 'Renamed' } });
    await headwater.done('update_source', { source_id, name: 'Again', config: { database: 'crm' }, run_test: false });
    expect(last()).toMatchObject({ method: 'PATCH', path: '/api/v1/sources/41/update-config/' });
    expect(last()?.body).toEqual({ account_name: 'Again', database_name: 'crm' });
    await headwater.done('update_source', { source_id, config: { password: 'new-hunter2' }, run_test: false });
    expect(last()?.body).toEqual({ password: 'new-hunter2' });
    const seen = sourceOf(await headwater.done('get_source', { source_id }));
    expect(seen).toMatchObject({ name: 'Again', config: { database_name: 'crm' } });
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });

  it('of what only steers our test sends nothing', async () => {
    const source_id = await made();
    const sent = camel.writes().length;
    const answer = await headwater.done('update_source', {
      source_id,
      config: { tls_mode: 'prefer', password: shop().password },
      run_test: false,
    });
    expect(sourceOf(answer)['config']).toMatchObject({ tls_mode: 'prefer' });
    expect(
      camel
        .writes()
        .slice(sent)
        .map(({ body }) => body),
    ).toEqual([{ password: shop().password }]);
  });

  it('of what cannot be changed there is refused before anything is sent', async () => {
    const answer = await quick({
      connector: 'snowflake',
      config: { account: 'xy12345', user: 'CAMEL', password: 'hunter2hunter2', warehouse: 'WH' },
    });
    const source_id = sourceOf(answer)['id'];
    const refused = await headwater.call('update_source', {
      source_id,
      name: 'Renamed',
      config: { warehouse: 'OTHER' },
      run_test: false,
    });
    expect(refused.error).toMatchObject({ code: 'UNSUPPORTED', fields: [{ field: '/config/warehouse' }] });
    const removed = await headwater.call('update_source', {
      source_id,
      config: { public_key: 'MIIB' },
      run_test: false,
    });
    expect(removed.error.code).toBe('UNSUPPORTED');
    expect(camel.writes()).toHaveLength(1);
  });

  it('empties the schemas, which means all of them', async () => {
    const answer = await quick({ config: { ...shop(), schemas: ['public'] } });
    expect(last()?.body).toMatchObject({ selected_schemas: ['public'] });
    await headwater.done('update_source', {
      source_id: sourceOf(answer)['id'],
      clear: ['/config/selected_schemas'],
      run_test: false,
    });
    expect(last()?.body).toEqual({ selected_schemas: [] });
  });
});

describe('failures', () => {
  it('name our fields', async () => {
    const errors = { hostname: ['Enter a valid host.'], account_name: 'too long' };
    camel.fail({ method: 'POST', do: { status: 400, body: { error: 'Validation failed', errors } } });
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'postgresql',
      config: shop(),
      run_test: false,
    });
    expect(refused.error).toMatchObject({
      code: 'PLATFORM_REJECTED',
      upstream_message: 'Validation failed',
      fields: [
        { field: '/config/hostname', message: 'Enter a valid host.' },
        { field: '/name', message: 'too long' },
      ],
    });
  });

  it('repeat no secret that they were sent', async () => {
    camel.fail({ method: 'POST', do: { status: 400, body: { error: `cannot log in with ${shop().password}` } } });
    const refused = await headwater.call('create_source', {
      platform: on,
      connector: 'postgresql',
      config: shop(),
      run_test: false,
    });
    expect(JSON.stringify(refused)).not.toContain(shop().password);
    expect(refused.error.code).toBe('PLATFORM_REJECTED');
  });

  it('of the key are for an operator', async () => {
    camel.fail({ do: { status: 403, body: { detail: 'No.' } } });
    const refused = await headwater.call('list_sources', { platform: on });
    expect(refused.error.code).toBe('PLATFORM_AUTH_FAILED');
  });

  it('that pass are waited out where that is safe, and told where not', async () => {
    camel.add({ account_name: 'Theirs' });
    camel.fail({ method: 'GET', do: { status: 502, html: '<html>Bad gateway</html>' } }, { method: 'GET', do: 'drop' });
    expect((await headwater.done('list_sources', { platform: on }))['sources']).toHaveLength(1);
    camel.fail({ method: 'GET', times: 9, do: { status: 429 } });
    expect((await headwater.call('list_sources', { platform: on })).error.code).toBe('RATE_LIMITED');
  });

  it('after a create was done there make nothing twice', async () => {
    camel.fail({ method: 'POST', do: 'after' });
    const answer = await quick();
    expect(sourceOf(answer)['id']).toBe('camelai:41');
    expect(camel.connections.size).toBe(1);
  });

  it('to look at what was just made do not undo that it was', async () => {
    camel.fail({ method: 'GET', path: /\/41\/$/, times: 9, do: { status: 400, body: {} } });
    const answer = await quick();
    expect(sourceOf(answer)).toMatchObject({ id: 'camelai:41', name: 'Shop', status: 'Unknown' });
  });
});

it('goes away softly, and says what stays', async () => {
  const answer = await quick();
  const gone = await headwater.done('delete_source', { source_id: sourceOf(answer)['id'], confirm: 'Shop' });
  expect(gone['next']).toMatchObject([{ tool: 'list_sources', arguments: { platform: 'camelai' } }]);
  expect(JSON.stringify(gone['left_behind'])).toContain('softly');
  expect(last()).toMatchObject({ method: 'DELETE', path: '/api/v1/sources/41/' });
  expect(camel.connections.get(41)?.deleted).toBe(true);
});

it('has no actions, and says why', async () => {
  const answer = await quick();
  const refused = await headwater.call('run_source', { source_id: sourceOf(answer)['id'], action: 'sync' });
  expect(refused.error.code).toBe('UNSUPPORTED');
});
