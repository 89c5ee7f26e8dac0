import { beforeAll, expect, test } from 'vitest';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { shopModel } from '../../../support/sqlserver-model.ts';
import { SSH_USER, startSshServer } from '../../../support/ssh-server.ts';
import { startShop, testAgainst } from './rows.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSigned({ names: ['db.internal'] });
});

/** Behind an SSH server that alone knows the name. */
async function behind(config: Record<string, unknown>, options: Parameters<typeof startShop>[1] = {}) {
  const shop = await startShop(shopModel(), { certificate, ...options });
  const ssh = await startSshServer({ password: 'of the tunnel', upstream: shop });
  const way = { ssh_host: ssh.host, ssh_port: ssh.port, ssh_username: SSH_USER, ssh_password: 'of the tunnel' };
  const result = await testAgainst(Promise.resolve(shop), {
    config: { host: 'db.internal', ...way, ...config },
    soonMs: 5000,
  });
  await ssh.stop();
  return { ...result, forwards: ssh.forwards };
}

test.each([
  ['all of it encrypted', { tls_mode: 'require' }, {}],
  ['the login alone', { tls_mode: 'disable' }, {}],
  ['TLS first, over a second connection', { tls_mode: 'require' }, { encryption: 'strict' }],
] as const)('through an SSH server, %s', async (_, config, options) => {
  const { report, step, forwards } = await behind(config, options);
  expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ ok: true, depth: 'read' });
  expect(step('tunnel').status).toBe('pass');
  expect(new Set(forwards)).toEqual(new Set([expect.stringMatching(/^db\.internal:/)]));
});

test('where the server sends its clients on, behind a tunnel nobody follows', async () => {
  const { step } = await behind({}, { login: () => ({ routeTo: { host: '127.0.0.1', port: 1 } }) });
  expect(step('auth')).toMatchObject({ status: 'fail', code: 'ROUTED_ELSEWHERE' });
});
