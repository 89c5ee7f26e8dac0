import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/connectors/config.ts';
import { sqlserver } from '../../../src/connectors/databases/sqlserver.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { Secret } from '../../../src/secrets/secret.ts';

const parsed = (connection_string: string, more = {}) => {
  const { settings, secrets } = parseConfig(sqlserver, { connection_string, ...more });
  const { password } = secrets;
  return { ...settings, password: password instanceof Secret ? password.reveal() : password };
};
const problems = (config: Record<string, unknown>) => {
  try {
    parseConfig(sqlserver, config);
    return [];
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return error.details.fields ?? [];
  }
};

const SHOP = { host: 'db.example.com', port: 1433, database: 'shop', username: 'reader', password: 's3cret;x' };

describe('connection strings', () => {
  test.each([
    ['a URL', 'sqlserver://reader:s3cret%3Bx@db.example.com/shop', 'prefer'],
    [
      'a URL with parameters',
      'mssql://reader:s3cret%3Bx@db.example.com:1433/shop?encrypt=true&trustServerCertificate=true',
      'require',
    ],
    ["Go's", 'sqlserver://reader:s3cret%3Bx@db.example.com?database=shop&encrypt=disable', 'disable'],
    [
      "Azure's",
      'Server=tcp:db.example.com,1433;Initial Catalog=shop;Persist Security Info=False;User ID=reader;Password="s3cret;x";MultipleActiveResultSets=False;Encrypt=True;TrustServerCertificate=False;Connection Timeout=30;',
      'verify-full',
    ],
    [
      'another order',
      "trustservercertificate=yes; encrypt = mandatory; data source=db.example.com; database=shop; uid=reader; pwd='s3cret;x'",
      'require',
    ],
    [
      'ODBC',
      'Driver={ODBC Driver 18 for SQL Server};Server=db.example.com;Database=shop;Uid=reader;Pwd={s3cret;x};Encrypt=no',
      'disable',
    ],
    [
      'JDBC',
      'jdbc:sqlserver://db.example.com:1433;databaseName=shop;user=reader;password={s3cret;x};encrypt=true;trustServerCertificate=true',
      'require',
    ],
  ])('%s', (_, text, tls_mode) => {
    expect(parsed(text)).toEqual({ ...SHOP, tls_mode });
  });

  test('a password may be a reference', () => {
    const { secrets } = parseConfig(sqlserver, {
      connection_string: 'Server=db.example.com;Database=shop;User Id=reader;Password=${env:HEADWATER_SECRET_DB}',
    });
    expect(secrets['password']).toMatchObject({ scheme: 'env' });
  });

  test.each([
    ['Server=db\\sqlexpress;Database=shop', /names an instance/],
    ['Server=np:db;Database=shop', /another protocol than TCP/],
    ['Server=db;Integrated Security=SSPI', /Windows login/],
    ['Server=db;Authentication=ActiveDirectoryPassword', /Entra/],
    ['Server=db;AttachDbFilename=C:\\x.mdf', /attaches a file/],
    ['Server=db;Failover Partner=db2', /"Failover Partner" is not permitted/],
    ['Server=db;nonsense', /NAME=VALUE/],
    ['Database=shop;User=x', /no Server/],
    ['sqlserver://reader:p@db/shop?failoverPartner=x', /not permitted/],
  ])('%s is refused, and not quoted', (text, why) => {
    expect(problems({ connection_string: text })).toEqual([
      { field: '/config/connection_string', message: expect.stringMatching(why) },
    ]);
  });
});

test.each([
  ['host', { host: 'db\\sqlexpress' }, /names an instance; .* in port/],
  ['host', { host: 'db.example.com,1434' }, /give host "db\.example\.com" and port 1434/],
  ['username', { username: 'CORP\\reader' }, /Windows login/],
])('%s: %j is told what to give instead', (name, change, why) => {
  const config = { host: 'db.example.com', database: 'shop', username: 'reader', ...change };
  expect(problems(config)).toEqual([{ field: `/config/${name}`, message: expect.stringMatching(why) }]);
});
