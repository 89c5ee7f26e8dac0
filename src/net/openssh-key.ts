/// <reference path="./bcrypt-pbkdf.d.ts" />
import { createDecipheriv, createHash, type DecipherGCM } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';

const MAGIC = Buffer.from('openssh-key-v1\0');
const HEAD = '-----BEGIN OPENSSH PRIVATE KEY-----';
const TAIL = '-----END OPENSSH PRIVATE KEY-----';

/** Ciphers that ssh-keygen encrypts keys with: the name at OpenSSL, bytes of key and of the first block. */
const CIPHERS: Readonly<Record<string, { name: string; key: number; iv: number }>> = {
  'aes128-ctr': { name: 'aes-128-ctr', key: 16, iv: 16 },
  'aes192-ctr': { name: 'aes-192-ctr', key: 24, iv: 16 },
  'aes256-ctr': { name: 'aes-256-ctr', key: 32, iv: 16 },
  'aes128-cbc': { name: 'aes-128-cbc', key: 16, iv: 16 },
  'aes256-cbc': { name: 'aes-256-cbc', key: 32, iv: 16 },
  'aes128-gcm@openssh.com': { name: 'aes-128-gcm', key: 16, iv: 12 },
  'aes256-gcm@openssh.com': { name: 'aes-256-gcm', key: 32, iv: 12 },
};
const TAG = 16;

/** An encrypted key in OpenSSH's format (PROTOCOL.key), taken apart. */
export interface SealedKey {
  cipher: { name: string; key: number; iv: number };
  salt: Buffer;
  /** How often the passphrase is hashed, each some 10 ms of work; whoever wrote the key has chosen it. */
  rounds: number;
  publicKeys: readonly Buffer[];
  sealed: Buffer;
  tag: Buffer;
}

/**
 * Takes an encrypted key apart; undefined for one that is not encrypted, or none at all.
 * @throws RangeError for one that is broken or encrypted in another way
 */
export function sealedKey(pem: string): SealedKey | undefined {
  if (!pem.startsWith(HEAD)) return undefined;
  const end = pem.indexOf(TAIL);
  if (end < 0) throw new RangeError('no end');
  const reader = new Reader(Buffer.from(pem.slice(HEAD.length, end), 'base64'));
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw new RangeError('no key');
  const [cipherName, kdf, options] = [reader.string(), reader.string(), new Reader(reader.string())];
  if (cipherName.toString() === 'none') return undefined;
  const cipher = CIPHERS[cipherName.toString()];
  if (!cipher || kdf.toString() !== 'bcrypt') throw new RangeError('another encryption');
  const [salt, rounds] = [options.string(), options.uint()];
  const publicKeys = Array.from({ length: Math.min(reader.uint(), 2) }, () => reader.string());
  const sealed = reader.string();
  const tag = cipher.name.endsWith('gcm') ? reader.take(TAG) : Buffer.alloc(0);
  return { cipher, salt, rounds, publicKeys, sealed, tag };
}

/**
 * The same key without its encryption. Others get their turn between the rounds, and `signal` ends it.
 * @returns undefined where the passphrase is another one
 */
export async function openedKey(key: SealedKey, passphrase: string, signal: AbortSignal): Promise<string | undefined> {
  const { cipher, publicKeys, sealed, tag } = key;
  const derived = await derive(passphrase, key, cipher.key + cipher.iv, signal);
  const decipher = createDecipheriv(cipher.name, derived.subarray(0, cipher.key), derived.subarray(cipher.key));
  decipher.setAutoPadding(false);
  let open: Buffer;
  try {
    if (tag.length > 0) (decipher as DecipherGCM).setAuthTag(tag);
    open = Buffer.concat([decipher.update(sealed), decipher.final()]);
  } catch {
    return undefined;
  }
  // The same random number twice, by which OpenSSH knows too that the passphrase was right.
  if (open.length < 8 || open.readUInt32BE(0) !== open.readUInt32BE(4)) return undefined;
  return plainKey(publicKeys, open);
}

/** A key in OpenSSH's format, not encrypted. `pair`: as PROTOCOL.key has it, padded. */
export function plainKey(publicKeys: readonly Buffer[], pair: Buffer): string {
  const whole = Buffer.concat([
    MAGIC,
    sshString('none'),
    sshString('none'),
    sshString(''),
    uint(publicKeys.length),
    ...publicKeys.map(sshString),
    sshString(pair),
  ]);
  return `${HEAD}\n${whole.toString('base64').replace(/.{70}/g, '$&\n')}\n${TAIL}`;
}

const HASH = 32;

/** bcrypt_pbkdf of OpenBSD. */
async function derive(
  passphrase: string,
  { salt, rounds }: SealedKey,
  length: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const { default: bcrypt } = await import('bcrypt-pbkdf');
  const sha512 = (bytes: Uint8Array) => createHash('sha512').update(bytes).digest();
  const secret = sha512(Buffer.from(passphrase));
  const derived = Buffer.alloc(length);
  const stride = Math.ceil(length / HASH);
  for (let block = 0; block < stride; block += 1) {
    const sum = new Uint8Array(HASH);
    let last: Uint8Array = Buffer.concat([salt, uint(block + 1)]);
    for (let round = 0; round < rounds; round += 1) {
      const hashed = new Uint8Array(HASH);
      bcrypt.hash(secret, sha512(last), hashed);
      last = hashed;
      for (const [i, byte] of hashed.entries()) sum[i] = (sum[i] ?? 0) ^ byte;
      await setImmediate(undefined, { signal });
    }
    for (let i = 0; i * stride + block < length && i < HASH; i += 1) derived[i * stride + block] = sum[i] ?? 0;
  }
  return derived;
}

function uint(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes with their length before them. */
export function sshString(value: string | Buffer): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([uint(bytes.length), bytes]);
}

/** Reads what it is made of. @throws RangeError where that is not there */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('too short');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  uint(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint());
  }
}
