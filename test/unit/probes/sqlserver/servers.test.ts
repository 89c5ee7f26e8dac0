import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../../support/certificates.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { answerOf, shopModel } from '../../../support/sqlserver-model.ts';
import { startTdsServer } from '../../../support/tds-server.ts';
import * as servers from '../servers.ts';
import { testAgainst } from './rows.ts';

/** The first answer is read where TLS is wanted; without, one step later. */
const MODES = [
  { tls_mode: 'prefer', step: 'tls' },
  { tls_mode: 'disable', step: 'protocol' },
] as const;

const packet = (type: number, payload: Buffer | string, status = 1) => {
  const body = Buffer.from(payload);
  const head = Buffer.from([type, status, 0, 0, 0, 0, 1, 0]);
  head.writeUInt16BE(body.length + 8, 2);
  return Buffer.concat([head, body]);
};
const prelogin = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 16, 39, 0, 0, 0]);
const OTHER = 'its answer is not of this protocol';
const UNREADABLE = 'its first answer cannot be read';

describe.each(MODES)('the server is another one, tls_mode $tls_mode', ({ tls_mode, step: id }) => {
  const config = { tls_mode };

  test.concurrent.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2p1\r\n', 'an SSH server answers there'],
    ['MySQL', servers.mysqlGreeting(74), 'a MySQL or MariaDB server answers there'],
    ['garbage', Buffer.from('00ff13378badf00d7f80fe01c0ffee00', 'hex'), OTHER],
    ['a packet of another type', packet(0x11, prelogin), OTHER],
    ['a packet that is not the last', packet(4, prelogin, 0), OTHER],
    ['a packet of 64 kB', Buffer.from([4, 1, 0xff, 0xff, 0, 0, 1, 0]), OTHER],
    ['an answer without an end', packet(4, Buffer.alloc(40)), UNREADABLE],
    ['an option outside of it', packet(4, Buffer.from([0, 0, 11, 9, 6, 0xff])), UNREADABLE],
    ['an answer without a version', packet(4, Buffer.from([0xff, 0])), UNREADABLE],
    ['an answer and more behind it', Buffer.concat([packet(4, prelogin), packet(4, 'more')]), UNREADABLE],
  ] as const)('%s', async (_, bytes, what) => {
    const { step, report } = await testAgainst(servers.startGreetingServer(Buffer.from(bytes)), { config });
    expect(step(id), JSON.stringify(report.steps)).toMatchObject({
      status: 'fail',
      code: 'WRONG_PROTOCOL',
      fields: ['port', 'host'],
      message: expect.stringContaining(`is not SQL Server: ${what}`),
    });
  });

  test.concurrent('HTTP', async () => {
    const { step } = await testAgainst(hostile.startHttpServer(), { config });
    expect(step(id)).toMatchObject({ code: 'WRONG_PROTOCOL', message: expect.stringContaining('an HTTP server') });
  });

  test.concurrent('Redis, which waits for a line', async () => {
    const { step } = await testAgainst(servers.startLineServer('-ERR unknown command\r\n'), { config, soonMs: 3000 });
    expect(step(id)).toMatchObject({ code: 'WRONG_PROTOCOL', message: expect.stringContaining('a Redis server') });
  });

  test.concurrent('a web server with TLS', async () => {
    const certificate = await selfSigned({ names: ['localhost'] });
    const { step } = await testAgainst(hostile.startTlsOnlyServer(certificate), { config, timeoutS: 1.5 });
    expect(step(id).status).toBe('fail');
  });

  test.concurrent('it closes at once', async () => {
    const { step } = await testAgainst(hostile.startClosingServer(), { config });
    expect(step(id)).toMatchObject({ code: 'CONNECTION_LOST', retryable: true });
  });

  test.concurrent('it hangs', async () => {
    const { step } = await testAgainst(hostile.startHangingServer(), { config, timeoutS: 0.6 });
    expect(step(id).code).toBe(tls_mode === 'disable' ? 'PROTOCOL_TIMEOUT' : 'TLS_TIMEOUT');
  });

  test.concurrent('it answers one byte at a time', async () => {
    const whole = packet(4, prelogin);
    const crumbling = servers.listen((socket) => {
      socket.once('data', () => {
        for (const [i, byte] of whole.entries()) setTimeout(() => socket.write(Buffer.from([byte])), i * 3);
      });
    });
    const { report } = await testAgainst(crumbling, { config, timeoutS: 0.8 });
    expect(report.steps.find(({ status }) => status === 'fail')?.code).toBe('AUTH_TIMEOUT');
  });
});

test.concurrent.each([
  [[10, 50, 6000], 'it is SQL Server 2008, which is older than 2012'],
  [[8, 0, 194], 'it is SQL Server, which is older than 2012'],
] as const)('a version that is too old: %j', async (version, what) => {
  const certificate = await selfSigned({ names: ['localhost'] });
  const { step } = await testAgainst(startTdsServer({ version, certificate }));
  expect(step('protocol')).toMatchObject({ code: 'WRONG_PROTOCOL', message: expect.stringContaining(what) });
});

test.concurrent('a query that does not end is stopped at the server, and the rest goes on', async () => {
  const certificate = await selfSigned({ names: ['localhost'] });
  const answers = answerOf(shopModel());
  const slow = startTdsServer({
    certificate,
    answer: (statement, login) => (/^SELECT TOP \(1\) CAST/.test(statement) ? undefined : answers(statement, login)),
  });
  const { step, server } = await testAgainst(slow, { soonMs: 5000 });
  expect(step('read')).toMatchObject({ status: 'fail', code: 'QUERY_TIMEOUT', retryable: true });
  expect(step('privileges').status).toBe('pass');
  expect(server.heard.map(({ what }) => what)).toContain('attention');
});

test.concurrent('what the server says never shows the password', async () => {
  const certificate = await selfSigned({ names: ['localhost'] });
  const login = ({ password }: { password: string }) => [{ number: 18456, message: `we know ${password} well` }];
  const { step } = await testAgainst(startTdsServer({ certificate, login }));
  expect(step('auth').evidence).toBe('we know [secret] well');
});
