import { beforeAll, describe, expect, test } from 'vitest';
import { type Authority, type Certificate, createAuthority, selfSigned } from '../../../support/certificates.ts';
import { startShop, testAgainst } from './rows.ts';

const DAY_MS = 86_400_000;
const NAME = 'db.example.com';
const lab = { names: { [NAME]: ['127.0.0.1'] } };

describe('TLS inside of TDS', () => {
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

  const against = (certificate: Certificate | undefined, config: Record<string, unknown>, encryption = 'optional') =>
    testAgainst(startShop(undefined, { certificate, encryption: encryption as 'optional' }), {
      lab,
      config: { host: NAME, ...config },
    });

  test.concurrent.each([
    ['optional', 'TLSv1.2'],
    ['forced', 'TLSv1.2'],
    ['strict', 'TLSv1.3'],
  ])('a right certificate passes every mode, where TLS is %s', async (encryption, version) => {
    for (const tls_mode of ['prefer', 'require', 'verify-ca', 'verify-full']) {
      const { report, step } = await against(right, { tls_mode, tls_ca: authority.certPem }, encryption);
      expect(report, JSON.stringify(report)).toMatchObject({ ok: true, depth: 'read' });
      expect(step('tls').evidence).toContain(`${version}, ${NAME}`);
    }
  });

  test.concurrent.each([
    ['untrusted', () => right, false, 'TLS_UNTRUSTED', 'user'],
    ['expired', () => expired, true, 'TLS_EXPIRED', 'dba'],
    ['for another name', () => elsewhere, true, 'TLS_WRONG_NAME', 'user'],
    ['self-signed', () => own, true, 'TLS_SELF_SIGNED', 'user'],
  ] as const)('a certificate that is %s fails verify-full, before any login', async (_, tls, trusted, code, actor) => {
    const ca = trusted ? { tls_ca: authority.certPem } : {};
    for (const encryption of ['optional', 'strict']) {
      const { step, server } = await against(tls(), { tls_mode: 'verify-full', ...ca }, encryption);
      expect(step('tls')).toMatchObject({ status: 'fail', code, actor });
      expect(step('protocol')).toMatchObject({ status: 'skip', because: 'tls' });
      expect(server.logins).toEqual([]);
    }
    expect((await against(tls(), { tls_mode: 'require' })).report.ok).toBe(true);
  });

  test.concurrent.each(['require', 'verify-ca', 'verify-full'])('%s, and none is offered', async (tls_mode) => {
    const { step, server } = await against(undefined, { tls_mode });
    expect(step('tls')).toMatchObject({ status: 'fail', code: 'TLS_NOT_OFFERED', actor: 'dba', fields: ['tls_mode'] });
    expect(server.logins).toEqual([]);
  });

  test.concurrent.each(['prefer', 'disable'])('%s, and none is offered: the password is not sent', async (tls_mode) => {
    const { step, server } = await against(undefined, { tls_mode });
    expect(step('auth')).toMatchObject({
      status: 'fail',
      code: 'LOGIN_NEEDS_TLS',
      actor: 'user',
      fields: ['tls_mode'],
    });
    expect(server.logins).toEqual([]);
  });

  test.concurrent.each(['forced', 'strict'])(
    'disable, and the server wants it of everybody: %s',
    async (encryption) => {
      const { step, server } = await against(right, { tls_mode: 'disable' }, encryption);
      expect(step('protocol')).toMatchObject({
        status: 'fail',
        code: 'TLS_REQUIRED',
        actor: 'user',
        fields: ['tls_mode'],
      });
      expect(server.logins).toEqual([]);
    },
  );

  test.concurrent('disable over a public network is a warning', async () => {
    const { step } = await testAgainst(startShop(undefined, { certificate: right }), {
      lab: { names: { [NAME]: ['93.184.216.34'] }, dialled: '127.0.0.1' },
      config: { host: NAME, tls_mode: 'disable' },
    });
    expect(step('tls')).toMatchObject({ status: 'warn', code: 'CLEAR_TEXT' });
  });
});
