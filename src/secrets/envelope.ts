import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { MasterKey } from './key-file.ts';

/** What a sealed value is bound to: moved anywhere else, it does not open. */
export interface SealContext {
  tenant: string;
  sourceId: string;
  credentialVersion: number;
}

/** Random bytes, as many as asked for. */
export type Random = (size: number) => Uint8Array;

type Kek = Pick<MasterKey, 'key' | 'id'>;

const CIPHER = 'aes-256-gcm';
/** Sealed, and wrapped by the same key ever since. */
const SEALED = 'hw1';
/** Wrapped anew since: the ciphertext stays bound to the key it was sealed under, which the value then names too. */
const REWRAPPED = 'hw2';
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CHECK_TEXT = 'headwater key check';
const KEY_ID = /^hw[12]\.([0-9a-f]{16})\./;

/**
 * Seals text for one place under a fresh key, which the master key wraps. The result is
 * `hw1.<master key id>.<wrapped key>.<ciphertext>`; the last two are base64url of IV, tag and bytes.
 */
export function sealText(kek: Kek, plaintext: string, context: SealContext, random: Random): string {
  const dek = random(KEY_BYTES);
  const wrapped = encrypt(kek.key, dek, boundTo('key', context, kek.id), random);
  const sealed = encrypt(createSecretKey(dek), Buffer.from(plaintext), boundTo('credentials', context, kek.id), random);
  dek.fill(0);
  return [SEALED, kek.id, wrapped.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** The text that was sealed, or `undefined`: another key, another place, a changed bit. */
export function openText(kek: Kek, sealed: string, context: SealContext): string | undefined {
  const parts = partsOf(sealed);
  const dek = parts && unwrap(kek, parts, context);
  if (!parts || !dek) return undefined;
  const body = decrypt(createSecretKey(dek), fromBase64url(parts.body), boundTo('credentials', context, parts.origin));
  dek.fill(0);
  return body?.toString();
}

/**
 * The same sealed text with its data key wrapped by another master key: `hw2.<master key id>.<id of the key it was
 * sealed under>.<wrapped key>.<ciphertext>`. The ciphertext is neither opened nor changed.
 * @returns undefined where `from` does not unwrap it: another key, another place, a changed bit
 */
export function rewrapText(
  from: Kek,
  to: Kek,
  sealed: string,
  context: SealContext,
  random: Random,
): string | undefined {
  const parts = partsOf(sealed);
  const dek = parts && unwrap(from, parts, context);
  if (!parts || !dek) return undefined;
  const wrapped = encrypt(to.key, dek, boundTo('key', context, to.id), random);
  dek.fill(0);
  return [REWRAPPED, to.id, parts.origin, wrapped.toString('base64url'), parts.body].join('.');
}

/** Which master key wraps a sealed text, or `undefined` for what is no sealed text. */
export function keyIdOf(sealed: string): string | undefined {
  return KEY_ID.exec(sealed)?.[1];
}

interface Parts {
  keyId: string | undefined;
  origin: string;
  wrapped: string | undefined;
  body: string | undefined;
}

function partsOf(sealed: string): Parts | undefined {
  const [version, ...rest] = sealed.split('.');
  const [keyId, origin = '', wrapped, body] = version === SEALED ? [rest[0], ...rest] : rest;
  const length = version === SEALED ? 3 : version === REWRAPPED ? 4 : 0;
  return rest.length === length ? { keyId, origin, wrapped, body } : undefined;
}

function unwrap(kek: Kek, { keyId, wrapped }: Parts, context: SealContext): Buffer | undefined {
  if (keyId !== kek.id) return undefined;
  const dek = decrypt(kek.key, fromBase64url(wrapped), boundTo('key', context, kek.id));
  return dek?.length === KEY_BYTES ? dek : undefined;
}

/** A digest that only a holder of the key can make: 43 characters. The text may hold secrets. */
export function keyedDigest(key: KeyObject, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** The key of digests that stores had before they kept one of their own: what they hold was made with it. */
export function derivedDigestKey(kek: Kek): Buffer {
  return createHmac('sha256', kek.key).update('headwater/v1 digest key').digest();
}

/** What proves later that a key is this one, without telling anything of it. */
export function makeKeyCheck(kek: Kek, random: Random): string {
  return encrypt(
    kek.key,
    Buffer.from(CHECK_TEXT),
    lengthPrefixed('headwater/v1', 'key-check', kek.id),
    random,
  ).toString('base64url');
}

/** Whether the check was made with this key. */
export function passesKeyCheck(kek: Kek, check: string): boolean {
  const text = decrypt(kek.key, fromBase64url(check), lengthPrefixed('headwater/v1', 'key-check', kek.id));
  return text?.toString() === CHECK_TEXT;
}

function boundTo(purpose: string, context: SealContext, kekId: string): Buffer {
  const { tenant, sourceId, credentialVersion } = context;
  return lengthPrefixed('headwater/v1', purpose, tenant, sourceId, String(credentialVersion), kekId);
}

/** Lengths keep `ab`,`c` and `a`,`bc` apart. */
function lengthPrefixed(...parts: string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

function encrypt(key: KeyObject, plaintext: Uint8Array, aad: Buffer, random: Random): Buffer {
  const iv = random(IV_BYTES);
  const cipher = createCipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad);
  const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]);
}

function decrypt(key: KeyObject, box: Buffer | undefined, aad: Buffer): Buffer | undefined {
  if (box === undefined || box.length < IV_BYTES + TAG_BYTES) return undefined;
  const iv = box.subarray(0, IV_BYTES);
  const tag = box.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
  try {
    // Without an explicit length Node takes tags of 4 bytes too.
    const decipher = createDecipheriv(CIPHER, key, iv, { authTagLength: TAG_BYTES }).setAAD(aad).setAuthTag(tag);
    return Buffer.concat([decipher.update(box.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** Only the one spelling that `toString('base64url')` gives: Node's own reader skips what it does not know. */
function fromBase64url(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
