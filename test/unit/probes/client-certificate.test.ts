import { createPrivateKey } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseConfig } from '../../../src/connectors/config.ts';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import type { Report } from '../../../src/probes/report.ts';
import { type Authority, type Certificate, createAuthority } from '../../support/certificates.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';
import { type ConfigInput, createLab, stepOf } from './lab.ts';
import { listen } from './servers.ts';

/** A real server that lets `holder` in by a certificate alone, and `twofold` by a certificate and a password. */
let server: TestPostgres;
let authority: Authority;
let holder: Certificate;
const lab = createLab();

beforeAll(async () => {
  authority = await createAuthority('Clients');
  holder = await authority.issue({ names: ['holder'] });
  const certificate = await authority.issue({ names: ['localhost'], ips: ['127.0.0.1'] });
  server = await startPostgres({
    tls: { cert: certificate.certPem, key: certificate.keyPem, clientAuthority: authority.certPem },
    hba: [
      'hostssl all holder 127.0.0.1/32 cert',
      'hostssl all twofold 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
    ],
  });
  await server.query(
    "CREATE TABLE seen (id int PRIMARY KEY); GRANT SELECT ON seen TO PUBLIC; CREATE ROLE holder LOGIN; CREATE ROLE twofold LOGIN PASSWORD 'a password';",
  );
});
afterAll(() => server?.stop());

const config = (more: ConfigInput): ConfigInput => ({
  host: '127.0.0.1',
  port: server.port,
  database: 'postgres',
  username: 'holder',
  tls_mode: 'verify-full',
  tls_ca: authority.certPem,
  ...more,
});
const shown = ({ certPem, keyPem }: Certificate) => ({ tls_cert: certPem, tls_key: keyPem });
const failure = (report: Report) => report.steps.find(({ status }) => status === 'fail');

test('a certificate alone lets in, and the key is nowhere in the report', async () => {
  const report = await lab.test(config(shown(holder)));
  expect(failure(report)).toBeUndefined();
  expect(report.depth).toBe('read');
  expect(JSON.stringify(report)).not.toContain(holder.keyPem.split('\n')[1]);
});

test('with a password besides', async () => {
  const report = await lab.test(config({ ...shown(holder), username: 'twofold', password: 'a password' }));
  expect(failure(report)).toBeUndefined();
});

test('none given where one is wanted', async () => {
  expect(failure(await lab.test(config({})))).toMatchObject({
    id: 'auth',
    code: 'CLIENT_CERTIFICATE_REQUIRED',
    fields: ['tls_cert', 'tls_key'],
    actor: 'user',
  });
});

test.each([
  [
    'of an authority that the server does not know',
    async () => (await createAuthority('Others')).issue({ names: ['holder'] }),
  ],
  ['that has expired', async () => authority.issue({ names: ['holder'], notAfter: new Date(Date.now() - 3600_000) })],
])('one %s', async (_, issue) => {
  expect(failure(await lab.test(config(shown(await issue()))))).toMatchObject({
    code: 'CLIENT_CERTIFICATE_REJECTED',
    fields: ['tls_cert', 'tls_key'],
    actor: 'dba',
    driver_code: expect.stringMatching(/^ERR_SSL_.*ALERT/),
  });
});

test.each([
  [
    'of another certificate',
    async () => (await authority.issue({ names: ['holder'] })).keyPem,
    'the key is not that of the certificate',
  ],
  ['under a passphrase', async () => locked(holder.keyPem), 'the key is protected by a passphrase'],
  ['that is no key', async () => 'not a key at all', 'the key is no PEM text of a private key'],
])('a key %s', async (_, key, what) => {
  const found = failure(await lab.test(config({ tls_cert: holder.certPem, tls_key: await key() })));
  expect(found).toMatchObject({
    id: 'tls',
    code: 'CLIENT_KEY_UNUSABLE',
    fields: ['tls_cert', 'tls_key'],
    actor: 'user',
  });
  expect(found?.message).toContain(what);
});

test.each([
  [{ tls_cert: 'cert' }, '/config/tls_key'],
  [{ tls_key: 'key' }, '/config/tls_cert'],
  [{ tls_cert: 'cert', tls_key: 'key', tls_mode: 'disable' }, '/config/tls_mode'],
])('%o is refused at %s', (given, field) => {
  const certificate = Object.hasOwn(given, 'tls_cert') ? { tls_cert: holder.certPem } : {};
  const { tls_cert: _, ...rest } = given as ConfigInput;
  expect(() => parseConfig(postgresql, { ...config({}), ...rest, ...certificate })).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ fields: [expect.objectContaining({ field })] }) }),
  );
});

test('a server whose TLS is too old', async () => {
  const { certPem: cert, keyPem: key } = await authority.issue({ names: ['localhost'] });
  const secureContext = createSecureContext({
    cert,
    key,
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  const old = await listen((socket) => {
    socket.once('data', () => {
      socket.write('S');
      const tls = new TLSSocket(socket, { isServer: true, secureContext });
      tls.on('error', () => {});
      tls.pipe(connectTcp({ host: '127.0.0.1', port: server.port })).on('error', () => {});
    });
  });
  try {
    const report = await lab.test(config({ port: old.port, tls_mode: 'require' }));
    expect(stepOf(report, 'tls')).toMatchObject({ status: 'fail', code: 'TLS_TOO_OLD', actor: 'dba' });
  } finally {
    await old.stop();
  }
});

function locked(pem: string): string {
  return createPrivateKey(pem)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'a passphrase' })
    .toString();
}

test('a key that is sealed is not tried, however often it says to be hashed', async () => {
  const key = createPrivateKey(holder.keyPem).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'open sesame',
  });
  const failed = failure(await lab.test(config({ tls_cert: holder.certPem, tls_key: String(key) })));
  expect(failed).toMatchObject({ code: 'CLIENT_KEY_UNUSABLE' });
  expect(failed?.message).toContain('protected by a passphrase');
  expect(failed?.driver_code).toBeUndefined();
});
