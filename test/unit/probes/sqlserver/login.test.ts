import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type Certificate, selfSigned } from '../../../support/certificates.ts';
import { shopModel } from '../../../support/sqlserver-model.ts';
import { startTdsServer, type TdsError, tokensOf } from '../../../support/tds-server.ts';
import { expectFailure } from '../lab.ts';
import { LOGIN_FAILED, PASSWORD, startShop, testAgainst } from './rows.ts';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSigned({ names: ['localhost'] });
});

const refusing = (...errors: TdsError[]) => startTdsServer({ certificate, login: () => errors });

test('a wrong login: nobody says which half is wrong, so the script makes one where there is none', async () => {
  const { report } = await testAgainst(refusing(LOGIN_FAILED), { config: { schemas: ['dbo', "it's"] } });
  expectFailure(report, {
    step: 'auth',
    code: 'AUTH_REJECTED',
    fields: ['username', 'password'],
    actor: 'user',
    says: 'The server rejected the user name or password (user reader)',
    fix: 'Check both: servers do not say which of the two is wrong. The password of reader may have been changed.',
    driver: '18456',
    evidence: /^Login failed for user 'reader'\.$/,
    depth: 'protocol',
  });
  const letter = report.handoff?.find(({ actor }) => actor === 'dba');
  expect(letter?.format).toBe('sql');
  const text = letter?.text ?? '';
  expect(text).toContain("IF NOT EXISTS (SELECT 1 FROM sys.sql_logins WHERE name = N'reader')");
  expect(text).toContain('CRYPT_GEN_RANDOM(32)');
  expect(text).toContain("IF DATABASE_PRINCIPAL_ID(N'reader') IS NULL CREATE USER [reader] FOR LOGIN [reader];");
  expect(text).toContain("GRANT SELECT ON SCHEMA::[it's] TO [reader];");
  expect(text.indexOf('CREATE LOGIN')).toBeLessThan(text.indexOf('CREATE USER'));
  expect(text).not.toContain(PASSWORD);
});

test('names in a script can be nothing but names', async () => {
  const username = "x'] DROP DATABASE shop --";
  const { report } = await testAgainst(refusing(LOGIN_FAILED), { config: { username } });
  const text = report.handoff?.find(({ actor }) => actor === 'dba')?.text ?? '';
  expect(text).toContain("name = N'x''] DROP DATABASE shop --'");
  expect(text).toContain("CREATE USER [x']] DROP DATABASE shop --] FOR LOGIN");
});

describe('the server refuses the login', () => {
  test.concurrent.each([
    [18456, 5, 'Login failed.', 'USER_UNKNOWN', 'user', ['username'], false],
    [18456, 8, 'Login failed.', 'AUTH_REJECTED', 'user', ['username', 'password'], false],
    [18456, 12, 'Login failed.', 'LOGIN_NOT_PERMITTED', 'dba', ['username'], false],
    [18452, 1, 'The login is from an untrusted domain.', 'AUTH_METHOD_UNSUPPORTED', 'dba', undefined, false],
    [18470, 1, 'The account is disabled.', 'LOGIN_NOT_PERMITTED', 'dba', ['username'], false],
    [18486, 1, 'The account is currently locked out.', 'ACCOUNT_LOCKED', 'dba', ['username'], false],
    [18487, 1, 'The password of the account has expired.', 'PASSWORD_EXPIRED', 'dba', ['password'], false],
    [18488, 1, 'The password must be changed.', 'PASSWORD_EXPIRED', 'dba', ['password'], false],
    [18461, 1, 'Server is in single user mode.', 'SERVER_NOT_READY', 'dba', undefined, true],
    [17809, 1, 'The maximum number of connections has been reached.', 'TOO_MANY_CONNECTIONS', 'dba', undefined, true],
    [10929, 1, 'Resource ID : 1.', 'TOO_MANY_CONNECTIONS', 'dba', undefined, true],
    [40613, 1, 'Database is not currently available.', 'SERVER_NOT_READY', 'dba', undefined, true],
    [
      40532,
      1,
      'Cannot open server "db" requested by the login.',
      'SERVER_UNKNOWN',
      'user',
      ['host', 'username'],
      false,
    ],
    [47073, 1, 'Deny Public Network Access is set to Yes.', 'PUBLIC_ACCESS_DENIED', 'cloud_admin', ['host'], false],
    [17835, 1, 'Encryption is required.', 'TLS_REQUIRED', 'user', ['tls_mode'], false],
    [99999, 1, 'No reason that is known.', 'LOGIN_REFUSED', 'dba', undefined, false],
  ] as const)('%i (state %i): %s', async (number, state, message, code, actor, fields, retryable) => {
    const { step } = await testAgainst(refusing({ number, state, message }));
    expect(step('auth')).toMatchObject({
      status: 'fail',
      code,
      actor,
      retryable,
      driver_code: String(number),
      evidence: message,
    });
    expect(step('auth').fields).toEqual(fields);
    expect(step('database')).toMatchObject({ status: 'skip', because: 'auth' });
  });

  test.concurrent('Azure names the address that its firewall keeps out: whoever opens it gets it', async () => {
    const message =
      "Cannot open server 'shop' requested by the login. Client with IP address '203.0.113.9' is not allowed to access the server.";
    const { report, step } = await testAgainst(refusing({ number: 40615, message }));
    expect(step('auth')).toMatchObject({
      code: 'FIREWALL_REFUSED',
      actor: 'cloud_admin',
      message: 'The firewall of 127.0.0.1 does not let in 203.0.113.9',
      fix: { command: expect.stringContaining('--start-ip-address 203.0.113.9 --end-ip-address 203.0.113.9') },
    });
    expect(report.handoff?.find(({ actor }) => actor === 'cloud_admin')?.text).toContain('203.0.113.9');
    const hostile = await testAgainst(refusing({ number: 40615, message: "IP address '1; rm -rf /' is not allowed" }));
    expect(hostile.step('auth').fix?.command).toBeUndefined();
  });

  test.concurrent('and there was no password', async () => {
    const { step } = await testAgainst(refusing(LOGIN_FAILED), { config: { password: undefined } });
    expect(step('auth')).toMatchObject({ code: 'PASSWORD_MISSING', fields: ['password'], actor: 'user' });
  });

  test.concurrent.each([
    [18470, 'ALTER LOGIN [reader] ENABLE;'],
    [18486, 'ALTER LOGIN [reader] WITH CHECK_POLICY = OFF;\nALTER LOGIN [reader] WITH CHECK_POLICY = ON;'],
  ])('%i: the statement that mends it', async (number, sql) => {
    const { step } = await testAgainst(refusing({ number, message: 'no' }));
    expect(step('auth').fix?.sql).toBe(`USE [master];\n${sql}`);
  });

  test.concurrent('on Azure a user is of its database', async () => {
    const host = 'shop.database.windows.net';
    const lab = { names: { [host]: ['127.0.0.1'] } };
    const config = { host, username: 'reader@shop' };
    const { report, server } = await testAgainst(refusing(LOGIN_FAILED), { lab, config });
    expect(server.logins[0]).toMatchObject({ username: 'reader@shop', server: host });
    const text = report.handoff?.find(({ actor }) => actor === 'dba')?.text ?? '';
    expect(text).toContain("CREATE USER ' + QUOTENAME(N'reader')");
    expect(text).not.toMatch(/USE \[|CREATE LOGIN/);
  });
});

describe('the database cannot be opened, and the login is right', () => {
  const databases = [
    { name: 'closed', state: 'OFFLINE', open: true },
    { name: 'private', state: 'ONLINE', open: false },
  ];
  const opening = (database: string, model = shopModel({ databases })) =>
    testAgainst(startShop(model, { certificate }), { config: { database } });

  test.concurrent('it is not there', async () => {
    const { report } = await opening('nowhere');
    expectFailure(report, {
      step: 'database',
      code: 'DATABASE_NOT_FOUND',
      fields: ['database'],
      actor: 'user',
      says: 'The login is right, but there is no database nowhere',
      fix: 'Check the name of the database; it is case-sensitive.',
      driver: '4060',
      depth: 'auth',
    });
  });

  test.concurrent('it is not for this login', async () => {
    const { step } = await opening('private');
    expect(step('auth')).toMatchObject({ status: 'pass', evidence: 'as reader' });
    expect(step('database')).toMatchObject({ code: 'DATABASE_DENIED', actor: 'dba' });
    expect(step('database').fix?.sql).toContain('CREATE USER [reader] FOR LOGIN [reader];');
  });

  test.concurrent('it is closed', async () => {
    const { step } = await opening('closed');
    expect(step('database')).toMatchObject({ code: 'DATABASE_CLOSED', evidence: 'closed is OFFLINE' });
  });

  test.concurrent('it cannot be told', async () => {
    const { step } = await opening('nowhere', shopModel({ rights: new Set() }));
    expect(step('database')).toMatchObject({ code: 'DATABASE_NOT_VISIBLE', actor: 'dba', driver_code: '4060' });
  });
});

describe('the server sends its clients on', () => {
  test.concurrent('to a place that is judged and logged in to', async () => {
    const there = await startShop(undefined, { certificate });
    const login = () => ({ routeTo: { host: '127.0.0.1\\x', port: there.port } });
    try {
      const { report, step } = await testAgainst(startTdsServer({ certificate, login }));
      expect(report, JSON.stringify(report)).toMatchObject({ ok: true });
      expect(step('auth').evidence).toBe(`as reader, sent on to 127.0.0.1\\x:${there.port}`);
      expect(there.logins).toHaveLength(1);
      await vi.waitFor(() => expect(there.open).toBe(0));
    } finally {
      await there.stop();
    }
  });

  test.concurrent('to a place that is not permitted: the password does not go there', async () => {
    const login = () => ({ routeTo: { host: '169.254.169.254', port: 80 } });
    const { step } = await testAgainst(startTdsServer({ certificate, login }));
    expect(step('auth')).toMatchObject({
      code: 'ROUTED_ELSEWHERE',
      actor: 'network_admin',
      message: '127.0.0.1 sends its clients on to 169.254.169.254:80, which was not followed',
      driver_code: 'EGRESS_DENIED',
    });
  });

  test.concurrent('in circles: only once', async () => {
    const port = { of: 0 };
    const circle = startTdsServer({ certificate, login: () => ({ routeTo: { host: '127.0.0.1', port: port.of } }) });
    port.of = (await circle).port;
    const { step, server } = await testAgainst(circle);
    expect(step('auth')).toMatchObject({ code: 'ROUTED_ELSEWHERE' });
    expect(server.logins).toHaveLength(2);
  });
});

describe('the server breaks the login off', () => {
  const reply = (payload: Buffer) => {
    const head = Buffer.from([4, 1, 0, 0, 0, 0, 1, 0]);
    head.writeUInt16BE(payload.length + 8, 2);
    return Buffer.concat([head, payload]);
  };
  test.concurrent.each([
    ['an empty answer', reply(Buffer.alloc(0)), 'its answer to a login cannot be read'],
    ['a token of no type', reply(Buffer.from([0x42, 1, 2])), 'its answer cannot be read'],
    ['a refusal cut short', reply(Buffer.from([0xaa, 200, 0, 1])), 'its answer cannot be read'],
    ['rows without columns', reply(Buffer.from([0xd1, 1, 0])), 'its answer cannot be read'],
    ['a packet of another type', Buffer.from([0x11, 1, 0, 9, 0, 0, 1, 0, 0]), 'its answer is not of this protocol'],
    ['a packet shorter than its head', Buffer.from([4, 1, 0, 2, 0, 0, 1, 0]), 'its answer is not of this protocol'],
    ['HTTP', Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), 'its answer is not of this protocol'],
    ['a table', reply(tokensOf({ columns: ['a'], rows: [['b']] })), 'its answer to a login cannot be read'],
  ] as const)('%s', async (_, loginAnswer, what) => {
    const { step } = await testAgainst(startTdsServer({ certificate, loginAnswer }));
    expect(step('auth')).toMatchObject({ status: 'fail', code: 'WRONG_PROTOCOL' });
    expect(step('auth').message).toContain(what);
  });

  test.concurrent('it says nothing', async () => {
    const silent = startTdsServer({ certificate, loginAnswer: Buffer.from([4]) });
    const { step } = await testAgainst(silent, { timeoutS: 0.8 });
    expect(step('auth')).toMatchObject({ code: 'AUTH_TIMEOUT', retryable: true });
  });
});
