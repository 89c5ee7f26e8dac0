import { HeadwaterError } from '../errors.ts';
import { makeKeyCheck, type Random, rewrapText } from './envelope.ts';
import type { HomeKeys } from './home-keys.ts';
import { type MasterKey, readKey, unavailable } from './key-file.ts';
import { isActive, isKnown, mismatch } from './key-proof.ts';
import type { BatchPlace, RotationStore } from './key-store.ts';
import { isConfigured, type KeyLocation, type LoadKey, ORIGINS } from './master-key.ts';
import { sealedDigestKey } from './vault.ts';

export interface RotationParts {
  where: KeyLocation;
  loadKey: LoadKey;
  homeKeys: HomeKeys;
  store: RotationStore;
  random: Random;
}

export interface Rotation {
  /** Key ids. */
  from: string;
  to: string;
  /** It goes on with one that was cut off. */
  resumed: boolean;
  /** Values that this run has wrapped anew. */
  rewrapped: number;
  /** Sources whose credentials cannot be unwrapped: they keep the old key alive until they are given again. */
  damaged: readonly string[];
  /** Values that still need yet another key. */
  left: number;
  /** Nothing needs the old key any more. */
  finished: boolean;
}

/**
 * Wraps every data key by a new master key; what they seal stays as it is. Both keys open values until the last one is
 * wrapped anew; from then on the store refuses what is sealed with the old one, so that a server which has not noticed
 * orphans nothing. It may be killed at any point: nothing is lost, and the next run goes on.
 * `given`: the text of the old key, where the operator has configured the new one.
 * @returns undefined where nothing was ever sealed
 * @throws HeadwaterError KEY_UNAVAILABLE, INVALID_ARGUMENTS with the way to rotate a configured key, STORE_UNAVAILABLE
 */
export async function rotateKey(parts: RotationParts, given?: string): Promise<Rotation | undefined> {
  const { store, homeKeys } = parts;
  return await store.exclusively(async () => {
    const { keys } = await store.state();
    if (keys.length === 0) return undefined;
    const { old, present, resumed } = given === undefined ? await ownKeys(parts) : await givenKeys(parts, given);
    const { rewrapped, damaged, finished } = await rewrapAll(parts, old, present);
    if (finished) await retireUnused(store, present);
    if (finished && given === undefined) await homeKeys.forget();
    const counts = await store.counts();
    const left = [...counts].filter(([id]) => id !== present.id && id !== old.id);
    return {
      from: old.id,
      to: present.id,
      resumed,
      rewrapped,
      damaged,
      left: left.reduce((sum, [, count]) => sum + count, 0),
      finished,
    };
  });
}

interface Pair {
  old: MasterKey;
  present: MasterKey;
  resumed: boolean;
}

/** Headwater's own key in HEADWATER_HOME: the next one is made here. */
async function ownKeys(parts: RotationParts): Promise<Pair> {
  const { where, loadKey, homeKeys, store } = parts;
  const present = await loadKey({ create: false });
  if (isConfigured(where)) throw toBeConfigured(present);
  const previous = await homeKeys.previous();
  const { keys } = await store.state();
  if (previous && previous.id !== present.id) {
    if (isKnown(previous, keys)) return { old: previous, present, resumed: true };
    throw unavailable(
      'There is a master.key.previous in HEADWATER_HOME that this store knows nothing of.',
      'A person must move it to where the keys of backups are, and run `headwater key rotate` again.',
    );
  }
  if (!isActive(present, keys)) throw mismatch(present, keys);
  const next = await homeKeys.next();
  await admit(parts, present, next);
  await homeKeys.promote();
  return { old: present, present: next, resumed: previous !== undefined };
}

/** A key that the operator configures: the new one is there, and the old one is given. */
async function givenKeys(parts: RotationParts, given: string): Promise<Pair> {
  const { loadKey, store } = parts;
  const old = readKey(given, 'given', 'What was given');
  const { keys } = await store.state();
  if (!isKnown(old, keys)) {
    throw unavailable(
      'The key that was given is not one that the stored credentials were sealed with.',
      '`headwater key status` shows the ids of the keys that are needed.',
    );
  }
  // The one that is needed is in hand, so that a new one beside it orphans nothing.
  const present = await loadKey({ create: true });
  if (present.id === old.id) throw toBeConfigured(present);
  const resumed = isActive(present, keys);
  await admit(parts, old, present);
  return { old, present, resumed };
}

/** Lets values be sealed with the new key; the store's digest key outlives the old one. */
async function admit({ store, random }: RotationParts, old: MasterKey, present: MasterKey): Promise<void> {
  await store.addDigestKey(sealedDigestKey(old, random));
  await store.add({ keyId: present.id, check: makeKeyCheck(present, random) });
}

async function rewrapAll({ store, random }: RotationParts, old: MasterKey, present: MasterKey) {
  let rewrapped = 0;
  for (;;) {
    const before = rewrapped;
    const damaged: string[] = [];
    let from: BatchPlace | undefined;
    do {
      const batch = await store.rewrap(
        old.id,
        (sealed, place) => rewrapText(old, present, sealed, place, random),
        from,
      );
      rewrapped += batch.rewrapped;
      damaged.push(...batch.damaged);
      from = batch.next;
      if (batch.retired) return { rewrapped, damaged, finished: true };
    } while (from !== undefined);
    // Servers that have not noticed yet may have sealed with the old key behind our back: then once more.
    if (rewrapped === before) return { rewrapped, damaged, finished: false };
  }
}

/** Keys of rotations that were given up before anything was sealed with them. */
async function retireUnused(store: RotationStore, present: MasterKey): Promise<void> {
  const { keys } = await store.state();
  const others = keys.filter(({ keyId, retiredAt }) => keyId !== present.id && retiredAt === null);
  for (const { keyId } of others) await store.rewrap(keyId, () => undefined);
}

function toBeConfigured(key: MasterKey): HeadwaterError {
  const origin = ORIGINS[key.from];
  return new HeadwaterError('INVALID_ARGUMENTS', `The master key comes from ${origin}, and so must the new one.`, {
    hint:
      'Keep the present key in a file of mode 0600, make a new one with `openssl rand -base64 32`, set ' +
      `${origin} to it, and run \`headwater key rotate --from-file FILE\` with the present one; FILE - reads it from ` +
      'standard input. Then restart the servers.',
  });
}
