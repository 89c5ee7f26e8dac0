import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { ProblemCode } from '../../../../src/probes/problems/index.ts';
import * as hostile from '../../../support/hostile-servers.ts';
import { portOf } from '../../../support/ports.ts';
import { keyPair, type SshServerOptions } from '../../../support/ssh-server.ts';
import { createLab, dnsError, type Expected, expectClosed, expectFailure, type LabOptions } from '../lab.ts';
import { listen, startGreetingServer } from '../servers.ts';
import { bastion, forTest, PASSWORD, through } from './tunnel.ts';

interface Wrong {
  name: string;
  server?: SshServerOptions;
  /** In place of an SSH server. */
  other?: () => Promise<{ host: string; port: number; stop(): Promise<void> }>;
  config?: Record<string, unknown>;
  lab?: LabOptions;
  timeoutS?: number;
  /** `@` stands for the SSH server's address, `*` for its port. */
  expected: Omit<Expected, 'code' | 'depth'> & { code: ProblemCode; depth?: Expected['depth'] };
}

const user = keyPair();
const other = keyPair();
const LOCKED = keyPair('ed25519', 'open sesame');
const CHECK_DNS = 'Try again in a moment. If it stays, the DNS of the machine that runs Headwater needs attention.';
const LINE = `restrict,port-forwarding,permitopen="db.internal:5432" ${user.publicLine} headwater`;
const LOOK =
  'Check that * is the port of an SSH server itself; an overloaded server or a proxy in between can also hang.';
const dropped = {
  code: 'SSH_CONNECTION_LOST',
  actor: 'network_admin',
  retryable: true,
  fields: ['ssh_host', 'ssh_port'],
  says: '@ accepted the connection and then dropped it',
  fix: 'Look at the log of the server behind @; a proxy or firewall in between may also cut connections.',
} as const;
const notSsh = (what: string, driver?: string): Wrong['expected'] => ({
  step: 'ssh_protocol',
  code: 'SSH_WRONG_PROTOCOL',
  actor: 'user',
  fields: ['ssh_port', 'ssh_host'],
  says: `@ is not an SSH server: ${what}`,
  fix: 'Give the port on which an SSH server itself listens.',
  ...(driver ? { driver } : {}),
});
const rejected = {
  step: 'ssh_auth',
  code: 'SSH_AUTH_REJECTED',
  actor: 'user',
  fields: ['ssh_username', 'ssh_password'],
  fix: 'Check both: servers do not say which of the two is wrong. It is the login of the SSH server that is meant.',
} as const;
const denied = {
  step: 'tunnel',
  code: 'SSH_FORWARDING_DENIED',
  actor: 'network_admin',
  fields: ['ssh_username', 'host', 'port'],
  says: 'The SSH server @ does not permit tunnel to be forwarded to db.internal:5432',
  fix: 'Permit it there: AllowTcpForwarding local for tunnel in sshd_config, PermitOpen db.internal:5432 where PermitOpen is set, and port-forwarding where the line in authorized_keys is restricted.',
} as const;
const behind = (
  reason: number,
  says: string,
  expected: Pick<Expected, 'says' | 'fix' | 'actor'> & { code: ProblemCode },
) => ({
  name: `the database behind it: ${says || reason}`,
  server: { forward: () => ({ reason, says }) },
  expected: {
    step: 'tunnel',
    fields:
      expected.code === 'TUNNEL_REFUSED'
        ? ['port', 'host']
        : ['host', ...(expected.code === 'TUNNEL_NAME_UNKNOWN' ? [] : ['port'])],
    driver: `open ${reason}`,
    retryable: expected.actor === 'network_admin',
    ...(says === '' ? {} : { evidence: new RegExp(`^the SSH server says: ${says}$`) }),
    ...expected,
  },
});
const unreachable = {
  code: 'TUNNEL_UNREACHABLE',
  actor: 'network_admin',
  says: 'The SSH server @ could not connect to db.internal:5432',
  fix: 'Check on the SSH server that db.internal:5432 can be reached from there; its log says more.',
} as const;
const refusedBehind = {
  code: 'TUNNEL_REFUSED',
  actor: 'user',
  says: 'Nothing listens on db.internal:5432, as seen from the SSH server @',
  fix: 'Check host and port (is 5432 right?) as the SSH server sees them: localhost is that server.',
} as const;
const unknownBehind = {
  code: 'TUNNEL_NAME_UNKNOWN',
  actor: 'user',
  says: 'The SSH server @ knows no host named db.internal',
  fix: 'The SSH server looks the host up: give the name or address that it has there. localhost is that server.',
} as const;
const silentBehind = {
  code: 'TUNNEL_TIMEOUT',
  actor: 'network_admin',
  says: 'The SSH server @ gets no answer from db.internal:5432',
  fix: 'Permit TCP from the SSH server @ to db.internal:5432 (firewall, security group).',
} as const;

const ROWS: readonly Wrong[] = [
  {
    name: 'no host of that name',
    config: { ssh_host: 'bastion.shop.example' },
    lab: { names: {} },
    expected: {
      step: 'ssh_dns',
      code: 'SSH_DNS_NOT_FOUND',
      actor: 'user',
      fields: ['ssh_host'],
      says: 'There is no host named bastion.shop.example',
      fix: 'Check the spelling of bastion.shop.example. If it is a private name, it resolves only inside its own network.',
      driver: 'ENOTFOUND',
    },
  },
  {
    name: 'a name server that fails',
    config: { ssh_host: 'bastion.shop.example' },
    lab: { lookup: () => Promise.reject(dnsError('EAI_AGAIN')) },
    expected: {
      step: 'ssh_dns',
      code: 'SSH_DNS_FAILED',
      actor: 'network_admin',
      retryable: true,
      says: 'The name server did not answer for bastion.shop.example',
      fix: CHECK_DNS,
      driver: 'EAI_AGAIN',
    },
  },
  {
    name: 'a name server that says nothing',
    config: { ssh_host: 'bastion.shop.example' },
    lab: { lookup: () => new Promise(() => {}) },
    timeoutS: 0.5,
    expected: {
      step: 'ssh_dns',
      code: 'SSH_DNS_TIMEOUT',
      actor: 'network_admin',
      retryable: true,
      says: 'Looking up bastion.shop.example took too long',
      fix: CHECK_DNS,
    },
  },
  {
    name: 'a private name where only public ones are permitted',
    lab: { egress: 'public_only' },
    config: { ssh_host: 'bastion.internal' },
    expected: {
      step: 'ssh_name_policy',
      code: 'SSH_HOST_REFUSED',
      actor: 'network_admin',
      fields: ['ssh_host'],
      says: 'Connections to bastion.internal are not permitted: It is a name reserved for private networks',
      fix: 'If the target is meant, a person who operates Headwater can add it to HEADWATER_ALLOW_HOSTS (or set HEADWATER_EGRESS=allow_private for private networks).',
      driver: 'EGRESS_DENIED',
    },
  },
  {
    name: 'a metadata service as the database',
    config: { host: '169.254.169.254', port: 80 },
    expected: {
      step: 'name_policy',
      code: 'HOST_REFUSED',
      actor: 'network_admin',
      fields: ['host'],
      says: 'Connections to 169.254.169.254 are not permitted: It is a cloud metadata service, which is never permitted',
      fix: 'No switch opens it.',
      driver: 'EGRESS_DENIED',
    },
  },
  {
    name: 'nothing listens',
    other: async () => ({ host: '127.0.0.1', port: await hostile.closedPort(), stop: async () => {} }),
    expected: {
      step: 'ssh_tcp',
      code: 'SSH_TCP_REFUSED',
      actor: 'user',
      fields: ['ssh_port', 'ssh_host'],
      says: 'Nothing listens on @',
      fix: 'Check the port (is * right?) and that an SSH server runs there and listens on that address.',
      driver: 'ECONNREFUSED',
    },
  },
  {
    name: 'silence',
    other: hostile.startHangingServer,
    timeoutS: 1,
    expected: {
      step: 'ssh_protocol',
      code: 'SSH_PROTOCOL_TIMEOUT',
      actor: 'network_admin',
      retryable: true,
      fields: ['ssh_port'],
      says: '@ accepted the connection and then said nothing',
      fix: LOOK,
    },
  },
  {
    name: 'silence after the first line',
    other: () => startGreetingServer('SSH-2.0-Silent\r\n'),
    timeoutS: 1,
    expected: {
      step: 'ssh_protocol',
      code: 'SSH_PROTOCOL_TIMEOUT',
      actor: 'network_admin',
      retryable: true,
      fields: ['ssh_port'],
      says: '@ accepted the connection and then said nothing',
      fix: LOOK,
    },
  },
  { name: 'a web server', other: () => webServer(), expected: notSsh('an HTTP server answers there') },
  {
    name: 'a mail server, which waits for more',
    other: () => startGreetingServer('220 mail.example ESMTP\r\n'),
    expected: notSsh('a mail or FTP server answers there'),
  },
  {
    name: 'a database, that of a wrong port',
    other: () => startGreetingServer(Buffer.from('4a0000000a382e302e333600', 'hex')),
    expected: notSsh('a MySQL or MariaDB server answers there'),
  },
  { name: 'garbage', other: hostile.startGarbageServer, expected: notSsh('its answer is not of this protocol') },
  {
    name: 'garbage after the first line',
    other: () => startGreetingServer(Buffer.from(`SSH-2.0-Broken\r\n${'\x7f'.repeat(400)}`)),
    expected: { step: 'ssh_protocol', ...dropped },
  },
  { name: 'a closed door', other: hostile.startClosingServer, expected: { step: 'ssh_protocol', ...dropped } },
  {
    name: 'a server that is full',
    other: () => listen((socket) => socket.resume().end('Exceeded MaxStartups\r\n')),
    expected: {
      step: 'ssh_protocol',
      code: 'SSH_BUSY',
      actor: 'network_admin',
      retryable: true,
      says: 'The SSH server @ turns connections away: it is full, or has blocked this address',
      fix: 'Try again in a minute. If it stays, have MaxStartups and the blocking of addresses looked at there.',
      evidence: /^the server says: Exceeded MaxStartups$/,
    },
  },
  {
    name: 'algorithms of long ago alone',
    server: { algorithms: { kex: ['diffie-hellman-group14-sha1'] } },
    expected: {
      step: 'ssh_protocol',
      code: 'SSH_NO_COMMON_ALGORITHM',
      actor: 'network_admin',
      says: 'The SSH server @ and Headwater have no key exchange algorithm in common',
      fix: 'Have the server offer one that OpenSSH has by default: what it offers (evidence) is too old or too rare.',
      evidence: /^the server has diffie-hellman-group14-sha1/,
    },
  },
  {
    name: 'signatures of long ago alone',
    server: { hostKeys: [keyPair('rsa')], algorithms: { serverHostKey: ['ssh-rsa'] } },
    expected: {
      step: 'ssh_protocol',
      code: 'SSH_NO_COMMON_ALGORITHM',
      actor: 'network_admin',
      says: 'The SSH server @ and Headwater have no host key format in common',
      fix: 'Have the server offer one that OpenSSH has by default: what it offers (evidence) is too old or too rare.',
      evidence: /^the server has ssh-rsa$/,
    },
  },
  {
    name: 'a wrong password',
    config: { ssh_password: 'not that one' },
    expected: {
      ...rejected,
      says: 'The SSH server rejected the user name or password (user tunnel)',
      evidence: /^it takes password$/,
    },
  },
  {
    name: 'a wrong user',
    config: { ssh_username: 'nobody' },
    expected: { ...rejected, says: 'The SSH server rejected the user name or password (user nobody)' },
  },
  {
    name: 'a wrong password to a server that asks',
    server: { questions: [] },
    config: { ssh_password: 'not that one' },
    expected: { ...rejected, says: 'The SSH server rejected the user name or password (user tunnel)' },
  },
  {
    name: 'a wrong password to a server that asks again',
    server: { questions: [], asksAgain: true },
    config: { ssh_password: 'not that one' },
    expected: {
      ...rejected,
      says: 'The SSH server rejected the user name or password (user tunnel)',
      evidence: /^it takes Password:$/,
    },
  },
  {
    name: 'a key that nobody knows',
    server: { keys: [other.publicLine] },
    config: { ssh_private_key: user.privateKey },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_KEY_REJECTED',
      actor: 'network_admin',
      fields: ['ssh_username', 'ssh_private_key'],
      says: 'The SSH server 127.0.0.1 does not accept this key for the user tunnel',
      fix: `If user and key are the right ones, add this line to the authorized_keys of tunnel: ${LINE}`,
      command: `sudo -H -u tunnel sh -c 'umask 077; mkdir -p ~/.ssh; grep -qxF "$1" ~/.ssh/authorized_keys 2>/dev/null || echo "$1" >> ~/.ssh/authorized_keys' sh '${LINE}'`,
      evidence: /^it takes publickey, password$/,
    },
  },
  {
    name: 'a password where keys alone are taken',
    server: { keysOnly: true, keys: [user.publicLine] },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_AUTH_METHOD',
      actor: 'user',
      fields: ['ssh_password', 'ssh_private_key'],
      says: 'The SSH server 127.0.0.1 does not take such a login; it takes publickey',
      fix: 'Give ssh_private_key in place of ssh_password, or have passwords permitted (PasswordAuthentication).',
    },
  },
  {
    name: 'a key where passwords alone are taken',
    config: { ssh_private_key: user.privateKey },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_AUTH_METHOD',
      actor: 'user',
      fields: ['ssh_password', 'ssh_private_key'],
      says: 'The SSH server 127.0.0.1 does not take such a login; it takes password',
      fix: 'Give ssh_password in place of ssh_private_key, or have keys permitted (PubkeyAuthentication).',
    },
  },
  ...(
    [
      ['a key and a password', { keys: [user.publicLine], both: true }, { ssh_private_key: user.privateKey }],
      ['a code', { questions: [{ prompt: 'Code: ', echo: true }] }, {}],
      [
        'two answers',
        {
          questions: [
            { prompt: 'Password: ', echo: false },
            { prompt: 'Code: ', echo: false },
          ],
        },
        {},
      ],
    ] as const
  ).map(
    ([name, server, config]): Wrong => ({
      name: `a server that wants ${name}`,
      server: server as SshServerOptions,
      config,
      expected: {
        step: 'ssh_auth',
        code: 'SSH_SECOND_FACTOR',
        actor: 'network_admin',
        fields: ['ssh_username'],
        says: 'The SSH server 127.0.0.1 wants more of tunnel than one proof',
        fix: 'Let tunnel, or an account for machines, in with a key alone (AuthenticationMethods publickey): nobody is there to answer.',
      },
    }),
  ),
  {
    name: 'a password that has expired',
    server: { expired: true },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_PASSWORD_EXPIRED',
      actor: 'network_admin',
      fields: ['ssh_password'],
      says: 'The password of tunnel on the SSH server 127.0.0.1 has expired',
      fix: 'Set a new password for the user, and put it into the config; or use a key.',
    },
  },
  ...(
    [
      ['a public key', user.publicLine, 'it is a public key; the private one is needed'],
      ['no key', 'not a key at all', 'it is no private key in OpenSSH or PEM format'],
      ['half a key', user.privateKey.slice(0, 200), 'it is no private key in OpenSSH or PEM format'],
    ] as const
  ).map(
    ([name, key, what]): Wrong => ({
      name,
      config: { ssh_private_key: key },
      expected: {
        step: 'ssh_auth',
        code: 'SSH_KEY_UNREADABLE',
        actor: 'user',
        fields: ['ssh_private_key'],
        says: `The private key for the SSH server cannot be read: ${what}`,
        fix: 'Give the whole text of the private key file, best as a reference such as ${file:/run/secrets/id_ed25519}.',
      },
    }),
  ),
  {
    name: 'a locked key without its passphrase',
    config: { ssh_private_key: LOCKED.privateKey },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_PASSPHRASE_MISSING',
      actor: 'user',
      fields: ['ssh_passphrase'],
      says: 'The private key for the SSH server is encrypted, and no passphrase is set',
      fix: 'Add ssh_passphrase, best as a reference, or give a key without one.',
    },
  },
  {
    name: 'a locked key with another passphrase',
    config: { ssh_private_key: LOCKED.privateKey, ssh_passphrase: 'open barley' },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_PASSPHRASE_WRONG',
      actor: 'user',
      fields: ['ssh_passphrase', 'ssh_private_key'],
      says: 'The passphrase does not open the private key for the SSH server',
      fix: 'Check ssh_passphrase, and that it belongs to this key.',
    },
  },
  {
    name: 'too many failures',
    server: { atLogin: (_, connection) => disconnect(connection, 14) },
    expected: {
      step: 'ssh_auth',
      code: 'SSH_TOO_MANY_FAILURES',
      actor: 'user',
      retryable: true,
      fields: ['ssh_username', 'ssh_password', 'ssh_private_key'],
      says: 'The SSH server 127.0.0.1 has had too many failed logins of tunnel',
      fix: 'Check user name and credentials before the next try, and wait some minutes: such servers block addresses.',
      driver: 'disconnect 14',
    },
  },
  {
    name: 'an end in the middle of the login',
    server: { atLogin: (_, connection) => connection.end() },
    expected: { step: 'ssh_auth', ...dropped },
  },
  {
    name: 'no answer to the login',
    server: { atLogin: () => {} },
    timeoutS: 1,
    expected: {
      step: 'ssh_auth',
      code: 'SSH_AUTH_TIMEOUT',
      actor: 'network_admin',
      retryable: true,
      says: 'The SSH server @ did not answer the login',
      fix: 'Test again; if it stays, look at the load and the log of the SSH server.',
    },
  },
  {
    name: 'forwarding that is not permitted',
    server: { forward: () => ({ reason: 1, says: 'open failed' }) },
    expected: { ...denied, driver: 'open 1' },
  },
  {
    name: 'forwarding that is not permitted, in words that lie',
    server: { forward: () => ({ reason: 1, says: 'Connection refused' }) },
    expected: { ...denied, driver: 'open 1' },
  },
  {
    name: 'forwarding that it does not have',
    server: { forward: () => ({ reason: 3 }) },
    expected: { ...denied, driver: 'open 3' },
  },
  behind(2, 'Connection refused', refusedBehind),
  behind(2, 'Connection timed out', silentBehind),
  behind(2, 'No route to host', unreachable),
  behind(2, '', unreachable),
  behind(4, '', unreachable),
  behind(2, 'Name or service not known', unknownBehind),
  behind(2, 'Temporary failure in name resolution', unknownBehind),
  behind(2, 'nodename nor servname provided, or not known', unknownBehind),
  {
    name: 'silence behind it',
    server: { forward: () => 'hang' },
    timeoutS: 1,
    expected: { step: 'tunnel', ...silentBehind, retryable: true, fields: ['host', 'port'] },
  },
  {
    name: 'an end in the middle of it',
    server: { forward: () => 'drop' },
    expected: { step: 'tunnel', ...dropped },
  },
];

/** Private to ssh2: the packet with a reason. */
function disconnect(connection: unknown, reason: number): void {
  const { _protocol: protocol } = connection as { _protocol: { disconnect(reason: number): void } };
  protocol.disconnect(reason);
}

/** Node's answers that it does not understand, and hangs up. */
async function webServer() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => new Promise<void>((resolve) => void server.close(() => resolve()));
  return { host: '127.0.0.1', port: portOf(server.address()), stop };
}

test.each(ROWS)('$name', async ({ server, other, config, lab: options, timeoutS, expected }) => {
  const place = other ? forTest(await other()) : await bastion(server);
  const lab = createLab(options);
  const report = await lab.test(through(place, config), timeoutS === undefined ? {} : { timeoutS });
  const said = (text: string) =>
    text.replaceAll('@', `${place.host}:${place.port}`).replaceAll('*', String(place.port));
  // Behind the end of it there was a warning: nothing is pinned yet.
  const beyondKey = ['ssh_auth', 'tunnel'].includes(expected.step);
  expectFailure(report, {
    depth: 'config',
    ...(beyondKey ? { warned: ['ssh_host_key: SSH_HOST_KEY_UNPINNED'] } : {}),
    ...expected,
    says: said(expected.says),
    fix: said(expected.fix),
  });
  const text = JSON.stringify(report);
  for (const secret of [PASSWORD, 'not that one', 'open sesame', 'open barley', user.privateKey.split('\n')[3] ?? ''])
    expect(text).not.toContain(secret);
  await expectClosed(lab);
  if ('open' in place) await vi.waitFor(() => expect(place.open).toBe(0), 1000);
});

test.each([
  ['a reset', hostile.startResettingServer, ['SSH_CONNECTION_LOST']],
  ['a drip', hostile.startDrippingServer, ['SSH_WRONG_PROTOCOL']],
  ['an endless greeting', () => listen(endless), ['SSH_WRONG_PROTOCOL']],
] as const)('%s in place of an SSH server ends within its time', async (_, start, codes) => {
  const place = forTest(await start());
  const lab = createLab();
  const report = await lab.test(through(place), { timeoutS: 3 });
  const step = report.steps.find(({ status }) => status === 'fail');
  expect(codes).toContain(step?.code);
  expect(report.latency_ms).toBeLessThan(3500);
  await expectClosed(lab);
  await vi.waitFor(() => expect(place.open).toBe(0), 1000);
});

function endless(socket: Socket): void {
  const more = () => {
    while (!socket.destroyed && socket.write('a line of a greeting that never ends\r\n'.repeat(100)));
  };
  socket.on('drain', more);
  more();
}

test('names every failure that there is', () => {
  const codes = new Set(ROWS.map(({ expected }) => expected.code));
  expect([...codes].filter((code) => /^(SSH|TUNNEL)_/.test(code)).length).toBeGreaterThanOrEqual(25);
});
