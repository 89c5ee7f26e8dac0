import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { createLab, type Expected, expectClosed, expectFailure } from '../lab.ts';
import { DEADLINE_S, expectRow, lost, READER, type Row } from '../rows.ts';
import * as servers from '../servers.ts';

const server = sharedPostgres();
const PASSWORD = server.readerPassword;

/** A database of this file's own on the shared server, with roles that lack one thing each. */
describe('the rights', () => {
  const tag = randomBytes(4).toString('hex');
  const database = `rights_${tag}`;
  const role = (name: string) => `${name}_${tag}`;
  const [closed, blind, outside, owner, full] = ['closed', 'blind', 'outside', 'owner', 'full'].map(role) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const config = { database };
  const grants = (schema: string, user: string) =>
    `GRANT USAGE ON SCHEMA "${schema}" TO "${user}";\n` +
    `GRANT SELECT ON ALL TABLES IN SCHEMA "${schema}" TO "${user}";\n` +
    `ALTER DEFAULT PRIVILEGES IN SCHEMA "${schema}" GRANT SELECT ON TABLES TO "${user}";`;

  beforeAll(async () => {
    await server.query(`CREATE DATABASE ${database}`);
    const roles = [closed, blind, outside, owner, full].map(
      (name) => `CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}';`,
    );
    await server.query(
      `${roles.join('\n')}
      ALTER ROLE ${full} CONNECTION LIMIT 0;
      REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC;
      GRANT CONNECT ON DATABASE ${database} TO ${blind}, ${outside}, ${owner}, ${full};
      CREATE SCHEMA hidden; CREATE SCHEMA "odd ""schema"; CREATE SCHEMA nothing; CREATE SCHEMA broken;
      CREATE TABLE hidden.secrets (id int); CREATE TABLE "odd ""schema".t (id int);
      CREATE VIEW broken.v AS SELECT 1 / (random() * 0)::int AS n;
      GRANT USAGE ON SCHEMA nothing, broken TO ${owner}; GRANT SELECT ON broken.v TO ${owner};`,
      undefined,
      database,
    );
  });
  afterAll(async () => {
    await server.query(`DROP DATABASE ${database} WITH (FORCE)`);
    for (const name of [closed, blind, outside, owner, full]) await server.query(`DROP ROLE ${name}`);
  });

  test('no CONNECT on the database, and the SQL that gives it', async () => {
    const sql = `GRANT CONNECT ON DATABASE "${database}" TO "${closed}";`;
    await expectRow({
      config: { ...config, username: closed },
      expected: {
        step: 'database',
        code: 'DATABASE_DENIED',
        fields: ['database'],
        actor: 'dba',
        says: `${closed} may not connect to the database ${database}`,
        fix: `Grant ${closed} the right to connect to ${database}.`,
        sql,
        driver: '42501',
        depth: 'auth',
      },
    });
    await server.query(sql);
    const after = await createLab().test({ ...READER, ...config, username: closed });
    expect(after.steps.find(({ id }) => id === 'database')).toMatchObject({ status: 'pass' });
  });

  test('no rights on any table, and the SQL that turns the next test green', async () => {
    const sql = [grants('broken', blind), grants('hidden', blind), grants('odd ""schema', blind)].join('\n');
    const row: Row = {
      config: { ...config, username: blind },
      expected: {
        step: 'list',
        code: 'TABLES_DENIED',
        fields: ['username'],
        actor: 'dba',
        says: `${blind} may read none of the tables in schema broken, hidden, odd "schema`,
        fix: `Grant ${blind} the right to read them.`,
        sql,
        depth: 'query',
      },
    };
    await expectRow(row);
    await server.query(sql, undefined, database);
    expect(await createLab().test({ ...READER, ...row.config })).toMatchObject({
      ok: true,
      verdict: 'ok',
      depth: 'read',
    });
  });

  test('a schema that may not be used, and the SQL that turns the next test green', async () => {
    const sql = grants('hidden', outside);
    const letters = async (schemas: string[]) =>
      (await createLab().test({ ...READER, ...config, username: outside, schemas })).handoff;
    const row: Row = {
      config: { ...config, username: outside, schemas: ['hidden'] },
      expected: {
        step: 'schemas',
        code: 'SCHEMA_DENIED',
        fields: ['schemas'],
        actor: 'dba',
        says: `${outside} may not use the schema hidden`,
        fix: `Grant ${outside} usage of hidden.`,
        sql,
        depth: 'query',
        also: ['list: TABLES_DENIED'],
      },
    };
    await expectRow(row);
    const [letter] = (await letters(['hidden'])) ?? [];
    expect(letter?.text.split(sql)).toHaveLength(2); // once, although two steps ask for it
    await server.query(letter?.text ?? '', undefined, database);
    expect(await createLab().test({ ...READER, ...row.config })).toMatchObject({ ok: true, verdict: 'ok' });
  });

  test('a schema that is not there', async () => {
    await expectRow({
      config: { ...config, username: owner, schemas: ['broken', 'Missing', 'gone too'] },
      expected: {
        step: 'schemas',
        code: 'SCHEMA_NOT_FOUND',
        fields: ['schemas'],
        actor: 'user',
        says: 'There is no schema Missing, gone too',
        fix: 'Correct schemas, or leave it out to read all that the user may see.',
        depth: 'query',
        also: ['read: READ_FAILED'],
      },
    });
  });

  test('a table that cannot be read, and the checks behind it still see the catalogue', async () => {
    await expectRow({
      config: { ...config, username: owner, schemas: ['broken'] },
      options: { checks: ['cdc'] },
      expected: {
        step: 'read',
        code: 'READ_FAILED',
        actor: 'dba',
        says: 'Reading one row of "broken"."v" failed',
        fix: 'Read what the server said (the evidence of this step), and check the rights of the user.',
        driver: '22012',
        evidence: /^division by zero$/,
        depth: 'cdc',
        also: ['cdc_role: CDC_ROLE'],
        warned: ['cdc_wal_keep: CDC_UNBOUNDED_WAL'],
      },
    });
  });

  test('nothing to read is worth knowing, and no error', async () => {
    const report = await createLab().test({ ...READER, ...config, username: owner, schemas: ['nothing'] });
    expect(report).toMatchObject({
      ok: true,
      verdict: 'ok_with_warnings',
      warnings: ['There are no tables in schema nothing'],
      headline: `PostgreSQL at 127.0.0.1:${server.port} works. Worth knowing: There are no tables in schema nothing.`,
    });
    expect(report.steps.find(({ id }) => id === 'list')).toMatchObject({
      status: 'warn',
      code: 'NO_TABLES',
      fields: ['database', 'schemas'],
      actor: 'user',
      fix: { text: 'Check that this is the database you mean.' },
    });
    expect(report.handoff).toBeUndefined();
  });

  test('a role that has no connection left', async () => {
    await expectRow({
      config: { ...config, username: full },
      expected: {
        step: 'auth',
        code: 'ROLE_CONNECTION_LIMIT',
        fields: ['username'],
        actor: 'dba',
        retryable: true,
        says: `The connection limit of the role ${full} is used up`,
        fix: `Raise the connection limit of ${full}, or close sessions of its own.`,
        sql: `DO $do$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '${full}' AND rolconnlimit BETWEEN 0 AND 9) THEN
    ALTER ROLE "${full}" CONNECTION LIMIT 10;
  END IF;
END
$do$;`,
        driver: '53300',
        depth: 'protocol',
      },
    });
  });

  const slow = (place: string): Omit<Expected, 'step' | 'depth'> => ({
    code: 'QUERY_TIMEOUT',
    actor: 'dba',
    retryable: true,
    says: `${place} took too long to answer a small query`,
    fix: 'Test again; if it stays, look at the load and the locks of the server.',
  });

  describe('a table that somebody has locked', () => {
    const locker = new pg.Client({ connectionString: server.url(database) });
    const locked = { ...config, username: owner, schemas: ['locked'] };
    const expected: Expected = { ...slow(`127.0.0.1:${server.port}`), step: 'read', depth: 'query' };

    beforeAll(async () => {
      await server.query(
        `CREATE SCHEMA locked; CREATE TABLE locked.t (id int);
        GRANT USAGE ON SCHEMA locked TO ${owner}; GRANT SELECT ON locked.t TO ${owner}`,
        undefined,
        database,
      );
      await locker.connect();
      await locker.query('BEGIN; LOCK TABLE locked.t IN ACCESS EXCLUSIVE MODE');
    });
    afterAll(() => locker.end());

    test.concurrent('our clock ends it; what has not begun by then is skipped, not blamed', async () => {
      const lab = createLab();
      const report = await lab.test({ ...READER, ...locked }, { timeoutS: DEADLINE_S, checks: ['cdc'] });
      expectFailure(report, expected);
      const behind = report.steps.filter(({ id }) => id.startsWith('cdc_'));
      expect(behind).toHaveLength(13);
      for (const step of behind) expect(step).toMatchObject({ status: 'skip', because: 'read' });
      await expectClosed(lab);
    });

    test.concurrent("with time to spare the server's clock ends it, and the session goes on", async () => {
      await expectRow({
        config: locked,
        options: { checks: ['cdc'] },
        soonMs: 4500,
        expected: {
          ...expected,
          driver: '57014',
          depth: 'cdc',
          also: ['cdc_role: CDC_ROLE'],
          warned: ['cdc_tables: CDC_REPLICA_IDENTITY', 'cdc_wal_keep: CDC_UNBOUNDED_WAL'],
        },
      });
    });
  });

  test.concurrent('the server stops answering after the login', async () => {
    const proxy = await servers.startProxy(server);
    await expectRow({
      config: { port: proxy.port },
      options: { onStep: ({ id }) => void (id === 'auth' && proxy.freeze()) },
      atDeadline: true,
      expected: { ...slow(`127.0.0.1:${proxy.port}`), step: 'database', depth: 'auth' },
    });
    await vi.waitFor(() => expect(proxy.open).toBe(0));
    await proxy.stop();
  });

  test.concurrent('the connection is cut after the login', async () => {
    const proxy = await servers.startProxy(server);
    await expectRow({
      config: { port: proxy.port },
      options: { onStep: ({ id }) => void (id === 'auth' && proxy.cut()) },
      expected: { ...lost(`127.0.0.1:${proxy.port}`, 'database', 'auth'), driver: 'ECONNRESET' },
    });
    await proxy.stop();
  });
});
