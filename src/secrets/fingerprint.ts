import type { SealContext } from './envelope.ts';
import type { Secret } from './secret.ts';

const SHOWN_BYTES = 4;

/**
 * What tells that a secret is another than before, without telling it: 8 hex digits of a keyed digest. It may be shown.
 * Nobody without the key can try secrets against it; one in 4 billion secrets has the same, so that it proves none; and
 * since tenant, source, credential version and field go into it, it cannot be compared with that of a secret which
 * somebody made up in another field, another source or a later version of this one.
 */
export async function secretFingerprint(
  digest: (text: string) => Promise<string>,
  secret: Secret,
  { tenant, sourceId, credentialVersion }: SealContext,
  field: string,
): Promise<string> {
  // A list, since every other text that is digested is an object's JSON.
  const text = JSON.stringify([tenant, sourceId, credentialVersion, field, secret.reveal()]);
  return Buffer.from(await digest(text), 'base64url')
    .subarray(0, SHOWN_BYTES)
    .toString('hex');
}

/** A digest of secret values and of what goes with them, in their order. `digest` must be keyed: see `Vault.fingerprint`. */
export async function fingerprintOf(
  secrets: readonly Secret[],
  companions: readonly string[],
  digest: (text: string) => Promise<string>,
): Promise<string> {
  return await digest(JSON.stringify([...companions, secrets.map((secret) => secret.reveal())]));
}
