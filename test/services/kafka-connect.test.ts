import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { findKafka } from '../support/kafka/install.ts';
import { startKafkaConnect, type TestKafkaConnect } from '../support/kafka.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { DEBIAN_BIN, startReadyServer } from '../support/postgres-sites.ts';
import { ALL_SERVICES } from '../support/services.ts';

const PASSWORD = 'canary-of-the-worker-7';
const NAME = 'Shop orders';
const ID = `kafka_connect:${NAME}`;

type Details = Record<string, unknown>;
interface Shown {
  id: string;
  name: string;
  status: string;
  desired_state: string;
  platform_status: string;
  last_error: string | null;
  topics: string[];
  config: Details;
  details: Details;
  tasks: unknown[];
}

describe.skipIf((findKafka() === undefined || DEBIAN_BIN === undefined) && !ALL_SERVICES)(
  'Kafka Connect with Debezium (left out where they are not installed: npm run test:services)',
  // Three servers start, and two of them are Java.
  { timeout: 90_000 },
  () => {
    let worker: TestKafkaConnect;
    let postgres: TestPostgres;
    let headwater: InMemory;
    const sql = (text: string, database = 'shop') => postgres.query(text, undefined, database);
    const config = () => ({
      host: '127.0.0.1',
      port: postgres.port,
      database: 'shop',
      username: 'capture',
      password: PASSWORD,
      tls_mode: 'disable',
      tables: ['shop.orders'],
    });
    const source = async () => (await headwater.done('get_source', { source_id: ID }))['source'] as Shown;
    const until = async (status: string) =>
      (await headwater.done('get_source', { source_id: ID, wait_for: status, wait_s: 40 }))['source'] as Shown;

    beforeAll(async () => {
      [worker, postgres] = await Promise.all([startKafkaConnect(), startReadyServer()]);
      await sql('CREATE DATABASE shop', 'postgres');
      await sql(`
        CREATE ROLE capture LOGIN REPLICATION PASSWORD '${PASSWORD}';
        CREATE SCHEMA shop AUTHORIZATION capture;
        GRANT CREATE ON DATABASE shop TO capture;
        SET ROLE capture;
        CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
        INSERT INTO shop.orders VALUES (1, 'before');`);
      headwater = await inMemory({ KAFKA_CONNECT_URL: worker.url, HEADWATER_PLATFORM: 'kafka_connect' });
    }, 120_000);
    afterAll(async () => {
      await headwater?.close();
      await Promise.all([worker?.stop(), postgres?.stop()]);
    });

    it('what a create would send is what the worker then has', async () => {
      const { plan } = (await headwater.done('create_source', {
        connector: 'postgresql',
        name: NAME,
        config: config(),
        dry_run: true,
      })) as { plan: { requests: { method: string; url: string; body: Details }[] } };
      expect(plan.requests).toMatchObject([
        {
          method: 'PUT',
          url: `${worker.url}/connectors/Shop%20orders/config`,
          body: {
            'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
            'database.hostname': '127.0.0.1',
            'database.port': String(postgres.port),
            'database.password': '[secret]',
            'plugin.name': 'pgoutput',
            'slot.name': 'headwater_shop_orders',
            'publication.name': 'headwater_shop_orders',
            'publication.autocreate.mode': 'filtered',
            'topic.prefix': 'Shop-orders',
            'table.include.list': 'shop.orders',
          },
        },
      ]);
    });

    it('a row arrives in the topic of a source that a client created', async () => {
      const answer = await headwater.done('create_source', { connector: 'postgresql', name: NAME, config: config() });
      expect(answer).toMatchObject({ source: { id: ID, name: NAME, status: 'Active', platform: 'kafka_connect' } });
      expect(JSON.stringify(answer['warnings'])).toContain('${worker:');
      expect(JSON.stringify(answer)).not.toContain(PASSWORD);
      await sql("INSERT INTO shop.orders VALUES (2, 'hello')");
      const records = await worker.records('Shop-orders.shop.orders', 2);
      expect(records.map((record) => JSON.parse(record))).toMatchObject([
        { op: 'r', after: { id: 1, note: 'before' } },
        { op: 'c', after: { id: 2, note: 'hello' } },
      ]);
      expect(await source()).toMatchObject({
        topics: ['Shop-orders.shop.orders'],
        config: { 'table.include.list': 'shop.orders', 'database.password': { set: true } },
      });
    });

    it('what the worker shows of it is what was planned', async () => {
      const { body } = await worker.rest(`/connectors/${encodeURIComponent(NAME)}`);
      expect(body).toMatchObject({ config: { name: NAME, 'plugin.name': 'pgoutput', 'topic.prefix': 'Shop-orders' } });
    });

    it('is changed, paused, stopped, taken back and restarted', async () => {
      const change = async (args: Details) => {
        const answer = await headwater.done('update_source', { source_id: ID, ...args });
        return answer['source'] as Shown;
      };
      // A login that fails is then told at once; as it stands, six tries take a minute.
      const patch = { 'max.batch.size': 100, 'errors.max.retries': 0, extra: { 'slot.max.retries': '0' } };
      expect(await change({ config: patch })).toMatchObject({ config: patch });
      expect(await change({ desired_state: 'Paused' })).toMatchObject({ status: 'Paused' });
      expect(await change({ desired_state: 'Stopped' })).toMatchObject({ status: 'Stopped', tasks: [] });
      await sql("INSERT INTO shop.orders VALUES (3, 'while it was stopped')");
      await change({ desired_state: 'Active' });
      await until('Active');
      const { run } = await headwater.done('run_source', { source_id: ID, action: 'restart', wait_s: 20 });
      expect(run).toMatchObject({ status: 'restarting' });
      const records = await worker.records('Shop-orders.shop.orders', 3);
      expect(JSON.parse(records.at(-1) ?? '')).toMatchObject({ after: { id: 3, note: 'while it was stopped' } });
      expect((await source()).details).toMatchObject({ offsets: [{ partition: { server: 'Shop-orders' } }] });
    });

    it('a password that no longer fits is told by its cause, and mended', async () => {
      await until('Active');
      await sql("ALTER ROLE capture PASSWORD 'another-one'");
      await sql('SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
      const broken = await until('Broken');
      expect(broken.platform_status).toBe('RUNNING, 1 task(s) FAILED');
      expect(broken.last_error).toMatch(/^PSQLException: /);
      expect(broken.details).toMatchObject({
        traces: [{ of: 'task 0', trace: expect.stringContaining('ConnectException') }],
      });
      expect(JSON.stringify(broken)).not.toContain(PASSWORD);
      const tested = await headwater.done('test_connection', { source_id: ID });
      const failed = (tested['steps'] as Details[]).filter(({ status }) => status === 'fail');
      expect(failed).toMatchObject([
        { id: 'auth', code: 'AUTH_REJECTED' },
        { id: 'worker_config', message: expect.stringContaining('password authentication failed') },
      ]);
      const wrong = { source_id: ID, config: { password: 'wrong-again' }, run_test: false };
      expect((await headwater.call('update_source', wrong)).error).toMatchObject({
        code: 'PLATFORM_REJECTED',
        upstream_message: expect.stringContaining('password authentication failed'),
      });
      await headwater.done('update_source', { source_id: ID, config: { password: 'another-one' } });
      await headwater.done('run_source', { source_id: ID, action: 'restart', wait_s: 20 });
      expect(await until('Active')).toMatchObject({ status: 'Active', last_error: null });
      await sql("INSERT INTO shop.orders VALUES (4, 'mended')");
      expect(JSON.parse((await worker.records('Shop-orders.shop.orders', 4)).at(-1) ?? '')).toMatchObject({
        after: { id: 4 },
      });
    });

    it('a secret that the worker reads itself is never given to anybody', async () => {
      const file = await worker.write('shop.properties', 'password=another-one\n');
      const args = { connector: 'postgresql', name: 'by-worker', config: { ...config(), slot_name: 'by_worker' } };
      const missing = { ...args.config, password: `\${worker:file:${file}.not:password}` };
      const refused = await headwater.call('create_source', { ...args, config: missing, run_test: false });
      expect(refused.error).toMatchObject({
        code: 'PLATFORM_REJECTED',
        hint: expect.stringContaining('config.providers'),
      });
      const own = { ...args.config, password: `\${worker:file:${file}:password}` };
      const { source: made, report } = await headwater.done('create_source', { ...args, config: own });
      expect(made).toMatchObject({
        status: 'Active',
        config: { 'database.password': { set: true, from: `worker:file:${file}:password` } },
      });
      // Our own test stops before the login; the worker, which has the secret, does not.
      const { steps } = report as { steps: Details[] };
      const [login, validation] = ['auth', 'worker_config'].map((id) => steps.find((step) => step['id'] === id));
      expect(login).toMatchObject({ status: 'warn', code: 'CREDENTIALS_ELSEWHERE' });
      expect(validation).toMatchObject({ status: 'pass' });
      const { body } = await worker.rest('/connectors/by-worker');
      expect(JSON.stringify(body)).not.toContain('another-one');
      await headwater.done('delete_source', { source_id: 'kafka_connect:by-worker', confirm: 'by-worker' });
    });

    it('lines of a file arrive as well', async () => {
      const file = await worker.write('lines.txt', '{"line":1}\n');
      const args = { connector: 'file', name: 'lines', config: { path: file, topic: 'lines' } };
      expect(await headwater.done('create_source', args)).toMatchObject({ source: { status: 'Active' } });
      expect(await worker.records('lines', 1)).toEqual(['"{\\"line\\":1}"']);
      await headwater.done('delete_source', { source_id: 'kafka_connect:lines', confirm: 'lines' });
    });

    it('what a deleted source leaves behind is removed by what is told', async () => {
      const { left_behind } = await headwater.done('delete_source', { source_id: ID, confirm: NAME });
      const left = left_behind as { what: string; remove: string }[];
      expect(left.map(({ what }) => what)).toEqual([
        expect.stringContaining('replication slot headwater_shop_orders'),
        expect.stringContaining('publication headwater_shop_orders'),
        expect.stringContaining('topic Shop-orders.shop.orders'),
        expect.stringContaining('offsets of Shop orders'),
      ]);
      const there = async () =>
        (
          await sql(`SELECT slot_name AS name FROM pg_replication_slots WHERE slot_name LIKE 'headwater%'
            UNION ALL SELECT pubname FROM pg_publication WHERE pubname LIKE 'headwater_shop%'`)
        ).length;
      expect(await there()).toBe(2);
      // The server lets go of the slot a moment after the connector.
      await expect.poll(() => sql('SELECT 1 FROM pg_replication_slots WHERE active'), { timeout: 15_000 }).toEqual([]);
      for (const { remove } of left.slice(0, 2)) await sql(remove);
      expect(await there()).toBe(0);
    });
  },
);
