import { HeadwaterError } from '../errors.ts';
import type { HomeKeys } from './home-keys.ts';
import { isActive, mismatch } from './key-proof.ts';
import type { RotationStore } from './key-store.ts';
import { isConfigured, type KeyLocation, type LoadKey, ORIGINS } from './master-key.ts';

export interface KeyStatus {
  /** The key in use, by its id; absent where there is none yet, or none that can be used. */
  key?: { id: string; from: string };
  /** Why the stored credentials cannot be used. */
  problem?: HeadwaterError;
  /** Every key that the store knows. `sealed`: values that need it. */
  keys: readonly { id: string; state: 'in use' | 'needed' | 'retired'; sealed: number; retired_at?: string }[];
  /** Two keys are in use at once, until `headwater key rotate` has ended. */
  rotation: 'none' | 'unfinished';
}

/** What is known of the master keys; never a key. @throws HeadwaterError STORE_UNAVAILABLE */
export async function keyStatus({
  where,
  loadKey,
  homeKeys,
  store,
}: {
  where: KeyLocation;
  loadKey: LoadKey;
  homeKeys: HomeKeys;
  store: RotationStore;
}): Promise<KeyStatus> {
  const { keys } = await store.state();
  const counts = await store.counts();
  const loaded = await loadKey({ create: false }).catch(known);
  const present = loaded instanceof HeadwaterError ? undefined : loaded;
  const previous = isConfigured(where) ? undefined : await homeKeys.previous().catch(known);
  const others = keys.filter(({ keyId, retiredAt }) => keyId !== present?.id && retiredAt === null);
  const wrong = present && keys.length > 0 && !isActive(present, keys) ? mismatch(present, keys) : undefined;
  const problem = wrong ?? (loaded instanceof HeadwaterError && keys.length > 0 ? loaded : undefined);
  const active = keys.filter(({ retiredAt }) => retiredAt === null).length;
  return {
    ...(present ? { key: { id: present.id, from: ORIGINS[present.from] } } : {}),
    ...(problem ? { problem } : {}),
    keys: keys.map(({ keyId, retiredAt }) => ({
      id: keyId,
      state: retiredAt !== null ? 'retired' : others.some((other) => other.keyId === keyId) ? 'needed' : 'in use',
      sealed: counts.get(keyId) ?? 0,
      ...(retiredAt === null ? {} : { retired_at: retiredAt }),
    })),
    rotation: previous !== undefined || active > 1 ? 'unfinished' : 'none',
  };
}

function known(error: unknown): HeadwaterError {
  if (error instanceof HeadwaterError) return error;
  throw error;
}
