import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ParsedKey } from 'ssh2';
import { openedKey, plainKey, type SealedKey, sealedKey, sshString } from './openssh-key.ts';

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

/** The public part of RSA with 16,384 bits, the most that OpenSSH makes; to sign with more takes minutes. */
const LONGEST_PUBLIC = 2200;

/**
 * Reads a private key: OpenSSH's own format, PKCS#1, SEC1 or PKCS#8 as PEM, with or without a passphrase.
 * @throws UnusableKey; the reason of `signal`
 */
export async function readClientKey(
  text: string,
  passphrase: string | undefined,
  signal: AbortSignal,
): Promise<ClientKey> {
  const { utils } = (await import('ssh2')).default;
  const parsed = utils.parseKey(await openKey(withLines(text), passphrase, signal));
  if (parsed instanceof Error) {
    // ssh2 says it in words alone.
    throw new UnusableKey(/unsupported .*key type/i.test(parsed.message) ? 'kind' : 'unreadable');
  }
  const known = /^(ssh-ed25519|ecdsa-sha2-|ssh-rsa)/.test(parsed.type);
  if (!known || parsed.getPublicSSH().length > LONGEST_PUBLIC) throw new UnusableKey('kind');
  return { key: parsed, publicLine: `${parsed.type} ${parsed.getPublicSSH().toString('base64')}` };
}

/** Variables of an environment often hold a key with its line ends written out. */
function withLines(text: string): string {
  const trimmed = text.trim();
  const lines = trimmed.includes('\n') ? trimmed : trimmed.replaceAll('\\r', '').replaceAll('\\n', '\n');
  return lines.replaceAll('\r', '').trim();
}

/** The key without encryption, in a form that ssh2 reads. */
async function openKey(pem: string, passphrase: string | undefined, signal: AbortSignal): Promise<string> {
  if (/^(ssh-|ecdsa-|sk-|-+ ?BEGIN [A-Z0-9 ]*PUBLIC KEY)/.test(pem)) throw new UnusableKey('public');
  if (/^-----BEGIN (?:(?:RSA|EC|ENCRYPTED) )?PRIVATE KEY-----/.test(pem)) return plainPem(pem, passphrase);
  const sealed = sealedOf(pem);
  if (!sealed) return pem;
  if (passphrase === undefined) throw new UnusableKey('passphrase_missing');
  const open = await openedKey(sealed, passphrase, signal);
  if (open === undefined) throw new UnusableKey('passphrase_wrong');
  return open;
}

function sealedOf(pem: string): SealedKey | undefined {
  try {
    return sealedKey(pem);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UnusableKey('unreadable');
  }
}

/** Derives a key from a passphrase at a stretch: ten million rounds would be ten seconds in which nothing else runs. */
const MOST_ITERATIONS = 100_000;
/** The same key in a form that ssh2 reads: without a passphrase, of its own kind. */
function plainPem(pem: string, passphrase: string | undefined): string {
  // OpenSSL passes over what it cannot read, so that the key could be another one than the first.
  if (pem.split('-----BEGIN ').length > 2) throw new UnusableKey('unreadable');
  if (pem.startsWith('-----BEGIN ENCRYPTED') && !(iterationsOf(pem) <= MOST_ITERATIONS)) {
    throw new UnusableKey('unreadable');
  }
  const isSealed = /ENCRYPTED/.test(pem);
  if (isSealed && passphrase === undefined) throw new UnusableKey('passphrase_missing');
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: pem, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // OpenSSL cannot tell a wrong passphrase from a broken key.
    throw new UnusableKey(isSealed ? 'passphrase_wrong' : 'unreadable');
  }
  const kind = key.asymmetricKeyType;
  if (kind === 'ed25519') return openSshPem(key);
  if (kind !== 'rsa' && kind !== 'ec') throw new UnusableKey('kind');
  const text = key.export({ type: kind === 'rsa' ? 'pkcs1' : 'sec1', format: 'pem' } as {
    type: 'pkcs1';
    format: 'pem';
  });
  return text.toString().trim();
}

/** Nothing in it may match in two ways, since it may be 64 kB of anything. */
const SEALED_PEM =
  /^-----BEGIN ENCRYPTED PRIVATE KEY-----([A-Za-z0-9+/\s]+)={0,2}\n?-----END ENCRYPTED PRIVATE KEY-----$/;
const TAG = { number: 0x02, bytes: 0x04, name: 0x06, sequence: 0x30 } as const;
const PBKDF2 = Buffer.from('2a864886f70d01050c', 'hex');

/** Of an encrypted PKCS#8 key by PBKDF2 (RFC 8018), read along the one way in which OpenSSL reads it. NaN for others. */
function iterationsOf(pem: string): number {
  const der = Buffer.from(SEALED_PEM.exec(pem)?.[1] ?? '', 'base64');
  let at = 0;
  const into = (tag: number): number => {
    if (der.readUInt8(at) !== tag) throw new RangeError('something else');
    const short = der.readUInt8(at + 1);
    const more = short < 0x80 ? 0 : short & 0x7f;
    const length = more === 0 ? short : der.readUIntBE(at + 2, more);
    at += 2 + more;
    return length;
  };
  const past = (tag: number): Buffer => {
    const length = into(tag);
    at += length;
    return der.subarray(at - length, at);
  };
  try {
    // The key, its encryption, that of a password, and of that what derives a key.
    into(TAG.sequence);
    into(TAG.sequence);
    past(TAG.name);
    into(TAG.sequence);
    into(TAG.sequence);
    if (!past(TAG.name).equals(PBKDF2)) return Number.NaN;
    into(TAG.sequence);
    past(TAG.bytes);
    const rounds = past(TAG.number);
    return rounds.readUIntBE(0, rounds.length);
  } catch {
    return Number.NaN;
  }
}

/** An Ed25519 key has no PEM form but OpenSSH's that ssh2 reads. */
function openSshPem(key: KeyObject): string {
  const { x = '', d = '' } = key.export({ format: 'jwk' });
  const [publicKey, seed] = [Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url')];
  const kind = sshString('ssh-ed25519');
  const pair = Buffer.concat([
    Buffer.alloc(8),
    kind,
    sshString(publicKey),
    sshString(Buffer.concat([seed, publicKey])),
    sshString(''),
  ]);
  const padding = Buffer.from(Array.from({ length: (8 - (pair.length % 8)) % 8 }, (_, i) => i + 1));
  return plainKey([Buffer.concat([kind, sshString(publicKey)])], Buffer.concat([pair, padding]));
}
