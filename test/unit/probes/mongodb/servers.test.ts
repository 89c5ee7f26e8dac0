import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createAuthority, selfSigned } from '../../../support/certificates.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { reply, startFakeMongodb } from '../../../support/mongodb-server.ts';
import * as servers from '../servers.ts';
import { READER, SHOP, testAgainst, testFake } from './rows.ts';

/** Without TLS the first words are ours; with it they are a handshake, and a second connection tells what answers. */
const MODES = [
  { tls_mode: 'disable', step: 'protocol' },
  { tls_mode: 'prefer', step: 'tls' },
  { tls_mode: 'require', step: 'tls' },
] as const;

const OTHER = 'its answer is not of this protocol';

describe.each(MODES)('the server is another one, tls_mode $tls_mode', ({ tls_mode, step }) => {
  const config = { tls_mode };

  test.concurrent.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'an SSH server answers there'],
    ['mail', '220 mail.example.com ESMTP\r\n', 'a mail or FTP server answers there'],
    ['MySQL', servers.mysqlGreeting(74), 'a MySQL or MariaDB server answers there'],
    ['garbage', Buffer.from('00ff13378badf00d7f80fe01c0ffee00', 'hex'), OTHER],
    ['a message without end', Buffer.from('ffffff7f000000000100000 0dd070000'.replace(' ', ''), 'hex'), OTHER],
    ['an answer to nothing', reply(4711, { ok: 1 }), OTHER],
  ] as const)('%s', async (_, bytes, what) => {
    const { failed, report } = await testAgainst(servers.startGreetingServer(Buffer.from(bytes)), { config });
    expect(failed).toMatchObject({ id: step, code: 'WRONG_PROTOCOL', fields: ['port', 'host'], actor: 'user' });
    expect(report.headline).toContain(what);
  });

  test.concurrent('HTTP, which waits to be asked', async () => {
    const { failed } = await testAgainst(hostile.startHttpServer(), { config, soonMs: 6000 });
    expect(failed).toMatchObject({ code: 'WRONG_PROTOCOL' });
    expect(failed?.message).toContain('an HTTP server answers there');
  });

  test.concurrent('it closes at once', async () => {
    const { failed } = await testAgainst(hostile.startClosingServer(), { config, soonMs: 6000 });
    expect(failed).toMatchObject({ id: step, code: 'CONNECTION_LOST' });
  });

  test.concurrent('it hangs', async () => {
    const { failed } = await testAgainst(hostile.startHangingServer(), { config, timeoutS: 0.6 });
    expect(failed?.code).toBe(step === 'tls' ? 'TLS_TIMEOUT' : 'PROTOCOL_TIMEOUT');
  });
});

test('PostgreSQL, which waits to be asked in its own words', async () => {
  const { failed } = await testAgainst(hostile.startTlsRefusingServer(), { soonMs: 8000 });
  expect(failed?.code).toMatch(/WRONG_PROTOCOL|PROTOCOL_TIMEOUT/);
});

describe('TLS', () => {
  test('a server that speaks over TLS only is told as that, whatever it says to plain text', async () => {
    const tls = await selfSigned({ names: ['localhost'] });
    for (const server of [startFakeMongodb({ tls }), hostile.startTlsOnlyServer(tls)]) {
      const { failed, report } = await testAgainst(server);
      expect(failed).toMatchObject({ id: 'protocol', code: 'TLS_ONLY', fields: ['tls_mode'], actor: 'user' });
      expect(report.headline).toContain('Set tls_mode to verify-full');
    }
  });

  test('a server without TLS is told as that, and prefer goes on without', async () => {
    for (const tls_mode of ['require', 'verify-ca', 'verify-full']) {
      const { failed, server } = await testFake({}, { config: { tls_mode } });
      expect(failed).toMatchObject({ id: 'tls', code: 'TLS_NOT_OFFERED', fields: ['tls_mode'] });
      expect(failed?.fix?.text).toContain('set tls_mode to disable');
      expect(failed?.fix?.text).not.toContain('prefer');
      // What was asked in clear text named nobody.
      expect(JSON.stringify(server.commands)).not.toContain('reader');
    }
    const { report, step } = await testFake({}, { config: { tls_mode: 'prefer' } });
    expect(report.ok).toBe(true);
    expect(step('tls')).toMatchObject({ status: 'skip', because: 'not offered by the server' });
  });

  test('a server that waits for the rest of what it takes for a message: prefer does not wait with it', async () => {
    const waiting = startFakeMongodb({ users: [READER], databases: SHOP, patient: true });
    const { report, step } = await testAgainst(waiting, { config: { tls_mode: 'prefer' }, soonMs: 5000 });
    expect(report.ok).toBe(true);
    expect(step('tls').because).toBe('not offered by the server');
  });

  test('certificates are held to the mode', async () => {
    const authority = await createAuthority();
    const right = await authority.issue({ ips: ['127.0.0.1'] });
    const other = await authority.issue({ names: ['other.example.com'] });
    const own = await selfSigned({ ips: ['127.0.0.1'] });
    const rows = [
      [right, 'verify-full', authority.certPem, undefined],
      [right, 'verify-full', undefined, 'TLS_UNTRUSTED'],
      [other, 'verify-full', authority.certPem, 'TLS_WRONG_NAME'],
      [other, 'verify-ca', authority.certPem, undefined],
      [own, 'verify-ca', undefined, 'TLS_SELF_SIGNED'],
      [own, 'require', undefined, undefined],
      [own, 'prefer', undefined, undefined],
    ] as const;
    for (const [tls, tls_mode, tls_ca, code] of rows) {
      const { failed, step } = await testFake({ tls }, { config: { tls_mode, tls_ca } });
      expect([tls_mode, failed?.code]).toEqual([tls_mode, code]);
      expect(step('tls').evidence).toMatch(/^TLSv1\.[23]/);
    }
  });
});

describe('a server in another state', () => {
  test.each([
    ['an arbiter', { isWritablePrimary: false, arbiterOnly: true }, 'MEMBER_WITHOUT_DATA'],
    ['a recovering member', { isWritablePrimary: false, secondary: false }, 'MEMBER_WITHOUT_DATA'],
    ['never initiated', { setName: undefined, isreplicaset: true }, 'REPLICA_SET_UNINITIATED'],
    ['older than its messages', { maxWireVersion: 5 }, 'WRONG_PROTOCOL'],
  ] as const)('%s', async (_, hello, code) => {
    const { failed } = await testFake({ hello });
    expect(failed).toMatchObject({ id: 'protocol', code });
  });

  test('a secondary is read as one', async () => {
    const hello = { isWritablePrimary: false, secondary: true };
    const { report, step, server } = await testFake({ hello });
    expect(report.ok).toBe(true);
    expect(step('protocol').evidence).toBe('a secondary of the replica set rs0');
    const find = server.commands.find((command) => 'find' in command);
    expect(find).toMatchObject({ $readPreference: { mode: 'secondaryPreferred' } });
  });

  test('one that knows no hello is asked as before', async () => {
    const instead = (_: unknown, name: string) => {
      if (name === 'hello') return { ok: 0, errmsg: "no such command: 'hello'", code: 59 };
      return name === 'isMaster' ? { ismaster: true, setName: 'rs0', maxWireVersion: 8, ok: 1 } : undefined;
    };
    expect((await testFake({ instead })).report.ok).toBe(true);
  });

  test.each([
    ['it hangs', 'hang', 'QUERY_TIMEOUT'],
    ['it hangs up', 'close', 'CONNECTION_LOST'],
    ['it answers garbage', Buffer.alloc(200, 0x41), 'WRONG_PROTOCOL'],
    ['its document is cut short', reply(5, { ok: 1 }).fill(0x7f, 40), 'WRONG_PROTOCOL'],
  ] as const)('in the middle of the questions %s', async (_, said, code) => {
    const instead = (command: Record<string, unknown>) => ('find' in command ? said : undefined);
    const { failed } = await testFake({ instead }, { timeoutS: 2, soonMs: 4500 });
    expect(failed?.id).toBe('read');
    expect(failed?.code).toBe(code);
  });
});

test('whatever bytes come, a test ends with a report', { timeout: 60_000 }, async () => {
  const whole = reply(1, { isWritablePrimary: true, setName: 'rs0', maxWireVersion: 21, ok: 1 });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // A right answer with some bytes changed.
    fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
      const copy = Buffer.from(whole);
      for (const [at, value] of changes) copy[at] = value;
      return copy;
    }),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (said) => {
      const answering = servers.listen((socket) => void socket.once('data', () => socket.end(said)));
      const { report } = await testAgainst(answering, { timeoutS: 2, soonMs: 6000 });
      expect(report.ok).toBe(false);
    }),
    { numRuns: 40 },
  );
});
