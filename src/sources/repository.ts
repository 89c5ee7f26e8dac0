import type { AuditEntry } from './audit.ts';
import type { DesiredState, Status, TestOutcome } from './source.ts';

/** A local source as it is kept. Sealed credentials travel beside it, opaque. */
export interface SourceRecord {
  id: string;
  tenant: string;
  name: string;
  connector: string;
  description: string | null;
  settings: Readonly<Record<string, unknown>>;
  /** Field → `env:NAME` or `file:/path` for references, `vault` for sealed values. */
  secretSources: Readonly<Record<string, string>>;
  /** The vault's envelope of the literal secrets; null where there are none. */
  sealed: string | null;
  /** Field → what tells that its secret is another than before; see `secretFingerprint`. */
  fingerprints: Readonly<Record<string, string>>;
  /** Counts credential sets; part of what the envelope is bound to. */
  credentialVersion: number;
  desiredState: DesiredState;
  status: Status;
  lastError: string | null;
  errorCategory: string | null;
  lastTestedAt: string | null;
  latencyMs: number | null;
  lastSyncAt: string | null;
  lastSyncRowCount: number | null;
  tags: readonly string[];
  collection: string | null;
  createdAt: string;
  updatedAt: string;
  version: number;
}

export interface RecordFilter {
  connector?: string;
  status?: Status;
  tag?: string;
  /** Part of a name, case-insensitive. */
  query?: string;
}

/** One use of an idempotency key: same key and digest means the same call. */
export interface IdempotencyEntry {
  subject: string;
  tool: string;
  key: string;
  /** Of the canonical arguments. */
  digest: string;
}

export type InsertResult =
  | { outcome: 'inserted' }
  | { outcome: 'name_taken' }
  /** The credentials were sealed with a master key that was replaced since. */
  | { outcome: 'key_retired' }
  /** The same idempotency key was used before, by a call with this digest that made this source. */
  | { outcome: 'replayed'; digest: string; sourceId: string };

/**
 * Keeps local sources. Every method is one transaction, and every write is durable before it resolves. Tenants see
 * nothing of each other. A write takes its audit entry, which is kept in the same transaction, or not at all where
 * nothing is written. @throws HeadwaterError STORE_UNAVAILABLE
 */
export interface SourceRepository {
  /** Inserts the record and its idempotency entry together, or neither. */
  insert(record: SourceRecord, audit: AuditEntry, idempotency?: IdempotencyEntry): Promise<InsertResult>;
  findIdempotent(
    tenant: string,
    entry: Omit<IdempotencyEntry, 'digest'>,
  ): Promise<{ digest: string; sourceId: string } | undefined>;
  find(tenant: string, id: string): Promise<SourceRecord | undefined>;
  nameTaken(tenant: string, key: string): Promise<boolean>;
  /** By id, newest first; `after` is the last id of the page before. Costs the same however many there are. */
  page(tenant: string, filter: RecordFilter, limit: number, after?: string): Promise<SourceRecord[]>;
  /** How many match, counted no further than `most`. */
  count(tenant: string, filter: RecordFilter, most: number): Promise<number>;
  /** Replaces the record if its stored version is still `expectedVersion`. */
  replace(
    record: SourceRecord,
    expectedVersion: number,
    audit: AuditEntry,
  ): Promise<'replaced' | 'stale' | 'name_taken' | 'missing' | 'key_retired'>;
  /**
   * Notes a test's outcome, and the fingerprints of its secrets, without a new version, if the source is still at
   * `version`; that there was a test is kept in any case.
   */
  noteTest(
    tenant: string,
    id: string,
    version: number,
    outcome: TestOutcome,
    audit: AuditEntry,
    fingerprints?: SourceRecord['fingerprints'],
  ): Promise<void>;
  /** Deletes it if it is still at `version`. */
  remove(tenant: string, id: string, version: number, audit: AuditEntry): Promise<'removed' | 'stale' | 'missing'>;
  /** Ids of sources that changed (in this process or another) since the last call with this listener. */
  onChange(listener: (change: { tenant: string; id: string }) => void): () => void;
}
