import type { Generated } from 'kysely';
import type { AuditEntry } from '../sources/audit.ts';
import type { DesiredState, PlatformCode, Status } from '../sources/source.ts';

/** The store's tables as TypeScript sees them; `migrations.ts` makes them. */
export interface Tables {
  sources: SourceRow;
  source_tags: SourceTagRow;
  idempotency: IdempotencyRow;
  changes: ChangeRow;
  key_checks: KeyCheckRow;
  vault_keys: VaultKeyRow;
  audit: AuditRow;
  audit_anchor: AuditAnchorRow;
  remote_sources: RemoteSourceRow;
  create_intents: CreateIntentRow;
  credential_sessions: CredentialSessionRow;
  named_secrets: NamedSecretRow;
  /** SQLite's own: the greatest number that each counting table ever gave out. */
  sqlite_sequence: { name: string; seq: number };
}

/** Those of `attempts.db`. */
export interface AttemptTables {
  attempts: AttemptRow;
  circuits: CircuitRow;
  login_rejections: LoginRejectionRow;
}

export interface SourceRow {
  tenant: string;
  id: string;
  name: string;
  /** `nameKey(name)`: what makes names unique, and what is searched. */
  name_key: string;
  connector: string;
  description: string | null;
  /** JSON. */
  settings: string;
  /** JSON. */
  secret_sources: string;
  sealed: string | null;
  /** JSON. */
  fingerprints: string;
  credential_version: number;
  desired_state: DesiredState;
  status: Status;
  last_error: string | null;
  error_category: string | null;
  last_tested_at: string | null;
  latency_ms: number | null;
  last_sync_at: string | null;
  last_sync_row_count: number | null;
  /** JSON; `source_tags` holds the same for searching. */
  tags: string;
  collection: string | null;
  created_at: string;
  updated_at: string;
  version: number;
}

/** What we keep of a source on another platform. */
export interface RemoteSourceRow {
  tenant: string;
  id: string;
  connector: string;
  /** JSON, as are the next, the fingerprints and the last test. */
  settings: string;
  secret_sources: string;
  sealed: string | null;
  fingerprints: string;
  credential_version: number;
  last_test: string | null;
}

/** A secret that somebody has stored under a name, which is its id. */
export interface NamedSecretRow {
  tenant: string;
  id: string;
  sealed: string;
  credential_version: number;
  fingerprint: string;
  created_at: string;
  updated_at: string;
}

/** A create that was about to be sent and has not come to an end. */
export interface CreateIntentRow {
  tenant: string;
  platform: PlatformCode;
  name: string;
  digest: string;
  owner: string;
  started_at: string;
}

/** A hand-over of credentials. */
export interface CredentialSessionRow {
  tenant: string;
  id: string;
  nonce_digest: string;
  expires_ms: number;
  revision: number;
  /** JSON: all the rest; secrets in it are sealed. */
  body: string;
}

export interface SourceTagRow {
  tenant: string;
  source_id: string;
  tag: string;
}

export interface IdempotencyRow {
  n: Generated<number>;
  tenant: string;
  subject: string;
  tool: string;
  key: string;
  digest: string;
  source_id: string;
  /** Milliseconds since the epoch. */
  created_ms: number;
}

/** The last changes of all tenants, by which processes tell each other. */
export interface ChangeRow {
  seq: Generated<number>;
  tenant: string;
  source_id: string;
}

export interface KeyCheckRow {
  key_id: string;
  proof: string;
  /** Since when no value needs the key; from then on none may be sealed with it. */
  retired_at: string | null;
}

/** Keys of our own, sealed by the master key. */
export interface VaultKeyRow {
  purpose: 'digest';
  sealed: string;
}

/** The last attempts to connect. All `_ms` are milliseconds since the epoch. */
export interface AttemptRow {
  n: Generated<number>;
  tenant: string;
  destination: string;
  at_ms: number;
}

export interface CircuitRow {
  tenant: string;
  connector: string;
  destination: string;
  failures: number;
  openings: number;
  open_until_ms: number;
  lease_id: string;
  lease_until_ms: number;
  not_before_ms: number;
  failed_ms: number;
  last_code: string;
  last_message: string;
}

export interface LoginRejectionRow {
  tenant: string;
  destination: string;
  username: string;
  fingerprint: string;
  tries: number;
  at_ms: number;
}

export interface AuditRow
  extends Pick<
    AuditEntry,
    'at' | 'tenant' | 'subject' | 'role' | 'surface' | 'action' | 'outcome' | 'source_id' | 'connector'
  > {
  seq: number;
  /** This and all that follow: canonical JSON. */
  codes: string;
  fields: string;
  destination_before: string | null;
  destination_after: string | null;
  target: string | null;
  digest: string;
}

/** The last entry that was pruned; the chain begins behind it. */
export interface AuditAnchorRow {
  id: 1;
  seq: number;
  digest: string;
}
