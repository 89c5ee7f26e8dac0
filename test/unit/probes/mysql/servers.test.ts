import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../../support/certificates.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { expectFailure } from '../lab.ts';
import * as servers from '../servers.ts';
import { greeting, packet, refusal, standardAnswer, startFakeMysql } from './fake.ts';
import { expectAgainst, lost, saysNothing, testAgainst, wrongProtocol } from './rows.ts';

/** The greeting is read for the first time where TLS is wanted; without, one step later. */
const MODES = [
  { tls_mode: 'prefer', step: 'tls' },
  { tls_mode: 'disable', step: 'protocol' },
] as const;

const OTHER = 'its answer is not of this protocol';
const UNREADABLE = 'its greeting cannot be read';
const whole = packet(0, greeting());

/** Says something and hangs up, some moments later. */
const startLeavingServer = (bytes: Buffer) =>
  servers.listen((socket) => {
    socket.resume().write(bytes);
    setTimeout(() => socket.destroy(), 100);
  });

describe.each(MODES)('the server is another one, tls_mode $tls_mode', ({ tls_mode, step }) => {
  const config = { tls_mode };

  test.concurrent.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'an SSH server answers there'],
    ['mail', '220 mail.example.com ESMTP\r\n', 'a mail or FTP server answers there'],
    ['garbage', Buffer.from('00ff13378badf00d7f80fe01c0ffee00', 'hex'), OTHER],
    ['a greeting of another version', packet(0, '\x09old\0'), OTHER],
    ['a greeting that comes second', packet(1, greeting()), OTHER],
    ['an empty packet', packet(0, ''), OTHER],
    ['a packet of 16 MB', Buffer.from('ffffff000a38', 'hex'), UNREADABLE],
    ['a greeting cut short inside', packet(0, greeting().subarray(0, 30)), UNREADABLE],
    ['a greeting without the end of its version', packet(0, Buffer.alloc(60, 0x0a)), UNREADABLE],
    ['a greeting and more behind it', Buffer.concat([whole, packet(1, 'more')]), UNREADABLE],
    ['a refusal without a number', packet(0, Buffer.from([0xff, 1])), UNREADABLE],
  ] as const)('%s', async (_, bytes, what) => {
    await expectAgainst(servers.startGreetingServer(Buffer.from(bytes)), wrongProtocol(what, step, 'tcp'), { config });
  });

  test.concurrent('HTTP, which waits to be asked', async () => {
    const http = wrongProtocol('an HTTP server answers there', step, 'tcp');
    await expectAgainst(hostile.startHttpServer(), http, { config, soonMs: 6000 });
  });

  test.concurrent('PostgreSQL, which waits to be asked', async () => {
    const postgres = wrongProtocol('a PostgreSQL server answers there', step, 'tcp');
    await expectAgainst(hostile.startTlsRefusingServer(), postgres, { config, soonMs: 6000 });
  });

  test.concurrent('TLS from the first byte', async () => {
    const certificate = await selfSigned({ names: ['localhost'] });
    const tls = wrongProtocol('it waits for its client to speak first', step, 'tcp');
    await expectAgainst(hostile.startTlsOnlyServer(certificate), tls, { config, soonMs: 6000 });
  });

  test.concurrent('it closes at once', async () => {
    await expectAgainst(hostile.startClosingServer(), lost(step, 'tcp'), { config });
  });

  test.concurrent('it resets at once', async () => {
    const { report, port } = await testAgainst(hostile.startResettingServer(), { config });
    const expected = lost('tcp', 'dns')(`127.0.0.1:${port}`);
    const found = report.steps.find(({ status }) => status === 'fail');
    expect(found).toMatchObject({ code: expected.code, message: expected.says });
  });

  test.concurrent('it closes within its greeting', async () => {
    await expectAgainst(startLeavingServer(whole.subarray(0, 20)), wrongProtocol(UNREADABLE, step, 'tcp'), { config });
  });

  test.concurrent('it hangs', async () => {
    await expectAgainst(hostile.startHangingServer(), saysNothing(step), { config, timeoutS: 0.6 });
  });

  test.concurrent('it hangs within its greeting', async () => {
    const server = servers.startGreetingServer(whole.subarray(0, 20));
    await expectAgainst(server, saysNothing(step), { config, timeoutS: 0.6 });
  });

  test.concurrent('it greets one byte at a time', async () => {
    const crumbling = servers.listen((socket) => {
      for (const [i, byte] of whole.entries()) setTimeout(() => socket.write(Buffer.from([byte])), i * 3);
      socket.resume().once('data', () => socket.end());
    });
    await expectAgainst(crumbling, lost('auth', 'protocol'), { config });
  });
});

describe('the server refuses before anything is asked', () => {
  const whoFrom = 'it has the address';
  test.concurrent.each([
    [1130, "Host '203.0.113.9' is not allowed to connect to this MySQL server", 'ADDRESS_NOT_PERMITTED', false],
    [1040, 'Too many connections', 'TOO_MANY_CONNECTIONS', true],
    [1129, "Host '203.0.113.9' is blocked because of many connection errors", 'ADDRESS_BLOCKED', true],
    [1053, 'Server shutdown in progress', 'SERVER_NOT_READY', true],
    [4711, 'No reason that is known', 'LOGIN_REFUSED', false],
  ] as const)(`%i, %s (${whoFrom})`, async (number, message, code, retryable) => {
    for (const tls_mode of ['prefer', 'disable', 'verify-full']) {
      const server = servers.startGreetingServer(packet(0, refusal(number, message)));
      const { report, step } = await testAgainst(server, { config: { tls_mode } });
      expect(step('protocol')).toMatchObject({
        status: 'fail',
        code,
        driver_code: String(number),
        evidence: message,
        actor: 'dba',
        retryable,
      });
      expect(report.depth).toBe('tcp');
      expect(step('auth')).toMatchObject({ status: 'skip', because: 'protocol' });
    }
  });

  test.concurrent('the SQL names the address that the server sees, and nothing else that it says', async () => {
    const sqlFor = async (message: string) => {
      const server = servers.startGreetingServer(packet(1, refusal(1130, message, '#HY000')));
      return (await testAgainst(server)).step('protocol').fix?.sql;
    };
    const named = await sqlFor("Host '203.0.113.9' is not allowed to connect");
    expect(named).toContain('CREATE USER IF NOT EXISTS `reader`@`203.0.113.9` ');
    expect(named).toContain('GRANT SELECT ON `shop`.* TO `reader`@`203.0.113.9`;');
    expect(await sqlFor("Host 'db-client.internal' is not allowed")).toContain('`reader`@`db-client.internal`');
    expect(await sqlFor("Host 'x'; DROP DATABASE shop' is not allowed to connect")).toContain('`reader`@`%`');
  });
});

describe('the server is MySQL of another kind', () => {
  test.concurrent('older than passwords that are proven', async () => {
    const older = wrongProtocol('it is older than version 4.1', 'protocol', 'tcp');
    await expectAgainst(startFakeMysql({ greeting: { version: '4.0.1', capabilities: 0x2c } }), older);
  });

  test.concurrent('MariaDB: said, not refused', async () => {
    const version = '5.5.5-10.11.2-MariaDB';
    const { report, step } = await testAgainst(
      startFakeMysql({
        greeting: { version },
        statement: (text) => (/VERSION\(\)/.test(text) ? renamed('8.4.3', 'M-MariaDB') : standardAnswer(text)),
      }),
    );
    expect(step('protocol').evidence).toBe('10.11.2-MariaDB');
    expect(step('database')).toMatchObject({ status: 'warn', code: 'OTHER_PRODUCT' });
    expect(report.verdict).toBe('ok_with_warnings');
  });

  const renamed = (from: string, to: string) => {
    const answer = standardAnswer('SELECT VERSION()') ?? Buffer.alloc(0);
    const row = Buffer.concat([Buffer.from([to.length]), Buffer.from(to), Buffer.from([8]), Buffer.from('reader@%')]);
    const at = answer.indexOf(from) - 1 - 4;
    const old = 4 + (answer[at] ?? 0);
    const number = answer[at + 3] ?? 0;
    return Buffer.concat([answer.subarray(0, at), packet(number, row), answer.subarray(at + old)]);
  };
});

test('a server whose words hold the password does not get it into the report', async () => {
  const server = servers.startGreetingServer(packet(0, refusal(1130, 'we know p4ssw0rd-of-reader well')));
  const { report } = await testAgainst(server);
  expectFailure(report, {
    step: 'protocol',
    code: 'ADDRESS_NOT_PERMITTED',
    actor: 'dba',
    says: 'MySQL has no account that may come from the address that Headwater connects from',
    fix: 'Create the account reader for that address (the evidence of this step shows it).',
    sql: [
      'CREATE USER IF NOT EXISTS `reader`@`%` IDENTIFIED WITH caching_sha2_password',
      "  AS '$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED' ACCOUNT LOCK;",
      'GRANT SELECT ON `shop`.* TO `reader`@`%`;',
      '-- Then give it a password, which opens it:',
      "-- ALTER USER `reader`@`%` IDENTIFIED BY '...' ACCOUNT UNLOCK;",
    ].join('\n'),
    driver: '1130',
    evidence: /^we know \[secret\] well$/,
    depth: 'tcp',
  });
});
