import { beforeAll, describe, expect, test } from 'vitest';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { type Model, runScript, shopModel } from '../../../support/sqlserver-model.ts';
import { startTdsServer } from '../../../support/tds-server.ts';
import type { ConfigInput } from '../lab.ts';
import { startShop, testAgainst } from './rows.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSigned({ names: ['localhost'] });
});

const check = (model: Model, config: ConfigInput = {}, checks: string[] = []) =>
  testAgainst(startShop(model, { certificate }), { config, checks });

/** What is printed for an administrator, run on the server, makes the same test pass. */
async function expectMended(model: Model, sql: string | undefined, config: ConfigInput, checks: string[] = []) {
  expect(sql).toBeDefined();
  runScript(model, sql ?? '');
  runScript(model, sql ?? '');
  const { report } = await check(model, config, checks);
  expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ ok: true });
}

const NOTHING = new Set(['VIEW SERVER STATE', 'JOBS']);
const ONE_TABLE = new Set(['OBJECT dbo.orders']);

describe('what may not be read is not seen, and the script opens exactly that', () => {
  test.concurrent.each([
    ['all', {}, 'SELECTION_NOT_VISIBLE', 'list', 'USE [shop];\nGRANT SELECT TO [reader];'],
    [
      'a schema',
      { schemas: ['dbo'] },
      'SELECTION_NOT_VISIBLE',
      'schemas',
      'USE [shop];\nGRANT SELECT ON SCHEMA::[dbo] TO [reader];',
    ],
    [
      'a table',
      { tables: ['dbo.orders'] },
      'SELECTION_NOT_VISIBLE',
      'tables',
      'USE [shop];\nGRANT SELECT ON OBJECT::[dbo].[orders] TO [reader];',
    ],
  ] as const)('%s', async (_, config, code, id, sql) => {
    const model = shopModel({ rights: new Set(NOTHING) });
    const { step } = await check(model, config);
    expect(step(id)).toMatchObject({ status: 'fail', code, actor: 'dba', fix: { sql } });
    await expectMended(model, step(id).fix?.sql, config);
  });

  test.concurrent('one table of two: the other one is named', async () => {
    const model = shopModel({ rights: new Set(ONE_TABLE) });
    const config = { tables: ['dbo.orders', 'dbo.customers'] };
    const { step } = await check(model, config);
    expect(step('tables')).toMatchObject({
      code: 'SELECTION_NOT_VISIBLE',
      fields: ['tables'],
      message: 'reader does not see the table dbo.customers: it is not there, or may not be read',
    });
    expect(step('list').status).toBe('pass');
    await expectMended(model, step('tables').fix?.sql, config);
  });

  test.concurrent('the script names the user as the database does', async () => {
    const { step } = await check(shopModel({ rights: new Set(), user: 'r]eader' }));
    expect(step('list').fix?.sql).toBe('USE [shop];\nGRANT SELECT TO [r]]eader];');
    const hostile = await check(shopModel({ rights: new Set(), user: 'r\u202eeader' }));
    expect(hostile.step('list').fix?.sql).toBe('USE [shop];\nGRANT SELECT TO [reader];');
  });

  test.concurrent('a database that is empty is only a warning', async () => {
    const { report, step } = await check(shopModel({ tables: [], rights: new Set(['DATABASE']) }));
    expect(report.verdict).toBe('ok_with_warnings');
    expect(step('list')).toMatchObject({ status: 'warn', code: 'NO_TABLES' });
  });

  test.concurrent('names with dots and quotes are looked up as they are', async () => {
    const name = "o'rd.er]s";
    const tables = [{ schema: 'sales', name, tracked: true, gates: [null], keys: ['id'] }];
    const { step } = await check(shopModel({ tables, rights: new Set(['DATABASE']) }), { tables: [`sales.${name}`] });
    expect(step('tables')).toMatchObject({ status: 'pass', evidence: '1 table' });
  });
});

test.concurrent('a view that may be read will do', async () => {
  const { step } = await check(shopModel({ rights: new Set(['OBJECT dbo.recent_orders']) }));
  expect(step('read')).toMatchObject({ status: 'pass', evidence: '[dbo].[recent_orders]' });
});

describe('more than a reader', () => {
  test.concurrent.each([
    ['sysadmin', 'reader may do more than reading takes: all on the server (sysadmin)'],
    ['control_server', 'reader may do more than reading takes: all on the server (CONTROL SERVER)'],
    ['db_owner', 'reader may do more than reading takes: all in the database (db_owner)'],
    ['db_datawriter', 'reader may do more than reading takes: write (db_datawriter)'],
  ])('%s', async (role, message) => {
    const { report, step } = await check(shopModel({ roles: new Set([role]) }));
    expect(report.verdict).toBe('ok_with_warnings');
    expect(step('privileges')).toMatchObject({ status: 'warn', code: 'ROLE_TOO_POWERFUL', actor: 'dba', message });
  });

  test.concurrent.each([
    [0, 'expires today'],
    [1, 'expires in 1 day'],
    [14, 'expires in 14 days'],
  ])('a password with %i days left', async (passwordDays, what) => {
    const { step } = await check(shopModel({ passwordDays }));
    expect(step('privileges')).toMatchObject({ status: 'warn', code: 'ROLE_EXPIRES' });
    expect(step('privileges').message).toContain(what);
    expect((await check(shopModel({ passwordDays: 15 }))).step('privileges').status).toBe('pass');
    expect((await check(shopModel({ passwordDays: -1 }))).step('privileges').status).toBe('pass');
  });
});

test.concurrent('a catalogue query that is refused is told as such', async () => {
  const answer = () => ({ error: { number: 262, message: 'VIEW DEFINITION permission denied' } });
  const { step } = await testAgainst(startTdsServer({ certificate, answer }));
  expect(step('database')).toMatchObject({ status: 'fail', code: 'QUERY_FAILED', driver_code: '262' });
});
