import { beforeAll, describe, expect, test } from 'vitest';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { PASSWORD, startShop, testAgainst } from './rows.ts';

describe('a server that is right passes', () => {
  let certificate: Certificate;
  beforeAll(async () => {
    certificate = await selfSigned({ names: ['localhost'], ips: ['127.0.0.1'] });
  });

  test.concurrent.each(['prefer', 'require'])('%s: all is encrypted', async (tls_mode) => {
    const { report, server, step } = await testAgainst(startShop(undefined, { certificate }), {
      config: { tls_mode },
      checks: ['cdc'],
    });
    expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ ok: true, verdict: 'ok', depth: 'cdc' });
    expect(step('tls').evidence).toMatch(/^TLSv1\.2, localhost/);
    expect(step('protocol').evidence).toBe('SQL Server 2022 (16.0.4135)');
    expect(step('database').evidence).toBe('SQL Server 2022 16.0.4135.4, Developer Edition (64-bit), database shop');
    expect(step('read').evidence).toBe('[dbo].[orders]');
    expect(server.logins).toEqual([
      { username: 'reader', password: PASSWORD, database: 'shop', server: '127.0.0.1', application: 'Headwater' },
    ]);
    expect(server.heard.every(({ encrypted }) => encrypted)).toBe(true);
  });

  test.concurrent('disable: the login is encrypted all the same, and nothing behind it', async () => {
    const { report, server, step } = await testAgainst(startShop(undefined, { certificate }), {
      config: { tls_mode: 'disable' },
    });
    expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ ok: true, depth: 'read' });
    expect(step('tls')).toMatchObject({ status: 'skip', because: 'tls_mode is disable: the login alone is encrypted' });
    const [login, ...statements] = server.heard;
    expect(login).toEqual({ what: 'login', encrypted: true });
    expect(statements.length).toBeGreaterThan(3);
    expect(statements.some(({ encrypted }) => encrypted)).toBe(false);
  });

  test.concurrent('strict: where the server wants TLS first, it gets it', async () => {
    const { report, step } = await testAgainst(startShop(undefined, { certificate, encryption: 'strict' }));
    expect(report, JSON.stringify(report, undefined, 1)).toMatchObject({ ok: true, depth: 'read' });
    expect(step('tls').evidence).toMatch(/^TLSv1\.3/);
    expect(step('protocol').evidence).toBe('SQL Server 2022 (16.0.4135), TDS 8');
  });
});
