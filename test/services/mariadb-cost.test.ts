import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { account, CAPTURE, type MariadbLab, startLab } from '../support/mariadb-lab.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';

const installed = SERVICES.find(({ name }) => name === 'MariaDB')?.find() !== undefined;

const SIZES = { ten: 10, thousand: 1000 } as const;
/** What the server counts: statements, rows that it sent, and definitions of tables that it opened. */
const COUNTED = ['Questions', 'Rows_sent', 'Opened_table_definitions', 'Bytes_sent'] as const;

describe.skipIf(!installed && !ALL_SERVICES)(
  "what a test costs Debian's MariaDB (left out where it is not installed: npm run test:services)",
  () => {
    let lab: MariadbLab;

    beforeAll(async () => {
      expect(installed, 'MariaDB from Debian').toBe(true);
      lab = await startLab({ settings: { 'log-bin': 'binlog', 'binlog-format': 'ROW', 'expire-logs-days': '30' } });
      const tables = Object.entries(SIZES).flatMap(([database, size]) => [
        `CREATE DATABASE ${database};`,
        ...Array.from(
          { length: size },
          (_, i) => `CREATE TABLE ${database}.t${i} (id INT PRIMARY KEY) ENGINE = MyISAM;`,
        ),
        `GRANT SELECT ON ${database}.* TO reader@'127.0.0.1';`,
      ]);
      await lab.server.sql([account('reader', [CAPTURE]), ...tables].join('\n'));
    }, 180_000);
    afterAll(async () => {
      await lab?.stop();
    });

    const counted = async () => {
      const names = COUNTED.map((name) => `'${name}'`).join(', ');
      const lines = (await lab.server.sql(`SHOW GLOBAL STATUS WHERE Variable_name IN (${names})`)).trim().split('\n');
      return Object.fromEntries(lines.map((line) => line.split('\t')).map(([name, value]) => [name, Number(value)]));
    };
    const costOf = async (database: string) => {
      await lab.server.sql('FLUSH TABLES');
      const before = await counted();
      expect(await lab.test({ database }, ['cdc'])).toMatchObject({ ok: true });
      const after = await counted();
      return Object.fromEntries(COUNTED.map((name) => [name, (after[name] ?? 0) - (before[name] ?? 0)]));
    };

    it('a thousand tables cost what ten do: in statements, rows, and tables opened', async () => {
      const [ten, thousand] = [await costOf('ten'), await costOf('thousand')];
      // Names may be longer by a digit.
      const { Bytes_sent: bytes = 0, ...same } = ten;
      expect(thousand).toMatchObject(same);
      expect(thousand['Bytes_sent']).toBeLessThan(bytes * 1.1);
    });

    it('selected tables are asked for together, and no others', async () => {
      const tables = Array.from({ length: 100 }, (_, i) => `thousand.t${i}`);
      const before = await counted();
      const report = await lab.test({ database: 'thousand', tables }, ['cdc']);
      const after = await counted();
      expect(report.steps.find(({ id }) => id === 'tables_read')).toMatchObject({
        status: 'pass',
        evidence: '100 tables',
      });
      expect((after['Questions'] ?? 0) - (before['Questions'] ?? 0)).toBeLessThan(40);
    });
  },
);
