import { CAPTURE } from './mariadb-lab.ts';

/** What can be wrong with an account, its tables or the settings of a running MariaDB, alone and together. */

export const SHOP = `
CREATE DATABASE shop;
CREATE TABLE shop.orders (id INT PRIMARY KEY, placed DATE, note TEXT);
INSERT INTO shop.orders VALUES (1, '2026-01-01', 'first');
CREATE TABLE shop.lines (id INT, price INT);
CREATE TABLE shop.coded (code VARCHAR(20) NOT NULL UNIQUE);
CREATE TABLE shop.notes (id INT PRIMARY KEY) ENGINE = MyISAM;
`;
const READS = 'SELECT ON shop.*';
export const GOOD = `SET GLOBAL binlog_format = 'ROW', GLOBAL binlog_row_image = 'FULL', GLOBAL expire_logs_days = 30,
  GLOBAL log_bin_compress = OFF;`;

export interface Row {
  name: string;
  /** Statements that make it wrong. */
  wrong?: string;
  /** What the account `reader` holds, and how it is made besides; no account without. */
  grants?: readonly string[];
  extra?: string;
  config?: Record<string, unknown>;
  checks?: readonly string[];
  /** What is found: step, code, fields, actor. */
  found: readonly (readonly [step: string, code: string, fields: readonly string[] | undefined, actor: string])[];
  /** What is only warned of, as it is found. */
  warned?: Row['found'];
  /** Where nobody but the user can mend it: what the config should have been. */
  mended?: Record<string, unknown>;
}

const CDC = ['cdc'];
const READER = [READS, CAPTURE];

export const ROWS: readonly Row[] = [
  {
    name: 'a wrong port',
    grants: READER,
    config: { port: 1 },
    found: [['tcp', 'TCP_REFUSED', ['port', 'host'], 'user']],
    mended: {},
  },
  {
    name: 'a wrong database',
    grants: ['SELECT ON *.*'],
    config: { database: 'shopp' },
    found: [['database', 'DATABASE_NOT_FOUND', ['database'], 'user']],
    mended: {},
  },
  {
    name: 'an account that is not there',
    checks: CDC,
    found: [['auth', 'AUTH_REJECTED', ['username', 'password'], 'user']],
  },
  {
    name: 'an account for another address alone',
    wrong: "CREATE USER reader@'10.1.2.3' IDENTIFIED BY 'of somebody else'",
    checks: CDC,
    found: [['auth', 'AUTH_REJECTED', ['username', 'password'], 'user']],
  },
  {
    name: 'an anonymous account that takes in every name',
    wrong:
      "CREATE USER ''@'127.0.0.1'; CREATE USER reader@'%' IDENTIFIED BY 'known-to-nobody-else'; GRANT SELECT ON shop.* TO reader@'%'",
    checks: CDC,
    found: [['auth', 'AUTH_REJECTED', ['username', 'password'], 'user']],
  },
  {
    name: 'a database that the account may not see, and no right to capture',
    grants: [],
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [['database', 'DATABASE_NOT_VISIBLE', ['database'], 'dba']],
  },
  {
    name: 'rights on the name of the database that hide those on a pattern',
    grants: ['SELECT ON `sh%`.*', 'CREATE TEMPORARY TABLES ON shop.*'],
    config: { tables: ['shop.orders', 'shop.lines'] },
    found: [['tables', 'SELECTION_NOT_VISIBLE', ['tables'], 'dba']],
  },
  {
    name: 'a locked account',
    grants: READER,
    extra: 'ACCOUNT LOCK',
    found: [['auth', 'ACCOUNT_LOCKED', ['username'], 'dba']],
  },
  {
    name: 'an expired password',
    grants: READER,
    extra: 'PASSWORD EXPIRE',
    found: [['database', 'PASSWORD_EXPIRED', ['password'], 'dba']],
  },
  {
    name: 'a database that the account may not see',
    grants: [],
    found: [['database', 'DATABASE_NOT_VISIBLE', ['database'], 'dba']],
  },
  {
    name: 'an account that may write and not read',
    grants: ['INSERT ON shop.*'],
    found: [['list', 'TABLES_DENIED', ['username'], 'dba']],
    warned: [['role', 'ROLE_TOO_POWERFUL', ['username'], 'dba']],
  },
  {
    name: 'a selected table that is not there',
    grants: READER,
    config: { tables: ['shop.orders', 'shop.order'] },
    found: [['tables', 'TABLE_NOT_FOUND', ['tables'], 'user']],
    mended: { tables: ['shop.orders'] },
  },
  {
    name: 'a selected table that the account may not see',
    grants: ['SELECT ON shop.lines'],
    config: { tables: ['shop.lines', 'shop.orders'] },
    found: [['tables', 'SELECTION_NOT_VISIBLE', ['tables'], 'dba']],
  },
  {
    name: 'a selected table that the account may write and not read',
    grants: ['SELECT ON shop.lines', 'INSERT ON shop.orders'],
    config: { tables: ['shop.lines', 'shop.orders'] },
    found: [['tables_read', 'TABLE_DENIED', ['tables'], 'dba']],
    warned: [['role', 'ROLE_TOO_POWERFUL', ['username'], 'dba']],
  },
  {
    name: 'a selected table of which one column may be read',
    grants: ['SELECT (id) ON shop.orders'],
    config: { tables: ['shop.orders'] },
    found: [],
    warned: [['tables_read', 'COLUMNS_DENIED', ['tables'], 'dba']],
  },
  {
    name: 'a selected table without a key',
    grants: READER,
    config: { tables: ['shop.orders', 'shop.coded', 'shop.lines'] },
    checks: CDC,
    found: [],
    warned: [['cdc_keys', 'CDC_NO_PRIMARY_KEY', undefined, 'dba']],
  },
  {
    name: 'a selected table without transactions',
    grants: READER,
    config: { tables: ['shop.notes'] },
    checks: CDC,
    found: [],
    warned: [['cdc_engines', 'CDC_NOT_TRANSACTIONAL', undefined, 'dba']],
  },
  ...(['STATEMENT', 'MIXED'] as const).map(
    (format): Row => ({
      name: `binlog_format ${format}`,
      wrong: `SET GLOBAL binlog_format = '${format}'`,
      grants: READER,
      checks: CDC,
      config: { tables: ['shop.orders'] },
      found: [['cdc_binlog_format', 'CDC_BINLOG_FORMAT', undefined, 'dba']],
    }),
  ),
  {
    name: 'binlog_row_image MINIMAL',
    wrong: "SET GLOBAL binlog_row_image = 'MINIMAL'",
    grants: READER,
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [['cdc_row_image', 'CDC_ROW_IMAGE', undefined, 'dba']],
  },
  {
    name: 'binlog_row_image NOBLOB',
    wrong: "SET GLOBAL binlog_row_image = 'NOBLOB'",
    grants: READER,
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [],
    warned: [['cdc_row_image', 'CDC_ROW_IMAGE', undefined, 'dba']],
  },
  {
    name: 'a log that is kept for twelve hours',
    wrong: 'SET GLOBAL binlog_expire_logs_seconds = 43200',
    grants: READER,
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [['cdc_retention', 'CDC_RETENTION', undefined, 'dba']],
  },
  {
    name: 'a log that is kept for three days',
    wrong: 'SET GLOBAL expire_logs_days = 3',
    grants: READER,
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [],
    warned: [['cdc_retention', 'CDC_RETENTION', undefined, 'dba']],
  },
  {
    name: 'a log that is compressed',
    wrong: 'SET GLOBAL log_bin_compress = ON',
    grants: READER,
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [],
    warned: [['cdc_compression', 'CDC_BINLOG_COMPRESSED', undefined, 'dba']],
  },
  ...(['REPLICATION SLAVE', 'BINLOG MONITOR', 'RELOAD'] as const).map(
    (lacking): Row => ({
      name: `an account without ${lacking}`,
      grants: [
        READS,
        `${CAPTURE.split(' ON ')[0]
          ?.split(', ')
          .filter((right) => right !== lacking)
          .join(', ')} ON *.*`,
      ],
      checks: CDC,
      config: { tables: ['shop.orders'] },
      found: [['cdc_grants', 'CDC_GRANTS', ['username'], 'dba']],
    }),
  ),
  {
    name: 'an account that may do everything',
    grants: ['ALL PRIVILEGES ON *.*'],
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [],
    warned: [['role', 'ROLE_TOO_POWERFUL', ['username'], 'dba']],
  },
  {
    name: 'a password that lasts ten days, and nobody sees since when',
    grants: READER,
    extra: 'PASSWORD EXPIRE INTERVAL 10 DAY',
    found: [],
    warned: [['password_expiry', 'ROLE_EXPIRES', ['password'], 'dba']],
  },
  {
    name: 'a password that ends in ten days',
    grants: ['SELECT ON *.*'],
    extra: 'PASSWORD EXPIRE INTERVAL 10 DAY',
    found: [],
    warned: [['password_expiry', 'ROLE_EXPIRES', ['password'], 'dba']],
  },
  {
    name: 'an account that may do everything in its database',
    grants: ['ALL PRIVILEGES ON shop.*', CAPTURE],
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [],
    warned: [['role', 'ROLE_TOO_POWERFUL', ['username'], 'dba']],
  },
  {
    name: 'an account that may write and hand that on',
    wrong: "GRANT SELECT, INSERT, DELETE ON shop.* TO reader@'127.0.0.1' WITH GRANT OPTION",
    grants: [CAPTURE],
    found: [],
    warned: [['role', 'ROLE_TOO_POWERFUL', ['username'], 'dba']],
  },
  {
    name: 'an account with no connection to spare',
    grants: READER,
    extra: 'WITH MAX_USER_CONNECTIONS 2',
    found: [],
    warned: [['connections', 'ROLE_FEW_CONNECTIONS', ['username'], 'dba']],
  },
  {
    name: 'a wrong format, rows told in part, and a right that lacks',
    wrong: "SET GLOBAL binlog_format = 'MIXED', GLOBAL binlog_row_image = 'MINIMAL'",
    grants: [READS, 'RELOAD, BINLOG MONITOR ON *.*'],
    checks: CDC,
    config: { tables: ['shop.orders'] },
    found: [
      ['cdc_binlog_format', 'CDC_BINLOG_FORMAT', undefined, 'dba'],
      ['cdc_row_image', 'CDC_ROW_IMAGE', undefined, 'dba'],
      ['cdc_grants', 'CDC_GRANTS', ['username'], 'dba'],
    ],
  },
  {
    name: 'a table that is closed, a log that is kept for hours, and no right to read it',
    wrong: 'SET GLOBAL binlog_expire_logs_seconds = 7200',
    grants: ['SELECT ON shop.lines', 'INSERT ON shop.orders'],
    checks: CDC,
    config: { tables: ['shop.coded', 'shop.orders'], database: 'shop' },
    found: [
      ['tables', 'SELECTION_NOT_VISIBLE', ['tables'], 'dba'],
      ['tables_read', 'TABLE_DENIED', ['tables'], 'dba'],
      ['cdc_retention', 'CDC_RETENTION', undefined, 'dba'],
      ['cdc_grants', 'CDC_GRANTS', ['username'], 'dba'],
    ],
    warned: [['role', 'ROLE_TOO_POWERFUL', ['username'], 'dba']],
  },
];
