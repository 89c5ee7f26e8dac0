import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/probes/report.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { createSite, DEBIAN_BIN, dumped, PASSWORD, type Site, startReadyServer } from '../support/postgres-sites.ts';
import { handoffTo, rollBackOf } from '../support/reports.ts';
import { ALL_SERVICES } from '../support/services.ts';

const failures = ({ steps }: Report) =>
  steps.flatMap(({ id, status, code }) => (status === 'fail' ? [`${id}: ${code}`] : []));

describe.skipIf(DEBIAN_BIN === undefined && !ALL_SERVICES)(
  'PostgreSQL 15, several things wrong (npm run test:services)',
  () => {
    let server: TestPostgres;

    beforeAll(async () => {
      server = await startReadyServer({ settings: { wal_level: 'replica' } });
    });
    afterAll(() => server?.stop());

    /** The script for the administrator, as a whole: once it mends, twice it harms nothing, and its end takes it back. */
    async function expectScript(site: Site, config: Record<string, unknown>, wrong: readonly string[]): Promise<void> {
      const before = await dumped(server);
      const report = await site.test(config);
      expect(failures(report)).toEqual(wrong);
      expect(await dumped(server)).toBe(before);
      const script = handoffTo(report, 'dba');
      expect(await site.psql(script)).toBe('');
      if (script.includes('has been restarted')) await server.restart();
      const mended = await site.test(config);
      expect(mended, JSON.stringify(mended.steps, undefined, 1)).toMatchObject({ ok: true });
      const after = await dumped(server);
      expect(await site.psql(script)).toBe('');
      expect(await dumped(server)).toBe(after);
      expect(after).not.toBe(before);
      expect(await site.psql(rollBackOf(script))).toBe('');
      await server.restart();
      expect(failures(await site.test(config))).toEqual(wrong);
    }

    it('a setting, a right and a table', async () => {
      const site = await createSite(server);
      await site.sql(`REVOKE SELECT ON shop.orders FROM ${site.name}; DROP PUBLICATION changes`);
      await expectScript(site, {}, [
        'tables: TABLE_DENIED',
        'cdc_wal_level: CDC_WAL_LEVEL',
        'cdc_publication: CDC_PUBLICATION_MISSING',
      ]);
      await site.drop();
    });

    it('the role, a key and the publication', async () => {
      const site = await createSite(server);
      await site.sql(`ALTER ROLE ${site.name} NOREPLICATION; ALTER TABLE shop.customers DROP CONSTRAINT customers_pkey;
      ALTER PUBLICATION changes DROP TABLE shop.orders`);
      await expectScript(site, {}, [
        'cdc_wal_level: CDC_WAL_LEVEL',
        'cdc_role: CDC_ROLE',
        'cdc_tables: CDC_REPLICA_IDENTITY',
        'cdc_publication: CDC_PUBLICATION_TABLES',
      ]);
      await site.drop();
    });

    it('one table missing, one denied, and an unlogged one: each with whoever can mend it', async () => {
      const site = await createSite(server);
      await site.sql(
        `REVOKE USAGE ON SCHEMA shop FROM ${site.name}; CREATE UNLOGGED TABLE shop.carts (id int PRIMARY KEY)`,
      );
      const config = { tables: ['shop.orders', 'shop.carts', 'shop.gone'] };
      const report = await site.test(config);
      expect(failures(report)).toEqual([
        'tables: TABLE_NOT_FOUND',
        'cdc_wal_level: CDC_WAL_LEVEL',
        'cdc_captured: CDC_NOT_CAPTURED',
        'cdc_publication: CDC_PUBLICATION_TABLES',
      ]);
      expect(await site.psql(handoffTo(report, 'dba'))).toBe('');
      await server.restart();
      const { steps } = await site.test({ tables: ['shop.orders', 'shop.carts'] });
      expect(
        steps.filter(({ status }) => status === 'fail'),
        JSON.stringify(steps, undefined, 1),
      ).toEqual([]);
      await server.query('ALTER SYSTEM RESET wal_level');
      await site.drop();
      await server.restart();
    });

    it('a role from nothing: made, let in, given what it reads and the right to replicate', async () => {
      const site = await createSite(server);
      await site.sql(`REVOKE CONNECT ON DATABASE ${site.name} FROM PUBLIC`);
      const config = { username: 'from_nothing' };
      const report = await site.test(config);
      expect(failures(report)).toEqual(['auth: AUTH_REJECTED']);
      const script = handoffTo(report, 'dba');
      expect(script).not.toContain('PASSWORD');
      expect(await site.psql(script)).toBe('');
      expect(await site.psql(script)).toBe('');
      const [line] = /\\password .*/.exec(script) ?? [];
      expect(line).toBe('\\password "from_nothing"');
      await server.query(`ALTER ROLE from_nothing PASSWORD '${PASSWORD}'`);
      expect(failures(await site.test(config))).toEqual(['cdc_wal_level: CDC_WAL_LEVEL']);
      expect(await site.psql(rollBackOf(script))).toBe('');
      expect(failures(await site.test(config))).toEqual(['auth: AUTH_REJECTED']);
      expect(await server.query("SELECT FROM pg_roles WHERE rolname = 'from_nothing'")).toEqual([]);
      await site.drop();
    });

    it('the way back takes nothing from a role that was there before', async () => {
      const site = await createSite(server);
      const script = handoffTo(await site.test({ password: 'of-last-year' }), 'dba');
      expect(await site.psql(script)).toBe('');
      expect(await site.psql(rollBackOf(script))).toBe('');
      expect(failures(await site.test())).toEqual(['cdc_wal_level: CDC_WAL_LEVEL']);
      await site.drop();
    });

    it('a test with all its checks leaves the server as it was, passed or failed', async () => {
      const site = await createSite(server);
      await site.sql("SELECT pg_create_physical_replication_slot('there')");
      const before = await dumped(server);
      for (const change of [
        {},
        { slot_name: 'there' },
        { tables: undefined },
        { username: 'nobody' },
        { publication: 'none' },
      ])
        await site.test(change);
      expect(await dumped(server)).toBe(before);
      await site.sql('CREATE TABLE shop.shows (id int)');
      expect(await dumped(server)).not.toBe(before);
      await site.drop();
    });

    it('a thousand tables cost what ten cost: the server reads as many rows of its catalogue', async () => {
      const work = async (tables: number, config: Record<string, unknown>) => {
        const site = await createSite(server);
        await site.sql(`DO $$ BEGIN FOR i IN 1..${tables} LOOP
          EXECUTE format('CREATE TABLE shop.t%s (id int PRIMARY KEY)', i); END LOOP; END $$;
        GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ${site.name}`);
        await server.query('VACUUM ANALYZE', undefined, site.name);
        await site.test(config);
        const before = await fetched(site);
        await site.test(config);
        const after = await fetched(site);
        await site.drop();
        return after - before;
      };
      for (const config of [{}, { tables: undefined }]) {
        const [few, many] = [await work(10, config), await work(1000, config)];
        expect(few).toBeGreaterThan(0);
        expect(many).toBeLessThan(few * 1.5);
      }
    });

    /** Rows that backends of this database have read, once the ones that are gone have said so. */
    async function fetched(site: Site): Promise<number> {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [row] = await server.query<{ rows: string }>(
        `SELECT tup_fetched + tup_returned AS rows FROM pg_stat_database WHERE datname = '${site.name}'`,
      );
      return Number(row?.rows);
    }
  },
);
