import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ParsedKey } from 'ssh2';

/** What is wrong with a private key. */
export type KeyFault = 'unreadable' | 'public' | 'kind' | 'passphrase_missing' | 'passphrase_wrong';

/** Thrown for a key that cannot be used. Carries nothing of the key. */
export class UnusableKey extends Error {
  readonly fault: KeyFault;
  constructor(fault: KeyFault) {
    super(fault);
    this.name = 'UnusableKey';
    this.fault = fault;
  }
}

/** A private key that can sign, and the line that lets it in: `ssh-ed25519 AAAA…`. */
export interface ClientKey {
  key: ParsedKey;
  publicLine: string;
}

/**
 * Reads a private key: OpenSSH's own format, PuTTY's version 2, PKCS#1, SEC1 or PKCS#8 as PEM, with or without a
 * passphrase. @throws UnusableKey
 */
export async function readClientKey(text: string, passphrase: string | undefined): Promise<ClientKey> {
  const { utils } = (await import('ssh2')).default;
  const lines = withLines(text);
  if (/^(ssh-|ecdsa-|sk-|-+ ?BEGIN [A-Z0-9 ]*PUBLIC KEY)/.test(lines)) throw new UnusableKey('public');
  const isPem = /^-----BEGIN (?:(?:RSA|EC|ENCRYPTED) )?PRIVATE KEY-----/.test(lines);
  const parsed = utils.parseKey(isPem ? plainPem(lines, passphrase) : lines, passphrase);
  if (parsed instanceof Error) throw new UnusableKey(faultOf(parsed.message));
  if (!parsed.isPrivateKey()) throw new UnusableKey('public');
  if (!/^(ssh-ed25519|ecdsa-|ssh-rsa)/.test(parsed.type)) throw new UnusableKey('kind');
  return { key: parsed, publicLine: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}` };
}

/** Variables of an environment often hold a key with its line ends written out. */
function withLines(text: string): string {
  const trimmed = text.trim();
  return (trimmed.includes('\n') ? trimmed : trimmed.replaceAll('\\r', '').replaceAll('\\n', '\n')).replaceAll(
    '\r',
    '',
  );
}

/** ssh2 says it in words alone. */
function faultOf(message: string): KeyFault {
  if (/no passphrase given/i.test(message)) return 'passphrase_missing';
  if (/bad passphrase|integrity check failed|bad decrypt|unable to authenticate data/i.test(message))
    return 'passphrase_wrong';
  return /unsupported (OpenSSH (private|public) )?key type/i.test(message) ? 'kind' : 'unreadable';
}

/** The same key in a form that ssh2 reads: without a passphrase, of its own kind. */
function plainPem(pem: string, passphrase: string | undefined): string {
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ERR_MISSING_PASSPHRASE') throw new UnusableKey('passphrase_missing');
    throw new UnusableKey(/BAD_DECRYPT|INTERRUPTED_OR_CANCELLED/.test(code) ? 'passphrase_wrong' : 'unreadable');
  }
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString().trim();
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString().trim();
  if (key.asymmetricKeyType === 'ed25519') return openSshPem(key);
  throw new UnusableKey('kind');
}

/** An Ed25519 key in OpenSSH's format (PROTOCOL.key), which has no other PEM form that ssh2 reads. */
function openSshPem(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const [publicKey, seed] = [x, d].map((part) => Buffer.from(part, 'base64url')) as [Buffer, Buffer];
  const kind = sshString('ssh-ed25519');
  const pair = Buffer.concat([
    Buffer.alloc(8),
    kind,
    sshString(publicKey),
    sshString(Buffer.concat([seed, publicKey])),
    sshString(''),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (pair.length % 8)) % 8 }, (_, i) => i + 1));
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    Buffer.from([0, 0, 0, 1]),
    sshString(Buffer.concat([kind, sshString(publicKey)])),
    sshString(Buffer.concat([pair, padding])),
  ]);
  const body = whole.toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----`;
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
