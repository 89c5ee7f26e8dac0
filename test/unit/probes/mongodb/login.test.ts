import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../../support/certificates.ts';
import type { User } from '../../../support/mongodb-rights.ts';
import { refused } from '../../../support/mongodb-server.ts';
import { expectFailure } from '../lab.ts';
import { PASSWORD, READER, testFake } from './rows.ts';

const users = (...more: Partial<User>[]): { users: User[] } => ({
  users: more.map((each) => ({ ...READER, ...each })),
});

describe('a login that is right', () => {
  test.each([
    ['by both mechanisms', {}, 'as reader of admin (SCRAM-SHA-256)'],
    ['by the old one alone', { mechanisms: ['SCRAM-SHA-1'] }, 'as reader of admin (SCRAM-SHA-1)'],
    ['by the new one alone', { mechanisms: ['SCRAM-SHA-256'] }, 'as reader of admin (SCRAM-SHA-256)'],
  ] as const)('%s', async (_, user, evidence) => {
    const { report, step } = await testFake(users(user));
    expect(report.verdict).toBe('ok');
    expect(step('auth')).toMatchObject({ status: 'pass', evidence });
    expect(step('database').evidence).toBe('MongoDB 7.0.14, database shop');
  });

  test('with a name and a password of all characters there are', async () => {
    const [username, password] = ['re=a,d"er ü', 'p,=4ß ws\u00a0w0rd'];
    const { report } = await testFake(users({ username, password }), { config: { username, password } });
    expect(report.ok).toBe(true);
  });

  test('of a user who was created in another database', async () => {
    const { step } = await testFake(users({ source: 'shop' }), { config: { auth_source: 'shop' } });
    expect(step('auth').evidence).toBe('as reader of shop (SCRAM-SHA-256)');
  });

  test('by PLAIN, over TLS', async () => {
    const tls = await selfSigned({ names: ['localhost'] });
    const config = { tls_mode: 'require', auth_mechanism: 'PLAIN' };
    const { step } = await testFake({ tls, ...users({}) }, { config });
    expect(step('auth').evidence).toBe('as reader of $external (PLAIN)');
  });

  test('of nobody, where nobody has to', async () => {
    const config = { username: undefined, password: undefined };
    const { report, step } = await testFake({ users: undefined as never }, { config });
    expect(report.ok).toBe(true);
    expect(step('auth')).toMatchObject({ status: 'skip', because: 'no user is set' });
  });
});

const REJECTED = {
  step: 'auth',
  code: 'AUTH_REJECTED',
  actor: 'user',
  driver: '18',
  says: 'The server rejected the user name or password (user reader)',
  depth: 'protocol',
  evidence: /Authentication failed/,
} as const;
const ALL_THREE =
  'Check all three, since servers do not say which is wrong: the user, the password, and auth_source, the database that reader was created in (admin was asked).';

describe('a login that is wrong', () => {
  test.each([['SCRAM-SHA-256'], ['SCRAM-SHA-1']] as const)('the password, by %s', async (mechanism) => {
    const { report } = await testFake(users({ password: 'another', mechanisms: [mechanism] }));
    expectFailure(report, {
      ...REJECTED,
      fields: ['password', 'username', 'auth_source'],
      fix: 'Check the password first: the server seems to have a user reader in admin.',
    });
    expect(report.handoff).toBeUndefined();
  });

  test('the user, or where it was created: all three may be wrong, and the administrator can create it', async () => {
    for (const user of [{ username: 'other' }, { source: 'shop' }]) {
      const { report } = await testFake(users(user));
      expectFailure(report, { ...REJECTED, fields: ['username', 'password', 'auth_source'], fix: ALL_THREE });
      const [letter] = report.handoff ?? [];
      expect(letter).toMatchObject({ actor: 'dba', format: 'mongosh' });
      expect(letter?.text).toContain(
        'if (!db.getSiblingDB("admin").getUser("reader")) db.getSiblingDB("admin").createUser({ user: "reader", pwd: passwordPrompt(), roles: [{"role":"read","db":"shop"}] });',
      );
    }
  });

  test('there is no password', async () => {
    const { failed, server } = await testFake({}, { config: { password: undefined } });
    expect(failed).toMatchObject({ id: 'auth', code: 'PASSWORD_MISSING', fields: ['password'], actor: 'user' });
    expect(server.commands.map((command) => Object.keys(command)[0])).toEqual(['hello']);
  });

  test('there is no user', async () => {
    const config = { username: undefined, password: undefined, database: undefined };
    const { failed } = await testFake({}, { config });
    expect(failed).toMatchObject({ code: 'LOGIN_MISSING', fields: ['username', 'password', 'auth_source'] });
  });

  test('PLAIN without TLS: the password is not sent', async () => {
    const { failed, server } = await testFake({}, { config: { auth_mechanism: 'PLAIN' } });
    expect(failed).toMatchObject({ code: 'LOGIN_NEEDS_TLS', fields: ['tls_mode'] });
    expect(JSON.stringify(server.commands)).not.toContain('saslStart');
  });

  test.each([
    ['another mechanism', 334, 'is not enabled', 'AUTH_METHOD_UNSUPPORTED', 'dba'],
    ['Atlas', 8000, 'bad auth : Authentication failed.', 'AUTH_REJECTED', 'user'],
    ['a server that shuts down', 91, 'The server is in quiesce mode', 'SERVER_NOT_READY', 'dba'],
    ['a reason of its own', 4711, 'no', 'LOGIN_REFUSED', 'dba'],
  ] as const)('%s', async (_, code, message, problem, actor) => {
    const instead = (_: unknown, name: string) => (name === 'saslStart' ? refused(code, message) : undefined);
    const { failed } = await testFake({ instead });
    expect(failed).toMatchObject({ id: 'auth', code: problem, actor, driver_code: String(code), evidence: message });
  });
});

describe('a server that lies', () => {
  const saying = (payload: string, done = false) => ({
    instead: (_: unknown, name: string) =>
      name === 'saslStart' ? { conversationId: 1, done, payload: Buffer.from(payload), ok: 1 } : undefined,
  });

  test.each([
    ['another nonce', 'r=anothernonce,s=c2FsdHNhbHQ=,i=10000'],
    ['no salt', 'r=anothernonce,i=10000'],
    ['nothing', ''],
    ['garbage', '\0\xff,,,='],
  ])('%s', async (_, payload) => {
    const { failed } = await testFake(saying(payload));
    expect(failed).toMatchObject({ id: 'auth', code: 'WRONG_PROTOCOL' });
  });

  test('asks for more rounds than anybody should make, or for so few that the password is easily guessed', async () => {
    for (const rounds of [2_000_000_000, 1]) {
      const { failed } = await testFake({ ...users({ mechanisms: ['SCRAM-SHA-256'] }), instead: roundsOf(rounds) });
      expect(failed).toMatchObject({ id: 'auth', code: 'WRONG_PROTOCOL' });
    }
  });

  test('lets it in without knowing the password', async () => {
    const instead = (_: unknown, name: string) => {
      const payload = Buffer.from(`v=${createHash('sha256').update('x').digest('base64')}`);
      return name === 'saslContinue' ? { conversationId: 1, done: true, payload, ok: 1 } : undefined;
    };
    const { failed, report } = await testFake({ instead });
    expect(failed).toMatchObject({ id: 'auth', code: 'WRONG_PROTOCOL' });
    expect(report.headline).toContain('it does not prove that it knows the password');
  });

  test('has the password in its words', async () => {
    const instead = (_: unknown, name: string) =>
      name === 'saslStart' ? refused(18, `no ${PASSWORD} for ${Buffer.from(PASSWORD).toString('base64')}`) : undefined;
    const { failed } = await testFake({ instead });
    expect(failed?.evidence).toBe('no [secret] for [secret]');
  });
});

/** The client's own nonce and more, and a number of rounds. */
function roundsOf(rounds: number) {
  return (command: Record<string, unknown>, name: string) => {
    if (name !== 'saslStart') return undefined;
    const { buffer } = command['payload'] as { buffer: Uint8Array };
    const nonce = /r=(.*)$/.exec(Buffer.from(buffer).toString())?.[1];
    const payload = Buffer.from(`r=${nonce}more,s=c2FsdHNhbHQ=,i=${rounds}`);
    return { conversationId: 1, done: false, payload, ok: 1 };
  };
}
