import { connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import { mariadb } from '../../../../src/connectors/databases/mariadb.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { type Forward, keyPair, type SshServer, type SshServerOptions } from '../../../support/ssh-server.ts';
import { createLab, expectClosed, failureOf, type Lab, stepOf, timed } from '../lab.ts';
import { startTlsTerminator } from '../servers.ts';
import { bastion, forTest, PASSWORD, through } from './tunnel.ts';

const user = keyPair();
const STEPS = [
  ...['config', 'name_policy', 'ssh_name_policy', 'ssh_dns', 'ssh_address_policy', 'ssh_tcp'],
  ...['ssh_protocol', 'ssh_host_key', 'ssh_auth', 'tunnel', 'tls', 'protocol', 'auth', 'database'],
];

async function expectNothingOpen(lab: Lab, server: SshServer): Promise<void> {
  await expectClosed(lab);
  await vi.waitFor(() => expect(server.open).toBe(0), 2000);
}

test('the steps of a tunnel stand before those of the database, which only it knows', async () => {
  const server = await bastion();
  const lab = createLab({ lookup: () => Promise.reject(new Error('nothing is looked up here')) });
  const report = await lab.test(through(server, { ssh_host_key: server.fingerprint }));
  expect(report).toMatchObject({ verdict: 'ok', depth: 'read', warnings: [] });
  expect(report.steps.slice(0, STEPS.length).map(({ id }) => id)).toEqual(STEPS);
  expect(stepOf(report, 'ssh_protocol').evidence).toMatch(/^SSH-2\.0-/);
  expect(stepOf(report, 'ssh_host_key').evidence).toBe(`${server.fingerprint} (ssh-ed25519), as pinned`);
  expect(stepOf(report, 'tunnel').evidence).toBe('127.0.0.1 → db.internal:5432');
  expect(server.forwards).toEqual(['db.internal:5432']);
  await expectNothingOpen(lab, server);
});

test.each([
  ['a password', {}, {}, ['password tunnel']],
  ['a password that is asked for', { questions: [] }, {}, ['keyboard-interactive tunnel']],
  ['an Ed25519 key', { keys: [user.publicLine] }, { ssh_private_key: user.privateKey }, ['publickey tunnel']],
])('logs in with %s, and sends nothing else', async (_, server, config, logins) => {
  const to = await bastion(server);
  const report = await createLab().test(through(to, config));
  expect(stepOf(report, 'ssh_auth').status).toBe('pass');
  expect([...new Set(to.logins)]).toEqual(logins);
  expect(to.passwords).toEqual('ssh_private_key' in config ? [] : [PASSWORD]);
});

test.each(['ecdsa', 'rsa'] as const)('logs in with a key of the kind %s, locked', async (kind) => {
  const key = keyPair(kind, 'open sesame');
  const to = await bastion({ keys: [key.publicLine] });
  const config = { ssh_private_key: key.privateKey, ssh_passphrase: 'open sesame' };
  expect(stepOf(await createLab().test(through(to, config)), 'ssh_auth').status).toBe('pass');
});

test('a server that takes keys alone never gets the password', async () => {
  const server = await bastion({ keysOnly: true, keys: [user.publicLine] });
  await createLab().test(through(server));
  expect(server.passwords).toEqual([]);
});

test('what a server greets with before its first line does no harm', async () => {
  const server = await bastion({ greeting: 'Welcome\r\nto the bastion', banner: 'Behave.' });
  expect(await createLab().test(through(server))).toMatchObject({ ok: true });
});

test('private names behind a public server are its own matter; without a tunnel they are refused', async () => {
  const server = await bastion();
  const lab = createLab({
    egress: 'public_only',
    names: { 'bastion.example.com': ['93.184.216.34'] },
    dialled: '127.0.0.1',
  });
  const strict = createLab({ egress: 'public_only' });
  for (const host of ['db.internal', 'localhost', '10.1.2.3', '::1']) {
    const config = through(server, { host, ssh_host: 'bastion.example.com' });
    const report = await lab.test(config);
    expect([host, stepOf(report, 'ssh_address_policy').status]).toEqual([host, 'pass']);
    const straight = Object.fromEntries(Object.entries(config).filter(([name]) => !name.startsWith('ssh_')));
    expect(await strict.test({ ...straight })).toMatchObject({ ok: false, depth: 'config' });
  }
});

test.each([
  '169.254.169.254',
  '[::ffff:169.254.169.254]',
  '64:ff9b::a9fe:a9fe',
  'metadata.google.internal',
  'METADATA.',
])('a metadata service is refused behind it as well: %s', async (host) => {
  const server = await bastion();
  const report = await createLab().test(through(server, { host, port: 80 }));
  expect(stepOf(report, 'name_policy')).toMatchObject({ status: 'fail', code: 'HOST_REFUSED' });
  expect(server.connections).toBe(0);
});

test("verify-full checks the database's own name through the tunnel", async () => {
  const authority = await createAuthority();
  const certificate = await authority.issue({ names: ['db.internal'] });
  const upstream = forTest(await startTlsTerminator(certificate, sharedPostgres()));
  const server = await bastion({ upstream });
  const config = { tls_mode: 'verify-full', tls_ca: authority.certPem };
  const report = await createLab().test(through(server, config));
  expect(stepOf(report, 'tls')).toMatchObject({ status: 'pass', evidence: expect.stringContaining('db.internal') });
  const wrong = await createLab().test(through(server, { ...config, host: 'other.internal' }));
  expect(stepOf(wrong, 'tls')).toMatchObject({ status: 'fail', code: 'TLS_WRONG_NAME' });
});

test('no TLS inside a tunnel is nothing to warn of', async () => {
  const report = await createLab().test(through(await bastion(), { tls_mode: 'disable' }));
  expect(stepOf(report, 'tls')).toMatchObject({
    status: 'skip',
    because: 'tls_mode is disable; it goes inside the SSH tunnel',
  });
});

test('discovery and previews go through it', async () => {
  const server = await bastion();
  const lab = createLab();
  const { streams } = await lab.read(through(server), (session) => session.discover({ limit: 50 }));
  expect(streams.map(({ name }) => name)).toContain('orders');
  const preview = await lab.read(through(server), (session) => session.preview('public.orders', 2));
  expect(preview?.rows).toHaveLength(2);
  await expectNothingOpen(lab, server);
});

test('what listens behind it instead of the database is called by its name, over a second connection', async () => {
  const server = await bastion({
    forward: () => (socket) => void socket.once('data', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')),
  });
  const report = await createLab().test(through(server));
  expect(stepOf(report, 'tls')).toMatchObject({ code: 'WRONG_PROTOCOL' });
  const silent = await bastion({
    forward: () => (socket) => {
      let all = '';
      socket.on('data', (bytes) => {
        all += bytes.toString('latin1');
        if (all.includes('\r\n')) socket.write('-ERR unknown command\r\n');
      });
    },
  });
  const lab = createLab();
  const masked = await lab.test(through(silent));
  expect(stepOf(masked, 'tls')).toMatchObject({ code: 'WRONG_PROTOCOL', message: expect.stringContaining('Redis') });
  expect(silent.forwards).toHaveLength(2);
  await expectNothingOpen(lab, silent);
});

test('MySQL packets go through it as well', async () => {
  const greeting = Buffer.from('\x0a8.0.36\0', 'latin1');
  const server = await bastion({
    forward: () => (socket) => socket.write(Buffer.concat([Buffer.from([greeting.length, 0, 0, 0]), greeting])),
  });
  const lab = createLab({ connector: mariadb });
  const report = await lab.test({ ...through(server), port: 3306 });
  expect(stepOf(report, 'tunnel').status).toBe('pass');
  expect(stepOf(report, 'tls')).toMatchObject({ status: 'fail', code: 'WRONG_PROTOCOL' });
  await expectNothingOpen(lab, server);
});

test('the pinned key may be any of those that the server has', async () => {
  const hostKeys = [keyPair('ed25519'), keyPair('ecdsa'), keyPair('rsa')];
  const server = await bastion({ hostKeys });
  const lab = createLab();
  for (const { fingerprint } of hostKeys) {
    const report = await lab.test(through(server, { ssh_host_key: fingerprint }));
    expect(stepOf(report, 'ssh_host_key')).toMatchObject({
      status: 'pass',
      evidence: expect.stringContaining(fingerprint),
    });
    expect(report.ok).toBe(true);
  }
  await expectNothingOpen(lab, server);
});

test('another key than the pinned one is a refusal, and nothing was sent', async () => {
  const server = await bastion();
  const pinned = keyPair().fingerprint;
  const lab = createLab();
  const report = await lab.test(through(server, { ssh_host_key: pinned }));
  expect(stepOf(report, 'ssh_host_key')).toMatchObject({
    status: 'fail',
    code: 'SSH_HOST_KEY_CHANGED',
    actor: 'network_admin',
    fields: ['ssh_host_key'],
    message: `The SSH server 127.0.0.1:${server.port} shows another host key than the pinned one (${server.fingerprint} in place of ${pinned})`,
  });
  expect(server.logins).toEqual([]);
  expect(server.passwords).toEqual([]);
  expect(report.handoff?.[0]?.text).toContain(server.fingerprint);
  await expectNothingOpen(lab, server);
});

test.each<[string, SshServerOptions]>([
  ['while it logs in', { atLogin: () => {} }],
  ['while it waits for the database', { forward: () => 'hang' }],
  ['while the database is silent', { forward: () => () => {} }],
])('cancelled %s, nothing is left', async (_, options) => {
  const server = await bastion(options);
  const lab = createLab();
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 300);
  const { value: error, ms } = await timed(failureOf(lab.test(through(server), { signal: controller.signal })));
  expect(error).toMatchObject({ code: 'CANCELLED' });
  expect(ms).toBeLessThan(1500);
  await expectNothingOpen(lab, server);
});

test('an SSH server that goes away in the middle is a lost connection', async () => {
  let cut = () => {};
  const server = await bastion({ forward: (): Forward => (socket) => void socket.once('data', () => cut()) });
  cut = () => server.cut();
  const lab = createLab();
  const report = await lab.test(through(server));
  expect(stepOf(report, 'tls')).toMatchObject({ status: 'fail', code: 'CONNECTION_LOST' });
  await expectNothingOpen(lab, server);
});

test('many tests at once through one server, each with a connection of its own', async () => {
  const server = await bastion();
  const lab = createLab();
  const reports = await Promise.all(Array.from({ length: 8 }, () => lab.test(through(server), { timeoutS: 25 })));
  expect(reports.map(({ ok }) => ok)).toEqual(Array(8).fill(true));
  expect(server.connections).toBe(8);
  await expectNothingOpen(lab, server);
});

test('large answers come through whole, and a reader that waits holds the other side back', async () => {
  const { startSsh } = await import('../../../../src/net/ssh-tunnel.ts');
  const size = 12 * 1024 * 1024;
  let sent = 0;
  const server = await bastion({
    forward: () => (socket) => {
      const more = () => {
        while (sent < size) {
          sent += 65_536;
          if (!socket.write(Buffer.alloc(65_536, 0x61))) return;
        }
        socket.end();
      };
      socket.on('drain', more);
      more();
    },
  });
  const signal = AbortSignal.timeout(15_000);
  const connection = await startSsh(connect(server.port, server.host));
  await connection.hello(signal);
  await connection.logIn({ username: 'tunnel', password: PASSWORD }, signal);
  const socket = await connection.open('db.internal', 5432, signal);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(sent).toBeLessThan(size);
  let got = 0;
  for await (const bytes of socket) got += (bytes as Buffer).length;
  expect(got).toBe(size);
  await vi.waitFor(() => expect(socket.destroyed).toBe(true));
  connection.close();
});
