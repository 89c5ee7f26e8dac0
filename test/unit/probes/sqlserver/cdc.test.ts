import { beforeAll, describe, expect, test } from 'vitest';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { answerOf, type Model, runScript, shopModel } from '../../../support/sqlserver-model.ts';
import type { LabOptions } from '../lab.ts';
import { startShop, testAgainst } from './rows.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSigned({ names: ['localhost'] });
});

const check = (model: Model, config = {}, lab: LabOptions = {}) =>
  testAgainst(startShop(model, { certificate }), { config, checks: ['cdc'], lab });

const BOTH = { tables: ['dbo.orders', 'dbo.customers'] };
const untracked = () => shopModel().tables.map((table) => ({ ...table, tracked: false, gates: [] }));

test.concurrent('a server that is fit passes every check, is only asked, and not more of it is asked of more tables', async () => {
  const asked = async (count: number, config = {}) => {
    const statements: string[] = [];
    const tables = Array.from({ length: count }, (_, i) => ({
      schema: 'dbo',
      name: `t${i}`,
      tracked: true,
      gates: [null],
      keys: ['id'],
    }));
    const model = shopModel({ tables });
    const answers = answerOf(model);
    const answer: typeof answers = (statement, login) => {
      statements.push(statement);
      return answers(statement, login);
    };
    const { report } = await testAgainst(startShop(model, { certificate, answer }), { config, checks: ['cdc'] });
    expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ verdict: 'ok', depth: 'cdc' });
    return statements;
  };
  const few = await asked(10, { tables: ['dbo.t1'] });
  for (const statement of few) expect(statement).toMatch(/^(SELECT|SET NOCOUNT ON; SET LOCK_TIMEOUT)/);
  for (const statement of few) expect(statement).not.toMatch(/\b(EXEC|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|INTO)\b/);
  expect(await asked(1000, { tables: ['dbo.t1'] })).toEqual(few);
  expect((await asked(1000)).length).toBe((await asked(10)).length);
});

describe('everything that is missing comes at once, in one script that mends it', () => {
  test.concurrent.each([
    ["on a server of one's own", '127.0.0.1', 'EXEC sys.sp_cdc_enable_db;'],
    ['on RDS', 'shop.abc.eu-west-1.rds.amazonaws.com', "EXEC msdb.dbo.rds_cdc_enable_db N'shop';"],
  ])('%s', async (_, host, enable) => {
    const model = shopModel({
      cdc: false,
      tables: untracked(),
      rights: new Set(['OBJECT dbo.orders', 'OBJECT dbo.customers', 'VIEW SERVER STATE', 'JOBS']),
      snapshots: 'OFF',
    });
    const lab = host === '127.0.0.1' ? {} : { names: { [host]: ['127.0.0.1'] } };
    const config = { ...BOTH, host };
    const { report, step } = await check(model, config, lab);
    expect(step('cdc_enabled')).toMatchObject({ status: 'fail', code: 'CDC_NOT_ENABLED', actor: 'dba' });
    expect(step('cdc_enabled').fix?.sql).toContain(enable);
    expect(step('cdc_access')).toMatchObject({ status: 'fail', code: 'CDC_GRANTS' });
    expect(step('cdc_tables')).toMatchObject({ status: 'fail', code: 'CDC_TABLE_NOT_TRACKED' });
    expect(step('cdc_tables').message).toBe('The changes of [dbo].[orders], [dbo].[customers] are not captured');
    expect(step('cdc_snapshots')).toMatchObject({ status: 'warn', code: 'CDC_NO_SNAPSHOTS' });
    const script = report.handoff?.find(({ actor }) => actor === 'dba')?.text ?? '';
    expect(script.indexOf(enable)).toBeLessThan(script.indexOf('GRANT SELECT ON SCHEMA::[cdc]'));
    expect(script.indexOf('GRANT SELECT ON SCHEMA::[cdc]')).toBeLessThan(script.indexOf('sp_cdc_enable_table'));
    expect(script).toContain('To take it back');
    runScript(model, script);
    runScript(model, script);
    const mended = await check(model, config, lab);
    expect(mended.report, JSON.stringify(mended.report, undefined, 1)).toMatchObject({ ok: true, depth: 'cdc' });
  });
});

describe('what is wrong has a code, an actor and a fix', () => {
  test.concurrent.each([
    ['edition', { engine: 4, edition: 'Express Edition' }, 'CDC_EDITION', 'fail', 'dba'],
    ['edition', { engine: 2, edition: 'Web Edition (64-bit)' }, 'CDC_EDITION', 'fail', 'dba'],
    ['edition', { engine: 6, edition: 'SQL Azure' }, 'CDC_EDITION', 'fail', 'dba'],
    ['edition', { engine: 5, edition: 'SQL Azure', tier: 'S1' }, 'CDC_TIER', 'fail', 'cloud_admin'],
    ['edition', { version: '13.0.6300.2' }, 'CDC_OLD_VERSION', 'warn', 'dba'],
    ['agent', { agent: 'Stopped' }, 'CDC_AGENT_STOPPED', 'fail', 'dba'],
    ['access', { rights: new Set(['SCHEMA dbo', 'VIEW SERVER STATE', 'JOBS']) }, 'CDC_GRANTS', 'fail', 'dba'],
    ['captured', { lsn: null }, 'CDC_NOTHING_CAPTURED', 'warn', 'dba'],
    ['retention', { retention: 1440 }, 'CDC_CHANGES_KEPT', 'warn', 'dba'],
    ['snapshots', { snapshots: 'OFF' }, 'CDC_NO_SNAPSHOTS', 'warn', 'dba'],
  ] as const)('%s %j', async (id, change, code, status, actor) => {
    const { step } = await check(shopModel(change as Partial<Model>));
    expect(step(`cdc_${id}`)).toMatchObject({ status, code, actor, fix: { text: expect.stringMatching(/.{15}/) } });
  });

  test.concurrent.each([
    ['retention', { retention: 60 }],
    ['snapshots', { snapshots: 'OFF' }],
  ] as const)('a warning about %s has its statement too', async (id, change) => {
    const model = shopModel(change);
    const { step } = await check(model);
    runScript(model, step(`cdc_${id}`).fix?.sql ?? '');
    expect((await check(model)).step(`cdc_${id}`).status).toBe('pass');
  });

  test.concurrent('a role that gates what was captured', async () => {
    const [orders, ...others] = shopModel().tables;
    const tables = [...(orders ? [{ ...orders, gates: ['cdc_readers'] }] : []), ...others];
    const model = shopModel({ tables });
    const { step } = await check(model);
    expect(step('cdc_instances')).toMatchObject({
      status: 'fail',
      code: 'CDC_GATED',
      fix: { sql: 'USE [shop];\nALTER ROLE [cdc_readers] ADD MEMBER [reader];' },
    });
    runScript(model, step('cdc_instances').fix?.sql ?? '');
    expect((await check(model)).step('cdc_instances').status).toBe('pass');
  });

  test.concurrent('nobody is told to join a role that gives everything', async () => {
    const [orders, ...others] = shopModel().tables;
    const tables = [...(orders ? [{ ...orders, gates: ['db_owner'] }] : []), ...others];
    const { step, report } = await check(shopModel({ tables }));
    expect(step('cdc_instances')).toMatchObject({ status: 'fail', code: 'CDC_GATED' });
    expect(step('cdc_instances').fix?.text).toContain('a role of their own');
    expect(JSON.stringify(report)).not.toContain('ADD MEMBER');
  });

  test.concurrent('two capture instances leave none for a change of columns', async () => {
    const [orders, ...others] = shopModel().tables;
    const tables = [...(orders ? [{ ...orders, gates: [null, null] }] : []), ...others];
    const { step } = await check(shopModel({ tables }));
    expect(step('cdc_instances')).toMatchObject({ status: 'warn', code: 'CDC_TWO_INSTANCES' });
    expect(step('cdc_instances').message).toContain('[dbo].[orders]');
  });

  test.concurrent('a table without a primary key', async () => {
    const tables = [{ schema: 'dbo', name: 'log', tracked: true, gates: [null] }];
    const { step } = await check(shopModel({ tables }), { tables: ['dbo.log'] });
    expect(step('cdc_keys')).toMatchObject({ status: 'warn', code: 'CDC_NO_PRIMARY_KEY' });
  });
});

describe('without selected tables', () => {
  test.concurrent('some that are not captured are a warning', async () => {
    const tables = [...shopModel().tables, { schema: 'dbo', name: 'audit' }];
    const { report, step } = await check(shopModel({ tables }));
    expect(report.verdict).toBe('ok_with_warnings');
    expect(step('cdc_tables')).toMatchObject({ status: 'warn', code: 'CDC_TABLE_NOT_TRACKED' });
    expect(step('cdc_tables').fix?.sql).toContain("@source_name = N'audit'");
  });

  test.concurrent('none that is captured is a failure', async () => {
    const { step } = await check(shopModel({ tables: untracked() }));
    expect(step('cdc_tables')).toMatchObject({ status: 'fail', code: 'CDC_TABLE_NOT_TRACKED' });
  });
});

test.concurrent('what a user without rights cannot ask is left out, and why', async () => {
  const { report, step } = await check(shopModel({ rights: new Set(['SCHEMA dbo', 'SCHEMA cdc']) }));
  expect(report.verdict).toBe('ok');
  expect(step('cdc_agent')).toMatchObject({ status: 'skip', because: expect.stringContaining('VIEW SERVER STATE') });
  expect(step('cdc_retention').because).toBe('the user may not see the cleanup job; the oldest change is 2 days old');
});

test.concurrent('Azure SQL Database captures without the Agent', async () => {
  const { step } = await check(
    shopModel({ engine: 5, edition: 'SQL Azure', tier: 'GP_Gen5_2', version: '12.0.2000.8' }),
  );
  expect(step('database').evidence).toBe('Azure SQL Database 12.0.2000.8, database shop');
  expect(step('cdc_agent').status).toBe('skip');
  expect(step('cdc_edition').status).toBe('pass');
});
