import { describe, expect, test } from 'vitest';
import { check } from './capture.ts';

/** What Debian's MariaDB cannot be made to say: MySQL's own settings, roles and hosts. */

test('a server that is fit passes every check, and is only asked', async () => {
  const { report, said } = await check({});
  expect(report).toMatchObject({ verdict: 'ok', depth: 'cdc' });
  for (const statement of said)
    expect(statement).toMatch(/^(SELECT|SHOW|SET NAMES|SET @|START TRANSACTION READ ONLY|ROLLBACK)/);
});

describe('what is wrong has a code and SQL', () => {
  test.concurrent.each([
    ['binlog_format', { binlog_format: 'STATEMENT' }, 'CDC_BINLOG_FORMAT', /^SET PERSIST binlog_format = 'ROW';$/],
    ['row_image', { binlog_row_image: 'MINIMAL' }, 'CDC_ROW_IMAGE', /^SET PERSIST binlog_row_image = 'FULL';$/],
    [
      'partial_rows',
      { binlog_row_value_options: 'PARTIAL_JSON' },
      'CDC_PARTIAL_ROWS',
      /^SET PERSIST binlog_row_value_options = '';$/,
    ],
    ['server_id', { server_id: '0' }, 'CDC_SERVER_ID', /server_id = 1/],
    ['retention', { binlog_expire_logs_seconds: '3600' }, 'CDC_RETENTION', /binlog_expire_logs_seconds = 604800/],
  ] as const)('%s', async (id, variables, code, sql) => {
    const { step } = await check({ variables });
    const found = step(`cdc_${id}`);
    expect(found).toMatchObject({ status: 'fail', code, actor: 'dba' });
    expect(found.fix?.sql).toMatch(sql);
  });

  test.concurrent('warnings stay warnings', async () => {
    const variables = { binlog_transaction_compression: 'ON', binlog_expire_logs_seconds: '259200' };
    const { report, step } = await check({ variables, keys: false, engine: 'MyISAM' });
    expect(report.verdict).toBe('ok_with_warnings');
    const codes = ['compression', 'retention', 'keys', 'engines'].map((id) => step(`cdc_${id}`).code);
    expect(codes).toEqual(['CDC_BINLOG_COMPRESSED', 'CDC_RETENTION', 'CDC_NO_PRIMARY_KEY', 'CDC_NOT_TRANSACTIONAL']);
    expect(step('cdc_engines').fix?.sql).toBe('ALTER TABLE `shop`.`orders` ENGINE = InnoDB;');
  });
});

describe('rights', () => {
  test.concurrent.each([
    ['all of them', ['GRANT ALL PRIVILEGES ON *.* TO `reader`@`%`'], undefined],
    [
      'LOCK TABLES on one database instead of RELOAD',
      [
        'GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `reader`@`%`',
        'GRANT SELECT, LOCK TABLES ON `shop`.* TO `reader`@`%`',
      ],
      undefined,
    ],
    [
      'all, but on one database',
      ['GRANT USAGE ON *.* TO `reader`@`%`', 'GRANT ALL PRIVILEGES ON `shop`.* TO `reader`@`%`'],
      'REPLICATION SLAVE',
    ],
    ['reading alone', ['GRANT SELECT ON *.* TO `reader`@`%`'], 'RELOAD, REPLICATION SLAVE'],
  ])('%s', async (_, grants, missing) => {
    const { step } = await check({ grants });
    const sql = missing === undefined ? undefined : `GRANT ${missing} ON *.* TO \`reader\`@\`%\`;`;
    expect(step('cdc_grants').fix?.sql).toBe(sql);
  });

  test.concurrent('active roles are counted in, and quoted by nobody but a server', async () => {
    const { said } = await check({ roles: '`capture`@`%`,`other`@`%`' });
    expect(said).toContain('SHOW GRANTS FOR CURRENT_USER() USING `capture`@`%`,`other`@`%`');
    const hostile = await check({ roles: '`a`@`%`; DROP DATABASE shop' });
    expect(hostile.said).toContain('SHOW GRANTS FOR CURRENT_USER()');
  });
});

test.concurrent.each([
  ['yes', { status: 'fail', code: 'CDC_REPLICA_SILENT', fields: ['host'] }],
  ['no', { status: 'pass', evidence: 'not a replica' }],
  ['secret', { status: 'skip' }],
] as const)('a server that logs no foreign changes; whether it is a replica: %s', async (replica, expected) => {
  const { step } = await check({ replica, variables: { log_replica_updates: 'OFF' } });
  expect(step('cdc_replica')).toMatchObject(expected);
});

describe('on RDS its own setting holds', () => {
  const host = 'shop.abc.eu-west-1.rds.amazonaws.com';
  test.concurrent.each([
    ['240', { status: 'pass', evidence: 'a consumer may be down for 10 days before a resync' }],
    ['48', { status: 'warn', code: 'CDC_RETENTION' }],
    ['12', { status: 'fail', code: 'CDC_RETENTION' }],
  ] as const)('%s hours', async (rds, expected) => {
    const { step } = await check({ rds }, host);
    expect(step('cdc_retention')).toMatchObject(expected);
    if (expected.status !== 'pass') expect(step('cdc_retention').fix?.sql).toContain('mysql.rds_set_configuration');
  });

  test.concurrent('unless it may not be read', async () => {
    expect((await check({}, host)).step('cdc_retention')).toMatchObject({
      status: 'pass',
      evidence: 'a consumer may be down for 30 days before a resync',
    });
  });
});
