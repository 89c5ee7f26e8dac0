import { describe, expect, test, vi } from 'vitest';
import type { ConnectionSettings, Driver } from '../../../../src/probes/oracle/driver.ts';
import { startTnsListener } from '../../../support/tns-listener.ts';
import { createLab, expectClosed } from '../lab.ts';
import { driverError, driverOf, PASSWORD, READER, testAgainst, withDriver } from './rows.ts';

/** No Oracle server can be had for tests: the driver is one of our own, which answers in the documented shapes. */

interface Table {
  owner: string;
  name: string;
  readable?: boolean;
  logged?: boolean;
  key?: string | null;
  long?: boolean;
}

interface Shop {
  tables?: readonly Table[];
  dba?: string | null;
  writes?: string | null;
  days?: string | null;
  database?: Record<string, string | null>;
  seesDatabase?: boolean;
  hours?: string | null;
  held?: readonly string[];
  user?: string;
}

const FIT = { log_mode: 'ARCHIVELOG', minimal: 'YES', all_columns: 'NO', cdb: 'NO' };
const ALL = ['LOGMINING', 'SELECT ANY TRANSACTION', 'SELECT_CATALOG_ROLE', 'EXECUTE_CATALOG_ROLE'];
const ORDERS: Table = { owner: 'SHOP', name: 'ORDERS', logged: true, key: 'ID' };

function shop(
  state: Shop,
  statements: string[] = [],
  seen: { settings?: ConnectionSettings; closed?: number } = {},
): Driver {
  const { tables = [ORDERS], database = {}, seesDatabase = true, held = ALL, user = 'READER' } = state;
  const named = (binds: readonly (string | number)[]) =>
    tables.filter(({ owner, name }) => binds.includes(`${owner}.${name}`));
  const position = ({ owner, name }: { owner: string; name: string }) => ({ namespace: owner, name });
  type Binds = readonly (string | number)[];
  type Rows = readonly Record<string, string | null>[];
  const wholes = (found: readonly Table[]) => found.map(({ owner, name }) => ({ whole: `${owner}.${name}` }));
  const notThere = driverError('ORA-00942', 'table or view does not exist');
  const answers: readonly (readonly [RegExp, (binds: Binds, statement: string) => Rows])[] = [
    [/CON_NAME/, () => [{ container: 'SHOPPDB', session_user: user, db_name: 'CDB1' }]],
    [
      /FROM all_users u WHERE u\.username IN/,
      (binds) =>
        [...new Set(tables.map(({ owner }) => owner))].filter((name) => binds.includes(name)).map((name) => ({ name })),
    ],
    [/^SELECT t\.owner AS namespace, t\.table_name.* FETCH FIRST \d+ ROWS ONLY$/s, () => tables.map(position)],
    [/t\.owner \|\| '\.' \|\| t\.table_name IN/, (binds) => named(binds).map(position)],
    [
      /^SELECT '1' AS one/,
      (_, statement) => {
        const found = tables.find(({ owner, name }) => statement.includes(`"${owner}"."${name}"`));
        if (found?.readable === false) throw notThere;
        return [{ one: '1' }];
      },
    ],
    [/AS dba/, () => [{ dba: state.dba ?? null, writes: state.writes ?? null, days: state.days ?? null }]],
    [
      /v\$database/,
      () => {
        if (!seesDatabase) throw notThere;
        return [{ ...FIT, ...database }];
      },
    ],
    [/v\$archived_log/, () => [{ hours: state.hours === undefined ? '400' : state.hours }]],
    [/session_privs p\nWHERE/, () => held.map((each) => ({ held: each }))],
    [/all_log_groups/, (binds) => wholes(named(binds).filter(({ logged }) => logged))],
    [
      /all_constraints/,
      (binds) => named(binds).flatMap((table) => (table.key ? [{ ...position(table), key: table.key }] : [])),
    ],
    [/LENGTHB/, (binds) => wholes(named(binds).filter(({ long }) => long))],
    [/AS estimate/, () => tables.map((table) => ({ ...position(table), kind: 'table', estimate: '3' }))],
    [/FROM all_tab_columns c WHERE/, () => COLUMNS],
    [/AS c0/, () => [{ c0: '1', c1: `it is ${PASSWORD}!` }]],
  ];
  return driverOf((statement, binds) => {
    statements.push(statement);
    const known = answers.find(([asks]) => asks.test(statement));
    if (!known) throw new Error(`nobody should ask: ${statement}`);
    return known[1](binds, statement);
  }, seen);
}

const COLUMNS = [
  { name: 'ID', type: 'NUMBER', length: '22', precision: '10', scale: '0', nullable: 'N' },
  { name: 'NOTE', type: 'VARCHAR2', length: '200', precision: null, scale: null, nullable: 'Y' },
];

const accepting = () => startTnsListener(() => ({ accept: 319 }));
const check = (state: Shop, config = {}, checks = ['cdc']) =>
  testAgainst(accepting(), { driver: shop(state), config, checks });

test('a database that is fit passes every check, is only asked, and is left', async () => {
  const statements: string[] = [];
  const seen: { settings?: ConnectionSettings; closed?: number } = {};
  const { report, step, server } = await testAgainst(accepting(), {
    driver: shop({}, statements, seen),
    checks: ['cdc'],
  });
  expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ ok: true, verdict: 'ok', depth: 'cdc' });
  expect(step('database').evidence).toBe('Oracle 19.21.0.0.0, database CDB1, container SHOPPDB');
  expect(step('read').evidence).toBe('"SHOP"."ORDERS"');
  for (const statement of statements) expect(statement).toMatch(/^SELECT /);
  expect(seen.settings).toMatchObject({ user: 'reader', password: PASSWORD });
  expect(seen.settings?.connectString).toBe(
    `(DESCRIPTION=(ADDRESS=(PROTOCOL=tcp)(HOST=127.0.0.1)(PORT=${server.port}))(CONNECT_DATA=(SERVICE_NAME=SHOP)))`,
  );
  await vi.waitFor(() => expect(seen.closed).toBe(1));
});

describe('the login fails', () => {
  test.concurrent.each([
    ['ORA-01017', 'AUTH_REJECTED', 'user', ['username', 'password']],
    ['ORA-01005', 'PASSWORD_MISSING', 'user', ['password']],
    ['ORA-01045', 'LOGIN_NOT_PERMITTED', 'dba', ['username']],
    ['ORA-28000', 'ACCOUNT_LOCKED', 'dba', ['username']],
    ['ORA-28001', 'PASSWORD_EXPIRED', 'dba', ['password']],
    ['ORA-28040', 'AUTH_METHOD_UNSUPPORTED', 'dba', undefined],
    ['NJS-116', 'AUTH_METHOD_UNSUPPORTED', 'dba', undefined],
    ['NJS-533', 'NATIVE_ENCRYPTION', 'dba', ['tls_mode']],
    ['NJS-138', 'ORACLE_TOO_OLD', 'dba', undefined],
    ['ORA-01033', 'SERVER_NOT_READY', 'dba', undefined],
    ['ORA-00020', 'TOO_MANY_CONNECTIONS', 'dba', undefined],
    ['NJS-521', 'CONNECTION_LOST', 'network_admin', ['host', 'port']],
    ['ORA-00600', 'LOGIN_REFUSED', 'dba', undefined],
  ] as const)('%s', async (code, problem, actor, fields) => {
    const driver: Driver = { getConnection: () => Promise.reject(driverError(code, `it says ${PASSWORD}`)) };
    const { report, step } = await testAgainst(accepting(), { driver });
    expect(step('auth')).toMatchObject({
      status: 'fail',
      code: problem,
      actor,
      driver_code: code,
      evidence: `${code}: it says [secret]`,
    });
    expect(step('auth').fields).toEqual(fields);
    const letter = report.handoff?.find((each) => each.actor === 'dba')?.text;
    if (problem === 'AUTH_REJECTED') {
      expect(letter).toContain('CREATE USER "READER" IDENTIFIED BY');
      expect(letter).toContain('ACCOUNT LOCK');
      expect(letter).toContain('GRANT CREATE SESSION TO "READER";');
    }
  });
});

describe('reading', () => {
  test.concurrent('tables are looked up as Oracle spells them', async () => {
    const { step } = await check({}, { tables: ['shop.orders'] }, []);
    expect(step('tables')).toMatchObject({ status: 'pass', evidence: '1 table' });
  });

  test.concurrent('a table that is not seen has the grant that opens it', async () => {
    const { step } = await check({}, { tables: ['shop.orders', 'shop.secrets'] }, []);
    expect(step('tables')).toMatchObject({
      status: 'fail',
      code: 'SELECTION_NOT_VISIBLE',
      fields: ['tables'],
      fix: { sql: 'GRANT SELECT ON "SHOP"."SECRETS" TO "READER";' },
    });
  });

  test.concurrent('a schema in small letters is told how Oracle writes it', async () => {
    const { step } = await check({}, { schemas: ['shop'] }, []);
    expect(step('schemas')).toMatchObject({
      code: 'SCHEMA_NOT_FOUND',
      fix: { text: expect.stringContaining('SHOP.') },
    });
  });

  test.concurrent('a right on a table need not be one to read it', async () => {
    const closed = { owner: 'SHOP', name: 'A', readable: false };
    expect((await check({ tables: [closed, ORDERS] }, {}, [])).step('read').evidence).toBe('"SHOP"."ORDERS"');
    expect((await check({ tables: [closed] }, {}, [])).step('read')).toMatchObject({
      status: 'fail',
      code: 'TABLES_DENIED',
    });
  });

  test.concurrent.each([
    [{ dba: 'DBA' }, 'ROLE_TOO_POWERFUL', 'READER may do more than reading takes: the role DBA'],
    [{ writes: 'DROP ANY TABLE' }, 'ROLE_TOO_POWERFUL', 'READER may do more than reading takes: DROP ANY TABLE'],
    [{ days: '3' }, 'ROLE_EXPIRES', 'The password of READER expires in 3 days'],
  ] as const)('%j', async (state, code, says) => {
    const { step } = await check(state, { username: 'READER' }, []);
    expect(step('privileges')).toMatchObject({ status: 'warn', code, message: expect.stringContaining(says) });
  });

  test.concurrent('discovery and preview', async () => {
    const listener = await accepting();
    const lab = createLab({ connector: withDriver(shop({})) });
    const config = { ...READER, port: listener.port };
    const page = await lab.read(config, ({ discover }) => discover({ limit: 5 }));
    expect(page.streams).toEqual([{ namespace: 'SHOP', name: 'ORDERS', kind: 'table', row_estimate: 3, keys: ['ID'] }]);
    const preview = await lab.read(config, (session) => session.preview('SHOP.ORDERS', 5));
    expect(preview).toEqual({
      columns: [
        { name: 'ID', type: 'NUMBER(10)', nullable: false },
        { name: 'NOTE', type: 'VARCHAR2(200)', nullable: true },
      ],
      rows: [{ ID: 1, NOTE: 'it is [secret]!' }],
      truncated: false,
    });
    await expectClosed(lab);
    await listener.stop();
  });

  test.concurrent('without a driver discovery says what is missing', async () => {
    const listener = await accepting();
    const lab = createLab({ connector: withDriver(undefined) });
    const reading = lab.read({ ...READER, port: listener.port }, ({ discover }) => discover({ limit: 5 }));
    await expect(reading).rejects.toMatchObject({ message: expect.stringContaining('oracledb is not installed') });
    await listener.stop();
  });
});

describe('CDC: what is wrong has a code, an actor and a fix', () => {
  const RDS = 'shop.abc.eu-west-1.rds.amazonaws.com';
  test.concurrent.each([
    ['grants', { held: ['LOGMINING'] }, 'fail', 'CDC_GRANTS', 'GRANT SELECT ANY TRANSACTION TO "READER";'],
    [
      'archive_log',
      { database: { log_mode: 'NOARCHIVELOG' } },
      'fail',
      'CDC_ARCHIVE_LOG',
      'ALTER DATABASE ARCHIVELOG;',
    ],
    [
      'supplemental',
      { database: { minimal: 'NO' } },
      'fail',
      'CDC_SUPPLEMENTAL_LOG',
      'ALTER DATABASE ADD SUPPLEMENTAL LOG DATA;',
    ],
    [
      'tables',
      { tables: [{ ...ORDERS, logged: false }] },
      'warn',
      'CDC_TABLE_LOG',
      'ALTER TABLE "SHOP"."ORDERS" ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS',
    ],
    ['keys', { tables: [{ ...ORDERS, key: null }] }, 'warn', 'CDC_NO_PRIMARY_KEY', undefined],
    ['names', { tables: [{ ...ORDERS, long: true }] }, 'warn', 'CDC_LONG_NAMES', undefined],
    ['retention', { hours: '20' }, 'warn', 'CDC_ARCHIVE_KEPT', undefined],
    ['container', { database: { cdb: 'YES' } }, 'warn', 'CDC_COMMON_USER', undefined],
  ] as const)('%s', async (id, state, status, code, sql) => {
    const { step } = await check(state as Shop);
    expect(step(`cdc_${id}`)).toMatchObject({ status, code, actor: 'dba' });
    if (sql !== undefined) expect(step(`cdc_${id}`).fix?.sql).toContain(sql);
  });

  test.concurrent('on RDS procedures stand for what only SYS may do', async () => {
    const state = { held: ['LOGMINING', 'SELECT ANY TRANSACTION'], database: { minimal: 'NO' }, hours: '20' };
    const { step } = await testAgainst(accepting(), {
      driver: shop(state),
      checks: ['cdc'],
      config: { host: RDS },
      lab: { names: { [RDS]: ['127.0.0.1'] } },
    });
    expect(step('cdc_grants').fix?.sql).toContain("grant_sys_object('V_$DATABASE', 'READER', 'SELECT')");
    expect(step('cdc_supplemental').fix?.sql).toContain("alter_supplemental_logging('ADD')");
    expect(step('cdc_retention').fix?.sql).toContain("'archivelog retention hours', '168'");
  });

  test.concurrent('a common user is granted everywhere', async () => {
    const { step } = await check({ user: 'C##READER', held: [], database: { cdb: 'YES' } }, { username: 'c##reader' });
    expect(step('cdc_grants').fix?.sql).toContain('GRANT LOGMINING TO "C##READER" CONTAINER=ALL;');
    expect(step('cdc_container').status).toBe('pass');
  });

  test.concurrent('selected tables with long names fail; what may not be seen is left out', async () => {
    const long = await check({ tables: [{ ...ORDERS, long: true }] }, { tables: ['SHOP.ORDERS'] });
    expect(long.step('cdc_names')).toMatchObject({ status: 'fail', code: 'CDC_LONG_NAMES' });
    const { step } = await check({ seesDatabase: false, held: ['LOGMINING'] });
    expect(step('cdc_archive_log')).toMatchObject({ status: 'skip', because: 'cdc_grants' });
  });
});

test('what the driver opens when nobody waits for it any more is closed', async () => {
  const seen: { closed?: number } = {};
  const driver = shop({}, [], seen);
  const late: Driver = {
    getConnection: async (settings) => {
      await new Promise((resolve) => setTimeout(resolve, 2500));
      return driver.getConnection(settings);
    },
  };
  const listener = await startTnsListener(() => ({ accept: 319 }));
  const lab = createLab({ connector: withDriver(late) });
  const report = await lab.test({ ...READER, port: listener.port }, { timeoutS: 1 });
  expect(report.steps.find(({ id }) => id === 'auth')).toMatchObject({ code: 'AUTH_TIMEOUT' });
  expect(seen.closed).toBeUndefined();
  await expect.poll(() => seen.closed, { timeout: 4000 }).toBe(1);
  await listener.stop();
});
