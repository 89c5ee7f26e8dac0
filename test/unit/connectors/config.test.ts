import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Config, destinationOf, mergeConfig, parseConfig } from '../../../src/connectors/config.ts';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import { resolveConfig } from '../../../src/connectors/resolved-config.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import type { Reference } from '../../../src/secrets/references.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { createAuthority } from '../../support/certificates.ts';

type Input = Record<string, unknown>;

const RIGHT: Input = { host: 'db.example.com', database: 'shop', username: 'reader', password: 'CANARY-p4ss' };
const parse = (over: Input = {}) => parseConfig(postgresql, { ...RIGHT, ...over });
const only = (input: Input) => parseConfig(postgresql, input);

/** The problems of a config, by field. */
function problems(work: () => unknown): Record<string, string> {
  try {
    work();
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    expect(error.code).toBe('INVALID_CONFIG');
    expect(JSON.stringify(error)).not.toContain('CANARY');
    return Object.fromEntries((error.details.fields ?? []).map(({ field, message }) => [field, message]));
  }
  throw new Error('it was accepted');
}

/** What a config would send, secrets in clear: for tests alone. */
const revealed = ({ settings, secrets }: Config) => ({
  ...settings,
  ...Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  ),
});

describe('a config that is right', () => {
  test('defaults are filled in; what is secret is apart from what is not', () => {
    const config = parse();
    expect(config.settings).toEqual({
      host: 'db.example.com',
      port: 5432,
      database: 'shop',
      username: 'reader',
      tls_mode: 'prefer',
    });
    expect(Object.keys(config.secrets)).toEqual(['password']);
    expect(JSON.stringify(config)).not.toContain('CANARY');
    expect(revealed(config)).toMatchObject({ password: 'CANARY-p4ss' });
  });

  test('a reference stays one', () => {
    expect(parse({ password: '${env:HEADWATER_SECRET_DB}' }).secrets).toEqual({
      password: { scheme: 'env', target: 'HEADWATER_SECRET_DB' },
    });
  });

  test.each([
    ['DB.Example.COM.', 'db.example.com'],
    ['127.1', '127.0.0.1'],
    ['[2001:DB8::0:1]', '2001:db8::1'],
    ['Bücher.example', 'xn--bcher-kva.example'],
  ])('the host %s is kept as %s', (host, kept) => {
    expect(parse({ host }).settings).toMatchObject({ host: kept });
    expect(only({ connection_string: `postgres://u@${encodeURIComponent(host)}/d` }).settings).toMatchObject({
      host: kept,
    });
  });

  test("the connector's own example", () => {
    expect(() => only(postgresql.example)).not.toThrow();
  });

  test.each<Input>([
    { password: undefined },
    { port: 1 },
    { port: 65535 },
    { schemas: ['public', 'Odd "name"'] },
    { host: '[2001:db8::1]' },
    { host: '10.0.0.1' },
    { host: 'bücher.example' },
    { password: 'x' },
    { password: '${NOT_A_REFERENCE}' },
    { password: ' leading and trailing ' },
    ...['disable', 'prefer', 'require', 'verify-ca', 'verify-full'].map((tls_mode) => ({ tls_mode })),
  ])('%j is fine', (over) => {
    expect(() => parse(over)).not.toThrow();
  });
});

describe('what is wrong is said by field, all at once, without a value', () => {
  test('everything that is missing', () => {
    expect(problems(() => only({}))).toEqual({
      '/config/host': 'is required',
      '/config/database': 'is required',
      '/config/username': 'is required',
    });
  });

  test.each<[Input, string, RegExp]>([
    [{ sslmode: 'require' }, '/config/sslmode', /did you mean tls_mode\?$/],
    [{ ssl: true }, '/config/ssl', /did you mean tls_mode\?$/],
    [{ user: 'x' }, '/config/user', /did you mean username\?$/],
    [{ dbname: 'x' }, '/config/dbname', /did you mean database\?$/],
    [{ hostname: 'x' }, '/config/hostname', /did you mean host\?$/],
    [{ pasword: 'x' }, '/config/pasword', /did you mean password\?$/],
    [{ shcemas: [] }, '/config/shcemas', /did you mean schemas\?$/],
    [{ Port: 1 }, '/config/Port', /did you mean port\?$/],
    [{ database_url: 'x' }, '/config/database_url', /did you mean connection_string\?$/],
    [{ sslrootcert: 'x' }, '/config/sslrootcert', /did you mean tls_ca\?$/],
    [{ warehouse: 'x' }, '/config/warehouse', /^is not known here$/],
    [{ constructor: 'x' }, '/config/constructor', /^is not known here$/],
    [{ toString: 'x' }, '/config/toString', /^is not known here$/],
    [{ 'a/b~c': 'x' }, '/config/a~1b~0c', /^is not known here$/],
    [{ ['x'.repeat(500)]: 1 }, `/config/${'x'.repeat(60)}`, /^is not known here$/],
    [{ port: '5432' }, '/config/port', /number/],
    [{ port: 0 }, '/config/port', /1/],
    [{ port: 65536 }, '/config/port', /65535/],
    [{ port: 54.32 }, '/config/port', /int/],
    [{ port: -1 }, '/config/port', /1/],
    [{ database: '' }, '/config/database', /1 character/],
    [{ database: 'a\u0000b' }, '/config/database', /control or invisible/],
    [{ username: 'a\u202eb' }, '/config/username', /control or invisible/],
    [{ username: 'half \ud800' }, '/config/username', /control or invisible/],
    [{ username: ['CANARY'] }, '/config/username', /string/],
    [{ database: '${env:NAME}' }, '/config/database', /only secrets are taken from references/],
    [{ password: 'a ${env:NAME} b' }, '/config/password', /whole value/],
    [JSON.parse('{"__proto__": 1}') as Input, '/config/__proto__', /^is not known here$/],
    [{ password: 'half \udfff' }, '/config/password', /half of a character/],
    [{ password: '' }, '/config/password', /1 character/],
    [{ password: 5 }, '/config/password', /string/],
    [{ tls_mode: 'CANARY' }, '/config/tls_mode', /"disable"\|"prefer"\|"require"\|"verify-ca"\|"verify-full"/],
    [{ schemas: [] }, '/config/schemas', /1/],
    [{ schemas: 'public' }, '/config/schemas', /array/],
    [{ schemas: ['ok', ''] }, '/config/schemas/1', /1 character/],
    [{ tls_ca: '/etc/ssl/ca.pem' }, '/config/tls_ca', /PEM/],
    [{ tls_ca: '-----BEGIN CERTIFICATE-----\nCANARY\n-----END CERTIFICATE-----' }, '/config/tls_ca', /cannot be read/],
    [
      { tls_ca: '-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----' },
      '/config/tls_ca',
      /treat that key as exposed/,
    ],
    [{ tls_ca: '-----BEGIN CERTIFICATE-----' }, '/config/tls_ca', /cannot be read/],
    [{ password: '${env:A B}' }, '/config/password', /are written \$\{env:NAME\}/],
    [{ password: '${exec:id}' }, '/config/password', /references are/],
  ])('%j', (over, field, message) => {
    const found = problems(() => parse(over));
    expect(Object.keys(found)).toEqual([field]);
    expect(found[field]).toMatch(message);
  });

  test.each([
    ['https://db.example.com', 'db.example.com'],
    ['https://xy12345.eu-central-1.snowflakecomputing.com/', 'xy12345.eu-central-1.snowflakecomputing.com'],
    ['db.example.com:5432', 'db.example.com'],
    ['db.example.com,1433', 'db.example.com'],
    ['db.example.com/shop', 'db.example.com'],
    ['user@db.example.com', 'db.example.com'],
    ['postgresql://user:secret@db.example.com:5432/shop', 'db.example.com'],
    ['/var/run/postgresql'],
    ['%2Fvar%2Frun'],
    ['a b'],
    ['256.1.1.1'],
    ['::1%eth0'],
  ])('the host %s', (host, meant?: string) => {
    const fault = 'must be a host name or IP address alone, without scheme, port or path';
    expect(problems(() => parse({ host }))).toEqual({
      '/config/host': meant === undefined ? fault : `${fault}; did you mean ${meant}?`,
    });
  });

  test.each([
    '{"__proto__": {"host": "evil.example"}}',
    '{"__proto__": null}',
    '{"constructor": {"prototype": {"x": 1}}}',
  ])('%s from JSON changes nothing and is refused', (json) => {
    const given: Input = JSON.parse(json);
    const whole = Object.defineProperties({ ...RIGHT }, Object.getOwnPropertyDescriptors(given));
    expect(Object.keys(problems(() => only(whole)))).toEqual([`/config/${Object.keys(given)[0]}`]);
    expect(({} as Input)['x']).toBeUndefined();
  });

  test('at most twenty problems', () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`unknown_${i}`, 1]));
    expect(Object.keys(problems(() => parse(many)))).toHaveLength(20);
  });

  test('whatever is given, it is a config or problems of its own fields', () => {
    const keys = fc.constantFrom(...Object.keys(postgresql.fields), 'sslmode', '__proto__', 'x');
    fc.assert(
      fc.property(fc.dictionary(keys, fc.anything()), (given) => {
        try {
          only({ ...RIGHT, ...given });
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_CONFIG', details: { fields: expect.anything() } });
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('masks and nulls', () => {
  test.each([
    '***',
    '********',
    '•••',
    'xxxxxxxx',
    'XXXXXX',
    '<redacted>',
    'redacted',
    '<hidden>',
    '[secret]',
    '[YOUR-PASSWORD]',
    '<password>',
  ])('the mask %s would overwrite the secret with its own picture', (password) => {
    expect(problems(() => parse({ password }))['/config/password']).toMatch(/^is a mask/);
  });

  test('the shape in which a secret is shown is a mask too', () => {
    expect(problems(() => parse({ password: { set: true, from: 'vault' } }))['/config/password']).toMatch(/^is a mask/);
  });

  test('null says neither keep nor remove', () => {
    expect(problems(() => parse({ password: null, host: null, nonsense: null }))).toEqual({
      '/config/password': 'is null; leave it out to keep it, or name it in `clear` to remove it',
      '/config/host': 'is null; leave it out to keep it, or name it in `clear` to remove it',
      '/config/nonsense': 'is null; leave it out to keep it, or name it in `clear` to remove it',
    });
  });

  test.each(['**', 'xxxxx', 'redacted1', '*** ', 'my-[secret]'])('%s could be a password', (password) => {
    expect(() => parse({ password })).not.toThrow();
  });

  test('a connection string copied with its mask', () => {
    const masked = 'postgres://reader:********@db.example.com/shop';
    expect(problems(() => only({ connection_string: masked }))['/config/password']).toMatch(/^is a mask/);
  });
});

describe('connection strings', () => {
  const STRING = 'postgres://reader:CANARY-p4ss@db.example.com:5433/shop?sslmode=verify-full';

  test('one is taken apart at once, and is not kept', () => {
    const config = only({ connection_string: STRING });
    expect(config.settings).toEqual({
      host: 'db.example.com',
      port: 5433,
      database: 'shop',
      username: 'reader',
      tls_mode: 'verify-full',
    });
    expect(Object.keys(config.secrets)).toEqual(['password']);
  });

  test('single fields may say more, or the same', () => {
    const more = { schemas: ['public'], host: 'db.example.com', port: 5433, password: 'CANARY-p4ss' };
    expect(only({ connection_string: STRING, ...more }).settings).toMatchObject({ schemas: ['public'] });
    const schemas = ['a', 'b'];
    expect(() => only({ connection_string: 'postgres://u@h/d?schema=a,b', schemas })).not.toThrow();
  });

  test('but nothing else', () => {
    const other = { host: 'other.example.com', port: 5432, password: 'other', tls_mode: 'disable' };
    const said = 'is also in the connection string, with another value';
    expect(problems(() => only({ connection_string: STRING, ...other }))).toEqual(
      Object.fromEntries(Object.keys(other).map((name) => [`/config/${name}`, said])),
    );
  });

  test('what it lacks is still required', () => {
    expect(problems(() => only({ connection_string: 'postgres://db.example.com' }))).toEqual({
      '/config/database': 'is required',
      '/config/username': 'is required',
    });
  });

  test('a password by reference inside it', () => {
    const config = only({ connection_string: 'postgres://reader:${env:HEADWATER_SECRET_DB}@db.example.com/shop' });
    expect(config.secrets).toEqual({ password: { scheme: 'env', target: 'HEADWATER_SECRET_DB' } });
  });

  test('as a reference it is kept whole until it is used, and leaves the defaults to it', () => {
    const config = only({ connection_string: '${env:HEADWATER_SECRET_DSN}', schemas: ['public'] });
    expect(config).toEqual({
      settings: { schemas: ['public'] },
      secrets: { connection_string: { scheme: 'env', target: 'HEADWATER_SECRET_DSN' } },
    });
  });

  test('beside a reference the address is in two places', () => {
    const said = 'comes from the connection string; give one or the other';
    expect(problems(() => parse({ connection_string: '${env:HEADWATER_SECRET_DSN}' }))).toEqual({
      '/config/host': said,
      '/config/database': said,
      '/config/username': said,
    });
  });

  test.each([5, ['x'], { a: 1 }, ''])('%j is none', (connection_string) => {
    expect(Object.keys(problems(() => only({ connection_string })))).toContain('/config/connection_string');
  });
});

describe('resolving', () => {
  const values: Record<string, string> = {
    PASSWORD: 'from-env',
    DSN: 'postgres://reader:from-dsn@db.example.com:5433/shop?sslmode=require',
    NESTED: 'postgres://reader:${env:PASSWORD}@db.example.com/shop',
    WRONG: 'mysql://reader:CANARY@db.example.com/shop',
    HOSTLESS: 'postgres://reader:CANARY@evil host/shop',
    BAD_PORT: 'postgres://reader:CANARY@db.example.com:99999/shop',
  };
  const resolve = async ({ target }: Reference) => {
    const value = values[target];
    if (value === undefined) throw new HeadwaterError('REFERENCE_BROKEN', 'not there', { hint: 'set it' });
    return new Secret(value);
  };
  const resolved = async (input: Input) => {
    const { values: found, secrets } = await resolveConfig(postgresql, only(input), resolve);
    const { password, ...rest } = found;
    return {
      ...rest,
      password: password instanceof Secret ? password.reveal() : password,
      secrets: secrets.map((secret) => secret.reveal()),
    };
  };

  test('literals and references come out as secrets, all of them known for redaction', async () => {
    expect(await resolved({ ...RIGHT, password: '${env:PASSWORD}' })).toMatchObject({
      host: 'db.example.com',
      password: 'from-env',
      secrets: ['from-env'],
    });
    expect(await resolved(RIGHT)).toMatchObject({ password: 'CANARY-p4ss' });
  });

  test('a connection string by reference is taken apart when it is used', async () => {
    expect(await resolved({ connection_string: '${env:DSN}', schemas: ['public'] })).toEqual({
      host: 'db.example.com',
      port: 5433,
      database: 'shop',
      username: 'reader',
      tls_mode: 'require',
      schemas: ['public'],
      password: 'from-dsn',
      secrets: ['from-dsn', values['DSN']],
    });
  });

  test('single fields beside it win over it: the mode that a person set, the password', async () => {
    const both = { connection_string: '${env:DSN}', tls_mode: 'verify-full', password: '${env:PASSWORD}' };
    expect(await resolved(both)).toMatchObject({ tls_mode: 'verify-full', password: 'from-env' });
  });

  test('a reference inside it is resolved too', async () => {
    expect(await resolved({ connection_string: '${env:NESTED}' })).toMatchObject({ password: 'from-env' });
  });

  test('a reference that is broken says which field it was', async () => {
    const error = await resolved({ ...RIGHT, password: '${env:MISSING}' }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'REFERENCE_BROKEN',
      details: { hint: 'set it', fields: [{ field: '/config/password', message: 'not there' }] },
    });
  });

  test.each(['WRONG', 'HOSTLESS', 'BAD_PORT'])(
    'a connection string that is wrong shows only when it is used: %s',
    async (name) => {
      const error = await resolved({ connection_string: `\${env:${name}}` }).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'INVALID_CONFIG', details: { fields: expect.anything() } });
      expect(JSON.stringify(error)).not.toContain('CANARY');
    },
  );
});

describe('merging', () => {
  const before = parse({ schemas: ['public'], tls_mode: 'verify-full' });
  const merge = (patch: Input, removed: string[] = [], from = before) => mergeConfig(postgresql, from, patch, removed);

  test('what is not named stays, the secret included', () => {
    expect(revealed(merge({ database: 'other' }))).toEqual({ ...revealed(before), database: 'other' });
    expect(revealed(merge({}))).toEqual(revealed(before));
  });

  test('what is given replaces', () => {
    expect(revealed(merge({ password: 'new', port: 5555 }))).toMatchObject({ password: 'new', port: 5555 });
    expect(merge({ password: '${env:X}' }).secrets).toEqual({ password: { scheme: 'env', target: 'X' } });
  });

  test('what is removed is gone, or is its default again', () => {
    const after = merge({}, ['password', 'schemas', 'tls_mode']);
    expect(after.secrets).toEqual({});
    expect(after.settings).toMatchObject({ tls_mode: 'prefer' });
    expect(after.settings).not.toHaveProperty('schemas');
  });

  test('what is required cannot be removed', () => {
    expect(problems(() => merge({}, ['host']))).toEqual({ '/config/host': 'is required' });
  });

  test('a patch is judged like a config: unknown keys, masks, nulls, hosts', () => {
    expect(problems(() => merge({ sslmode: 'x' }))['/config/sslmode']).toMatch(/did you mean tls_mode/);
    expect(problems(() => merge({ password: '****' }))['/config/password']).toMatch(/^is a mask/);
    expect(problems(() => merge({ schemas: null }))['/config/schemas']).toMatch(/^is null/);
    expect(problems(() => merge({ host: 'http://x' }))['/config/host']).toMatch(/without scheme/);
  });

  test('a connection string replaces the address, and keeps a password that it does not name', () => {
    const after = merge({ connection_string: 'postgres://writer@db2.example.com/other' });
    expect(revealed(after)).toEqual({
      host: 'db2.example.com',
      port: 5432,
      database: 'other',
      username: 'writer',
      password: 'CANARY-p4ss',
      schemas: ['public'],
      tls_mode: 'verify-full',
    });
  });

  test('a connection string by reference takes the place of the fields', () => {
    const after = merge({ connection_string: '${env:DSN}' }, ['password']);
    expect(after).toEqual({
      settings: { schemas: ['public'], tls_mode: 'verify-full' },
      secrets: { connection_string: { scheme: 'env', target: 'DSN' } },
    });
  });

  test('back to fields: the reference has to be removed', () => {
    const byString = only({ connection_string: '${env:DSN}' });
    expect(problems(() => merge({ host: 'db.example.com' }, [], byString))['/config/host']).toMatch(/one or the other/);
    const after = merge(RIGHT, ['connection_string'], byString);
    expect(revealed(after)).toMatchObject({ host: 'db.example.com', port: 5432 });
  });
});

describe('the destination', () => {
  const to = (over: Input) => JSON.stringify(destinationOf(postgresql, parse(over)));
  const here = to({});

  test.each<[string, Input]>([
    ['capitals', { host: 'DB.Example.COM' }],
    ['the root dot', { host: 'db.example.com.' }],
    ['the default port, written out', { port: 5432 }],
    ['the default mode, written out', { tls_mode: 'prefer' }],
    ['another user, password, database or schema', { username: 'x', password: 'y', database: 'z', schemas: ['s'] }],
  ])('the same for %s', (_, over) => {
    expect(to(over)).toBe(here);
  });

  test.each<[string, Input]>([
    ['another host', { host: 'db2.example.com' }],
    ['a host below it', { host: 'a.db.example.com' }],
    ['another port', { port: 5433 }],
    ['another TLS mode', { tls_mode: 'disable' }],
  ])('another for %s', (_, over) => {
    expect(to(over)).not.toBe(here);
  });

  test('another for another authority', async () => {
    const [one, two] = await Promise.all([createAuthority(), createAuthority()]);
    expect(to({ tls_ca: one.certPem })).not.toBe(here);
    expect(to({ tls_ca: one.certPem })).not.toBe(to({ tls_ca: two.certPem }));
  });

  test('one for every spelling of an address', () => {
    const spellings = ['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '0177.0.0.1', '１２７.0.0.1'];
    expect(new Set(spellings.map((host) => to({ host }))).size).toBe(1);
    expect(to({ host: '2001:DB8::0:1' })).toBe(to({ host: '[2001:db8::1]' }));
  });

  test('a connection string by reference is one, and says which reference; no secret is in it', () => {
    const of = (input: Input) => destinationOf(postgresql, only(input));
    expect(of({ connection_string: '${env:A}' })).not.toEqual(of({ connection_string: '${env:B}' }));
    expect(JSON.stringify(of({ connection_string: 'postgres://u:CANARY@h/d' }))).not.toContain('CANARY');
  });
});
