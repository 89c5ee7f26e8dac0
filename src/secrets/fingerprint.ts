import type { Secret } from './secret.ts';

/** A digest of secret values and of what goes with them, in their order. `digest` must be keyed: see `Vault.fingerprint`. */
export async function fingerprintOf(
  secrets: readonly Secret[],
  companions: readonly string[],
  digest: (text: string) => Promise<string>,
): Promise<string> {
  return await digest(JSON.stringify([...companions, secrets.map((secret) => secret.reveal())]));
}
