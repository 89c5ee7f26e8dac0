import { describe, expect, it } from 'vitest';
import { amount, size, span } from '../../../../src/probes/postgres/cdc/check.ts';
import { ruleCommand } from '../../../../src/probes/postgres/hba.ts';
import { candidates, literal, onlyIf, quote, textArray } from '../../../../src/probes/postgres/sql.ts';
import { surplusRights } from '../../../../src/probes/postgres/surplus.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';

const server = sharedPostgres();

describe('texts that go into SQL', () => {
  const odd = ["it's", 'back\\slash', `"quoted"`, "\\'; DROP TABLE t; --", '$do$', 'größe\n', ''];

  it.each(odd)('%j comes back as it went', async (text) => {
    expect(await server.query(`SELECT ${literal(text)} AS t, ${textArray([text])} AS a`)).toEqual([
      { t: text, a: [text] },
    ]);
    if (text !== '') expect(Object.keys((await server.query(`SELECT 1 AS ${quote(text)}`))[0] ?? {})).toEqual([text]);
  });

  it('a block ends where it ends, whatever a name holds', async () => {
    const script = onlyIf(`'$do$' = ${literal('$do$')}`, `PERFORM ${literal('$do_$')};`);
    await server.query(script);
    expect(script.startsWith('DO $do__$')).toBe(true);
  });
});

describe('a rule for pg_hba.conf', () => {
  const said = (host: string) =>
    `no pg_hba.conf entry for host "${host}", user "reader", database "shop", no encryption`;
  const line = (text: string, names: Record<string, string> = {}) =>
    ruleCommand({ database: 'shop', username: 'reader', said: text, tls: false, ...names })?.line;

  it.each([
    [said('10.1.2.3'), 'host "shop" "reader" 10.1.2.3/32 scram-sha-256'],
    [said('fe80::1'), 'host "shop" "reader" fe80::1/128 scram-sha-256'],
    [
      'kein pg_hba.conf-Eintrag für Host »10.1.2.3«, Benutzer »reader«',
      'host "shop" "reader" 10.1.2.3/32 scram-sha-256',
    ],
  ])('%s', (text, expected) => {
    expect(line(text)).toBe(expected);
  });

  it.each(['db.example.com', '0.0.0.0/0', '10.1.2.3.4', '$(id)', ''])('nothing for %j', (host) => {
    expect(line(said(host))).toBeUndefined();
  });

  it('of what is not an address nothing is taken', () => {
    expect(line(said("10.1.2.3'; rm -rf /; '"))).toBe('host "shop" "reader" 10.1.2.3/32 scram-sha-256');
  });

  it.each(["o'brien", '$(id)', '`id`', 'a b', 'a\\b', '"', 'a\nb', ''])('nothing for a name such as %j', (name) => {
    expect(line(said('10.1.2.3'), { username: name })).toBeUndefined();
    expect(line(said('10.1.2.3'), { database: name })).toBeUndefined();
  });
});

it('rights in an access control list are those of one role alone', () => {
  const rights = (list: string, username: string) =>
    surplusRights({ table_rights: list, schema_rights: '{=U/postgres,me=UC/postgres}', may_write: 't' }, username);
  expect(rights('{postgres=arwdDxt/postgres,me=ra*D/postgres}', 'me')).toEqual({
    writes: 'INSERT, TRUNCATE',
    mayWrite: true,
    creates: true,
  });
  expect(rights('{postgres=arwdDxt/postgres,me2=rw/postgres,=w/postgres}', 'me')).toMatchObject({ writes: '' });
  expect(rights(String.raw`{"\"odd, \\\"one\"=rw/postgres"}`, 'odd, "one')).toMatchObject({ writes: '' });
  expect(rights(String.raw`{"\"odd one\"=rw/postgres"}`, 'odd one')).toMatchObject({
    writes: 'UPDATE',
    creates: false,
  });
});

it('a name with dots can be read in several ways', () => {
  expect(candidates('shop.orders')).toEqual([{ namespace: 'shop', name: 'orders' }]);
  expect(candidates('a.b.c')).toEqual([
    { namespace: 'a', name: 'b.c' },
    { namespace: 'a.b', name: 'c' },
  ]);
  expect(candidates('orders')).toEqual([{ namespace: 'public', name: 'orders' }]);
});

it('amounts are read as the server writes them, and written as people read them', () => {
  expect(['64MB', '1GB', '8kB', '0', '-1', '1d', '90min', '30s', '10h', null].map((text) => amount(text))).toEqual([
    64 * 1024 ** 2,
    1024 ** 3,
    8192,
    0,
    undefined,
    86_400,
    5400,
    30,
    36_000,
    undefined,
  ]);
  expect([0, 900, 1536, 64 * 1024 ** 2, 5 * 1024 ** 4].map(size)).toEqual([
    '0 bytes',
    '900 bytes',
    '1.5 kB',
    '64 MB',
    '5 TB',
  ]);
  expect([20, 600, 7200, 86_400 * 3].map(span)).toEqual(['1 minute', '10 minutes', '2 hours', '3 days']);
});
