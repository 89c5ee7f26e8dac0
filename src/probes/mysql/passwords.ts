import { createHash } from 'node:crypto';

const sha1 = (...parts: Buffer[]) => digest('sha1', parts);
const sha256 = (...parts: Buffer[]) => digest('sha256', parts);

/** How a password is proven without being sent, by the server's name for the way. No password has an empty proof. */
export const PROOFS: Readonly<Record<string, (password: Buffer, nonce: Buffer) => Buffer>> = {
  mysql_native_password: (password, nonce) => xor(sha1(password), sha1(nonce, sha1(sha1(password)))),
  caching_sha2_password: (password, nonce) => xor(sha256(password), sha256(sha256(sha256(password)), nonce)),
};

function digest(algorithm: string, parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}
