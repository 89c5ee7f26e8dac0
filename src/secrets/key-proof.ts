import type { HeadwaterError } from '../errors.ts';
import { passesKeyCheck } from './envelope.ts';
import { type MasterKey, unavailable } from './key-file.ts';
import type { KnownKey } from './key-store.ts';
import { ORIGINS } from './master-key.ts';

/** Whether this key is one that values may be sealed with. */
export function isActive(key: MasterKey, known: readonly KnownKey[]): boolean {
  return known.some((each) => each.retiredAt === null && isThis(key, each));
}

/** Whether values were ever sealed with this key. */
export function isKnown(key: MasterKey, known: readonly KnownKey[]): boolean {
  return known.some((each) => isThis(key, each));
}

function isThis(key: MasterKey, { keyId, check }: KnownKey): boolean {
  return keyId === key.id && passesKeyCheck(key, check);
}

/** Of a key that may not be used with this store. */
export function mismatch(key: MasterKey, known: readonly KnownKey[]): HeadwaterError {
  const origin = ORIGINS[key.from];
  const retiredAt = known.find(({ keyId }) => keyId === key.id)?.retiredAt;
  if (retiredAt) {
    return unavailable(
      `The master key was replaced by another one on ${retiredAt.slice(0, 10)}.`,
      `The key in use comes from ${origin}. A person must set it to the new key and restart Headwater.`,
    );
  }
  const changed =
    key.from === 'home'
      ? ''
      : ' If it was changed on purpose, run `headwater key rotate --from-file FILE` with the old key.';
  return unavailable(
    'The master key is not the one the stored credentials were sealed with.',
    `The key in use comes from ${origin}. A person must put back the key that was used, or the store that belongs to this key.${changed}`,
  );
}

/** Of a value that another key of this store seals; of any other value what `unopenable` says. */
export function otherKey(active: MasterKey, keyId: string, known: readonly KnownKey[]): HeadwaterError {
  if (!known.some((each) => each.keyId === keyId)) return unopenable();
  const origin = ORIGINS[active.from];
  return unavailable(
    'The master key is being replaced, and these credentials are sealed with the other of the two keys.',
    active.from === 'home'
      ? 'A person must run `headwater key rotate`, which goes on where it stopped.'
      : `The key in use comes from ${origin}. If that is the old key, a person must set it to the new one and restart Headwater; if it is the new one, run \`headwater key rotate --from-file FILE\` with the old key.`,
  );
}

/** One answer for every reason: what exactly does not fit would help only somebody who tries. */
export function unopenable(): HeadwaterError {
  return unavailable(
    'The stored credentials cannot be opened.',
    'They were sealed with another master key or for another place, or were changed. Give the credentials again, or have a person restore store and key from backups of the same time.',
  );
}
