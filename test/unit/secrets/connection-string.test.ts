import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/connectors/config.ts';
import { POSTGRES_STRINGS } from '../../../src/connectors/databases/postgres-strings.ts';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { parseConnectionString } from '../../../src/secrets/connection-string.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { hostileInputs } from '../../support/hostile-inputs.ts';
import { createLab } from '../probes/lab.ts';

const parse = (text: string | Secret) => parseConnectionString(text, POSTGRES_STRINGS);

/** What something threw, as our own error. */
function thrown(work: () => unknown): HeadwaterError {
  try {
    throw new Error(`it was taken for ${JSON.stringify(work())}`);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return error;
  }
}

/** The refusal of a string: our own error, and in it nothing of what was given. */
function refusal(text: string, ...secrets: string[]): HeadwaterError {
  const error = thrown(() => parse(text));
  for (const secret of secrets) expect(JSON.stringify(error) + error.stack).not.toContain(secret);
  expect(error.code).toBe('INVALID_CONFIG');
  return error;
}

describe('what is in one', () => {
  test.each<[string, Record<string, unknown>]>([
    [
      'postgresql://app:s3cret@db.example.com:5433/shop?sslmode=verify-full',
      {
        host: 'db.example.com',
        port: 5433,
        username: 'app',
        password: 's3cret',
        database: 'shop',
        tls_mode: 'verify-full',
      },
    ],
    ['postgres://db.example.com', { host: 'db.example.com' }],
    ['POSTGRES://app@db.example.com/', { host: 'db.example.com', username: 'app' }],
    ['postgres://app:@db.example.com', { host: 'db.example.com', username: 'app' }],
    ['postgres://app:a:b:c@db.example.com', { host: 'db.example.com', username: 'app', password: 'a:b:c' }],
    ['postgres://[2001:db8::1]:5432/shop', { host: '[2001:db8::1]', port: 5432, database: 'shop' }],
    ['postgres://10.0.0.1/shop', { host: '10.0.0.1', database: 'shop' }],
    [
      'postgres://us%40er:p%40ss%2Fw%3Ard%25%20%C3%A9@db.example.com/my%20shop',
      { host: 'db.example.com', username: 'us@er', password: 'p@ss/w:rd% é', database: 'my shop' },
    ],
    ['postgres://app:p+w@db.example.com', { host: 'db.example.com', username: 'app', password: 'p+w' }],
    [
      'postgres://h/d?schema=public,sales&sslmode=require',
      { host: 'h', database: 'd', schemas: ['public', 'sales'], tls_mode: 'require' },
    ],
    ['postgres://h/d?sslmode=no-verify', { host: 'h', database: 'd', tls_mode: 'require' }],
    ['postgres://h/d?sslmode=allow', { host: 'h', database: 'd', tls_mode: 'prefer' }],
    ['postgres://h/d?application_name=a%26b=c&connect_timeout=10&pgbouncer=true', { host: 'h', database: 'd' }],
    ['postgres://h/d?schema=a=b', { host: 'h', database: 'd', schemas: ['a=b'] }],
    ['postgres://h/d?', { host: 'h', database: 'd' }],
  ])('%s', (text, expected) => {
    expect(parse(text)).toEqual(expected);
    expect(parse(new Secret(text))).toEqual(expected);
  });

  test('whatever goes in, percent-encoded, comes out', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }).filter((text) => !text.startsWith('$'));
    fc.assert(
      fc.property(
        part,
        part,
        part,
        fc.domain(),
        fc.integer({ min: 1, max: 65535 }),
        (user, password, database, host, port) => {
          const [u, p, d] = [user, password, database].map((text) => encodeURIComponent(text));
          expect(parse(`postgresql://${u}:${p}@${host}:${port}/${d}`)).toEqual({
            host,
            port,
            username: user,
            password,
            database,
          });
        },
      ),
    );
  });
});

describe('a reference as the password', () => {
  test.each([
    ['postgres://app:${env:HEADWATER_SECRET_DB}@db.example.com/shop', '${env:HEADWATER_SECRET_DB}'],
    ['postgres://app:${vault:team/kv:shop@2#pw}@db.example.com/shop', '${vault:team/kv:shop@2#pw}'],
    ['postgres://app:${file:/run/secrets/pg:pass@word}@db.example.com:5432/shop', '${file:/run/secrets/pg:pass@word}'],
    ['postgres://app:%24%7Benv%3AHEADWATER_SECRET_DB%7D@db.example.com/shop', '${env:HEADWATER_SECRET_DB}'],
  ])('%s', (text, password) => {
    expect(parse(text)).toMatchObject({ host: 'db.example.com', username: 'app', password, database: 'shop' });
  });

  test.each([
    'postgres://${env:HEADWATER_SECRET_CREDENTIALS}@db.example.com/shop',
    'postgres://${env:USER}:${env:PASSWORD}@db.example.com/shop',
    'postgres://app:${env:A}@evil.example/?application_name=}@db.example.com',
    'postgres://app:${exec:id}@db.example.com/shop',
    'postgres://app:pw@${env:HOST}/shop',
    'postgres://app:pw@db.example.com/${env:DB}',
  ])('nowhere else, and of no other kind: %s', (text) => {
    expect(() => parseConfig(postgresql, { connection_string: text, database: 'shop' })).toThrow(HeadwaterError);
  });
});

describe('a refusal never quotes the secret', () => {
  const SECRET = 'TOPSECRET';
  test.each([
    [`postgres://u:${SECRET}@db.example.com:notaport/db`, /port that is not a number/],
    [`postgres://u:${SECRET}@/db`, /has no host/],
    [`postgres://u:${SECRET}@h1,h2/db`, /several hosts/],
    [`postgres://u:${SECRET}%zz@db.example.com/db`, /percent-encoding/],
    [`postgres://u:${SECRET} x@db.example.com/db`, /white space/],
    [`postgres://u:${SECRET}\\x@db.example.com/db`, /backslashes/],
    [`postgres://u:${SECRET}@x@db.example.com/db`, /percent-encoded/],
    [`postgres://u:1/${SECRET}@db.example.com/db`, /percent-encoded/],
    [`postgres://u:1/${SECRET}@db.example.com`, /percent-encoded/],
    [`postgres://u:1?${SECRET}@db.example.com/db`, /percent-encoded/],
    [`postgres://u:1?a=${SECRET}@db.example.com/db`, /percent-encoded/],
    [`postgres://u:1#${SECRET}@db.example.com/db`, /percent-encoded/],
    [`postgres://u:${SECRET}@db.example.com/db#fragment`, /percent-encoded/],
    [`postgres://u:${SECRET}@db.example.com/a/b`, /percent-encoded/],
    [`mysql://u:${SECRET}@db.example.com/db`, /scheme is not postgresql or postgres/],
    [`u:${SECRET}@db.example.com`, /percent-encoded/],
    [SECRET, /percent-encoded/],
    [`postgres://u:${SECRET}@db.example.com/db?host=127.0.0.1`, /parameter "host" is not permitted/],
    [`postgres://u:${SECRET}${'x'.repeat(8192)}@db.example.com/db`, /longer than 8192/],
  ])('%s', (text, why) => {
    const error = refusal(text, SECRET);
    expect(error.message).toMatch(why);
    expect(error.details.fields).toMatchObject([{ field: '/config/connection_string' }]);
    expect(error.details.hint).toMatch(/postgresql:\/\/USER:PASSWORD@HOST:PORT\/DATABASE/);
  });

  test('whatever the password holds in clear, it is read right or refused, and shown nowhere', () => {
    const odd = fc.constantFrom('@', '/', '?', '#', ':', '%', '%4', '%41', '\\', ' ', '[', '&', '=', '}@', '${');
    // Nothing that could stand in a sentence of ours.
    const word = fc.stringMatching(/^[A-Z]\d[a-z]\d$/);
    const password = fc.oneof(
      fc.tuple(word, odd, word, odd, word).map((parts) => parts.join('')),
      fc.tuple(word, fc.string({ unit: 'binary-ascii', maxLength: 20 }), word).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(password, (text) => {
        let found: Record<string, unknown>;
        try {
          found = parse(`postgres://app:${text}@db.example.com:5432/shop`);
        } catch (error) {
          expect(error).toBeInstanceOf(HeadwaterError);
          for (const part of text.match(/[A-Z]\d[a-z]\d/g) ?? []) expect(JSON.stringify(error)).not.toContain(part);
          return;
        }
        const { password: read, ...rest } = found;
        expect(rest).toEqual({ host: 'db.example.com', port: 5432, username: 'app', database: 'shop' });
        expect(read).toBe(decodeURIComponent(text));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('hostile inputs', () => {
  const LOOPBACK = 'connection_string-pg-loop';
  const all = hostileInputs<string>('connection_string').filter(({ id }) => id !== LOOPBACK);
  const ours = all.filter(({ id }) => !/-(my|mg|rd)-/.test(id));
  const others = all.filter((each) => !ours.includes(each));
  const config = (text: string) => () => parseConfig(postgresql, { connection_string: text });

  test.each(ours.filter((each) => each.expect === 'allow'))('$id is accepted ($why)', ({ input }) => {
    expect(config(input)()).toMatchObject({ settings: { host: 'db.example.com', database: 'app', username: 'app' } });
  });

  // Whether the policy forbids it or it is malformed: it does not get as far as a config, let alone a socket.
  test.each(ours.filter((each) => each.expect !== 'allow'))('$id is refused ($why)', ({ input }) => {
    const error = thrown(config(input));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(JSON.stringify(error)).not.toMatch(/s3cret|TOPSECRET/);
  });

  test.each(others)("$id: another database's string is refused for its scheme", ({ input }) => {
    expect(refusal(input, 's3cret').message).toMatch(/scheme is not postgresql or postgres|not a URL with one host/);
  });

  test('a well-formed string with an address that is not permitted goes as far as a field with it would', async () => {
    const [loopback] = hostileInputs<string>('connection_string').filter(({ id }) => id === LOOPBACK);
    const lab = createLab({ egress: 'public_only' });
    const report = await lab.test({ connection_string: loopback?.input });
    expect(report.steps.find(({ status }) => status === 'fail')).toMatchObject({
      id: 'address_policy',
      code: 'HOST_REFUSED',
    });
    expect(lab.dials).toBe(0);
  });
});
