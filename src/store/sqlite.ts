import type { RotationStore } from '../secrets/key-store.ts';
import type { SourceRepository } from '../sources/repository.ts';
import { createChangeFeed } from './changes.ts';
import { createDatabase, type Database } from './database.ts';
import { createKeyStore } from './keys.ts';
import { oneRotation } from './one-rotation.ts';
import { createSourceRepository } from './sources.ts';

/** Everything Headwater keeps. Nothing is touched or loaded before the first use of a part. */
export interface Store {
  sources: SourceRepository;
  keys: RotationStore;
  /** Opens the store, reads from it, and sees whether it could be written. @throws HeadwaterError STORE_UNAVAILABLE */
  check(): Promise<void>;
  /** Lets the work in progress end; whatever comes later is refused. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Absolute path of the database file; its folder is made where it is missing. */
  file: string;
  now: () => Date;
}

/**
 * The embedded store: one SQLite file, for many processes at once. A failure to open it is an error of the call that
 * needed it, and the next call tries again.
 */
export function openStore({ file, now }: StoreOptions): Store {
  const feed = createChangeFeed((): Database => database);
  const database = createDatabase(file, feed.onOpen);
  return {
    sources: createSourceRepository({ database, feed, now }),
    keys: createKeyStore({ database, exclusively: (work) => oneRotation(`${file}.rotation`, work), now }),
    check: database.check,
    async close() {
      feed.stop();
      await database.close();
    },
  };
}
