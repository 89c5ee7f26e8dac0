import type { SealContext } from './envelope.ts';

/** A master key that values were sealed with: what proves it, and since when no value needs it. */
export interface KnownKey {
  keyId: string;
  check: string;
  retiredAt: string | null;
}

export type KeyCheck = Pick<KnownKey, 'keyId' | 'check'>;

export interface KeyState {
  keys: readonly KnownKey[];
  /** The key of keyed digests, sealed in `DIGEST_PLACE`; absent in stores that never had one. */
  digestKey?: string;
  /** Whether anything sealed is there. */
  holdsSealed: boolean;
}

/** Where the digest key is sealed: a place that no source can have. */
export const DIGEST_PLACE: SealContext = { tenant: '', sourceId: 'digest key', credentialVersion: 1 };

/** Keeps what is known of master keys, beside what they seal. @throws HeadwaterError STORE_UNAVAILABLE */
export interface KeyStore {
  state(): Promise<KeyState>;
  /** Keeps the first key and the digest key if there is no key at all, in one transaction; answers with what is kept. */
  begin(first: KeyCheck, digestKey: string): Promise<KeyState>;
  /** Keeps the digest key if there is none; answers with the one that is kept. */
  addDigestKey(sealed: string): Promise<string>;
}

/** A sealed text wrapped by another key, or `undefined` where it cannot be unwrapped. */
export type Rewrap = (sealed: string, place: SealContext) => string | undefined;

export interface RewrapBatch {
  rewrapped: number;
  /** Ids of sources, and `secret NAME`, whose credentials cannot be unwrapped. */
  damaged: readonly string[];
  /** Where the next batch begins; absent after the last one. */
  next?: BatchPlace;
  /** The last batch found no value left that needs the key, and retired it. */
  retired: boolean;
}

export interface BatchPlace {
  tenant: string;
  id: string;
}

/** What a rotation does to the store, each in one transaction. @throws HeadwaterError STORE_UNAVAILABLE */
export interface RotationStore extends KeyStore {
  /** Runs one rotation at a time, of all processes. @throws HeadwaterError KEY_UNAVAILABLE while another one runs */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** From now on values may be sealed with this key. */
  add(key: KeyCheck): Promise<void>;
  /** How many values each key wraps, by key id. */
  counts(): Promise<ReadonlyMap<string, number>>;
  /** Wraps some of the values of a key anew. After the last of them the key is retired: sealing with it is refused. */
  rewrap(keyId: string, rewrap: Rewrap, from?: BatchPlace): Promise<RewrapBatch>;
}
