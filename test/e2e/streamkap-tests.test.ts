import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closedPort } from '../support/hostile-servers.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { startFakeMongodb } from '../support/mongodb-server.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';
import { keyPair, SSH_USER, type SshServer, startSshServer } from '../support/ssh-server.ts';
import { StreamkapServer } from '../support/streamkap-server.ts';

/** Tests of a config before Streamkap is sent it: by the same probes as everywhere. */

type Json = Record<string, unknown>;
interface Step {
  id: string;
  status: string;
  code?: string;
  fields?: string[];
  evidence?: string;
}

let server: StreamkapServer;
let app: InMemory;
let postgres: ReturnType<typeof sharedPostgres>;

beforeAll(async () => {
  postgres = sharedPostgres();
  server = await new StreamkapServer().start();
  const { readerPassword, password } = postgres;
  app = await inMemory({
    ...server.environment,
    HEADWATER_PLATFORM: 'streamkap',
    HEADWATER_SECRET_DB: readerPassword,
    HEADWATER_SECRET_ROOT: password,
  });
});
afterAll(async () => {
  await app.close();
  await server.stop();
});
afterEach(() => server.sources.clear());

const portable = (more: Json = {}) => ({
  host: postgres.host,
  port: postgres.port,
  // May make the publication, where there is none.
  username: postgres.user,
  password: '${env:HEADWATER_SECRET_ROOT}',
  database: SHOP_DATABASE,
  schemas: ['public'],
  tables: ['public.orders'],
  ...more,
});
const test = async (connector: string, config: Json, more: Json = {}) => {
  const report = await app.done('test_connection', { connector, config, ...more });
  const steps = report['steps'] as Step[];
  return { report, steps, step: (id: string) => steps.find((each) => each.id === id) };
};

describe('PostgreSQL and its like', () => {
  it.each(['postgresql', 'alloydb', 'supabase'])('%s is read for real, and looked at for CDC', async (connector) => {
    const { report, step } = await test(connector, portable());
    expect(report).toMatchObject({ ok: true, depth: 'cdc' });
    expect(step('platform_schema')).toMatchObject({ status: 'pass' });
  });

  it('tells failures by Streamkap’s own fields', async () => {
    const { report, steps } = await test('postgresql', portable({ password: 'wrong-one' }));
    expect(report['ok']).toBe(false);
    const failed = steps.find(({ status }) => status === 'fail');
    expect(failed?.fields).toEqual(expect.arrayContaining(['database.user', 'database.password']));
    const other = await test('postgresql', portable({ port: await closedPort() }));
    expect(other.step('tcp')).toMatchObject({
      status: 'fail',
      fields: expect.arrayContaining(['database.port.user.defined']),
    });
  });

  it('does not create what failed its test', async () => {
    const { error } = await app.call('create_source', {
      connector: 'postgresql',
      config: portable({ database: 'nowhere' }),
    });
    expect(error.code).toBe('TEST_FAILED');
    expect(server.askedFor('POST', /^\/sources$/)).toEqual([]);
  });

  it('creates what passed it', async () => {
    const { source } = (await app.done('create_source', {
      connector: 'postgresql',
      name: 'Real',
      config: portable(),
    })) as { source: Json };
    expect(source).toMatchObject({ status: 'Active', last_error: null, last_tested_at: expect.any(String) });
    const again = await app.done('test_connection', { source_id: source['id'] as string });
    expect(again['ok']).toBe(true);
  });

  it('says of the example of the documentation that its host is none', async () => {
    const { report, steps } = await test('alloydb', {
      ...portable(),
      host: '<string>',
    });
    expect(report['ok']).toBe(false);
    expect(JSON.stringify(steps.find(({ status }) => status === 'fail'))).toContain('database.hostname.user.defined');
  });

  it('tests a source that was made elsewhere as far as it can', async () => {
    const { id } = server.add({
      name: 'Elsewhere',
      connector: 'postgresql',
      config: {
        'database.hostname.user.defined': postgres.host,
        'database.port.user.defined': postgres.port,
        'database.user': SHOP_ROLES.replicator,
        'database.password': 'nobody-knows-1',
        'database.dbname': SHOP_DATABASE,
        'schema.include.list': 'public',
        'table.include.list.user.defined': 'public.orders',
      },
    });
    const report = await app.done('test_connection', { source_id: `streamkap:${id}` });
    expect(report['verdict']).toBe('ok_with_warnings');
    expect(report['depth']).toBe('tcp');
    expect(JSON.stringify(report)).toContain('CREDENTIALS_ELSEWHERE');
    expect(JSON.stringify(report)).not.toContain('nobody-knows-1');
  });
});

describe('behind an SSH server', () => {
  const key = keyPair('ed25519');
  let ssh: SshServer;
  beforeAll(async () => {
    ssh = await startSshServer({ keys: [key.publicLine], upstream: postgres });
  });
  afterAll(() => ssh.stop());

  it('goes as far as the server, whose key only Streamkap has', async () => {
    const { report, step } = await test(
      'postgresql',
      portable({ host: 'db.internal', ssh_host: ssh.host, ssh_port: ssh.port }),
    );
    expect(report['verdict']).toBe('ok_with_warnings');
    expect(step('ssh_protocol')).toMatchObject({ status: 'pass', evidence: expect.stringContaining('SSH-2.0') });
    expect(step('auth')).toMatchObject({ status: 'warn', code: 'CREDENTIALS_ELSEWHERE' });
    expect(ssh.forwards).toEqual([]);
  });

  it('goes through it with a key for the test, and does not send that on', async () => {
    const own = {
      host: 'db.internal',
      port: 5432,
      ssh_host: ssh.host,
      ssh_port: ssh.port,
      ssh_username: SSH_USER,
      ssh_private_key: key.privateKey,
    };
    const { report } = await test('postgresql', portable(own));
    expect(report).toMatchObject({ ok: true, depth: 'cdc' });
    expect(ssh.forwards).toContain('db.internal:5432');
    await app.done('create_source', { connector: 'postgresql', name: 'Through', config: portable(own) });
    const sent = server.askedFor('POST', /^\/sources$/).at(-1)?.body['config'] as Json;
    expect(sent).toMatchObject({
      'ssh.enabled': true,
      'ssh.host': ssh.host,
      'ssh.port': ssh.port,
      'ssh.user': SSH_USER,
    });
    expect(JSON.stringify(sent)).not.toContain('PRIVATE KEY');
    expect(Object.keys(sent).filter((name) => name.startsWith('ssh_'))).toEqual([]);
  });

  it('tells the SSH server’s own failures by its fields', async () => {
    const { step } = await test('postgresql', portable({ ssh_host: ssh.host, ssh_port: await closedPort() }));
    expect(step('ssh_tcp')).toMatchObject({
      status: 'fail',
      code: 'SSH_TCP_REFUSED',
      fields: expect.arrayContaining(['ssh.host', 'ssh.port']),
    });
  });

  it('asks for the server where there is none', async () => {
    const { steps } = await test('postgresql', { ...portable(), 'ssh.enabled': true });
    expect(steps[0]).toMatchObject({ id: 'config', status: 'fail', fields: ['ssh.host'] });
  });
});

describe('MongoDB', () => {
  const config = (host: string, port: number) => ({
    host,
    port,
    username: 'reader',
    password: '${env:HEADWATER_SECRET_DB}',
    database: 'shop',
    tables: ['shop.orders'],
    tls_mode: 'disable',
    'signal.data.collection.schema.or.database': 'shop.signals',
  });

  it('is tested by its connection string, and by the names that make one', async () => {
    const fake = await startFakeMongodb({
      users: [{ username: 'reader', password: postgres.readerPassword, roles: [{ role: 'read', db: 'shop' }] }],
      databases: { shop: { orders: {} } },
    });
    const { steps } = await test('mongodb', config(fake.host, fake.port));
    const { host: _, port: __, username: ___, password: ____, tls_mode: _____, ...rest } = config(fake.host, fake.port);
    const whole = await test('mongodbhosted', {
      ...rest,
      'mongodb.connection.string.user.defined': `mongodb://reader:${postgres.readerPassword}@${fake.host}:${fake.port}/?tls=false`,
    } as Json);
    expect(whole.steps.map(({ id }) => id)).toEqual(steps.map(({ id }) => id));
    expect(steps.find(({ id }) => id === 'tcp')).toMatchObject({ status: 'pass' });
    expect(JSON.stringify(whole.steps)).not.toContain(postgres.readerPassword);
    await fake.stop();
  });

  it('says by its own field what is wrong with the string', async () => {
    const { steps } = await test('mongodbhosted', {
      'mongodb.connection.string.user.defined': 'mongodb://127.0.0.1:1/?proxyHost=x',
      'database.include.list': 'shop',
      'collection.include.list.user.defined': 'shop.orders',
      'signal.data.collection.schema.or.database': 'shop.signals',
    });
    expect(steps[1]).toMatchObject({
      id: 'address',
      status: 'fail',
      fields: ['mongodb.connection.string.user.defined'],
    });
  });

  it('is changed by the names that it was made of', async () => {
    const { source } = (await app.done('create_source', {
      connector: 'mongodb',
      name: 'Documents',
      config: config('mongo.example.com', 27017),
      run_test: false,
    })) as { source: Json };
    const id = source['id'] as string;
    await app.done('update_source', {
      source_id: id,
      config: { tables: ['shop.orders', 'shop.carts'] },
      run_test: false,
    });
    const put = server.askedFor('PUT', /./).at(-1)?.body['config'] as Json;
    expect(put['collection.include.list.user.defined']).toBe('shop.orders,shop.carts');
    expect(put['mongodb.connection.string.user.defined']).toBe(
      `mongodb://reader:${postgres.readerPassword}@mongo.example.com:27017/?tls=false`,
    );
  });

  it('is tested where only Streamkap knows the string', async () => {
    const { id } = server.add({
      name: 'Mongo elsewhere',
      connector: 'mongodbhosted',
      config: {
        'mongodb.connection.string.user.defined': 'mongodb://a:b@mongo.example.com',
        'database.include.list': 'shop',
        'collection.include.list.user.defined': 'shop.orders',
        'signal.data.collection.schema.or.database': 'shop.signals',
      },
    });
    const report = await app.done('test_connection', { source_id: `streamkap:${id}` });
    expect(report['verdict']).not.toBe('failed');
    expect(JSON.stringify(report)).toContain('CREDENTIALS_ELSEWHERE');
  });
});

describe('every connector', () => {
  it('has a schema, and steps that its test would take', async () => {
    const found = await app.done('list_connectors', { platform: 'streamkap', limit: 100 });
    const connectors = found['connectors'] as { code: string }[];
    expect(connectors).toHaveLength(33);
    for (const { code } of connectors) {
      const told = await app.done('get_connector_schema', { connector: code, platform: 'streamkap' });
      expect((told['tests'] as unknown[]).length, code).toBeGreaterThan(0);
    }
  });
});

describe('what has no probe', () => {
  it('is reached as far as it goes, and says so', async () => {
    const { report, step } = await test('db2', {
      host: postgres.host,
      port: postgres.port,
      username: 'db2',
      password: 'p-1',
      database: 'SHOP',
      schemas: ['A'],
      tables: ['A.B'],
      'signal.data.collection.schema.or.database': 'A.S',
    });
    expect(report).toMatchObject({ verdict: 'ok_with_warnings', depth: 'tcp' });
    expect(step('auth')).toMatchObject({ status: 'warn', code: 'LOGIN_UNTESTED' });
  });
});
