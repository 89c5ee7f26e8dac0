import { randomBytes } from 'node:crypto';
import { HeadwaterError } from '../errors.ts';
import {
  keyedDigest,
  makeKeyCheck,
  openText,
  passesKeyCheck,
  type Random,
  type SealContext,
  sealText,
} from './envelope.ts';
import type { LoadKey, MasterKey } from './master-key.ts';

export type { SealContext };

/** Seals credentials for storage. */
export interface Vault {
  /** @throws HeadwaterError KEY_UNAVAILABLE */
  seal(plaintext: string, context: SealContext): Promise<string>;
  /** @throws HeadwaterError KEY_UNAVAILABLE when the key is not the right one or the text was changed or moved */
  open(sealed: string, context: SealContext): Promise<string>;
  /**
   * A keyed digest: equal texts have equal digests in every process on this store, and nobody without the key can try
   * texts. A new master key gives new digests. @throws HeadwaterError KEY_UNAVAILABLE
   */
  fingerprint(text: string): Promise<string>;
}

/** Proof of which master key the store's credentials were sealed with. */
export interface KeyCheck {
  keyId: string;
  check: string;
}

/** Keeps the key checks beside the credentials. @throws HeadwaterError STORE_UNAVAILABLE */
export interface KeyCheckStore {
  list(): Promise<KeyCheck[]>;
  /** Keeps this one if there is none at all, in one transaction; answers with all that are kept then. */
  addFirst(check: KeyCheck): Promise<KeyCheck[]>;
}

export interface VaultParts {
  loadKey: LoadKey;
  keyChecks: KeyCheckStore;
  random?: Random;
}

/**
 * A vault that touches neither key nor store before its first use. Every key is proved against the store's key check
 * before it is used; while there is one, no new key is ever made, so that no sealed value is orphaned.
 */
export function createVault({ loadKey, keyChecks, random = randomBytes }: VaultParts): Vault {
  let proven: MasterKey | undefined;

  const prove = async (): Promise<MasterKey> => {
    const known = await keyChecks.list();
    const nothingSealed = known.length === 0;
    const key = await loadKey({ create: nothingSealed });
    // Of several processes that come here at once, one writes the check, and all prove their key against that one.
    const checks = nothingSealed
      ? await keyChecks.addFirst({ keyId: key.id, check: makeKeyCheck(key, random) })
      : known;
    if (!checks.some(({ keyId, check }) => keyId === key.id && passesKeyCheck(key, check))) {
      throw new HeadwaterError(
        'KEY_UNAVAILABLE',
        'The master key is not the one the stored credentials were sealed with.',
        {
          hint: `The key in use comes from ${ORIGINS[key.from]}. A person must put back the key that was used, or the store that belongs to this key.`,
        },
      );
    }
    return key;
  };

  return {
    async seal(plaintext, context) {
      proven ??= await prove();
      return sealText(proven, plaintext, context, random);
    },
    async open(sealed, context) {
      // Opening must not leave a new key behind where there is nothing that it could open.
      if (proven === undefined && (await keyChecks.list()).length === 0) throw unopenable();
      proven ??= await prove();
      const plaintext = openText(proven, sealed, context);
      if (plaintext === undefined) throw unopenable();
      return plaintext;
    },
    async fingerprint(text) {
      proven ??= await prove();
      return keyedDigest(proven, text);
    },
  };
}

const ORIGINS: Readonly<Record<MasterKey['from'], string>> = {
  env: 'HEADWATER_MASTER_KEY',
  file: 'HEADWATER_MASTER_KEY_FILE',
  home: 'master.key in HEADWATER_HOME',
};

/** One answer for every reason: what exactly does not fit would help only somebody who tries. */
function unopenable(): HeadwaterError {
  return new HeadwaterError('KEY_UNAVAILABLE', 'The stored credentials cannot be opened.', {
    hint: 'They were sealed with another master key or for another place, or were changed. Give the credentials again, or have a person restore store and key from backups of the same time.',
  });
}
