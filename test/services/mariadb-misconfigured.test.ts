import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GOOD, ROWS, type Row, SHOP } from '../support/mariadb-faults.ts';
import { account, failuresOf, type MariadbLab, startLab, toTheDba, warningsOf } from '../support/mariadb-lab.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';

const installed = SERVICES.find(({ name }) => name === 'MariaDB')?.find() !== undefined;

describe.skipIf(!installed && !ALL_SERVICES)(
  "misconfigured, on Debian's MariaDB (left out where it is not installed: npm run test:services)",
  () => {
    let lab: MariadbLab;

    beforeAll(async () => {
      expect(installed, 'MariaDB from Debian').toBe(true);
      lab = await startLab({ settings: { 'log-bin': 'binlog', 'server-id': '7', 'expire-logs-days': '30' } });
      await lab.server.sql(`${SHOP} ${GOOD}`);
    }, 180_000);
    afterAll(async () => {
      await lab?.stop();
    });

    const prepared = async ({ wrong, grants, extra }: Row) => {
      await lab.server.sql(
        `${GOOD} DROP USER IF EXISTS reader@'127.0.0.1', reader@'10.1.2.3', reader@'%', ''@'127.0.0.1';`,
      );
      await lab.server.sql('ALTER TABLE shop.notes ENGINE = MyISAM; SET GLOBAL binlog_expire_logs_seconds = 2592000;');
      if (grants) await lab.server.sql(account('reader', grants, extra));
      if (wrong) await lab.server.sql(wrong);
    };
    const tested = ({ config, checks }: Row, change = {}) => lab.test({ ...config, ...change }, checks);
    const shown = (steps: ReturnType<typeof failuresOf>) =>
      steps.map(({ id, code, fields, actor }) => [id, code, fields, actor]);

    describe.each(ROWS)('$name', (row) => {
      const { found, warned = [], mended } = row;

      it('is found, and the test changes nothing', async () => {
        await prepared(row);
        const before = await lab.dump({ position: true });
        const report = await tested(row);
        expect(await lab.dump({ position: true })).toBe(before);
        expect(shown(failuresOf(report))).toEqual(found);
        expect(shown(warningsOf(report))).toEqual(warned);
        for (const { fix } of failuresOf(report)) expect(fix?.text.length).toBeGreaterThan(20);
      });

      if (mended)
        it('is mended by the user', async () => {
          await prepared(row);
          expect(await lab.test({ ...mended }, row.checks)).toMatchObject({ ok: true });
        });

      if (!mended && found.length > 0)
        it('is mended by the script, which can be run again and taken back', async () => {
          await prepared(row);
          const before = await lab.dump();
          const letter = toTheDba(await tested(row));
          await lab.runScript(letter);
          expect(failuresOf(await tested(row))).toEqual([]);
          await lab.runScript(letter);
          expect(failuresOf(await tested(row))).toEqual([]);
          await lab.rollBack(letter);
          expect(await lab.dump()).toBe(before);
        });

      if (!mended)
        it('is mended by what each step prints', async () => {
          await prepared(row);
          const report = await tested(row);
          const own = [...failuresOf(report), ...warningsOf(report)].filter(({ actor }) => actor === 'dba');
          for (const step of own) await lab.apply(step);
          // A key is not for a script to choose.
          const left = warningsOf(await tested(row)).map(({ code }) => code);
          if (own.length > 0) expect(left.filter((code) => code !== 'CDC_NO_PRIMARY_KEY')).toEqual([]);
        });
    });

    it('a view whose definer is gone is not taken for a rejected login', async () => {
      const row: Row = { name: 'a view', grants: ['SELECT ON shop.*'], found: [] };
      await prepared(row);
      await lab.server.sql("CREATE DEFINER = gone@'%' VIEW shop.seen AS SELECT id FROM shop.orders");
      const report = await lab.test({ tables: ['shop.orders', 'shop.seen'] });
      await lab.server.sql('DROP VIEW shop.seen');
      expect(shown(failuresOf(report))).toEqual([['tables_read', 'TABLE_DENIED', ['tables'], 'dba']]);
      expect(failuresOf(report)[0]?.fix?.text).toContain('SQL SECURITY INVOKER');
      expect(toTheDba(report)).toMatchObject({ format: 'text' });
    });
  },
);
