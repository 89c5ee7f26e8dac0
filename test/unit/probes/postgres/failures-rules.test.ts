import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { selfSigned } from '../../../support/certificates.ts';
import { startPostgres, type TestPostgres } from '../../../support/postgres.ts';
import { createLab, type Expected } from '../lab.ts';
import { expectRow, READER, rejected, saysNothing } from '../rows.ts';

/** A server with rules, few connections and a TLS that is switched: this file's own. */
describe("the server's rules", () => {
  let own: TestPostgres;
  const { password } = READER;
  const ownReader = () => ({ port: own.port, database: 'postgres', password });
  const rule = (username: string, type: string) => `${type} "postgres" "${username}" 127.0.0.1/32 scram-sha-256`;
  const noRule = (username: string, type = 'hostssl'): Expected => ({
    step: 'auth',
    code: 'HOST_NOT_PERMITTED',
    fields: ['username', 'database'],
    actor: 'dba',
    says: `PostgreSQL has no rule that lets ${username} into postgres from this address`,
    fix: `If both names are right: put this line in front of pg_hba.conf (the first match wins) and reload: ${rule(username, type)}`,
    command: `f=$(psql -XAtc 'SHOW hba_file') && line='${rule(username, type)}' && { [ "$(head -n 1 "$f")" = "$line" ] || sed -i "1i $line" "$f"; } && psql -XAtqc 'SELECT pg_reload_conf()'`,
    driver: '28000',
    depth: 'protocol',
  });
  const overTlsOnly = (username: string): Expected => ({
    step: 'auth',
    code: 'TLS_REQUIRED',
    fields: ['tls_mode'],
    actor: 'user',
    says: `PostgreSQL does not let ${username} in without TLS`,
    fix: 'Set tls_mode to require (or verify-full).',
    driver: '28000',
    depth: 'protocol',
  });

  beforeAll(async () => {
    const { certPem, keyPem } = await selfSigned({ names: ['localhost'] });
    own = await startPostgres({
      tls: { cert: certPem, key: keyPem },
      settings: { max_connections: '8', superuser_reserved_connections: '2' },
      hba: [
        'hostssl all overtls 127.0.0.1/32 scram-sha-256',
        'host all plain 127.0.0.1/32 password',
        'host all hashed 127.0.0.1/32 md5',
        'host all trusted 127.0.0.1/32 trust',
        'host all turnedaway 127.0.0.1/32 reject',
      ],
    });
    for (const name of ['overtls', 'plain', 'hashed', 'trusted', 'turnedaway', 'unknown']) {
      const hash = name === 'hashed' ? 'md5' : 'scram-sha-256';
      await own.query(`SET password_encryption = '${hash}'; CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    }
    await own.query('CREATE TABLE t (id int PRIMARY KEY); GRANT SELECT ON t TO PUBLIC');
  });
  afterAll(() => own?.stop());

  test.each([
    ['unknown', 'prefer', noRule('unknown')],
    ['turnedaway', 'require', noRule('turnedaway')],
    ['overtls', 'disable', overTlsOnly('overtls')],
    ['unknown', 'disable', overTlsOnly('unknown')],
  ])('%s, tls_mode %s', async (username, tls_mode, expected) => {
    await expectRow({ config: { ...ownReader(), username, tls_mode }, expected });
  });

  test.each([
    ['overtls', 'require', 'as overtls (scram-sha-256)'],
    ['overtls', 'prefer', 'as overtls (scram-sha-256)'],
    ['plain', 'disable', 'as plain (password)'],
    ['hashed', 'disable', 'as hashed (md5)'],
    ['trusted', 'disable', 'as trusted'],
  ])('%s is let in, tls_mode %s', async (username, tls_mode, evidence) => {
    const report = await createLab().test({ ...READER, ...ownReader(), username, tls_mode });
    expect(report).toMatchObject({ ok: true, verdict: 'ok' });
    expect(report.steps.find(({ id }) => id === 'auth')).toMatchObject({ evidence });
  });

  test.each(['plain', 'hashed'])('%s with a wrong password', async (username) => {
    await expectRow({
      config: { ...ownReader(), username, password: 'CANARY-wrong' },
      expected: rejected(username),
    });
  });

  test('all connections are taken, before the login and behind it', async () => {
    const clients = Array.from(
      { length: 6 },
      () => new pg.Client({ connectionString: own.url('postgres', { user: 'trusted', password }) }),
    );
    await Promise.all(clients.map((client) => client.connect()));
    try {
      await expectRow({
        config: { ...ownReader(), username: 'trusted', tls_mode: 'disable' },
        expected: {
          step: 'auth',
          code: 'TOO_MANY_CONNECTIONS',
          actor: 'dba',
          retryable: true,
          says: 'PostgreSQL has no free connection',
          fix: 'Close idle connections or raise the connection limit of the server or the role.',
          driver: '53300',
          depth: 'protocol',
        },
      });
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
  });

  test('the server hangs as a whole', async () => {
    process.kill(own.pid, 'SIGSTOP');
    try {
      await expectRow({
        config: { ...ownReader(), username: 'plain' },
        atDeadline: true,
        expected: saysNothing(own.port, 'tls', 'tcp'),
      });
    } finally {
      process.kill(own.pid, 'SIGCONT');
    }
  });

  test('without TLS at the server, no rule is not taken for a rule about TLS', async () => {
    await own.query('ALTER SYSTEM SET ssl = off');
    await own.query('SELECT pg_reload_conf()');
    await vi.waitFor(async () => expect(await own.query('SHOW ssl')).toEqual([{ ssl: 'off' }]));
    await expectRow({ config: { ...ownReader(), username: 'overtls' }, expected: noRule('overtls', 'host') });
    await expectRow({
      config: { ...ownReader(), username: 'plain', tls_mode: 'verify-full' },
      expected: {
        step: 'tls',
        code: 'TLS_NOT_OFFERED',
        fields: ['tls_mode'],
        actor: 'dba',
        says: 'TLS mode verify-full demands TLS, but this PostgreSQL does not offer it',
        fix: 'Turn TLS on at the server, or, on a network you trust, set tls_mode to prefer or disable.',
        depth: 'tcp',
      },
    });
  });

  test('the server is shutting down', async () => {
    const client = new pg.Client({ connectionString: own.url() });
    client.on('error', () => {});
    await client.connect();
    process.kill(own.pid, 'SIGTERM'); // waits for the sessions that are open
    const refusal = async () => (await createLab().test({ ...READER, ...ownReader(), username: 'plain' })).steps;
    await vi.waitFor(async () => expect((await refusal()).some(({ code }) => code === 'SERVER_NOT_READY')).toBe(true));
    await expectRow({
      config: { ...ownReader(), username: 'plain' },
      expected: {
        step: 'auth',
        code: 'SERVER_NOT_READY',
        actor: 'dba',
        retryable: true,
        says: 'PostgreSQL is not ready for logins',
        fix: 'Wait until the server is up, then test again.',
        driver: '57P03',
        depth: 'protocol',
      },
    });
    await client.end();
  });
});
