import { expect, test } from 'vitest';
import { hostKeyFingerprint } from '../../../src/net/ssh-host-key.ts';
import { keyPair } from '../../support/ssh-server.ts';

const { publicLine, fingerprint } = keyPair();
const other = keyPair('rsa');
const certificate = publicLine.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com');

test.each([
  ['a fingerprint', fingerprint],
  ['with padding', `${fingerprint}=`],
  ['as ssh-keygen prints it', `256 ${fingerprint} root@bastion (ED25519)`],
  ['a public key', publicLine],
  ['with a comment', `${publicLine} root@bastion\n`],
  ['of known_hosts', `bastion.example.com,10.0.0.1 ${publicLine}`],
  ['of known_hosts, with a port', `[bastion.example.com]:2222 ${publicLine}`],
  ['of known_hosts, hashed', `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${publicLine}`],
  ['as ssh-keyscan prints it', `# bastion:22 SSH-2.0-OpenSSH_9.2\nbastion ${publicLine}\n`],
])('takes %s', (_, text) => {
  expect(hostKeyFingerprint(text)).toBe(fingerprint);
});

test.each<readonly [string, string, string]>([
  ['nothing', ' \n', 'holds no key'],
  ['two keys', `${publicLine}\n${other.publicLine}`, 'holds several keys; give the one to pin'],
  [
    'an authority',
    `@cert-authority *.example.com ${publicLine}`,
    'cannot be an authority or a revoked key; give the key of the server',
  ],
  [
    'an MD5 fingerprint',
    `MD5:${Array(16).fill('a1').join(':')}`,
    'is an MD5 fingerprint; give the SHA256 one (ssh-keygen -lf)',
  ],
  ...[
    'SHA256:short',
    `${fingerprint}x`,
    'yes',
    certificate,
    publicLine.replace('ssh-ed25519', 'ssh-rsa'),
    'ssh-ed25519 AAAA',
  ].map(
    (text) =>
      [text.slice(0, 30), text, 'must be a SHA256:… fingerprint, a public key or a line of known_hosts'] as const,
  ),
])('refuses %s', (_, text, message) => {
  expect(() => hostKeyFingerprint(text)).toThrow(new RangeError(message));
});
