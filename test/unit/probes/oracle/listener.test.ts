import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type Authority, createAuthority } from '../../../support/certificates.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { startTnsListener, tnsPacket } from '../../../support/tns-listener.ts';
import * as servers from '../servers.ts';
import { testAgainst } from './rows.ts';

test('without a driver the listener is tested, and the login is not: said, not hidden', async () => {
  const { report, step, server } = await testAgainst(
    startTnsListener(() => ({ accept: 318 })),
    { checks: ['cdc'] },
  );
  expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings', depth: 'protocol' });
  expect(step('protocol')).toMatchObject({ status: 'pass', evidence: 'the listener knows the service SHOP' });
  expect(step('driver')).toMatchObject({
    status: 'warn',
    code: 'DRIVER_MISSING',
    actor: 'user',
    fix: { text: expect.stringContaining('npm i oracledb') },
  });
  for (const id of ['auth', 'database', 'list', 'read', 'cdc_grants'])
    expect(step(id)).toMatchObject({ status: 'skip', because: 'driver' });
  expect(server.asked).toHaveLength(1);
  expect(server.asked[0]).toMatch(
    /^\(DESCRIPTION=\(ADDRESS=\(PROTOCOL=tcp\)\(HOST=127\.0\.0\.1\)\(PORT=\d+\)\)\(CONNECT_DATA=\(SERVICE_NAME=SHOP\)/,
  );
  expect(server.asked[0]).not.toContain('reader');
});

describe('the listener refuses', () => {
  test.concurrent.each([
    [12514, { service_name: 'SHOP' }, 'SERVICE_UNKNOWN', 'user', ['service_name'], false],
    [12505, { service_name: undefined, sid: 'ORCL' }, 'SERVICE_UNKNOWN', 'user', ['sid'], false],
    [12516, {}, 'TOO_MANY_CONNECTIONS', 'dba', undefined, true],
    [12520, {}, 'TOO_MANY_CONNECTIONS', 'dba', undefined, true],
    [12528, {}, 'SERVER_NOT_READY', 'dba', undefined, true],
    [12599, {}, 'LISTENER_REFUSED', 'dba', undefined, false],
  ] as const)('ORA-%i', async (refuse, config, code, actor, fields, retryable) => {
    for (const apart of [false, true]) {
      const { step } = await testAgainst(
        startTnsListener(() => ({ refuse, apart })),
        { config },
      );
      expect(step('protocol')).toMatchObject({
        status: 'fail',
        code,
        actor,
        retryable,
        driver_code: `ORA-${refuse}`,
        evidence: 'listener of Oracle 19.0',
      });
      expect(step('protocol').fields).toEqual(fields);
    }
  });

  test.concurrent('a version that nobody can log in to', async () => {
    const { step } = await testAgainst(startTnsListener(() => ({ accept: 313 })));
    expect(step('protocol')).toMatchObject({ status: 'fail', code: 'ORACLE_TOO_OLD', evidence: 'TNS 313' });
  });
});

describe('the listener sends its clients on', () => {
  test.concurrent('to a place that is judged and asked', async () => {
    const there = await startTnsListener(() => ({ accept: 319 }));
    const connectData = '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=SHOP)(INSTANCE_NAME=one)))';
    const here = startTnsListener((_, count) => (count === 1 ? 'resend' : { redirect: there, connectData }));
    try {
      const { step, server } = await testAgainst(here);
      expect(step('protocol').evidence).toBe(`the listener knows the service SHOP, sent on to 127.0.0.1:${there.port}`);
      expect(server.asked).toHaveLength(2);
      expect(there.asked).toEqual([connectData]);
      await vi.waitFor(() => expect(there.open).toBe(0));
    } finally {
      await there.stop();
    }
  });

  test.concurrent('to a place that is not permitted', async () => {
    const redirect = { host: '169.254.169.254', port: 80 };
    const { step } = await testAgainst(startTnsListener(() => ({ redirect, apart: true })));
    expect(step('protocol')).toMatchObject({ status: 'fail', code: 'ROUTED_ELSEWHERE', driver_code: 'EGRESS_DENIED' });
  });
});

const OTHER = 'its answer is not of this protocol';
const UNREADABLE = 'its answer to a connect request cannot be read';

describe('the server is another one', () => {
  test.concurrent.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'an SSH server answers there'],
    ['garbage', Buffer.from('00ff13378badf00d7f80fe01c0ffee00', 'hex'), OTHER],
    ['a packet of another type', tnsPacket(9, Buffer.alloc(4)), OTHER],
    ['a refusal cut short', tnsPacket(4, Buffer.from([1, 2])), UNREADABLE],
    ['an acceptance cut short', tnsPacket(2, Buffer.from([1])), UNREADABLE],
    ['a redirection to nowhere', tnsPacket(5, Buffer.from('\0\x05(HOS=')), UNREADABLE],
    ['data that nobody asked for', tnsPacket(6, Buffer.alloc(40)), UNREADABLE],
  ] as const)('%s', async (_, bytes, what) => {
    const { step } = await testAgainst(servers.startGreetingServer(Buffer.from(bytes)));
    expect(step('protocol')).toMatchObject({
      status: 'fail',
      code: 'WRONG_PROTOCOL',
      fields: ['port', 'host'],
      message: expect.stringContaining(`is not Oracle Database: ${what}`),
    });
  });

  test.concurrent('HTTP', async () => {
    const { step } = await testAgainst(hostile.startHttpServer());
    expect(step('protocol')).toMatchObject({
      code: 'WRONG_PROTOCOL',
      message: expect.stringContaining('an HTTP server'),
    });
  });

  test.concurrent('it asks for the same without end', async () => {
    const { step, server } = await testAgainst(startTnsListener(() => 'resend'));
    expect(step('protocol').message).toContain('it asks for the same again and again');
    expect(server.asked).toHaveLength(3);
  });

  test.concurrent('it hangs up, or says nothing', async () => {
    expect((await testAgainst(hostile.startClosingServer())).step('protocol').code).toBe('CONNECTION_LOST');
    const { step } = await testAgainst(hostile.startHangingServer(), { timeoutS: 0.6 });
    expect(step('protocol').code).toBe('PROTOCOL_TIMEOUT');
  });
});

describe('TCPS', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority();
  });
  const NAME = 'db.example.com';
  const lab = { names: { [NAME]: ['127.0.0.1'] } };

  test.concurrent('TLS comes first, and its certificate is checked', async () => {
    const certificate = await authority.issue({ names: [NAME] });
    const listener = () => startTnsListener(() => ({ accept: 319 }), certificate);
    const config = { host: NAME, tls_mode: 'verify-full' };
    const passed = await testAgainst(listener(), { lab, config: { ...config, tls_ca: authority.certPem } });
    expect(passed.step('tls').evidence).toContain(`TLSv1.3, ${NAME}`);
    expect(passed.server.asked[0]).toContain('(PROTOCOL=tcps)');
    const failed = await testAgainst(listener(), { lab, config });
    expect(failed.step('tls')).toMatchObject({ status: 'fail', code: 'TLS_UNTRUSTED' });
    expect(failed.server.asked).toEqual([]);
  });

  test.concurrent('a server that makes TLS anew is known, and the login is left out: said, not hidden', async () => {
    const certificate = await authority.issue({ names: [NAME] });
    const renewing = startTnsListener(() => tnsPacket(11, Buffer.alloc(0), 0x08), certificate);
    const { report, step } = await testAgainst(renewing, { lab, config: { host: NAME, tls_mode: 'require' } });
    expect(report).toMatchObject({ verdict: 'ok_with_warnings', depth: 'protocol' });
    expect(step('driver')).toMatchObject({ status: 'warn', code: 'TLS_RENEWED' });
  });

  test.concurrent('on a port without it', async () => {
    const { step } = await testAgainst(
      startTnsListener(() => ({ accept: 319 })),
      { config: { tls_mode: 'require' }, timeoutS: 1 },
    );
    expect(step('tls').status).toBe('fail');
  });
});
