import { beforeAll, describe, expect, test } from 'vitest';
import { type Authority, type Certificate, createAuthority, selfSigned } from '../../../support/certificates.ts';
import { listen } from '../servers.ts';
import { greeting, packet, startFakeMysql } from './fake.ts';
import { testAgainst } from './rows.ts';

const DAY_MS = 86_400_000;
const NAME = 'db.example.com';

describe('TLS is asked for behind the greeting', () => {
  let authority: Authority;
  let right: Certificate;
  let expired: Certificate;
  let elsewhere: Certificate;
  let own: Certificate;
  beforeAll(async () => {
    authority = await createAuthority();
    const notAfter = new Date(Date.now() - 3 * DAY_MS);
    [right, expired, elsewhere, own] = await Promise.all([
      authority.issue({ names: [NAME] }),
      authority.issue({ names: [NAME], notAfter }),
      authority.issue({ names: ['other.example.com'] }),
      selfSigned({ names: [NAME] }),
    ]);
  });

  const lab = { names: { [NAME]: ['127.0.0.1'] } };
  const against = (tls: Certificate | undefined, config: Record<string, unknown>) =>
    testAgainst(startFakeMysql(tls ? { tls } : {}), { lab, config: { host: NAME, ...config } });

  test.concurrent('a right certificate passes every mode', async () => {
    for (const tls_mode of ['prefer', 'require', 'verify-ca', 'verify-full']) {
      const { report, step } = await against(right, { tls_mode, tls_ca: authority.certPem });
      expect(report).toMatchObject({ ok: true, depth: 'read' });
      expect(step('tls').evidence).toMatch(/^TLSv1\.3, db\.example\.com/);
    }
  });

  test.concurrent.each([
    ['untrusted', () => right, false, 'TLS_UNTRUSTED', 'user', ['tls_ca', 'tls_mode']],
    ['expired', () => expired, true, 'TLS_EXPIRED', 'dba', ['tls_mode']],
    ['for another name', () => elsewhere, true, 'TLS_WRONG_NAME', 'user', ['host', 'tls_mode']],
    ['self-signed', () => own, true, 'TLS_SELF_SIGNED', 'user', ['tls_ca', 'tls_mode']],
  ] as const)(
    'a certificate that is %s fails verify-full, before any login',
    async (_, tls, trusted, code, actor, fields) => {
      const ca = trusted ? { tls_ca: authority.certPem } : {};
      const { step } = await against(tls(), { tls_mode: 'verify-full', ...ca });
      expect(step('tls')).toMatchObject({ status: 'fail', code, actor, fields });
      expect(step('protocol')).toMatchObject({ status: 'skip', because: 'tls' });
      expect((await against(tls(), { tls_mode: 'require' })).report.ok).toBe(true);
    },
  );

  test.concurrent.each(['require', 'verify-ca', 'verify-full'])('%s, and none is offered', async (tls_mode) => {
    const { step } = await against(undefined, { tls_mode });
    expect(step('tls')).toMatchObject({ status: 'fail', code: 'TLS_NOT_OFFERED', actor: 'dba', fields: ['tls_mode'] });
  });

  test.concurrent('prefer goes on without, and says so', async () => {
    const { report, step } = await against(undefined, { tls_mode: 'prefer' });
    expect(report.ok).toBe(true);
    expect(step('tls')).toMatchObject({ status: 'skip', because: 'not offered by the server' });
  });

  test.concurrent('over a public network that is a warning', async () => {
    const names = { [NAME]: ['93.184.216.34'] };
    const { step } = await testAgainst(startFakeMysql(), {
      lab: { names, dialled: '127.0.0.1' },
      config: { host: NAME, tls_mode: 'disable' },
    });
    expect(step('tls')).toMatchObject({ status: 'warn', code: 'CLEAR_TEXT' });
  });

  test.concurrent.each([
    ['hangs', undefined, 'TLS_TIMEOUT'],
    ['answers in the clear', packet(2, Buffer.from([0, 0, 0])), 'TLS_NOT_SPOKEN'],
  ] as const)('the server agrees and %s', async (_, answer, code) => {
    const server = listen((socket) => {
      socket.write(packet(0, greeting({ tls: true })));
      socket.once('data', () => {
        socket.resume();
        if (answer) socket.write(answer);
      });
    });
    const { step } = await testAgainst(server, { config: { tls_mode: 'prefer' }, timeoutS: 0.8 });
    expect(step('tls')).toMatchObject({ status: 'fail', code });
  });

  test.concurrent('the user name is never sent in the clear where TLS is wanted', async () => {
    const heard: Buffer[] = [];
    const server = listen((socket) => {
      socket.write(packet(0, greeting({ tls: true })));
      socket.on('data', (bytes) => heard.push(bytes));
    });
    await testAgainst(server, { config: { tls_mode: 'require', username: 'ursula' }, timeoutS: 0.6 });
    const all = Buffer.concat(heard);
    expect(all.subarray(0, 4)).toEqual(Buffer.from([32, 0, 0, 1]));
    expect(all.subarray(36, 38)).toEqual(Buffer.from([0x16, 0x03]));
    expect(all.includes('ursula')).toBe(false);
  });
});
