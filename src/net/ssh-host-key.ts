import { createHash } from 'node:crypto';

/** The key with which a server proves itself. */
export interface HostKey {
  /** As `ssh-keygen -lf` prints it. */
  fingerprint: string;
  /** `ssh-ed25519`. */
  kind: string;
}

/** Kinds of host keys, in the order in which they are asked for; RSA by its signatures with SHA-2. */
export const HOST_KEY_KINDS = [
  ['ssh-ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521'],
  ['rsa-sha2-512', 'rsa-sha2-256'],
] as const;

const FINGERPRINT = /(?:^|\s)SHA256:([A-Za-z0-9+/]{43})=?(?=\s|$)/;
/** A public key as OpenSSH writes it, wherever in a line it stands. */
const KEY = /(?:^|\s)((?:ssh-|ecdsa-sha2-|sk-)[a-z0-9@.-]+)\s+([A-Za-z0-9+/]{20,}={0,2})(?=\s|$)/;

/** The fingerprint of a public key's bytes, as `ssh-keygen -lf` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Brings a host key to its fingerprint: given as one (with or without what ssh-keygen prints around it), as a line of
 * known_hosts, or as a public key. @throws RangeError with what is wrong, to follow the name of the field
 */
export function hostKeyFingerprint(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const [line] = lines;
  if (line === undefined) throw new RangeError('holds no key');
  if (lines.length > 1) throw new RangeError('holds several keys; give the one to pin');
  if (line.startsWith('@')) throw new RangeError('cannot be an authority or a revoked key; give the key of the server');
  const digest = FINGERPRINT.exec(line)?.[1];
  if (digest !== undefined) return `SHA256:${digest}`;
  const [, kind, base64 = ''] = KEY.exec(line) ?? [];
  const key = Buffer.from(base64, 'base64');
  // A key says again inside of what kind it is.
  const inside = key.length > 4 ? key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1') : undefined;
  if (kind !== undefined && inside === kind) return fingerprintOf(key);
  if (/^(MD5:)?([0-9a-f]{2}:){15}[0-9a-f]{2}$/i.test(line))
    throw new RangeError('is an MD5 fingerprint; give the SHA256 one (ssh-keygen -lf)');
  throw new RangeError('must be a SHA256:… fingerprint, a public key or a line of known_hosts');
}
