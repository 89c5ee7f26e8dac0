import { expect, it } from 'vitest';
import { mysqlStrings } from '../../../../src/connectors/databases/mysql-strings.ts';
import { parseConnectionString } from '../../../../src/secrets/connection-string.ts';

const read = (text: string) => parseConnectionString(text, mysqlStrings('mysql'));

it('takes a string apart', () => {
  expect(read('mysql://reader:p%40ss@db.example.com:3307/shop?charset=utf8mb4&ssl-mode=VERIFY_IDENTITY')).toMatchObject(
    {
      host: 'db.example.com',
      port: 3307,
      username: 'reader',
      database: 'shop',
      tls_mode: 'verify-full',
    },
  );
});

it.each([
  ['ssl-mode=DISABLED', 'disable'],
  ['ssl-mode=PREFERRED', 'prefer'],
  ['sslmode=required', 'require'],
  ['sslMode=verify-ca', 'verify-ca'],
  ['sslMode=trust', 'require'],
  ['tls=skip-verify', 'require'],
  ['tls=true', 'require'],
  ['ssl=false', 'disable'],
  ['sslaccept=strict', 'verify-full'],
  ['ssl=%7B%22rejectUnauthorized%22%3Atrue%7D', 'verify-full'],
])('reads %s', (parameter, mode) => {
  expect(read(`mysql://reader@db.example.com/shop?${parameter}`)).toMatchObject({ tls_mode: mode });
});

it.each([
  'socketPath=/run/mysqld.sock',
  'flags=%2BLOCAL_FILES',
  'multipleStatements=true',
  'allowPublicKeyRetrieval=true',
  'allowLoadLocalInfile=true',
  'ssl-ca=/etc/passwd',
  'host=elsewhere',
])('refuses %s', (parameter) => {
  expect(() => read(`mysql://reader@db.example.com/shop?${parameter}`)).toThrow(/is not permitted/);
});
