import { dirname, join } from 'node:path';
import type { Ledger } from '../net/attempt.ts';
import type { RotationStore } from '../secrets/key-store.ts';
import type { NamedSecretStore } from '../secrets/named-secrets.ts';
import type { Audit } from '../sources/audit.ts';
import type { CredentialSessions } from '../sources/credential-sessions.ts';
import type { RemoteRecords } from '../sources/remote-records.ts';
import type { SourceRepository } from '../sources/repository.ts';
import { ATTEMPT_MIGRATIONS } from './attempt-migrations.ts';
import { appendTo, createAudit, KEPT_ENTRIES } from './audit.ts';
import { createChangeFeed } from './changes.ts';
import { createCredentialSessions } from './credential-sessions.ts';
import { createDatabase, type Database } from './database.ts';
import { createKeyStore } from './keys.ts';
import { createLedger } from './ledger.ts';
import { MIGRATIONS } from './migrations.ts';
import { createNamedSecretStore } from './named-secrets.ts';
import { oneRotation } from './one-rotation.ts';
import { createRemoteRecords } from './remote-records.ts';
import { createSourceRepository } from './sources.ts';
import type { AttemptTables } from './tables.ts';

/** Everything Headwater keeps. Nothing is touched or loaded before the first use of a part. */
export interface Store {
  sources: SourceRepository;
  remotes: RemoteRecords;
  sessions: CredentialSessions;
  namedSecrets: NamedSecretStore;
  keys: RotationStore;
  ledger: Ledger;
  audit: Audit;
  /** Opens the store, reads from it, and sees whether it could be written. @throws HeadwaterError STORE_UNAVAILABLE */
  check(): Promise<void>;
  /** Lets the work in progress end; whatever comes later is refused. */
  close(): Promise<void>;
}

export interface StoreOptions {
  /** Absolute path of the database file; its folder is made where it is missing, and `attempts.db` stands beside it. */
  file: string;
  now: () => Date;
  /** How many entries the audit trail keeps. */
  keptEntries?: number;
}

/**
 * The embedded store: SQLite files of one folder, for many processes at once. A failure to open one is an error of the
 * call that needed it, and the next call tries again.
 */
export function openStore({ file, now, keptEntries = KEPT_ENTRIES }: StoreOptions): Store {
  const feed = createChangeFeed((): Database => database);
  const database = createDatabase({
    file,
    migrations: MIGRATIONS,
    powerCutCosts: 'nothing',
    onOpen: feed.onOpen,
  });
  // A file of its own: each attempt is written down before it is made, and waiting for the disk each time would be
  // felt, while nobody misses after a power cut what was attempted in the minutes before it.
  const attempts = createDatabase<AttemptTables>({
    file: join(dirname(file), 'attempts.db'),
    migrations: ATTEMPT_MIGRATIONS,
    powerCutCosts: 'all',
  });
  const append = appendTo(keptEntries);
  return {
    sources: createSourceRepository({ database, feed, append, now }),
    remotes: createRemoteRecords({ database, append, now }),
    sessions: createCredentialSessions({ database, append, now }),
    namedSecrets: createNamedSecretStore(database),
    keys: createKeyStore({ database, exclusively: (work) => oneRotation(`${file}.rotation`, work), now }),
    ledger: createLedger(attempts),
    audit: createAudit(database, append, keptEntries),
    async check() {
      await Promise.all([database.check(), attempts.check()]);
    },
    async close() {
      feed.stop();
      await Promise.all([database.close(), attempts.close()]);
    },
  };
}
