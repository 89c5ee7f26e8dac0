import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../../../src/probes/report.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { SHOP_ROLES } from '../../../support/shop.ts';
import { createLab, stepOf } from '../lab.ts';
import { READER } from '../rows.ts';

/** A server of this file's own: not set up for change data capture, and quiet, so that every write would show. */
let own: TestPostgres;
const database = 'plant';
const CHECKS = { checks: ['cdc'] };
const shared = sharedPostgres();

beforeAll(async () => {
  own = await startPostgres({
    settings: {
      wal_level: 'replica',
      max_replication_slots: '1',
      max_wal_senders: '2',
      max_slot_wal_keep_size: '64MB',
      autovacuum: 'off',
    },
  });
  await own.query(`CREATE DATABASE ${database}`);
  const login = `LOGIN PASSWORD '${READER.password}'`;
  await own.query(
    `CREATE ROLE plain ${login}; CREATE ROLE replicator ${login} REPLICATION; CREATE ROLE managed ${login};
    CREATE ROLE rds_replication; GRANT rds_replication TO managed; GRANT pg_read_all_stats TO replicator;
    CREATE TABLE keyed (id int PRIMARY KEY); CREATE TABLE whole (id int); ALTER TABLE whole REPLICA IDENTITY FULL;
    CREATE TABLE "no ""key" (id int); CREATE TABLE none (id int PRIMARY KEY); ALTER TABLE none REPLICA IDENTITY NOTHING;
    GRANT SELECT ON ALL TABLES IN SCHEMA public TO plain, replicator, managed;`,
    undefined,
    database,
  );
});
afterAll(() => own?.stop());

function check(username: string, over: Record<string, unknown> = {}): Promise<Report> {
  const config = { ...READER, port: own.port, database, tls_mode: 'disable', username, ...over };
  return createLab().test(config, CHECKS);
}

const findings = ({ steps }: Report) =>
  Object.fromEntries(steps.filter(({ id }) => id.startsWith('cdc_')).map(({ id, status }) => [id.slice(4), status]));

test('a server and a user that are ready', async () => {
  const report = await createLab().test({ ...READER, username: SHOP_ROLES.replicator, schemas: ['analytics'] }, CHECKS);
  expect(findings(report)).toEqual({
    version: 'pass',
    wal_level: 'pass',
    role: 'pass',
    slots: 'pass',
    standby: 'pass',
    session: 'pass',
    slot: 'skip',
    publication: 'skip',
    captured: 'skip',
    tables: 'pass',
    transactions: 'skip', // only pg_read_all_stats shows those of others
    wal_keep: 'warn', // PostgreSQL's own default
    other_slots: 'pass',
  });
  expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings', depth: 'cdc' });
  expect(stepOf(report, 'cdc_slots').evidence).toMatch(/^\d+ of 10 slots and \d+ of 10 senders in use$/);
});

test('without being asked nothing of it is checked', async () => {
  expect(findings(await createLab().test(READER))).toEqual({});
});

test('all that is missing comes back at once, each with its SQL, and one letter for the administrator', async () => {
  await own.query("SELECT pg_create_physical_replication_slot('taken')");
  try {
    const report = await check('plain');
    expect(findings(report)).toEqual({
      version: 'pass',
      wal_level: 'fail',
      role: 'fail',
      slots: 'fail',
      standby: 'pass',
      session: 'skip', // the role is told already
      slot: 'skip',
      publication: 'skip',
      captured: 'skip',
      tables: 'warn',
      transactions: 'skip',
      wal_keep: 'pass',
      other_slots: 'pass',
    });
    expect(stepOf(report, 'cdc_wal_level')).toMatchObject({
      code: 'CDC_WAL_LEVEL',
      message: 'Change data capture needs wal_level logical; it is replica',
      actor: 'dba',
      fix: {
        sql: '-- Holds once the server has been restarted.\nALTER SYSTEM SET wal_level = logical;',
      },
    });
    expect(stepOf(report, 'cdc_role')).toMatchObject({
      code: 'CDC_ROLE',
      message: 'plain may not replicate',
      fields: ['username'],
      fix: { sql: 'ALTER ROLE "plain" REPLICATION;' },
    });
    expect(stepOf(report, 'cdc_slots')).toMatchObject({
      code: 'CDC_NO_FREE_SLOT',
      evidence: '1 of 1 slots and 0 of 2 senders in use',
    });
    expect(stepOf(report, 'cdc_tables')).toMatchObject({
      code: 'CDC_REPLICA_IDENTITY',
      message: 'Updates and deletes cannot be captured for "public"."no ""key", "public"."none"',
      fix: {
        sql: 'ALTER TABLE "public"."no ""key" REPLICA IDENTITY FULL;\nALTER TABLE "public"."none" REPLICA IDENTITY FULL;',
      },
    });
    expect(stepOf(report, 'cdc_wal_keep').evidence).toBe('max_slot_wal_keep_size 64MB, wal_sender_timeout 1min');
    expect(report).toMatchObject({ ok: false, depth: 'cdc' });
    expect(report.headline).toMatch(
      /^Change data capture needs wal_level logical; it is replica\. .* \(and 2 more problems\)$/,
    );
    expect(report.handoff?.map(({ actor }) => actor)).toEqual(['dba']);
    expect(report.handoff?.[0]?.text).toMatch(/ALTER ROLE "plain" REPLICATION;[\s\S]*ALTER SYSTEM/);
  } finally {
    await own.query("SELECT pg_drop_replication_slot('taken')");
  }
});

test.each([
  ['replicator', 'pass'],
  ['managed', 'fail'], // a group's name alone permits nothing: only a session that opens does
  ['plain', 'fail'],
])('%s: the right to replicate: %s', async (username, status) => {
  const report = await check(username);
  expect(stepOf(report, 'cdc_role').status).toBe(status);
  expect(stepOf(report, 'cdc_slots')).toMatchObject({
    status: 'pass',
    evidence: '0 of 1 slots and 0 of 2 senders in use',
  });
});

test('the superuser may replicate', async () => {
  expect(stepOf(await check('postgres', { password: own.password }), 'cdc_role').status).toBe('pass');
});

test('on a managed service, by whoever changes settings there and as rights are given there', async () => {
  const host = 'shop.c9akciq32.eu-central-1.rds.amazonaws.com';
  const config = { ...READER, host, port: own.port, database, tls_mode: 'disable', username: 'plain' };
  const report = await createLab({ names: { [host]: ['127.0.0.1'] } }).test(config, CHECKS);
  expect(stepOf(report, 'cdc_wal_level')).toMatchObject({
    code: 'CDC_WAL_LEVEL',
    actor: 'cloud_admin',
    fix: {
      text: expect.stringContaining('rds.logical_replication'),
      command: expect.stringMatching(/^aws rds modify-db-parameter-group .*rds\.logical_replication/),
    },
  });
  expect(stepOf(report, 'cdc_wal_level').fix).not.toHaveProperty('sql');
  expect(stepOf(report, 'cdc_role').fix?.sql).toBe('GRANT rds_replication TO "plain";');
  expect(report.handoff?.map(({ actor }) => actor).sort()).toEqual(['cloud_admin', 'dba']);
  const unknown = await createLab({ names: { [host]: ['127.0.0.1'] } }).test({ ...config, username: 'nobody' }, CHECKS);
  expect(unknown.handoff?.[0]?.text).toContain('GRANT rds_replication TO "nobody";');
});

test('a few tables without a key are named, not all of them', async () => {
  await own.query(
    `CREATE SCHEMA many; GRANT USAGE ON SCHEMA many TO plain;
    DO $$ BEGIN FOR i IN 1..9 LOOP EXECUTE format('CREATE TABLE many.t%s (id int)', i); END LOOP; END $$;
    GRANT SELECT ON ALL TABLES IN SCHEMA many TO plain`,
    undefined,
    database,
  );
  const found = stepOf(await check('plain', { schemas: ['many'] }), 'cdc_tables');
  expect(found.message).toMatch(
    /^Updates and deletes cannot be captured for ("many"\."t\d", ){4}"many"\."t\d" and more$/,
  );
  expect(found.fix?.sql?.split('\n')).toHaveLength(5);
});

test('the SQL of the warning makes it go away', async () => {
  await own.query(
    'CREATE SCHEMA one; CREATE TABLE one.t (id int); GRANT USAGE ON SCHEMA one TO plain; GRANT SELECT ON one.t TO plain',
    undefined,
    database,
  );
  const before = stepOf(await check('plain', { schemas: ['one'] }), 'cdc_tables');
  await own.query(before.fix?.sql ?? '', undefined, database);
  expect(stepOf(await check('plain', { schemas: ['one'] }), 'cdc_tables').status).toBe('pass');
});

describe('nothing is changed', () => {
  /** Whatever is written takes a transaction id, and whatever is created stands in one of these. */
  async function footprint(): Promise<unknown> {
    const client = new pg.Client({ connectionString: own.url(database) });
    await client.connect();
    try {
      const { rows } = await client.query(
        `SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next_transaction,
          (SELECT count(*) || ' ' || max(oid) FROM pg_class) AS relations,
          (SELECT json_agg(r ORDER BY oid)::text FROM pg_roles r) AS roles,
          (SELECT json_agg(d ORDER BY oid)::text FROM pg_database d) AS databases,
          (SELECT json_agg(s)::text FROM pg_replication_slots s) AS slots,
          (SELECT json_agg(p)::text FROM pg_publication p) AS publications,
          (SELECT json_agg(t ORDER BY relid)::text FROM
            (SELECT relid, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_all_tables WHERE schemaname !~ '^pg_') t) AS writes,
          (SELECT json_agg(s ORDER BY name)::text FROM (SELECT name, setting FROM pg_settings WHERE source <> 'client') s) AS settings`,
      );
      return rows[0];
    } finally {
      await client.end();
    }
  }

  test('by a test with all its checks, a discovery or a preview, passed or failed', async () => {
    const before = await footprint();
    const config = { ...READER, port: own.port, database, tls_mode: 'disable', username: 'plain' };
    await check('plain');
    await check('postgres', { password: own.password });
    await check('plain', { schemas: ['missing'] });
    await check('plain', { password: 'wrong' });
    await createLab().read(config, (session) => session.discover({ limit: 10 }));
    await createLab().read(config, (session) => session.preview('public.keyed', 5));
    expect(await footprint()).toEqual(before);
  });

  test('and this would show', async () => {
    const before = await footprint();
    await own.query('CREATE TABLE shown (id int); DROP TABLE shown', undefined, database);
    expect(await footprint()).not.toEqual(before);
  });
});

test('an open transaction that is old is worth knowing', async () => {
  const client = new pg.Client({
    connectionString: own.url(database, { user: 'replicator', password: READER.password }),
  });
  await client.connect();
  await client.query('BEGIN; SELECT 1');
  try {
    expect(stepOf(await check('replicator'), 'cdc_transactions').status).toBe('pass'); // open, but young
  } finally {
    await client.end();
  }
});

test('the shared server names the one table of the shop without a key', async () => {
  const found = stepOf(
    await createLab().test({ ...READER, port: shared.port, schemas: ['public'] }, CHECKS),
    'cdc_tables',
  );
  expect(found).toMatchObject({
    status: 'warn',
    message: 'Updates and deletes cannot be captured for "public"."reviews"',
  });
});
