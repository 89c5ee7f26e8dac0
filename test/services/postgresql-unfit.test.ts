import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Actor, ProblemCode } from '../../src/probes/problems/index.ts';
import type { TestPostgres } from '../support/postgres.ts';
import { createSite, DEBIAN_BIN, type Site, startReadyServer } from '../support/postgres-sites.ts';
import { failing } from '../support/reports.ts';
import { ALL_SERVICES } from '../support/services.ts';

/** One thing that keeps changes from being captured, or is worth knowing, and the fix as printed. */
interface Case {
  name: string;
  /** `me` is the role and the database. */
  spoil?: (me: string) => string;
  config?: Record<string, unknown>;
  step: string;
  code: ProblemCode;
  actor?: Actor;
  fields?: readonly string[];
  /** The step's own statements without; nothing to mend by SQL where false. */
  fix?: false | Record<string, unknown>;
  /** A warning, not a failure. */
  warns?: true;
}

const CASES: readonly Case[] = [
  {
    name: 'no REPLICATION',
    spoil: (me) => `ALTER ROLE ${me} NOREPLICATION`,
    step: 'cdc_role',
    code: 'CDC_ROLE',
    fields: ['username'],
  },
  {
    name: 'a selected table without a key',
    spoil: () => 'ALTER TABLE shop.orders DROP CONSTRAINT orders_pkey',
    step: 'cdc_tables',
    code: 'CDC_REPLICA_IDENTITY',
  },
  {
    name: 'replica identity nothing',
    spoil: () => 'ALTER TABLE shop.orders REPLICA IDENTITY NOTHING',
    step: 'cdc_tables',
    code: 'CDC_REPLICA_IDENTITY',
  },
  {
    name: 'a replica identity whose index is gone',
    spoil: () =>
      'CREATE UNIQUE INDEX soon_gone ON shop.customers (name); ALTER TABLE shop.customers REPLICA IDENTITY USING INDEX soon_gone; DROP INDEX shop.soon_gone',
    step: 'cdc_tables',
    code: 'CDC_REPLICA_IDENTITY',
  },
  {
    name: 'no key, but a unique index that serves',
    spoil: () =>
      'ALTER TABLE shop.customers DROP CONSTRAINT customers_pkey; CREATE UNIQUE INDEX "by Name" ON shop.customers (name)',
    step: 'cdc_tables',
    code: 'CDC_REPLICA_IDENTITY',
  },
  {
    name: 'a selected table that is unlogged',
    spoil: () => 'ALTER PUBLICATION changes DROP TABLE shop.orders; ALTER TABLE shop.orders SET UNLOGGED',
    step: 'cdc_captured',
    code: 'CDC_NOT_CAPTURED',
    fields: ['tables'],
  },
  {
    name: 'a selected view',
    spoil: (me) => `CREATE VIEW shop.v AS SELECT 1 AS one; GRANT SELECT ON shop.v TO ${me}`,
    config: { tables: ['shop.orders', 'shop.v'] },
    step: 'cdc_captured',
    code: 'CDC_NOT_CAPTURED',
    fields: ['tables'],
    fix: {},
  },
  {
    name: 'no publication',
    spoil: () => 'DROP PUBLICATION changes',
    step: 'cdc_publication',
    code: 'CDC_PUBLICATION_MISSING',
    fields: ['publication'],
  },
  {
    name: 'no publication, and a schema is selected',
    config: { tables: undefined, schemas: ['shop'], publication: 'Other "one"' },
    step: 'cdc_publication',
    code: 'CDC_PUBLICATION_MISSING',
    fields: ['publication'],
  },
  {
    name: 'a selected table that is not in the publication',
    spoil: () => 'ALTER PUBLICATION changes DROP TABLE shop.customers',
    step: 'cdc_publication',
    code: 'CDC_PUBLICATION_TABLES',
    fields: ['publication', 'tables'],
  },
  {
    name: 'a publication without updates and deletes',
    spoil: () => "ALTER PUBLICATION changes SET (publish = 'insert')",
    step: 'cdc_publication',
    code: 'CDC_PUBLICATION_PARTIAL',
    fields: ['publication'],
    warns: true,
  },
  {
    name: 'a slot of another plugin',
    config: { slot_name: 'decoded' },
    spoil: () => "SELECT pg_create_logical_replication_slot('decoded', 'test_decoding')",
    step: 'cdc_slot',
    code: 'CDC_SLOT_UNFIT',
    actor: 'user',
    fields: ['slot_name'],
    fix: { slot_name: 'another' },
  },
  {
    name: 'a physical slot',
    config: { slot_name: 'physical' },
    spoil: () => "SELECT pg_create_physical_replication_slot('physical')",
    step: 'cdc_slot',
    code: 'CDC_SLOT_UNFIT',
    actor: 'user',
    fields: ['slot_name'],
    fix: { slot_name: 'another' },
  },
  {
    name: 'a password that ends soon',
    spoil: (me) =>
      `DO $$ BEGIN EXECUTE format('ALTER ROLE ${me} VALID UNTIL %L', now() + interval '5 days 1 hour'); END $$`,
    step: 'role_limits',
    code: 'ROLE_EXPIRES',
    fields: ['password'],
    warns: true,
  },
  {
    name: 'one session only',
    spoil: (me) => `ALTER ROLE ${me} CONNECTION LIMIT 1`,
    step: 'role_limits',
    code: 'ROLE_FEW_CONNECTIONS',
    fields: ['username'],
    warns: true,
  },
  {
    name: 'rights to write',
    spoil: (me) =>
      `GRANT INSERT, TRUNCATE ON shop.orders TO ${me}; GRANT CREATE ON SCHEMA shop TO ${me}; ALTER ROLE ${me} CREATEDB CREATEROLE`,
    step: 'role',
    code: 'ROLE_TOO_POWERFUL',
    fields: ['username'],
    warns: true,
  },
  {
    name: 'a superuser',
    spoil: (me) => `ALTER ROLE ${me} SUPERUSER`,
    step: 'role',
    code: 'ROLE_TOO_POWERFUL',
    fields: ['username'],
    warns: true,
    fix: false,
  },
  {
    name: 'some columns only',
    spoil: (me) => `REVOKE SELECT ON shop.orders FROM ${me}; GRANT SELECT (id) ON shop.orders TO ${me}`,
    step: 'tables',
    code: 'COLUMNS_DENIED',
    fields: ['tables'],
    warns: true,
  },
  {
    name: 'row security',
    spoil: () => 'ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY',
    step: 'tables',
    code: 'TABLE_ROW_SECURITY',
    fields: ['tables'],
    warns: true,
    fix: false,
  },
];

describe.skipIf(DEBIAN_BIN === undefined && !ALL_SERVICES)(
  'PostgreSQL 15, unfit for CDC (npm run test:services)',
  () => {
    let server: TestPostgres;
    let site: Site;

    beforeAll(async () => {
      server = await startReadyServer();
    });
    afterAll(() => server?.stop());
    beforeEach(async () => {
      site = await createSite(server);
    });
    afterEach(async () => {
      await server.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active');
      await site.drop();
    });

    it.each(CASES)('$name: $code', async ({ spoil, config, step, code, actor = 'dba', fields, fix, warns }) => {
      if (spoil) await site.sql(spoil(site.name));
      const report = await site.test(config);
      const found = warns ? report.steps.find(({ status }) => status === 'warn') : failing(report);
      expect(found, JSON.stringify(report.steps, undefined, 1)).toMatchObject({
        id: step,
        code,
        actor,
        ...(fields ? { fields } : {}),
      });
      expect(report.ok).toBe(warns === true);
      if (fix === false) return expect(found?.fix?.sql).toBeUndefined();
      if (fix) return expect(await site.test(fix)).toMatchObject({ ok: true });
      // As printed; what needs the one before it is told by the next test.
      for (const round of [1, 2]) {
        const wrong = (await site.test(config)).steps.filter(({ status }) => status === 'fail' || status === 'warn');
        for (const { fix: printed } of wrong) expect(await site.psql(printed?.sql ?? ''), `round ${round}`).toBe('');
      }
      const mended = await site.test(config);
      expect(mended, JSON.stringify(mended.steps, undefined, 1)).toMatchObject({ ok: true, verdict: 'ok' });
    });

    it('a slot of another database', async () => {
      const other = await createSite(server);
      await other.sql("SELECT pg_create_logical_replication_slot('elsewhere', 'pgoutput')");
      const failed = failing(await site.test({ slot_name: 'elsewhere' }));
      expect(failed).toMatchObject({ id: 'cdc_slot', code: 'CDC_SLOT_UNFIT', actor: 'user', fields: ['slot_name'] });
      expect(failed?.message).toContain(`elsewhere is of the database ${other.name}, not ${site.name}`);
      await server.query("SELECT pg_drop_replication_slot('elsewhere')");
      await other.drop();
    });

    it('a slot that somebody reads', async () => {
      await site.sql("SELECT pg_create_logical_replication_slot('read', 'pgoutput')");
      const reader = await follow('read');
      try {
        const { steps } = await site.test({ slot_name: 'read' });
        expect(steps.find(({ id }) => id === 'cdc_slot')).toMatchObject({ status: 'warn', code: 'CDC_SLOT_ACTIVE' });
      } finally {
        reader.kill('SIGKILL');
      }
      await vi.waitFor(async () => expect(await site.test({ slot_name: 'read' })).toMatchObject({ verdict: 'ok' }));
    });

    it('slots that were left behind, and one of ours that was not read in time', async () => {
      await site.sql(
        "SELECT pg_create_logical_replication_slot('left', 'pgoutput'); SELECT pg_create_logical_replication_slot('ours', 'pgoutput')",
      );
      await site.sql('CREATE TABLE bulk AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 40000) i');
      const { steps } = await site.test({ slot_name: 'ours' });
      const left = steps.find(({ id }) => id === 'cdc_other_slots');
      expect(left).toMatchObject({ status: 'warn', code: 'CDC_SLOTS_LEFT', actor: 'dba' });
      expect(left?.fix?.text).toContain("SELECT pg_drop_replication_slot('left');");
      expect(left?.fix?.sql).toBeUndefined();
      await site.sql('INSERT INTO bulk SELECT repeat(md5(i::text), 30) FROM generate_series(1, 40000) i; CHECKPOINT');
      const lost = failing(await site.test({ slot_name: 'ours' }));
      expect(lost).toMatchObject({ id: 'cdc_slot', code: 'CDC_SLOT_LOST', actor: 'dba', fields: ['slot_name'] });
      expect(await site.psql(lost?.fix?.sql ?? '')).toBe('');
      expect(await site.test({ slot_name: 'ours' })).toMatchObject({ ok: true });
    });

    /** Reads a slot until it is killed. */
    async function follow(slot: string): Promise<ChildProcess> {
      const args = [
        '-S',
        slot,
        '-d',
        server.url(site.name),
        '--start',
        '-f',
        '/dev/null',
        '-o',
        'proto_version=1',
        '-o',
        'publication_names=changes',
      ];
      const child = spawn(join(DEBIAN_BIN ?? '', 'pg_recvlogical'), args, { stdio: 'ignore' });
      await vi.waitFor(async () =>
        expect(await server.query(`SELECT active FROM pg_replication_slots WHERE slot_name = '${slot}'`)).toEqual([
          { active: true },
        ]),
      );
      return child;
    }
  },
);
