import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SyncAdvice } from '../../src/probes/probe.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { account, PASSWORD } from '../support/mariadb-lab.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';

const installed = SERVICES.find(({ name }) => name === 'MariaDB')?.find() !== undefined;

const MANY = 1000;

const SHOP = `
CREATE DATABASE shop; CREATE DATABASE many; CREATE DATABASE advice;
CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL, born DATE, vip BOOL);
INSERT INTO shop.customers VALUES (1, 'Ada', '1815-12-10', 1), (2, 'Grace', NULL, 0);
CREATE TABLE shop.order_lines (order_id BIGINT, line SMALLINT, price DECIMAL(20,4), weight DOUBLE, PRIMARY KEY (line, order_id));
INSERT INTO shop.order_lines VALUES (9007199254740993, 1, 12345678901234.5678, 1.25);
CREATE TABLE shop.\`odd \`\`name.x\` (\`a \`\`b\` JSON, raw BLOB, bits BIT(8), place POINT, note TEXT, born TIMESTAMP NULL);
INSERT INTO shop.\`odd \`\`name.x\` VALUES ('{"a": 1}', 0x00ff10, b'101', ST_GeomFromText('POINT(1 2)'), REPEAT('é', 3000), NULL);
CREATE TABLE advice.touched (code VARCHAR(9) NOT NULL UNIQUE, id INT AUTO_INCREMENT PRIMARY KEY, tenant INT NOT NULL,
  changed TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, created_at DATETIME, KEY by_change (changed));
CREATE TABLE advice.loose (note TEXT, updated_at DATETIME);
CREATE TABLE advice.plain (note TEXT);
CREATE VIEW advice.notes AS SELECT note FROM advice.plain;
`;

describe.skipIf(!installed && !ALL_SERVICES)(
  "reading Debian's MariaDB (left out where it is not installed: npm run test:services)",
  () => {
    let server: TestMariadb;
    let session: InMemory;
    let config: Record<string, unknown>;

    beforeAll(async () => {
      expect(installed, 'MariaDB from Debian').toBe(true);
      server = await startMariadb({ settings: { 'log-bin': 'binlog', 'server-id': '7', 'binlog-format': 'ROW' } });
      const many = Array.from(
        { length: MANY },
        (_, i) => `CREATE TABLE many.t${i} (id INT PRIMARY KEY) ENGINE = MyISAM;`,
      );
      const accounts = [
        account('reader', ['SELECT ON shop.*', 'SELECT ON advice.*']),
        account('everywhere', ['SELECT ON *.*']),
        account('onetable', ['SELECT ON shop.customers']),
      ];
      await server.sql([SHOP, ...many, ...accounts].join('\n'));
      session = await inMemory({ HEADWATER_SECRET_SHOP: PASSWORD });
      const password = '${env:HEADWATER_SECRET_SHOP}';
      config = { host: '127.0.0.1', port: server.port, database: 'shop', username: 'reader', password };
    }, 180_000);
    afterAll(async () => {
      await session?.close();
      await server?.stop();
    });

    const created = async (name: string) => {
      const { source } = await session.done('create_source', {
        connector: 'mariadb',
        config,
        name,
        idempotency_key: name,
      });
      return (source as { id: string }).id;
    };

    it('says how to sync each table of a page', async () => {
      const advised = async () => {
        const asked = { connector: 'mariadb', config: { ...config, database: 'advice' }, advice: true };
        const { streams } = await session.done('discover_source', asked);
        const found = streams as { name: string; advice: SyncAdvice }[];
        return Object.fromEntries(found.map(({ name, advice }) => [name, advice]));
      };
      const by = await advised();
      expect(by['touched']).toMatchObject({ keys: [['id'], ['code']], cdc: { possible: true }, suggested: 'cdc' });
      expect(by['touched']?.bytes).toBeGreaterThan(0);
      expect(by['touched']?.cursors).toMatchObject([
        { column: 'changed', type: 'timestamp', index: 'by_change' },
        { column: 'id', type: 'int(11)', index: 'PRIMARY' },
        { column: 'created_at', type: 'datetime' },
      ]);
      expect(by['loose']).toMatchObject({ keys: [], cursors: [{ column: 'updated_at' }], suggested: 'full' });
      expect(by['loose']?.cdc).toMatchObject({ possible: true, why: expect.stringContaining('Without a key') });
      expect(by['notes']).toMatchObject({ cdc: { possible: false }, suggested: 'full', cursors: [] });
      await server.sql("SET GLOBAL binlog_format = 'STATEMENT'");
      expect((await advised())['touched']).toMatchObject({
        cdc: { possible: false, why: 'binlog_format is STATEMENT, and changes need ROW.' },
        suggested: 'cursor',
      });
      await server.sql("SET GLOBAL binlog_format = 'ROW'");
    });

    it('shows only tables that the user may see', async () => {
      const { streams } = await session.done('discover_source', {
        connector: 'mariadb',
        config: { ...config, username: 'onetable' },
      });
      expect(streams).toMatchObject([{ namespace: 'shop', name: 'customers' }]);
    });

    it('shows every type as a value that fits, and cuts what is long', async () => {
      const preview = async (stream: string) =>
        (await session.done('preview_source', { source_id: await created('types'), stream })) as {
          rows: Record<string, string>[];
          columns: { name: string }[];
        };
      const { rows, columns } = await preview('shop.odd `name.x');
      expect(columns.map(({ name }) => name)).toEqual(['a `b', 'raw', 'bits', 'place', 'note', 'born']);
      expect(rows).toEqual([
        {
          'a `b': '{"a": 1}',
          raw: '0x00FF10',
          bits: '5',
          place: 'POINT(1 2)',
          note: `${'é'.repeat(199)}…`,
          born: null,
        },
      ]);
      expect((await preview('order_lines')).rows).toEqual([
        { order_id: '9007199254740993', line: 1, price: '12345678901234.5678', weight: 1.25 },
      ]);
    });

    it(`pages through ${MANY} tables, each once, and finds them by a part of their name`, async () => {
      const everything = { ...config, username: 'everywhere', database: 'many' };
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await session.done('discover_source', {
          connector: 'mariadb',
          config: everything,
          limit: 100,
          ...(cursor === undefined ? {} : { cursor }),
        });
        seen.push(...(page['streams'] as { name: string }[]).map(({ name }) => name));
        cursor = page['next_cursor'] as string | undefined;
      } while (cursor !== undefined);
      expect(seen).toHaveLength(MANY);
      expect(new Set(seen).size).toBe(MANY);
      const found = await session.done('discover_source', { connector: 'mariadb', config: everything, query: 'T99' });
      expect((found['streams'] as { name: string }[]).map(({ name }) => name)).toContain('t999');
    });

    it('writes nothing', async () => {
      const position = await server.sql('SHOW MASTER STATUS');
      await session.done('discover_source', { connector: 'mariadb', config, advice: true });
      await session.done('preview_source', { source_id: await created('quiet'), stream: 'customers' });
      expect(await server.sql('SHOW MASTER STATUS')).toBe(position);
    });
  },
);
