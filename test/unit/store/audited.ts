import type { AuditEntry } from '../../../src/sources/audit.ts';
import type { IdempotencyEntry, SourceRecord, SourceRepository } from '../../../src/sources/repository.ts';
import type { TestOutcome } from '../../../src/sources/source.ts';
import { openStore as openReal, type Store as RealStore, type StoreOptions } from '../../../src/store/sqlite.ts';

/** A store whose writes bring some audit entry by themselves, for tests that are about something else. */
export interface Store extends Omit<RealStore, 'sources'> {
  sources: Omit<SourceRepository, 'insert' | 'replace' | 'noteTest' | 'remove'> & {
    insert(record: SourceRecord, idempotency?: IdempotencyEntry): ReturnType<SourceRepository['insert']>;
    replace(record: SourceRecord, expectedVersion: number): ReturnType<SourceRepository['replace']>;
    noteTest(
      tenant: string,
      id: string,
      version: number,
      outcome: TestOutcome,
      fingerprints?: SourceRecord['fingerprints'],
    ): Promise<void>;
    remove(tenant: string, id: string, version: number): ReturnType<SourceRepository['remove']>;
  };
}

export function openStore(options: StoreOptions): Store {
  const store = openReal(options);
  const { sources } = store;
  return {
    ...store,
    sources: {
      ...sources,
      insert: (record, idempotency) =>
        sources.insert(record, auditEntry({ tenant: record.tenant, source_id: record.id }), idempotency),
      replace: (record, version) =>
        sources.replace(record, version, auditEntry({ tenant: record.tenant, source_id: record.id })),
      noteTest: (tenant, id, version, outcome, fingerprints) =>
        sources.noteTest(tenant, id, version, outcome, auditEntry({ tenant, source_id: id }), fingerprints),
      remove: (tenant, id, version) => sources.remove(tenant, id, version, auditEntry({ tenant, source_id: id })),
    },
  };
}

/** An entry as a use case makes it. */
export function auditEntry(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: '2026-11-20T08:00:00.000Z',
    tenant: 'acme',
    subject: 'ada',
    role: 'editor',
    surface: 'http',
    action: 'create_source',
    outcome: 'ok',
    codes: [],
    source_id: null,
    connector: 'postgresql',
    fields: ['name', 'config.host'],
    destination_before: null,
    destination_after: { host: 'db.example.com', port: 5432 },
    target: null,
    ...over,
  };
}
