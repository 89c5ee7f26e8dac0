import { describe, expect, test, vi } from 'vitest';
import * as hostile from '../../../support/hostile-servers.ts';
import { createLab, expectFailure } from '../lab.ts';
import { expectAgainst, lost, READER, saysNothing, wrongProtocol } from '../rows.ts';
import * as servers from '../servers.ts';

/** In the clear the startup message is the first that a server hears; otherwise the request for TLS is. */
const MODES = [
  { tls_mode: 'prefer', step: 'tls', depth: 'tcp' },
  { tls_mode: 'disable', step: 'protocol', depth: 'tcp' },
] as const;

describe.each(MODES)('the server is another one, tls_mode $tls_mode', ({ tls_mode, step, depth }) => {
  const HTTP = 'an HTTP server answers there';
  const MYSQL = 'a MySQL or MariaDB server answers there';
  const OTHER = 'its answer is not of this protocol';
  test.concurrent.each([
    { name: 'HTTP', start: hostile.startHttpServer, what: HTTP },
    {
      name: 'SSH',
      start: () => servers.startGreetingServer('SSH-2.0-OpenSSH_9.2p1\r\n'),
      what: 'an SSH server answers there',
    },
    {
      name: 'mail',
      start: () => servers.startGreetingServer('220 mail.example.com ESMTP\r\n'),
      what: 'a mail or FTP server answers there',
    },
    ...[69, 74, 78, 82].map((length) => ({
      name: `MySQL, greeting of ${length} bytes`,
      start: () => servers.startGreetingServer(servers.mysqlGreeting(length)),
      what: MYSQL,
    })),
    { name: 'garbage', start: hostile.startGarbageServer, what: OTHER },
    { name: 'one byte and no more', start: () => servers.startGreetingServer('x'), what: OTHER },
  ])('$name', async ({ start, what }) => {
    await expectAgainst(start(), (place) => ({
      config: { tls_mode },
      expected: wrongProtocol(place, what, step, depth),
    }));
  });

  test.concurrent('HTTP that waits for a line, and is given one', async () => {
    await expectAgainst(servers.startLineServer('HTTP/1.0 404 Not Found\r\n\r\n'), (place) => ({
      config: { tls_mode },
      soonMs: 4500,
      expected: wrongProtocol(place, HTTP, step, depth),
    }));
  });

  test.concurrent('it closes at once', async () => {
    await expectAgainst(hostile.startClosingServer(), (place) => ({
      config: { tls_mode },
      expected: lost(place, step, depth),
    }));
  });

  test.concurrent('it hangs', async () => {
    await expectAgainst(hostile.startHangingServer(), (_, port) => ({
      config: { tls_mode },
      atDeadline: true,
      expected: saysNothing(port, step, depth),
    }));
  });
});

describe('the server is stranger than that', () => {
  test.concurrent('Redis waits for the end of a line, and is given one', async () => {
    const redis = servers.startLineServer("-ERR unknown command '', with args beginning with: \r\n");
    await expectAgainst(redis, (place) => ({
      config: { tls_mode: 'prefer' },
      soonMs: 4500,
      expected: wrongProtocol(place, 'a Redis server answers there', 'tls', 'tcp'),
    }));
  });

  test.concurrent('it resets at once', async () => {
    const resetting = await hostile.startResettingServer();
    const lab = createLab();
    const report = await lab.test({ ...READER, port: resetting.port });
    // The reset may come while the connection is made, or just after it.
    const step = report.steps.find(({ status }) => status === 'fail')?.id === 'tcp' ? 'tcp' : 'tls';
    const expected = lost(`127.0.0.1:${resetting.port}`, step, step === 'tcp' ? 'config' : 'tcp');
    expectFailure(report, step === 'tcp' ? { ...expected, driver: 'ECONNRESET' } : expected);
    await vi.waitFor(() => expect(resetting.open).toBe(0));
    await resetting.stop();
  });

  test.concurrent('it speaks TLS from the first byte', async () => {
    await expectAgainst(hostile.startTlsOnlyServer(), (place) => ({
      expected: {
        ...wrongProtocol(place, 'it expects TLS from the first byte', 'tls', 'tcp'),
        fix: 'Give the address of PostgreSQL itself, or have the proxy pass the connection on as it is.',
      },
    }));
  });

  test.concurrent('it drips bytes that never become a message', async () => {
    await expectAgainst(hostile.startDrippingServer(), (place) => ({
      config: { tls_mode: 'prefer' },
      expected: wrongProtocol(place, 'its answer is not of this protocol', 'protocol', 'tcp'),
    }));
  });

  test.concurrent('it drips a message that never comes to its end', async () => {
    const message = Buffer.concat([Buffer.from('R\0\0\x01\0\0\0\0\x0a'), Buffer.alloc(200, 0x41)]);
    await expectAgainst(servers.startCrumblingPostgres(message), (_, port) => ({
      config: { tls_mode: 'prefer' },
      atDeadline: true,
      expected: saysNothing(port, 'protocol', 'tcp'),
    }));
  });

  test.concurrent.each([
    ['a notice without an end', Buffer.from('R\0\0\0\x08\0\0\0\0N\0\0\0\x0aSNOTIC')],
    ['an error without an end', Buffer.from('R\0\0\0\x08\0\0\0\0E\0\0\0\x0aSFATAL')],
    ['a row of minus five columns', Buffer.from('R\0\0\0\x08\0\0\0\0D\0\0\0\x06\xff\xfb', 'latin1')],
    ['a message cut short', Buffer.from('R\0\0\0\x08\0\0\0\0K\0\0\0\x06ab')],
    ['a message that does not exist', Buffer.from('R\0\0\0\x08\0\0\0\0?\0\0\0\x06ab')],
    ['a message of 2 GB', Buffer.from('R\0\0\0\x08\0\0\0\0S\x7f\xff\xff\xff', 'latin1')],
  ])('it begins well and then sends %s', async (_, bytes) => {
    await expectAgainst(servers.startCrumblingPostgres(bytes), (place) => ({
      config: { tls_mode: 'prefer' },
      expected: wrongProtocol(place, 'its answer is not of this protocol', 'auth', 'protocol'),
    }));
  });

  test.concurrent('it asks for Kerberos', async () => {
    const gssapi = Buffer.from('R\0\0\0\x08\0\0\0\x07');
    await expectAgainst(servers.startCrumblingPostgres(gssapi), () => ({
      config: { tls_mode: 'prefer' },
      expected: {
        step: 'auth',
        code: 'AUTH_METHOD_UNSUPPORTED',
        actor: 'dba',
        says: 'The server asks for a way to log in that cannot be used here (GSSAPI, SSPI or another)',
        fix: 'Permit password authentication (scram-sha-256) for this user.',
        depth: 'protocol',
      },
    }));
  });

  test.concurrent('it never answers the login', async () => {
    const scram = Buffer.from('R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0');
    await expectAgainst(servers.startCrumblingPostgres(scram), (place) => ({
      config: { tls_mode: 'prefer' },
      options: { timeoutS: 1 },
      atDeadline: true,
      expected: {
        step: 'auth',
        code: 'AUTH_TIMEOUT',
        actor: 'dba',
        retryable: true,
        says: `${place} did not answer the login`,
        fix: 'Test again; if it stays, look at the load and the log of the server.',
        depth: 'protocol',
      },
    }));
  });
});
