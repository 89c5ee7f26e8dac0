import type { Vault } from '../../secrets/vault.ts';
import type { NewSource, SourceChange } from '../../sources/platform.ts';
import type { Principal } from '../../sources/principal.ts';
import type { SourceRecord } from '../../sources/repository.ts';
import type { TestOutcome } from '../../sources/source.ts';
import { fingerprintsOf, kept, ownerOf } from '../credentials.ts';

/** What is kept of a new source, its credentials sealed. @throws HeadwaterError KEY_UNAVAILABLE */
export async function newRecord(
  vault: Vault,
  principal: Principal,
  draft: NewSource,
  id: string,
  at: Date,
): Promise<SourceRecord> {
  const time = at.toISOString();
  const owner = { tenant: principal.tenant, sourceId: id, credentialVersion: 1 };
  return {
    id,
    tenant: principal.tenant,
    name: draft.name,
    connector: draft.connector.code,
    description: draft.description ?? null,
    ...(await kept(vault, draft.config, owner, draft.outcome)),
    desiredState: draft.desiredState,
    status: draft.status,
    ...tested(draft.outcome),
    ...counted(draft.outcome),
    tags: draft.tags,
    collection: textOf(draft.options['collection']) ?? null,
    createdAt: time,
    updatedAt: time,
    version: 1,
  };
}

/** What is kept of a source after a change. @throws HeadwaterError KEY_UNAVAILABLE */
export async function changedRecord(
  vault: Vault,
  before: SourceRecord,
  change: SourceChange,
  at: Date,
): Promise<SourceRecord> {
  const owner = { tenant: before.tenant, sourceId: before.id, credentialVersion: before.credentialVersion + 1 };
  return {
    ...before,
    name: change.name ?? before.name,
    description: change.description === undefined ? before.description : change.description,
    collection:
      change.options['collection'] === null ? null : (textOf(change.options['collection']) ?? before.collection),
    tags: change.tags ?? before.tags,
    desiredState: change.desiredState ?? before.desiredState,
    ...(change.config
      ? await kept(vault, change.config, owner, change.outcome)
      : await seen(vault, before, change.outcome)),
    status: change.status,
    ...(change.outcome ? tested(change.outcome) : {}),
    // Another config is another table: what was counted before says nothing of it.
    ...(change.config || change.outcome?.rowCount !== undefined ? counted(change.outcome) : {}),
    updatedAt: at.toISOString(),
    version: before.version + 1,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function tested(outcome: TestOutcome | undefined) {
  return {
    lastError: outcome?.lastError ?? null,
    errorCategory: outcome?.errorCategory ?? null,
    lastTestedAt: outcome?.testedAt ?? null,
    latencyMs: outcome?.latencyMs ?? null,
  };
}

function counted(outcome: TestOutcome | undefined) {
  const { rowCount } = outcome ?? {};
  return rowCount === undefined || outcome === undefined
    ? { lastSyncAt: null, lastSyncRowCount: null }
    : { lastSyncAt: outcome.testedAt, lastSyncRowCount: rowCount };
}

/** The fingerprints of a config that stays, after a test that passed. */
async function seen(vault: Vault, before: SourceRecord, outcome: TestOutcome | undefined) {
  if (!outcome?.secrets) return {};
  return {
    fingerprints: { ...before.fingerprints, ...(await fingerprintsOf(vault, outcome.secrets, ownerOf(before))) },
  };
}
