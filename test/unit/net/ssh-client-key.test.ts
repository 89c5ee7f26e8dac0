import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { readClientKey, UnusableKey } from '../../../src/net/ssh-client-key.ts';
import { keyPair } from '../../support/ssh-server.ts';

const PASSPHRASE = 'open sesame';
const forever = new AbortController().signal;
const read = (text: string, passphrase?: string) => readClientKey(text, passphrase, forever);
const faultOf = (work: Promise<unknown>) =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof UnusableKey ? error.fault : error),
  );

type Pem = { type: 'pkcs1' | 'sec1' | 'pkcs8'; format: 'pem'; cipher?: string; passphrase?: string };
const pem = (kind: 'rsa' | 'ec' | 'ed25519' | 'x25519', options: Pem): string => {
  const how = { rsa: { modulusLength: 2048 }, ec: { namedCurve: 'P-256' }, ed25519: {}, x25519: {} }[kind];
  const privateKeyEncoding = options;
  const made = generateKeyPairSync(kind as 'rsa', { ...how, privateKeyEncoding } as never) as unknown as {
    privateKey: string;
  };
  return made.privateKey;
};
const sealed = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE };

test.each(['ed25519', 'ecdsa', 'rsa'] as const)("reads OpenSSH's own format: %s", async (kind) => {
  const open = keyPair(kind);
  expect((await read(open.privateKey)).publicLine).toBe(open.publicLine);
  const locked = keyPair(kind, PASSPHRASE);
  expect((await read(locked.privateKey, PASSPHRASE)).publicLine).toBe(locked.publicLine);
  expect(await faultOf(read(locked.privateKey))).toBe('passphrase_missing');
  expect(await faultOf(read(locked.privateKey, 'open barley'))).toBe('passphrase_wrong');
});

test.each([
  ['rsa', 'pkcs1', /^ssh-rsa AAAA/],
  ['rsa', 'pkcs8', /^ssh-rsa AAAA/],
  ['ec', 'sec1', /^ecdsa-sha2-nistp256 AAAA/],
  ['ec', 'pkcs8', /^ecdsa-sha2-nistp256 AAAA/],
  ['ed25519', 'pkcs8', /^ssh-ed25519 AAAA/],
] as const)('reads PEM: %s, %s', async (kind, type, line) => {
  const { key, publicLine } = await read(pem(kind, { type, format: 'pem' }));
  expect(publicLine).toMatch(line);
  const signed = key.sign(Buffer.from('text'), kind === 'ed25519' ? undefined : 'sha256') as Buffer;
  expect(key.verify(Buffer.from('text'), signed, kind === 'ed25519' ? undefined : 'sha256')).toBe(true);
  const locked = pem(kind, { type, format: 'pem', ...sealed });
  expect((await read(locked, PASSPHRASE)).publicLine).toMatch(line);
  expect(await faultOf(read(locked))).toBe('passphrase_missing');
  expect(await faultOf(read(locked, 'open barley'))).toBe('passphrase_wrong');
});

test('reads a key whose line ends were written out, or are those of Windows', async () => {
  const { privateKey, publicLine } = keyPair();
  for (const text of [privateKey.replaceAll('\n', '\\n'), privateKey.replaceAll('\n', '\r\n'), `\n ${privateKey}\n\n`])
    expect((await read(text)).publicLine).toBe(publicLine);
});

test('says what is wrong with what is none', async () => {
  const { privateKey, publicLine } = keyPair();
  const [head = '', first = '', ...rest] = privateKey.split('\n');
  expect(await faultOf(read(publicLine))).toBe('public');
  expect(await faultOf(read(pem('x25519', { type: 'pkcs8', format: 'pem' })))).toBe('kind');
  for (const text of ['', 'no key', head, privateKey.slice(0, 150), [head, `AAAA${first}`, ...rest].join('\n')])
    expect([text, await faultOf(read(text, PASSPHRASE))]).toEqual([text, 'unreadable']);
});

test('a key that takes for ever to open is given up with the step', async () => {
  const { privateKey } = keyPair('ed25519', PASSPHRASE);
  const [, ...lines] = privateKey.trim().split('\n').slice(0, -1);
  const bytes = Buffer.from(lines.join(''), 'base64');
  const rounds = bytes.indexOf(Buffer.from('bcrypt')) + 6 + 4 + 4 + 16;
  bytes.writeUInt32BE(0xffff_ffff, rounds);
  const endless = `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`;
  const begun = performance.now();
  const signal = AbortSignal.timeout(200);
  await expect(readClientKey(endless, PASSPHRASE, signal)).rejects.toThrow();
  expect(performance.now() - begun).toBeLessThan(1500);
});

test('what OpenSSL would open in place of what was looked at is not opened', async () => {
  const locked = pem('rsa', { type: 'pkcs8', format: 'pem', ...sealed });
  const label = '-----BEGIN ENCRYPTED PRIVATE KEY-----';
  for (const decoy of [
    '-----BEGIN PRIVATE KEY-----x\n',
    '-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n',
  ])
    expect(await faultOf(read(`${decoy}${locked}`, PASSPHRASE))).toBe('unreadable');
  // The rounds that count stand in one place: the same name elsewhere says nothing of them.
  const der = Buffer.from(locked.replace(/-----[^-]*-----/g, ''), 'base64');
  const rounds = der.indexOf(Buffer.from('02020800', 'hex'));
  expect(rounds).toBeGreaterThan(0);
  const many = Buffer.from(der);
  many.writeUInt16BE(0x7fff, rounds + 2);
  expect(
    await faultOf(read(`${label}\n${many.toString('base64')}\n${label.replace('BEGIN', 'END')}`, PASSPHRASE)),
  ).toBe('passphrase_wrong');
  const name = der.indexOf(Buffer.from('06092a864886f70d01050c', 'hex'));
  const hidden = Buffer.from(der);
  hidden[name + 10] = 0x0d;
  expect(
    await faultOf(read(`${label}\n${hidden.toString('base64')}\n${label.replace('BEGIN', 'END')}`, PASSPHRASE)),
  ).toBe('unreadable');
  const begun = performance.now();
  for (const filling of ['\n', ' ', 'A', '='])
    expect(await faultOf(read(`${label}${filling.repeat(65_000)}!`, PASSPHRASE))).toBe('unreadable');
  expect(performance.now() - begun).toBeLessThan(500);
});
