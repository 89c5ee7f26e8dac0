import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestPostgres } from '../support/postgres.ts';
import { createSite, DEBIAN_BIN, dumped, type Site, startReadyServer } from '../support/postgres-sites.ts';
import { failing, handoffTo, rollBackOf } from '../support/reports.ts';
import { ALL_SERVICES } from '../support/services.ts';

describe.skipIf(DEBIAN_BIN === undefined && !ALL_SERVICES)(
  'PostgreSQL 15, what looks like something else (npm run test:services)',
  () => {
    let server: TestPostgres;
    let site: Site;

    beforeAll(async () => {
      server = await startReadyServer();
    });
    beforeEach(async () => {
      site = await createSite(server);
    });
    afterEach(() => site.drop());
    afterAll(() => server?.stop());

    it('a search path that puts other functions and operators in front of the server’s is not asked', async () => {
      await site.sql(`CREATE SCHEMA own; GRANT USAGE ON SCHEMA own TO PUBLIC;
        CREATE FUNCTION own.current_setting(text) RETURNS text LANGUAGE sql AS $$ SELECT 'minimal' $$;
        CREATE FUNCTION own.never(name, text) RETURNS bool LANGUAGE sql AS $$ SELECT false $$;
        CREATE OPERATOR own.= (LEFTARG = name, RIGHTARG = text, FUNCTION = own.never);
        ALTER ROLE ${site.name} SET search_path = own, pg_catalog`);
      expect(await site.test()).toMatchObject({ verdict: 'ok' });
    });

    it('USAGE alone is missing: nothing else is granted, and nothing else is taken back', async () => {
      await site.sql(`REVOKE USAGE ON SCHEMA shop FROM ${site.name}; REVOKE SELECT ON shop.orders FROM ${site.name};
        GRANT SELECT (id) ON shop.orders TO ${site.name}`);
      const before = await dumped(server);
      const script = handoffTo(await site.test(), 'dba');
      expect(script).not.toContain('GRANT SELECT');
      expect(await site.psql(script)).toBe('');
      expect(await site.test()).toMatchObject({ ok: true });
      expect(await site.psql(rollBackOf(script))).toBe('');
      expect(await dumped(server)).toBe(before);
    });

    it.each([
      ['a view', 'VIEW'],
      ['a materialized view', 'MATERIALIZED VIEW'],
    ])('%s is selected, and the publication is missing: the script makes it for the tables', async (_, kind) => {
      await site.sql(`CREATE ${kind} shop.seen AS SELECT 1 AS id; GRANT SELECT ON shop.seen TO ${site.name};
        DROP PUBLICATION changes`);
      const config = { tables: ['shop.orders', 'shop.seen'] };
      const script = handoffTo(await site.test(config), 'dba');
      expect(await site.psql(script)).toBe('');
      const { steps } = await site.test(config);
      expect(steps.flatMap(({ status, code }) => (status === 'fail' ? [code] : []))).toEqual(['CDC_NOT_CAPTURED']);
    });

    it('partitions without a key are made fit themselves: their updates go on', async () => {
      await site.sql(`CREATE TABLE shop.days (id int, day date) PARTITION BY RANGE (day);
        CREATE TABLE shop."day's" PARTITION OF shop.days FOR VALUES FROM ('2020-01-01') TO ('2030-01-01');
        INSERT INTO shop.days VALUES (1, '2025-01-01'); GRANT SELECT ON shop.days TO ${site.name}`);
      const config = { tables: ['shop.days'] };
      const report = await site.test(config);
      expect(failing(report)).toMatchObject({ id: 'cdc_tables', code: 'CDC_REPLICA_IDENTITY' });
      const script = handoffTo(report, 'dba');
      expect(await site.psql(script)).toBe('');
      expect(await site.test(config)).toMatchObject({ ok: true });
      await site.sql('UPDATE shop.days SET id = 2');
    });

    it('a primary key that is deferrable tells no rows apart', async () => {
      await site.sql(`ALTER TABLE shop.orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (id) DEFERRABLE`);
      const report = await site.test();
      expect(failing(report)).toMatchObject({ id: 'cdc_tables', code: 'CDC_REPLICA_IDENTITY' });
      expect(await site.psql(handoffTo(report, 'dba'))).toBe('');
      expect(await site.test()).toMatchObject({ ok: true });
      await site.sql("INSERT INTO shop.orders VALUES (1, 'a'); UPDATE shop.orders SET note = 'b'");
    });

    it('the whole is fit and a partition is not', async () => {
      await site.sql(`CREATE TABLE shop.days (id int, day date) PARTITION BY RANGE (day);
        ALTER TABLE shop.days REPLICA IDENTITY FULL; ALTER PUBLICATION changes ADD TABLE shop.days;
        CREATE TABLE shop.some PARTITION OF shop.days DEFAULT; GRANT SELECT ON shop.days TO ${site.name}`);
      const report = await site.test({ tables: ['shop.days'] });
      expect(failing(report)).toMatchObject({
        code: 'CDC_REPLICA_IDENTITY',
        fix: { sql: expect.stringMatching(/"shop"\."some" REPLICA/) },
      });
    });
  },
);
