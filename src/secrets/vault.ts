import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import {
  derivedDigestKey,
  keyedDigest,
  keyIdOf,
  makeKeyCheck,
  openText,
  type Random,
  type SealContext,
  sealText,
} from './envelope.ts';
import type { MasterKey } from './key-file.ts';
import { isActive, mismatch, otherKey, unopenable } from './key-proof.ts';
import { DIGEST_PLACE, type KeyState, type KeyStore } from './key-store.ts';
import type { LoadKey } from './master-key.ts';

export type { SealContext };

/** Seals credentials for storage. */
export interface Vault {
  /** @throws HeadwaterError KEY_UNAVAILABLE */
  seal(plaintext: string, context: SealContext): Promise<string>;
  /** @throws HeadwaterError KEY_UNAVAILABLE when the key is not the right one or the text was changed or moved */
  open(sealed: string, context: SealContext): Promise<string>;
  /**
   * A keyed digest, 43 characters: equal texts have equal digests in every process on this store, and nobody without
   * the key can try texts. It stays the same when the master key is rotated. @throws HeadwaterError KEY_UNAVAILABLE
   */
  fingerprint(text: string): Promise<string>;
  /**
   * Proves the key that is there now against the store; false where nothing was ever sealed, so that there is nothing
   * to prove. Makes no key. @throws HeadwaterError KEY_UNAVAILABLE
   */
  check(): Promise<boolean>;
  /** Looks for the key anew before the next use: the store has refused what was sealed with it. */
  forget(): void;
}

export interface VaultParts {
  loadKey: LoadKey;
  /** The key before the present one, while a rotation is under way. */
  loadPrevious?: () => Promise<MasterKey | undefined>;
  keys: KeyStore;
  random?: Random;
}

/** The key that seals, and those that open. */
interface Ring {
  active: MasterKey;
  all: readonly MasterKey[];
}

/** As often as a rotation can come between the look at the key and the look at the store. */
const ATTEMPTS = 3;
const DIGEST_KEY_BYTES = 32;

/**
 * A vault that touches neither key nor store before its first use. Every key is proved against the store's key checks
 * before it is used; while there is one, no new key is ever made, so that no sealed value is orphaned.
 */
export function createVault({ loadKey, loadPrevious, keys, random = randomBytes }: VaultParts): Vault {
  let ring: Ring | undefined;
  let digestKey: KeyObject | undefined;

  const prove = async (): Promise<Ring> => {
    for (let attempt = 1; ; attempt += 1) {
      const state = await keys.state();
      const isFirst = state.keys.length === 0 && !state.holdsSealed;
      const active = await loadKey({ create: isFirst });
      // Of several processes that come here at once, one writes the check, and all prove their key against that one.
      const known = isFirst ? await keys.begin(...firstOf(active)) : state;
      if (isActive(active, known.keys)) {
        // Read after the key itself: by then the one that it replaced has its place.
        const previous = await loadPrevious?.();
        return { active, all: previous ? [active, previous] : [active] };
      }
      if (attempt === ATTEMPTS) throw mismatch(active, known.keys);
    }
  };

  const firstOf = (active: MasterKey) =>
    [
      { keyId: active.id, check: makeKeyCheck(active, random) },
      sealText(active, Buffer.from(random(DIGEST_KEY_BYTES)).toString('base64'), DIGEST_PLACE, random),
    ] as const;

  const open = async (sealed: string, context: SealContext): Promise<string> => {
    const keyId = keyIdOf(sealed);
    if (keyId === undefined) throw unopenable();
    const holds = ({ all }: Ring) => all.find(({ id }) => id === keyId);
    ring ??= await prove();
    // One that is not there may have come with a rotation since.
    let key = holds(ring);
    if (!key) {
      ring = await prove();
      key = holds(ring);
    }
    if (!key) throw otherKey(ring.active, keyId, (await keys.state()).keys);
    const plaintext = openText(key, sealed, context);
    if (plaintext === undefined) throw unopenable();
    return plaintext;
  };

  const loadDigestKey = async (): Promise<KeyObject> => {
    ring ??= await prove();
    const read = async (key: MasterKey) =>
      (await keys.state()).digestKey ?? (await keys.addDigestKey(sealedDigestKey(key, random)));
    const sealed = await read(ring.active);
    const text = await open(sealed, DIGEST_PLACE).catch(async (error: unknown) => {
      // It was wrapped anew between the look at it and the look at the key.
      const again = await read(ring?.active ?? (await prove()).active);
      if (again === sealed) throw error;
      return await open(again, DIGEST_PLACE);
    });
    return createSecretKey(text, 'base64');
  };

  return {
    async seal(plaintext, context) {
      ring ??= await prove();
      return sealText(ring.active, plaintext, context, random);
    },
    async open(sealed, context) {
      // Opening must not leave a new key behind where there is nothing that it could open.
      if (ring === undefined && isEmpty(await keys.state())) throw unopenable();
      return await open(sealed, context);
    },
    async fingerprint(text) {
      digestKey ??= await loadDigestKey();
      return keyedDigest(digestKey, text);
    },
    async check() {
      if (isEmpty(await keys.state())) return false;
      ring = await prove();
      return true;
    },
    forget() {
      ring = undefined;
    },
  };
}

/** The digest key of a store that has none yet: the one that its digests were made with, sealed. */
export function sealedDigestKey(key: MasterKey, random: Random): string {
  return sealText(key, derivedDigestKey(key).toString('base64'), DIGEST_PLACE, random);
}

function isEmpty({ keys, holdsSealed }: KeyState): boolean {
  return keys.length === 0 && !holdsSealed;
}
