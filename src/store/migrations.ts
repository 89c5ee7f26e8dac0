import { HeadwaterError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { renewNameKeys } from './name-keys.ts';

/** `Head`, in the file's header: tells our files from others. */
export const APPLICATION_ID = 0x48_65_61_64;

/** Statements, or what SQL alone cannot do. */
export type Migration = string | ((connection: Connection) => void);

/** Forward only, each exactly once: the file's `user_version` counts how many it has. */
export const MIGRATIONS: readonly Migration[] = [
  `
  -- Clustered by id, so that a page is read from neighbouring rows.
  CREATE TABLE sources (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    connector TEXT NOT NULL,
    description TEXT,
    settings TEXT NOT NULL,
    secret_sources TEXT NOT NULL,
    sealed TEXT,
    credential_version INTEGER NOT NULL,
    desired_state TEXT NOT NULL,
    status TEXT NOT NULL,
    last_error TEXT,
    error_category TEXT,
    last_tested_at TEXT,
    latency_ms REAL,
    tags TEXT NOT NULL,
    collection TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX sources_by_name ON sources (tenant, name_key);
  CREATE INDEX sources_by_connector ON sources (tenant, connector, id);
  CREATE INDEX sources_by_status ON sources (tenant, status, id);
  CREATE INDEX sources_by_connector_and_status ON sources (tenant, connector, status, id);

  CREATE TABLE source_tags (
    tenant TEXT NOT NULL,
    source_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (tenant, source_id, tag),
    FOREIGN KEY (tenant, source_id) REFERENCES sources (tenant, id) ON DELETE CASCADE
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX source_tags_by_tag ON source_tags (tenant, tag, source_id);

  CREATE TABLE idempotency (
    n INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    tool TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    source_id TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    UNIQUE (tenant, subject, tool, key)
  ) STRICT;
  CREATE INDEX idempotency_by_age ON idempotency (created_ms);

  CREATE TABLE changes (
    seq INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    source_id TEXT NOT NULL
  ) STRICT;

  CREATE TABLE key_checks (
    key_id TEXT PRIMARY KEY,
    proof TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE sources ADD COLUMN last_sync_at TEXT;
  ALTER TABLE sources ADD COLUMN last_sync_row_count INTEGER;
  `,
  `
  ALTER TABLE sources ADD COLUMN fingerprints TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE key_checks ADD COLUMN retired_at TEXT;
  CREATE TABLE vault_keys (
    purpose TEXT PRIMARY KEY,
    sealed TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- AUTOINCREMENT, so that sqlite_sequence tells how far the chain went although its last rows are gone.
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL,
    role TEXT NOT NULL,
    surface TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    codes TEXT NOT NULL,
    source_id TEXT,
    connector TEXT,
    fields TEXT NOT NULL,
    destination_before TEXT,
    destination_after TEXT,
    target TEXT,
    digest TEXT NOT NULL
  ) STRICT;
  CREATE TABLE audit_anchor (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    digest TEXT NOT NULL
  ) STRICT;
  `,
  // Names have become one that differ in what nobody sees, in `ß` and `ss`, or in the two small sigmas.
  renewNameKeys,
  `
  CREATE TABLE remote_sources (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    connector TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret_sources TEXT NOT NULL,
    sealed TEXT,
    fingerprints TEXT NOT NULL,
    credential_version INTEGER NOT NULL,
    last_test TEXT,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE create_intents (
    tenant TEXT NOT NULL,
    platform TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    owner TEXT NOT NULL,
    started_at TEXT NOT NULL,
    PRIMARY KEY (tenant, platform, name)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE credential_sessions (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    nonce_digest TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX credential_sessions_by_nonce ON credential_sessions (nonce_digest);
  CREATE INDEX credential_sessions_by_expiry ON credential_sessions (expires_ms);
  `,
  `
  CREATE TABLE named_secrets (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    credential_version INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (tenant, id)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Of the newest schema. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the file to the newest schema, in one transaction; of many processes that try at once, one does it.
 * @throws HeadwaterError STORE_UNAVAILABLE for a file of a newer Headwater or of another program
 */
export async function migrate(connection: Connection, migrations: readonly Migration[]): Promise<void> {
  try {
    await connection.begin('read');
    const current = versionOf(connection, migrations) === migrations.length;
    await connection.commit();
    if (current) return;
    await connection.begin('write');
    // Read again: while this process waited for the lock, another one may have done it.
    const steps = migrations.slice(versionOf(connection, migrations));
    if (steps.length > 0) {
      for (const step of steps) {
        if (typeof step === 'string') connection.exec(step);
        else step(connection);
      }
      connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length};`);
    }
    await connection.commit();
  } finally {
    connection.rollback();
  }
}

/** How many migrations the file has. */
function versionOf(connection: Connection, migrations: readonly Migration[]): number {
  const application = connection.value('PRAGMA application_id');
  const version = Number(connection.value('PRAGMA user_version'));
  const empty = application === 0 && connection.value('SELECT count(*) FROM sqlite_schema') === 0;
  if (application !== APPLICATION_ID && !empty) {
    throw new HeadwaterError(
      'STORE_UNAVAILABLE',
      'The file headwater.db in HEADWATER_HOME belongs to another program.',
      {
        hint: 'A person must set HEADWATER_HOME to another folder, or move that file away.',
        retryable: false,
      },
    );
  }
  if (version > migrations.length) {
    throw new HeadwaterError('STORE_UNAVAILABLE', 'The store was written by a newer version of Headwater.', {
      hint: 'A person must update Headwater here, or set HEADWATER_HOME to another folder.',
      retryable: false,
    });
  }
  return version;
}
