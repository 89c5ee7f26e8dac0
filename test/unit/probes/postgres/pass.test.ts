import { describe, expect, test, vi } from 'vitest';
import type { Step } from '../../../../src/probes/report.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { createLab, expectClosed, stepOf } from '../lab.ts';
import { READER } from '../rows.ts';

const server = sharedPostgres();
const SUPERUSER = 'postgres may do more than reading takes: it is a superuser';

test('a config that is right: every step with what it found', async () => {
  const lab = createLab({ names: { 'db.shop.example': ['127.0.0.1'] } });
  const progress: string[] = [];
  const report = await lab.test(
    { ...READER, host: 'db.shop.example', schemas: ['public', 'analytics'] },
    { onStep: ({ id, status }: Step, done, total) => void progress.push(`${done}/${total} ${id} ${status}`) },
  );
  const found = report.steps.map(({ id, status, evidence, because }) => [id, status, evidence ?? because]);
  expect(found).toEqual([
    ['config', 'pass', 'password from the given value'],
    ['name_policy', 'pass', undefined],
    ['dns', 'pass', '1 address'],
    ['address_policy', 'pass', '127.0.0.1'],
    ['tcp', 'pass', `127.0.0.1:${server.port}`],
    [
      'tls',
      'pass',
      expect.stringMatching(
        /^TLSv1\.3, localhost \(also 127\.0\.0\.1\), issued by Headwater Test Authority, \d+ days left, /,
      ),
    ],
    ['protocol', 'pass', undefined],
    ['auth', 'pass', 'as shop_reader (scram-sha-256)'],
    ['database', 'pass', expect.stringMatching(/^PostgreSQL 18\.\d+, database shop$/)],
    ['schemas', 'pass', 'public, analytics'],
    ['tables', 'skip', 'all tables are selected'],
    ['list', 'pass', undefined],
    ['read', 'pass', expect.stringMatching(/^"(public|analytics)"\."\w+"$/)],
    ['role', 'pass', undefined],
    ['role_limits', 'pass', undefined],
  ]);
  expect(report).toMatchObject({
    ok: true,
    verdict: 'ok',
    headline: `PostgreSQL at db.shop.example:${server.port} works.`,
    depth: 'read',
    warnings: [],
  });
  expect(report.handoff).toBeUndefined();
  expect(Math.abs(Date.parse(report.tested_at) - Date.now())).toBeLessThan(5000);
  expect(progress).toEqual(report.steps.map(({ id, status }, i) => `${i + 1}/15 ${id} ${status}`));
  await expectClosed(lab);
});

test('its latency is the sum of its steps, more or less, and small', async () => {
  const lab = createLab();
  await lab.test(READER); // the driver is loaded by then
  const report = await lab.test(READER);
  const sum = report.steps.reduce((total, { ms }) => total + ms, 0);
  expect(report.latency_ms).toBeGreaterThanOrEqual(Math.floor(sum) - 2);
  expect(report.latency_ms).toBeLessThan(1000);
});

test('the server sees one session, which says who it is and is gone at the end', async () => {
  const mine = `SELECT application_name, client_addr::text FROM pg_stat_activity WHERE usename = $1`;
  const role = `passing_${process.pid}`;
  await server.query(`CREATE ROLE ${role} LOGIN PASSWORD '${READER.password}'`);
  try {
    let during: unknown[] = [];
    const lab = createLab();
    const checking: Promise<void>[] = [];
    const look = async () => {
      during = await server.query(mine, [role]);
    };
    await lab.test(
      { ...READER, username: role, schemas: ['public'] },
      { onStep: ({ id }) => void (id === 'auth' && checking.push(look())) },
    );
    await Promise.all(checking);
    expect(lab.sockets).toHaveLength(1);
    if (during.length > 0) expect(during).toEqual([{ application_name: 'headwater', client_addr: '127.0.0.1/32' }]);
    await vi.waitFor(async () => expect(await server.query(mine, [role])).toEqual([]));
  } finally {
    await server.query(`DROP ROLE ${role}`);
  }
});

describe('where the password comes from', () => {
  test('a reference: it is named, and its value is nowhere', async () => {
    const lab = createLab({ environment: { HEADWATER_SECRET_SHOP: READER.password } });
    const report = await lab.test({ ...READER, password: '${env:HEADWATER_SECRET_SHOP}' });
    expect(report.ok).toBe(true);
    expect(stepOf(report, 'config').evidence).toBe('password from env:HEADWATER_SECRET_SHOP');
    expect(JSON.stringify(report)).not.toContain(READER.password);
  });

  test('a connection string, whole or by reference', async () => {
    const string = server.url('shop', { user: 'shop_reader', password: READER.password });
    expect(await createLab().test({ connection_string: string })).toMatchObject({ ok: true, verdict: 'ok' });
    const lab = createLab({ environment: { HEADWATER_SECRET_DSN: string } });
    const report = await lab.test({ connection_string: '${env:HEADWATER_SECRET_DSN}', schemas: ['analytics'] });
    expect(report).toMatchObject({ ok: true, headline: `PostgreSQL at 127.0.0.1:${server.port} works.` });
    expect(stepOf(report, 'config').evidence).toBe('connection_string from env:HEADWATER_SECRET_DSN');
    expect(stepOf(report, 'schemas').evidence).toBe('analytics');
    expect(JSON.stringify(report)).not.toContain(READER.password);
  });

  test('what surrounds this process is never asked', async () => {
    vi.stubEnv('PGPASSWORD', READER.password);
    vi.stubEnv('PGUSER', 'postgres');
    vi.stubEnv('PGDATABASE', 'postgres');
    vi.stubEnv('PGOPTIONS', '-c default_transaction_read_only=off -c search_path=nowhere');
    vi.stubEnv('PGSSLMODE', 'verify-full');
    vi.stubEnv('PGHOST', '/nowhere');
    try {
      const { password: _, ...without } = READER;
      expect(stepOf(await createLab().test(without), 'auth').code).toBe('PASSWORD_MISSING');
      expect(await createLab().test(READER)).toMatchObject({ ok: true });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

test.each([
  ['a view is read where there is no table', 'CREATE VIEW s.only_view AS SELECT 1 AS one', '"s"."only_view"'],
  ['a table without columns', 'CREATE TABLE s.empty ()', '"s"."empty"'],
  [
    'odd names',
    'CREATE SCHEMA "o""dd.s"; CREATE TABLE "o""dd.s"."T ""a"".b; DROP" (i int)',
    '"o""dd.s"."T ""a"".b; DROP"',
  ],
  ['a partitioned table', 'CREATE TABLE s.p (i int) PARTITION BY RANGE (i)', '"s"."p"'],
])('%s', async (_, sql, evidence) => {
  const name = `pass_${Math.random().toString(36).slice(2)}`;
  await server.query(`CREATE DATABASE ${name}`);
  try {
    await server.query(`CREATE SCHEMA s; ${sql}`, undefined, name);
    const report = await createLab().test({
      ...READER,
      username: server.user,
      password: server.password,
      database: name,
    });
    expect(report).toMatchObject({ ok: true, depth: 'read', warnings: [SUPERUSER] });
    expect(stepOf(report, 'read').evidence).toBe(evidence);
  } finally {
    await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
  }
});
