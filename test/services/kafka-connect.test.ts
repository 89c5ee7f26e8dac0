import { setTimeout as sleep } from 'node:timers/promises';
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
  },
);
