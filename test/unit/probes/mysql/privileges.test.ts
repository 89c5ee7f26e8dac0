import { expect, it } from 'vitest';
import { isLike } from '../../../../src/probes/mysql/like.ts';
import { grantFrom, holds } from '../../../../src/probes/mysql/privileges.ts';

it.each([
  [
    "GRANT SELECT, INSERT ON *.* TO `reader`@`%` IDENTIFIED BY PASSWORD '*D8' WITH GRANT OPTION",
    { rights: ['SELECT', 'INSERT'], on: '*.*', handsOn: true, to: '`reader`@`%`' },
  ],
  [
    'GRANT APPLICATION_PASSWORD_ADMIN,AUDIT_ADMIN ON *.* TO `root`@`localhost`',
    { rights: ['APPLICATION_PASSWORD_ADMIN', 'AUDIT_ADMIN'], on: '*.*', handsOn: false },
  ],
  [
    'GRANT SELECT (`id`, `a ON b, c)`), UPDATE ON `shop`.`or``ders` TO `reader`@`%`',
    { rights: ['SELECT (`id`, `a ON b, c)`)', 'UPDATE'], on: '`shop`.`or``ders`', database: 'shop', table: 'or`ders' },
  ],
  ["GRANT ALL PRIVILEGES ON 'shop\\_1'.* TO 'reader'@'%'", { rights: ['ALL PRIVILEGES'], database: 'shop\\_1' }],
  ['GRANT USAGE ON "shop".* TO `capture`', { rights: ['USAGE'], database: 'shop', to: '`capture`' }],
])('reads %s', (line, grant) => {
  expect(grantFrom(line)).toMatchObject([grant]);
});

it.each([
  'GRANT `capture`@`%` TO `reader`@`%`',
  "GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
  'GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `reader`@`%`',
  'SET DEFAULT ROLE `capture` FOR `reader`@`%`',
  'GRANT SELECT ON `shop',
  '',
])('takes nothing from %j', (line) => {
  expect(grantFrom(line)).toEqual([]);
});

it('knows what is held where', () => {
  const grants = [
    'GRANT SELECT ON `shop\\_%`.* TO `reader`@`%`',
    'GRANT SELECT, INSERT ON `crm`.`notes` TO `reader`@`%`',
    'GRANT RELOAD ON *.* TO `reader`@`%`',
  ].flatMap(grantFrom);
  const may = (right: string, database?: string, table?: string) => holds(grants, [right], database, table);
  expect([may('SELECT', 'shop_eu'), may('SELECT', 'shopping'), may('SELECT')]).toEqual([true, false, false]);
  expect([may('INSERT', 'crm', 'notes'), may('INSERT', 'crm', 'people'), may('INSERT', 'crm')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([may('RELOAD'), may('RELOAD', 'crm')]).toEqual([true, true]);
});

it.each([
  ['shop', 'shop', true],
  ['shop', 'sh%', true],
  ['shop', '%', true],
  ['', '%', true],
  ['', '', true],
  ['shop', 's_o%p', true],
  ['shop', 's_p', false],
  ['shop_1', 'shop\\_1', true],
  ['shopx1', 'shop\\_1', false],
  ['a%b', 'a\\%b', true],
  ['abcabd', '%ab_d', false],
  ['abcabd', '%a_d', true],
])('%j like %j: %s', (text, pattern, expected) => {
  expect(isLike(text, pattern)).toBe(expected);
});

it('is not kept busy by a pattern', () => {
  const begun = performance.now();
  expect(isLike('a'.repeat(64), `${'%a'.repeat(5000)}%b`)).toBe(false);
  expect(grantFrom(`GRANT ${'SELECT (`a` ON `b`.* TO `c`, '.repeat(50_000)}`)).toEqual([]);
  expect(performance.now() - begun).toBeLessThan(1000);
});
