import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { connectTo, type InMemory, inMemory } from '../support/in-memory.ts';
import {
  type KafkaConnectServer,
  type KafkaConnectServerOptions,
  startKafkaConnectServer,
} from '../support/kafka-connect-server.ts';
import { SHOP_ROLES } from '../support/shop.ts';

const CANARY = 'canary-kafka-5a1c';
const NAME = 'Shop orders';
const ID = `kafka_connect:${NAME}`;
const POSTGRES = 'io.debezium.connector.postgresql.PostgresConnector';

type Body = Record<string, unknown>;

let server: KafkaConnectServer;
let headwater: InMemory;

async function start(options: KafkaConnectServerOptions = {}, environment: Record<string, string> = {}): Promise<void> {
  server = await startKafkaConnectServer(options);
  headwater = await inMemory({
    KAFKA_CONNECT_URL: server.url,
    HEADWATER_PLATFORM: 'kafka_connect',
    HEADWATER_SECRET_DB: CANARY,
    ...environment,
  });
}

const config = {
  host: 'db.example.com',
  database: 'shop',
  username: 'capture',
  password: '${env:HEADWATER_SECRET_DB}',
};
const create = (more: Body = {}) =>
  headwater.call('create_source', { connector: 'postgresql', name: NAME, config, run_test: false, ...more });
const source = (answer: { structured: Body | undefined }) => answer.structured?.['source'] as Body;
const changes = () =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
const bodyOf = (path: string) => server.requests.filter((request) => request.path === path).at(-1)?.body as Body;

beforeEach(() => start());
afterEach(async () => {
  await headwater.close();
  await server.close();
});

describe('create', () => {
  it('looks first, then puts the config once, with what Headwater makes of the name', async () => {
    const answer = await create({
      config: { ...config, tables: ['shop.orders', 'shop.a$b'], extra: { 'transforms.u.type': 'T' } },
    });
    expect(answer.error).toBeUndefined();
    const path = '/connectors/Shop%20orders/config';
    expect(changes()).toEqual([`PUT ${path}`]);
    expect(bodyOf(path)).toEqual({
      name: NAME,
      'connector.class': POSTGRES,
      'database.hostname': 'db.example.com',
      'database.dbname': 'shop',
      'database.user': 'capture',
      'database.password': CANARY,
      'table.include.list': 'shop.orders,shop.a\\$b',
      'topic.prefix': 'Shop-orders',
      'plugin.name': 'pgoutput',
      'slot.name': 'headwater_shop_orders',
      'publication.name': 'headwater_shop_orders',
      'publication.autocreate.mode': 'filtered',
      'transforms.u.type': 'T',
    });
  });
});

describe('a source through its life', () => {
  it('waits until its tasks run, and shows what the worker shows, secrets apart', async () => {
    const answer = await create();
    expect(source(answer)).toMatchObject({
      id: ID,
      name: NAME,
      status: 'Active',
      desired_state: 'Active',
      platform_status: 'RUNNING, 1 task(s) RUNNING',
      platform_connector: POSTGRES,
      config: {
        'database.hostname': 'db.example.com',
        'database.password': { set: true, from: 'env:HEADWATER_SECRET_DB' },
      },
    });
    expect(answer.text).not.toContain(CANARY);
  });

  it('a secret of the worker goes there as its own reference and shows as that', async () => {
    const answer = await create({ config: { ...config, password: '${worker:file:/run/db.properties:password}' } });
    expect(bodyOf('/connectors/Shop%20orders/config')).toMatchObject({
      'database.password': '${file:/run/db.properties:password}',
    });
    expect(source(answer)['config']).toMatchObject({
      'database.password': { set: true, from: 'worker:file:/run/db.properties:password' },
    });
    expect(answer.structured?.['warnings']).toBeUndefined();
  });

  it('any other secret is warned about', async () => {
    const answer = await create();
    expect(JSON.stringify(answer.structured?.['warnings'])).toContain('everybody who can read the REST API');
    expect(JSON.stringify(answer.structured?.['warnings'])).toContain('database.password');
  });

  it.each(['Paused', 'Stopped'] as const)('begins %s where the worker can', async (state) => {
    const answer = await create({ desired_state: state });
    expect(source(answer)).toMatchObject({ status: state, desired_state: state });
    expect(changes()).toEqual(['POST /connectors']);
    expect(bodyOf('/connectors')).toMatchObject({ name: NAME, initial_state: state.toUpperCase() });
  });

  it('an older worker begins awake and is then held', async () => {
    await headwater.close();
    await server.close();
    await start({ version: '3.6.1' });
    expect(source(await create({ desired_state: 'Paused' }))).toMatchObject({ status: 'Paused' });
    expect(changes()).toEqual(['PUT /connectors/Shop%20orders/config', 'PUT /connectors/Shop%20orders/pause']);
  });

  it('a worker that cannot stop says so', async () => {
    await headwater.close();
    await server.close();
    await start({ version: '2.8.1' });
    await create();
    const { error } = await headwater.call('update_source', { source_id: ID, desired_state: 'Stopped' });
    expect(error).toMatchObject({ code: 'UNSUPPORTED', hint: expect.stringContaining('3.5') });
  });

  it('an update changes what is touched, and nothing that nobody here has seen', async () => {
    server.place(NAME, {
      'connector.class': POSTGRES,
      'database.hostname': 'db.example.com',
      'database.user': 'capture',
      'database.dbname': 'shop',
      'database.password': CANARY,
      'topic.prefix': 'shop',
      'max.batch.size': '100',
      'value.converter.basic.auth.user.info': 'u:canary-of-the-registry',
      'transforms.u.type': 'T',
    });
    const before = await headwater.call('get_source', { source_id: ID });
    expect(source(before)).toMatchObject({
      config: { 'max.batch.size': 100, 'database.password': { set: true, from: 'platform' } },
      details: { hidden_settings: ['value.converter.basic.auth.user.info'] },
    });
    expect(before.text).not.toContain('canary');
    const args = {
      source_id: ID,
      config: { 'max.batch.size': 200, tables: ['shop.a'] },
      clear: ['/config/extra'],
      run_test: false,
    };
    const answer = await headwater.call('update_source', args);
    expect(answer.error).toBeUndefined();
    expect(answer.text).not.toContain('canary');
    expect(bodyOf('/connectors/Shop%20orders/config')).toEqual({
      name: NAME,
      'connector.class': POSTGRES,
      'database.hostname': 'db.example.com',
      'database.user': 'capture',
      'database.dbname': 'shop',
      'database.password': CANARY,
      'topic.prefix': 'shop',
      'max.batch.size': '200',
      'table.include.list': 'shop.a',
      'value.converter.basic.auth.user.info': 'u:canary-of-the-registry',
    });
  });

  it('what the worker repeats of its own secrets goes nowhere, in no form', async () => {
    server.place(
      NAME,
      {
        'connector.class': POSTGRES,
        'database.hostname': 'db.example.com',
        'database.user': 'capture',
        'database.dbname': 'shop',
        'database.password': CANARY,
        'topic.prefix': 'shop',
        'value.converter.basic.auth.user.info': 'u:canary-of-the-registry',
        'http.url': 'https://u:canary-in-a-url@api.example.com/?api_key=canary-in-a-query',
        'http.headers': 'Authorization: Bearer canary-in-a-header',
      },
      { tasks: [{ state: 'FAILED', trace: `a.B: ${Buffer.from(CANARY).toString('base64')} canary-in-a-url` }] },
    );
    server.faults.errors = { 'poll.interval.ms': [`not with ${CANARY}, u:canary-of-the-registry, canary-in-a-url`] };
    const refusal = await headwater.call('update_source', {
      ...{ source_id: ID, config: { 'poll.interval.ms': 700 }, run_test: false },
    });
    expect(refusal.error).toMatchObject({ code: 'PLATFORM_REJECTED' });
    const shown = await headwater.call('get_source', { source_id: ID });
    for (const { text } of [refusal, shown, await headwater.call('list_sources')]) {
      expect(text).not.toContain('canary');
      expect(text).not.toContain(Buffer.from(CANARY).toString('base64'));
    }
  });

  it('settings for the driver, and addresses of what has secrets of its own, are destinations', async () => {
    const held = { 'database.hostname': 'db.example.com', 'database.user': 'c##dbz', 'database.dbname': 'ORCL' };
    server.place(NAME, {
      ...{ 'connector.class': 'io.debezium.connector.oracle.OracleConnector', ...held, 'database.password': CANARY },
      ...{ 'topic.prefix': 'shop', 'schema.history.internal.kafka.bootstrap.servers': 'k:9092' },
      ...{ 'value.converter.basic.auth.user.info': `u:${CANARY}` },
    });
    const update = (extra: Body) =>
      headwater.call('update_source', { source_id: ID, config: { extra }, run_test: false });
    for (const extra of [
      { 'database.url': 'jdbc:oracle:thin:@//evil.example.com:1521/ORCL' },
      { 'driver.oracle.net.socksProxyHost': 'evil.example.com' },
      { 'value.converter.schema.registry.url': 'https://evil.example.com' },
    ]) {
      const { error } = await update(extra);
      expect(error?.['code'], JSON.stringify(extra)).toBe('CREDENTIALS_REQUIRED');
    }
    expect(changes()).toEqual([]);
    const { error } = await update({ 'transforms.u.type': 'T' });
    expect(error?.['code']).not.toBe('CREDENTIALS_REQUIRED');
    expect(changes()).toEqual(['PUT /connectors/Shop%20orders/config']);
  });

  it('a new secret replaces the old one, and only that', async () => {
    await create();
    const answer = await headwater.call('update_source', {
      source_id: ID,
      config: { password: '${worker:vault:db:new}' },
      run_test: false,
    });
    expect(answer.error).toBeUndefined();
    expect(bodyOf('/connectors/Shop%20orders/config')).toMatchObject({ 'database.password': '${vault:db:new}' });
  });

  it('is paused, stopped and taken back into service', async () => {
    await create();
    for (const state of ['Paused', 'Stopped', 'Active']) {
      const answer = await headwater.call('update_source', { source_id: ID, desired_state: state, run_test: false });
      expect(source(answer)).toMatchObject({ desired_state: state, status: state });
    }
    expect(changes().slice(1)).toEqual([
      'PUT /connectors/Shop%20orders/pause',
      'PUT /connectors/Shop%20orders/stop',
      'PUT /connectors/Shop%20orders/resume',
    ]);
  });

  it('restarts with all its tasks', async () => {
    await create();
    const answer = await headwater.call('run_source', { source_id: ID, action: 'restart' });
    expect(answer.structured).toMatchObject({ run: { status: 'restarting' }, source: { status: 'Active' } });
    expect(changes().at(-1)).toBe('POST /connectors/Shop%20orders/restart?includeTasks=true&onlyFailed=false');
  });

  it('says why there is no snapshot, and what to run for one', async () => {
    await create({ config: { ...config, 'signal.data.collection': 'shop.signals' } });
    const { error } = await headwater.call('run_source', { source_id: ID, action: 'snapshot' });
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('signal') });
    const { details } = source(await headwater.call('get_source', { source_id: ID })) as { details: Body };
    expect(details['snapshot_by_signal']).toContain('INSERT INTO shop.signals');
  });

  it('cannot be given another name', async () => {
    await create();
    const { error } = await headwater.call('update_source', { source_id: ID, name: 'Other' });
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('name of a connector is its id'),
    });
  });

  it('a task that failed is told by its cause, without the secrets in it', async () => {
    await create();
    const connector = server.connectors.get(NAME);
    if (!connector) throw new Error('no connector');
    const trace = `org.apache.kafka.connect.errors.ConnectException: failed\n\tat A.b(A.java:1)\nCaused by: org.postgresql.util.PSQLException: FATAL: no login with ${CANARY}\n\tat C.d(C.java:2)`;
    connector.tasks = [{ state: 'FAILED', trace }];
    const answer = await headwater.call('get_source', { source_id: ID });
    expect(source(answer)).toMatchObject({
      status: 'Broken',
      platform_status: 'RUNNING, 1 task(s) FAILED',
      last_error: 'PSQLException: FATAL: no login with [secret]',
      details: { traces: [{ of: 'task 0', trace: expect.stringContaining('ConnectException: failed') }] },
    });
    expect(answer.text).not.toContain(CANARY);
  });

  it('leaves behind what outlives it, with what removes it', async () => {
    await create();
    const connector = server.connectors.get(NAME);
    if (!connector) throw new Error('no connector');
    connector.topics = ['Shop-orders.shop.orders'];
    connector.offsets = [{ partition: { server: 'Shop-orders' }, offset: { lsn: 1 } }];
    const { structured } = await headwater.call('delete_source', { source_id: ID, confirm: NAME });
    const left = structured?.['left_behind'] as { what: string; remove: string }[];
    expect(left.map(({ remove }) => remove)).toEqual([
      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'headwater_shop_orders' AND NOT active;",
      'DROP PUBLICATION IF EXISTS "headwater_shop_orders";',
      'kafka-topics.sh --bootstrap-server <brokers> --delete --topic Shop-orders.shop.orders',
      expect.stringContaining('/connectors/Shop%20orders/config'),
    ]);
    expect(server.connectors.size).toBe(0);
    expect((await headwater.call('get_source', { source_id: ID })).error.code).toBe('SOURCE_NOT_FOUND');
  });
});

describe('lists', () => {
  const place = (name: string, more: Body = {}) =>
    server.place(name, { 'connector.class': POSTGRES, 'database.password': CANARY }, more);

  it('has pages, filters, and no sinks', async () => {
    for (const name of ['c', 'a', 'b']) place(name);
    place('sink', { type: 'sink' });
    place('sleeping', { state: 'PAUSED' });
    server.place('file', { 'connector.class': 'FileStreamSource', topic: 't' });
    const names = async (args: Body) => {
      const { structured, text } = await headwater.call('list_sources', args);
      expect(text).not.toContain(CANARY);
      const { sources, ...rest } = structured as { sources: { name: string }[]; next_cursor?: string; total?: number };
      return { names: sources.map(({ name }) => name), ...rest };
    };
    const first = await names({ limit: 2 });
    expect(first.names).toEqual(['a', 'b']);
    expect((await names({ limit: 2, cursor: first.next_cursor })).names).toEqual(['c', 'file']);
    expect((await names({ status: 'Paused' })).names).toEqual(['sleeping']);
    expect((await names({ connector: 'file' })).names).toEqual(['file']);
    expect((await names({ query: 'SLEEP' })).names).toEqual(['sleeping']);
    expect((await names({ tag: 'x' })).names).toEqual([]);
  });

  it('a connector that Headwater has no catalog of is shown all the same', async () => {
    server.place('other', { 'connector.class': 'com.example.Other', 'some.password': CANARY, 'some.host': 'h' });
    const answer = await headwater.call('get_source', { source_id: 'kafka_connect:other' });
    expect(source(answer)).toMatchObject({ name: 'other', connector: 'com.example.Other' });
    expect(answer.text).not.toContain(CANARY);
    expect(answer.text).toContain('some.host');
  });
});

describe('what goes wrong', () => {
  it('another connector of the name is never touched', async () => {
    server.place(NAME, { 'connector.class': POSTGRES, 'topic.prefix': 'theirs' });
    expect((await create()).error).toMatchObject({ code: 'NAME_TAKEN' });
    expect(changes()).toEqual([]);
    expect(server.connectors.get(NAME)?.config['topic.prefix']).toBe('theirs');
  });

  it.each(['a/b', 'a%2Fb', 'a;b'])('the name %j is refused before anything is sent', async (name) => {
    const { error } = await create({ name });
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENTS', fields: [{ field: '/name' }] });
    expect(changes()).toEqual([]);
  });

  it('a rebalance is waited out', async () => {
    server.faults.rebalances = 3;
    expect(source(await create())).toMatchObject({ status: 'Active' });
    expect(changes()).toHaveLength(4);
  });

  it('so is a worker that still starts, which answers 404 in HTML', async () => {
    server.faults.starting = 2;
    expect(source(await create())).toMatchObject({ status: 'Active' });
  });

  it('an answer that was lost makes no second connector and no error', async () => {
    server.faults.dropAfter = 1;
    expect(source(await create())).toMatchObject({ id: ID, status: 'Active' });
    expect(server.connectors.size).toBe(1);
  });

  it('nor where no answer comes at all: it is looked for, and found', async () => {
    server.faults.dropAfter = 99;
    expect(source(await create())).toMatchObject({ id: ID, status: 'Active' });
    expect(server.connectors.size).toBe(1);
  });

  it('a worker that runs out of its own time may have done it, and is asked', async () => {
    server.faults.unreadable = 'Request timed out. The worker is currently reading to the end of the config topic.';
    const { error } = await create();
    expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', upstream_message: expect.stringContaining('timed out') });
  }, 40_000);

  it('the same of one that begins asleep, whose request is not repeated', async () => {
    server.faults.dropAfter = 1;
    const answer = await create({ desired_state: 'Paused' });
    expect(source(answer)).toMatchObject({ id: ID });
    expect(changes()).toEqual(['POST /connectors']);
    expect(source(await headwater.call('get_source', { source_id: ID }))).toMatchObject({ status: 'Paused' });
  });

  it('a gateway that fails for a moment is asked again', async () => {
    server.faults.badGateway = 2;
    expect(source(await create())).toMatchObject({ status: 'Active' });
  });

  it('what the worker refuses is told by the field', async () => {
    const message = "The 'slot.name' value is invalid: Valid replication slot name must contain only digits";
    server.faults.errors = { 'slot.name': [message] };
    const { error } = await create();
    expect(error).toMatchObject({
      code: 'PLATFORM_REJECTED',
      fields: [{ field: '/config/slot.name', message: expect.stringContaining('replication slot name') }],
    });
  });

  it('a secret that the worker cannot read is told as that', async () => {
    server.faults.unreadable = 'Could not read properties from file /run/db.properties';
    const { error } = await create({ config: { ...config, password: '${worker:file:/run/db.properties:password}' } });
    expect(error).toMatchObject({
      code: 'PLATFORM_REJECTED',
      message: expect.stringContaining('cannot read a secret'),
      hint: expect.stringContaining('config.providers'),
    });
  });

  it('a plugin that is not installed is told with those that are', async () => {
    await headwater.close();
    await server.close();
    await start({ without: [POSTGRES] });
    const { error } = await create();
    expect(error).toMatchObject({ code: 'PLATFORM_REJECTED', hint: expect.stringContaining('plugin.path') });
    expect(error.message).toContain(POSTGRES);
    expect(error.message).toContain('io.debezium.connector.mysql.MySqlConnector');
  });

  it('a worker behind a login gets it, and its refusal is told', async () => {
    await headwater.close();
    await server.close();
    const login = { username: 'headwater', password: 'canary-of-the-login' };
    await start({ login }, { KAFKA_CONNECT_USERNAME: login.username, KAFKA_CONNECT_PASSWORD: login.password });
    expect(source(await create())).toMatchObject({ status: 'Active' });
    await headwater.close();
    headwater = await inMemory({ KAFKA_CONNECT_URL: server.url, HEADWATER_PLATFORM: 'kafka_connect' });
    const { error } = await headwater.call('list_sources');
    expect(error).toMatchObject({
      code: 'PLATFORM_AUTH_FAILED',
      hint: expect.stringContaining('KAFKA_CONNECT_USERNAME'),
    });
  });
});

describe('the test', () => {
  const database = () => {
    const { host, port, readerPassword } = inject('postgres');
    return { host, port, database: 'shop', username: SHOP_ROLES.reader, password: readerPassword, tls_mode: 'require' };
  };
  const test = (more: Body = {}) =>
    headwater.call('test_connection', { connector: 'postgresql', config: { ...database(), ...more }, checks: [] });
  const step = ({ structured }: { structured: Body | undefined }, id: string) => {
    const { steps } = structured as { steps: Body[] };
    return steps.find((each) => each['id'] === id);
  };

  it('joins what the worker says with what Headwater sees', async () => {
    const answer = await test();
    expect(answer.structured).toMatchObject({ ok: true });
    expect(step(answer, 'auth')).toMatchObject({ status: 'pass' });
    expect(step(answer, 'worker_config')).toMatchObject({ status: 'pass' });
    expect(step(answer, 'worker_secrets')).toMatchObject({
      status: 'warn',
      code: 'PLATFORM_WARNED',
      fields: ['database.password'],
    });
    expect(server.connectors.size).toBe(0);
  });

  it("says the worker's errors by field", async () => {
    server.faults.errors = {
      'database.hostname': ['Error while validating connector config: Connection to db refused.'],
    };
    expect(step(await test(), 'worker_config')).toMatchObject({
      status: 'fail',
      code: 'PLATFORM_TEST_FAILED',
      fields: ['database.hostname'],
      message: expect.stringContaining('Connection to db refused'),
    });
    server.faults.errors = { 'slot.name': ["The 'slot.name' value is invalid: no"] };
    expect(step(await test(), 'worker_config')).toMatchObject({
      code: 'PLATFORM_REFUSED_CONFIG',
      fields: ['slot.name'],
    });
  });

  it('names settings that this version of the plugin does not list', async () => {
    await headwater.close();
    await server.close();
    await start({ without: ['slot.failover'] });
    server.faults.errors = {};
    const answer = await test({ 'slot.failover': true });
    expect(step(answer, 'worker_config')).toMatchObject({ code: 'PLATFORM_SCHEMA_DIFFERS', fields: ['slot.failover'] });
  });

  it('a source whose password only the worker has is validated with that, and nobody sees it', async () => {
    const { host, port } = database();
    server.place('theirs', {
      'connector.class': POSTGRES,
      'database.hostname': host,
      'database.port': String(port),
      'database.user': 'capture',
      'database.dbname': 'shop',
      'database.password': CANARY,
      'topic.prefix': 'theirs',
    });
    server.faults.errors = { 'database.user': [`Unable to connect with ${CANARY}`] };
    const answer = await headwater.call('test_connection', { source_id: 'kafka_connect:theirs' });
    expect(step(answer, 'auth')).toMatchObject({ status: 'warn', code: 'CREDENTIALS_ELSEWHERE' });
    expect(step(answer, 'worker_config')).toMatchObject({ status: 'fail', fields: ['database.user'] });
    expect(server.requests.at(-1)?.body).toMatchObject({ 'database.password': CANARY });
    expect(answer.text).not.toContain(CANARY);
  });

  it('a MongoDB whose password only the worker has is tested as far as that goes', async () => {
    server.place('mongo', {
      'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
      'mongodb.connection.string': 'mongodb://user:canary-in-the-string@127.0.0.1:1/?replicaSet=rs0',
      'mongodb.user': 'capture',
      'mongodb.password': CANARY,
      'topic.prefix': 'mongo',
    });
    const shown = await headwater.call('get_source', { source_id: 'kafka_connect:mongo' });
    expect(source(shown)).toMatchObject({
      config: { 'mongodb.connection.string': 'mongodb://127.0.0.1:1/?replicaSet=rs0' },
    });
    const answer = await headwater.call('test_connection', { source_id: 'kafka_connect:mongo' });
    expect(step(answer, 'tcp')).toMatchObject({ status: 'fail' });
    expect(shown.text + answer.text).not.toContain('canary');
  });

  it('a worker that cannot be asked is no fault of the source', async () => {
    server.faults.badGateway = 99;
    expect(step(await test(), 'worker_config')).toMatchObject({ status: 'warn', code: 'PLATFORM_CHECK_UNAVAILABLE' });
  });
});

describe('a tenant to whom the workers are not open', () => {
  it('has nothing done by them, its tests included, and does not learn where they are', async () => {
    const other = await connectTo(headwater.app, { tenant: 'beta', subject: 'eve', role: 'admin' });
    const given = { connector: 'postgresql', config: { ...config, password: '${worker:file:/run/db.properties:p}' } };
    const report = await other.call('test_connection', given);
    expect(report.text).not.toContain('worker_config');
    for (const more of [{ dry_run: true }, { run_test: false }, {}]) {
      const { error } = await other.call('create_source', { ...given, name: NAME, ...more });
      expect(['UNSUPPORTED', 'TEST_FAILED']).toContain(error?.['code']);
    }
    const plan = await other.call('create_source', { ...given, config, platform: 'local', name: NAME, dry_run: true });
    expect(plan.error).toBeUndefined();
    expect(plan.text).not.toContain(server.url);
    const { structured } = await other.call('describe_platforms', { platform: 'kafka_connect' });
    expect(structured?.['platforms']).toMatchObject([
      { configured: false, needs: expect.stringContaining('HEADWATER_PLATFORM_TENANTS') },
    ]);
    expect(server.requests).toEqual([]);
    await other.close();
  });
});
