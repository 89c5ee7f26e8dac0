import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { findKafka } from '../support/kafka/install.ts';
import { startKafkaConnect, type TestKafkaConnect } from '../support/kafka.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';

const PASSWORD = 'canary-of-the-worker-8';
const hasMariadb = SERVICES.find(({ name }) => name === 'MariaDB')?.find() !== undefined;

describe.skipIf((findKafka() === undefined || !hasMariadb) && !ALL_SERVICES)(
  "Kafka Connect with Debezium and Debian's MariaDB (left out where they are not installed: npm run test:services)",
  // Three servers start, and two of them are Java.
  { timeout: 90_000 },
  () => {
    let worker: TestKafkaConnect;
    let mariadb: TestMariadb;
    let headwater: InMemory;

    beforeAll(async () => {
      const settings = { 'log-bin': 'log', 'binlog-format': 'ROW', 'binlog-row-image': 'FULL', 'server-id': '7' };
      [worker, mariadb] = await Promise.all([startKafkaConnect(), startMariadb({ settings })]);
      await mariadb.sql(`
        CREATE DATABASE shop;
        CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(80));
        INSERT INTO shop.orders VALUES (1, 'before');
        CREATE USER capture@'127.0.0.1' IDENTIFIED BY '${PASSWORD}';
        GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, BINLOG MONITOR, LOCK TABLES ON *.* TO capture@'127.0.0.1';`);
      headwater = await inMemory({ KAFKA_CONNECT_URL: worker.url, HEADWATER_PLATFORM: 'kafka_connect' });
    }, 120_000);
    afterAll(async () => {
      await headwater?.close();
      await Promise.all([worker?.stop(), mariadb?.stop()]);
    });

    const config = () => ({
      host: '127.0.0.1',
      port: mariadb.port,
      username: 'capture',
      password: PASSWORD,
      tls_mode: 'disable',
      database: 'shop',
      tables: ['shop.orders'],
      bootstrap_servers: worker.bootstrapServers,
    });

    it('asks for the brokers, which portable configs have no reason to name', async () => {
      const { bootstrap_servers: _, ...without } = config();
      const { error } = await headwater.call('create_source', { connector: 'mariadb', config: without });
      expect(error).toMatchObject({
        code: 'INVALID_CONFIG',
        fields: [{ field: '/config/schema.history.internal.kafka.bootstrap.servers' }],
      });
    });

    it('a row arrives in the topic of a source that a client created, and what it leaves behind is told', async () => {
      const answer = await headwater.done('create_source', { connector: 'mariadb', name: 'maria', config: config() });
      expect(answer).toMatchObject({
        source: {
          status: 'Active',
          config: {
            'database.server.id': expect.any(Number),
            'schema.history.internal.kafka.topic': 'schema-history.maria',
          },
        },
      });
      await mariadb.sql("INSERT INTO shop.orders VALUES (2, 'hello')");
      const records = await worker.records('maria.shop.orders', 2);
      expect(records.map((record) => JSON.parse(record))).toMatchObject([
        { op: 'r', after: { id: 1 } },
        { op: 'c', after: { id: 2, note: 'hello' } },
      ]);
      const { left_behind: left } = await headwater.done('delete_source', {
        source_id: 'kafka_connect:maria',
        confirm: 'maria',
      });
      const removals = (left as { remove: string }[]).map(({ remove }) => remove);
      expect(removals).toContain('kafka-topics.sh --bootstrap-server <brokers> --delete --topic maria.shop.orders');
      expect(removals).toContain(
        `kafka-topics.sh --bootstrap-server ${worker.bootstrapServers} --delete --topic schema-history.maria`,
      );
    });
  },
);
