import type { KeyCheckStore } from '../secrets/vault.ts';
import type { Database } from './database.ts';

/** The vault's key checks, in the file that holds what they guard. */
export function createKeyCheckStore(database: Database): KeyCheckStore {
  return {
    list: () => database.read((db) => db.selectFrom('key_checks').select(COLUMNS).execute()),
    addFirst: ({ keyId, check }) =>
      database.write(async (tx) => {
        const kept = await tx.selectFrom('key_checks').select(COLUMNS).execute();
        if (kept.length > 0) return kept;
        await tx.insertInto('key_checks').values({ key_id: keyId, proof: check }).execute();
        return [{ keyId, check }];
      }),
  };
}

const COLUMNS = ['key_id as keyId', 'proof as check'] as const;
