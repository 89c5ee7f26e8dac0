import { describe, expect, test } from 'vitest';
import { check, type Server } from './capture.ts';
import { packet, refusal } from './fake.ts';

/** What MySQL 8 does in its own way, and how the clouds change a setting. */

const RDS = 'shop.abc.eu-west-1.rds.amazonaws.com';
const AURORA = 'shop.cluster-abc.eu-west-1.rds.amazonaws.com';

describe('a setting is changed where the server keeps it', () => {
  const server: Server = { variables: { binlog_format: 'MIXED' } };
  const remediesOf = async (change: Server, host?: string) =>
    (await check({ ...server, ...change }, host)).step('cdc_binlog_format');

  test.concurrent.each([
    ['8.4.3', "SET PERSIST binlog_format = 'ROW';"],
    [
      '5.7.44',
      "SET GLOBAL binlog_format = 'ROW';\n-- So that it outlives a restart, under [mysqld] in the server's own configuration: binlog_format = ROW",
    ],
    [
      '10.11.6-MariaDB',
      "SET GLOBAL binlog_format = 'ROW';\n-- So that it outlives a restart, under [mysqld] in the server's own configuration: binlog_format = ROW",
    ],
  ])('%s', async (version, sql) => {
    expect(await remediesOf({ version })).toMatchObject({ actor: 'dba', fix: { sql } });
  });

  test.concurrent('in the script it has a way back', async () => {
    const { report } = await check(server);
    const script = report.handoff?.find(({ actor }) => actor === 'dba');
    expect(script?.format).toBe('sql');
    expect(script?.text).toContain("-- SET GLOBAL binlog_format = 'MIXED';\n-- RESET PERSIST IF EXISTS binlog_format;");
  });

  test.concurrent.each([
    [RDS, 'db'],
    [AURORA, 'db-cluster'],
  ])('in a parameter group: %s', async (host, kind) => {
    const step = await remediesOf({}, host);
    expect(step.actor).toBe('cloud_admin');
    expect(step.fix).toMatchObject({
      text: expect.stringContaining('parameter group'),
      command: expect.stringContaining(`modify-${kind}-parameter-group`),
    });
    expect(step.fix?.sql).toBeUndefined();
  });
});

describe('a log that is off is turned on', () => {
  const off = { log_bin: 'OFF' };

  test.concurrent('by a file where the way it was packaged tells the folder', async () => {
    const variables = { ...off, binlog_format: 'MIXED' };
    const { step } = await check({ variables, version: '8.0.36-0ubuntu0.22.04.1' });
    expect(step('cdc_log_bin')).toMatchObject({ status: 'fail', code: 'CDC_BINLOG_OFF', actor: 'dba' });
    expect(step('cdc_log_bin').fix?.command).toBe(
      "printf '%s\\n' '[mysqld]' 'log_bin = binlog' 'binlog_format = ROW' > /etc/mysql/mysql.conf.d/99-headwater-log-bin.cnf",
    );
    expect(step('cdc_log_bin').fix?.text).toContain('restart');
    expect(step('cdc_session')).toMatchObject({ status: 'skip', because: 'cdc_log_bin' });
  });

  test.concurrent('in words where it does not', async () => {
    const { step } = await check({ variables: off });
    expect(step('cdc_log_bin').fix).toEqual({
      text: "Put this into the server's own configuration (my.cnf), under [mysqld], and restart: log_bin = binlog.",
    });
  });

  test.concurrent.each([
    [RDS, 'backup-retention-period'],
    [AURORA, 'ParameterName=binlog_format,ParameterValue=ROW'],
  ])('as %s has it', async (host, command) => {
    const { step } = await check({ variables: off }, host);
    expect(step('cdc_log_bin')).toMatchObject({ actor: 'cloud_admin' });
    expect(step('cdc_log_bin').fix?.command).toContain(command);
  });
});

describe('the log is really read', () => {
  test.concurrent('from where it ends, without a number', async () => {
    const { step, said } = await check({});
    expect(step('cdc_session')).toMatchObject({ status: 'pass', evidence: 'from binlog.000007, 4096' });
    expect(said.at(-1)).toMatch(/^SET @master_binlog_checksum/);
  });

  test.concurrent('refused for a right that was said to be there', async () => {
    const log = packet(1, refusal(1227, 'Access denied; you need the REPLICATION SLAVE privilege', '#42000'));
    const { step } = await check({ log });
    expect(step('cdc_grants').status).toBe('pass');
    expect(step('cdc_session')).toMatchObject({ status: 'fail', code: 'CDC_GRANTS', driver_code: '1227' });
    expect(step('cdc_session').fix?.sql).toBe('GRANT REPLICATION SLAVE ON *.* TO `reader`@`%`;');
  });

  test.concurrent('refused for another reason, told in the words of the server', async () => {
    const log = packet(1, refusal(1236, 'Misconfigured source - server_id was not set', '#HY000'));
    expect((await check({ log })).step('cdc_session')).toMatchObject({
      status: 'fail',
      code: 'CDC_SESSION_REFUSED',
      driver_code: '1236',
      evidence: 'Misconfigured source - server_id was not set',
    });
  });

  test.concurrent('the right to know the position is proven by asking', async () => {
    const { step } = await check({ position: 'denied' });
    expect(step('cdc_grants')).toMatchObject({ status: 'fail', code: 'CDC_GRANTS', fields: ['username'] });
    expect(step('cdc_grants').fix?.sql).toBe('GRANT REPLICATION CLIENT ON *.* TO `reader`@`%`;');
    expect(step('cdc_session')).toMatchObject({ status: 'skip', because: 'cdc_grants' });
  });
});

test.concurrent.each([
  [['f', '4', '', ''], 'pass', undefined],
  [['f', '4', 'shop,crm', ''], 'pass', undefined],
  [['f', '4', '', 'crm'], 'pass', undefined],
  [['f', '4', 'crm', ''], 'fail', ['binlog_do_db = shop', '99-headwater-filters.cnf']],
  [['f', '4', '', 'crm,shop'], 'fail', ['sed -i -E', '(shop)', '/etc/mysql/mysql.conf.d/*.cnf']],
] as const)('filters of the log: %j', async (position, status, parts) => {
  const { step } = await check({ position, version: '8.0.36-0ubuntu0.22.04.1' });
  expect(step('cdc_filters').status).toBe(status);
  if (!parts) return;
  expect(step('cdc_filters')).toMatchObject({
    code: 'CDC_BINLOG_FILTERED',
    actor: 'dba',
    fields: ['database', 'databases'],
  });
  for (const part of parts) expect(step('cdc_filters').fix?.command).toContain(part);
});

test.concurrent.each([
  ['binlog_row_image', 'NOBLOB', 'cdc_row_image', 'warn', 'CDC_ROW_IMAGE'],
  ['time_zone', 'SYSTEM', 'cdc_time_zone', 'warn', 'CDC_TIME_ZONE'],
  ['time_zone', 'Europe/Berlin', 'cdc_time_zone', 'pass', undefined],
  ['binlog_expire_logs_auto_purge', 'OFF', 'cdc_retention', 'pass', undefined],
] as const)('%s %s', async (name, value, id, status, code) => {
  const { step } = await check({ variables: { [name]: value } });
  expect(step(id).status).toBe(status);
  expect(step(id).code).toBe(code);
});

test.concurrent('GTIDs are asked for only where a reader could be moved', async () => {
  const variables = { gtid_mode: 'OFF' };
  expect((await check({ variables })).step('cdc_gtid')).toMatchObject({ status: 'pass', evidence: 'OFF' });
  const { step } = await check({ variables, replica: 'yes' });
  expect(step('cdc_gtid')).toMatchObject({ status: 'warn', code: 'CDC_GTID' });
});

describe('a log that is bounded by its size', () => {
  const limit = { max_binlog_total_size: String(10 * 1024 ** 3) };
  const written = (bytes: number, hours: number) => [
    ['Binlog_bytes_written', String(bytes)],
    ['Uptime', String(hours * 3600)],
  ];

  test.concurrent.each([
    ['slowly', written(1024 ** 3, 48), 'pass', 'a consumer may be down for 20 days before a resync at what is written'],
    [
      'fast',
      written(10 * 1024 ** 3, 24),
      'warn',
      'a consumer may be down for 1 day before a resync at what is written',
    ],
    ['by a server that does not say', [], 'pass', 'the newest 10.0 GiB are kept'],
  ] as const)('that is written %s', async (_, status, verdict, evidence) => {
    const step = (await check({ variables: limit, status })).step('cdc_log_size');
    expect(step.status).toBe(verdict);
    expect(step.evidence).toContain(evidence);
  });
});

test.concurrent.each([RDS, 'shop.cluster-ro-abc.eu-west-1.rds.amazonaws.com'])(
  'a door without a log: %s',
  async (host) => {
    const { step } = await check({ variables: { log_bin: 'OFF' } }, host);
    expect(step('cdc_log_bin').code).toBe(host === RDS ? 'CDC_BINLOG_OFF' : 'CDC_ENDPOINT');
  },
);
