import type { KeyCheckStore } from '../secrets/vault.ts';
import type { Audit } from '../sources/audit.ts';
import type { SourceRepository } from '../sources/repository.ts';
import { appendTo, createAudit, KEPT_ENTRIES } from './audit.ts';
import { createChangeFeed } from './changes.ts';
import { createDatabase, type Database } from './database.ts';
import { createKeyCheckStore } from './key-checks.ts';
import { createSourceRepository } from './sources.ts';

/** Everything Headwater keeps. Nothing is touched or loaded before the first use of a part. */
export interface Store {
  sources: SourceRepository;
  keyChecks: KeyCheckStore;
  audit: Audit;
  /** Opens the store, reads from it, and sees whether it could be written. @throws HeadwaterError STORE_UNAVAILABLE */
  check(): Promise<void>;
  /** Lets the work in progress end; whatever comes later is refused. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Absolute path of the database file; its folder is made where it is missing. */
  file: string;
  now: () => Date;
  /** How many entries the audit trail keeps. */
  keptEntries?: number;
}

/**
 * The embedded store: one SQLite file, for many processes at once. A failure to open it is an error of the call that
 * needed it, and the next call tries again.
 */
export function openStore({ file, now, keptEntries = KEPT_ENTRIES }: StoreOptions): Store {
  const feed = createChangeFeed((): Database => database);
  const database = createDatabase(file, feed.onOpen);
  const append = appendTo(keptEntries);
  return {
    sources: createSourceRepository({ database, feed, append, now }),
    keyChecks: createKeyCheckStore(database),
    audit: createAudit(database, append),
    check: database.check,
    async close() {
      feed.stop();
      await database.close();
    },
  };
}
