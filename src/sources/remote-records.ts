import type { AuditEntry } from './audit.ts';
import type { IdempotencyEntry, InsertResult } from './repository.ts';
import type { PlatformCode, TestOutcome } from './source.ts';

/**
 * What we keep of a source that lives on another platform, which holds the record itself: what was sent there, its
 * secrets sealed, and the last test. A source that was made elsewhere has none, and needs none.
 */
export interface RemoteRecord {
  tenant: string;
  /** `<platform>:<vendor id>`. */
  id: string;
  connector: string;
  /** Settings as they were sent, under the platform's own keys, and virtual ones. */
  settings: Readonly<Record<string, unknown>>;
  /** Field → `env:NAME`, `file:/path`, `worker:…`, `platform`, or `vault` for sealed values. */
  secretSources: Readonly<Record<string, string>>;
  /** The vault's envelope of the literal secrets, those that the platform gave us included; null where there are none. */
  sealed: string | null;
  fingerprints: Readonly<Record<string, string>>;
  /** Counts credential sets; part of what the envelope is bound to. */
  credentialVersion: number;
  lastTest: RemoteTest | null;
}

export type RemoteTest = Pick<TestOutcome, 'status' | 'lastError' | 'errorCategory' | 'testedAt' | 'latencyMs'>;

/** That a create is about to be sent: kept before it is, so that nobody sends it again without looking. */
export interface CreateIntent {
  tenant: string;
  platform: PlatformCode;
  /** `nameKey(name)`. */
  name: string;
  /** Of connector and config, keyed. */
  digest: string;
  /** Which process sends it: `host:pid`. */
  owner: string;
  /** ISO 8601. */
  startedAt: string;
}

/** Keeps them, each write durable before it resolves. @throws HeadwaterError STORE_UNAVAILABLE */
export interface RemoteRecords {
  find(tenant: string, id: string): Promise<RemoteRecord | undefined>;
  findIdempotent(
    tenant: string,
    entry: Omit<IdempotencyEntry, 'digest'>,
  ): Promise<{ digest: string; sourceId: string } | undefined>;
  /** The intent of that name that nothing has come of yet. */
  intent(key: Pick<CreateIntent, 'tenant' | 'platform' | 'name'>): Promise<CreateIntent | undefined>;
  /**
   * Takes the name for this intent; in the place of `before`, which was found to have ended without a source.
   * @returns the intent that has the name, where that is another one
   */
  begin(intent: CreateIntent, before?: CreateIntent): Promise<CreateIntent | undefined>;
  /** The platform has refused: nothing was made. */
  abandon(intent: CreateIntent): Promise<void>;
  /** Keeps the record, its idempotency entry and the audit entry, and ends the intent: all of it or nothing. */
  keep(
    record: RemoteRecord,
    audit: AuditEntry,
    with_?: { intent?: CreateIntent; idempotency?: IdempotencyEntry },
  ): Promise<Extract<InsertResult['outcome'], 'inserted' | 'key_retired'>>;
  noteTest(tenant: string, id: string, connector: string, test: RemoteTest, audit: AuditEntry): Promise<void>;
  remove(tenant: string, id: string, audit: AuditEntry): Promise<void>;
}
