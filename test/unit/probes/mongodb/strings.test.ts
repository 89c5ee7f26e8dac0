import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../src/connectors/config.ts';
import { mongodb } from '../../../../src/connectors/databases/mongodb.ts';
import { MONGODB_STRINGS } from '../../../../src/connectors/databases/mongodb-strings.ts';
import { HeadwaterError } from '../../../../src/errors.ts';
import { parseConnectionString } from '../../../../src/secrets/connection-string.ts';

const parse = (text: string) => parseConnectionString(text, MONGODB_STRINGS);

function refusal(work: () => unknown): HeadwaterError {
  try {
    throw new Error(`it was taken for ${JSON.stringify(work())}`);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return error;
  }
}

describe('what is in one', () => {
  test.each<[string, Record<string, unknown>]>([
    ['mongodb://db.example.com', { host: 'db.example.com' }],
    [
      'mongodb://app:s3cret@m1.example.com:27018,m2.example.com,m3.example.com:27019/shop?replicaSet=rs0',
      {
        host: 'm1.example.com',
        port: 27018,
        members: ['m2.example.com', 'm3.example.com:27019'],
        username: 'app',
        password: 's3cret',
        database: 'shop',
        auth_source: 'shop',
        replica_set: 'rs0',
      },
    ],
    [
      'mongodb://u:p%40ss@h/shop?authSource=admin&authMechanism=SCRAM-SHA-1',
      {
        host: 'h',
        username: 'u',
        password: 'p@ss',
        database: 'shop',
        auth_source: 'admin',
        auth_mechanism: 'SCRAM-SHA-1',
      },
    ],
    [
      'mongodb+srv://u:p@cluster0.abc.mongodb.net/shop?retryWrites=true&w=majority&appName=x',
      { host: 'cluster0.abc.mongodb.net', username: 'u', password: 'p', database: 'shop', srv: true },
    ],
    ['mongodb://h/?tls=true', { host: 'h', tls_mode: 'verify-full' }],
    ['mongodb://h/?ssl=false', { host: 'h', tls_mode: 'disable' }],
    ['mongodb://h/?tls=true&tlsAllowInvalidHostnames=true', { host: 'h', tls_mode: 'verify-ca' }],
    ['mongodb://h/?tlsInsecure=true', { host: 'h', tls_mode: 'require' }],
    ['mongodb://h/?tlsAllowInvalidCertificates=true&tls=true', { host: 'h', tls_mode: 'require' }],
    ['mongodb://h/?tlsAllowInvalidCertificates=false&directConnection=true', { host: 'h' }],
    [
      'mongodb://[2001:db8::1]:27017,[2001:db8::2]/d',
      { host: '[2001:db8::1]', port: 27017, members: ['[2001:db8::2]'], database: 'd' },
    ],
  ])('%s', (text, expected) => expect(parse(text)).toEqual(expected));
});

describe('what is refused, and why', () => {
  test.each([
    ['mongodb://h/?tlsCAFile=/etc/passwd', 'names a file of this machine'],
    ['mongodb://h/?tlsCertificateKeyFile=/etc/shadow', 'names a file of this machine'],
    ['mongodb://h/?proxyHost=127.0.0.1', 'an SSH tunnel is what there is for that'],
    ['mongodb://h/?authMechanismProperties=ENVIRONMENT:gcp', 'never lent'],
    ['mongodb://h/?bogus=1', 'is not permitted'],
    ['mongodb+srv://u:p@cluster0.abc.mongodb.net:27017/shop', 'one name and no port'],
    ['mongodb+srv://u:p@a.b.net,c.b.net/shop', 'one name and no port'],
    ['mongodb://h,,x/', ''],
    ['postgres://h/d', 'its scheme is not'],
  ])('%s', (text, why) => {
    const error = refusal(() => parseConfig(mongodb, { connection_string: text }));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(JSON.stringify(error)).toContain(why);
  });

  test.each(['MONGODB-OIDC', 'MONGODB-AWS', 'GSSAPI', 'MONGODB-X509', 'MONGODB-CR'])(
    'authMechanism %s',
    (mechanism) => {
      const text = `mongodb://u:s3cretive@h/?authMechanism=${mechanism}`;
      const error = refusal(() => parseConfig(mongodb, { connection_string: text }));
      expect(error.details.fields?.map(({ field }) => field)).toEqual(['/config/auth_mechanism']);
      expect(JSON.stringify(error)).not.toContain('s3cretive');
    },
  );

  test.each([['%2Ftmp%2Fmongodb-27017.sock'], ['a:0'], ['a:99999'], ['a/b'], ['u@a']])(
    'a member that is no host and port: %s',
    (member) => {
      const error = refusal(() => parseConfig(mongodb, { host: 'h', members: [decodeURIComponent(member)] }));
      expect(error.code).toBe('INVALID_CONFIG');
    },
  );

  test('what no field says alone', () => {
    const fields = (config: Record<string, unknown>) =>
      refusal(() => parseConfig(mongodb, config)).details.fields?.map(({ field }) => field);
    expect(fields({ host: 'h.example.com', srv: true, members: ['x'] })).toEqual(['/config/members']);
    expect(fields({ host: 'h', password: 'long-enough' })).toEqual(['/config/username']);
    expect(fields({ host: 'h', collections: ['orders'] })).toEqual(['/config/collections/0']);
  });
});
