import { HeadwaterError } from '../errors.ts';
import type { SourceRecord } from '../sources/repository.ts';
import { nameKey } from '../sources/source.ts';
import type { SourceRow } from './tables.ts';

/** A record as a row. @throws HeadwaterError INVALID_ARGUMENTS for text that SQLite would not give back whole */
export function rowOf(record: SourceRecord): SourceRow {
  const row: SourceRow = {
    tenant: record.tenant,
    id: record.id,
    name: record.name,
    name_key: nameKey(record.name),
    connector: record.connector,
    description: record.description,
    settings: JSON.stringify(record.settings),
    secret_sources: JSON.stringify(record.secretSources),
    sealed: record.sealed,
    fingerprints: JSON.stringify(record.fingerprints),
    credential_version: record.credentialVersion,
    desired_state: record.desiredState,
    status: record.status,
    last_error: record.lastError,
    error_category: record.errorCategory,
    last_tested_at: record.lastTestedAt,
    latency_ms: record.latencyMs,
    last_sync_at: record.lastSyncAt,
    last_sync_row_count: record.lastSyncRowCount,
    tags: JSON.stringify(record.tags),
    collection: record.collection,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    version: record.version,
  };
  for (const [column, value] of Object.entries(row)) {
    if (typeof value === 'string' && value.includes('\0')) {
      throw new HeadwaterError('INVALID_ARGUMENTS', `The ${column} of a source must not hold the character U+0000.`);
    }
  }
  return row;
}

/** A row as a record. */
export function recordOf(row: SourceRow): SourceRecord {
  return {
    id: row.id,
    tenant: row.tenant,
    name: row.name,
    connector: row.connector,
    description: row.description,
    settings: JSON.parse(row.settings),
    secretSources: JSON.parse(row.secret_sources),
    sealed: row.sealed,
    fingerprints: JSON.parse(row.fingerprints),
    credentialVersion: row.credential_version,
    desiredState: row.desired_state,
    status: row.status,
    lastError: row.last_error,
    errorCategory: row.error_category,
    lastTestedAt: row.last_tested_at,
    latencyMs: row.latency_ms,
    lastSyncAt: row.last_sync_at,
    lastSyncRowCount: row.last_sync_row_count,
    tags: JSON.parse(row.tags),
    collection: row.collection,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    version: row.version,
  };
}
