import { randomBytes } from 'node:crypto';
import type { SourceRecord } from '../../../src/sources/repository.ts';

let made = 0;

/** A source as the repository takes it, with an id greater than all before it. */
export function record(over: Partial<SourceRecord> = {}): SourceRecord {
  made += 1;
  const order = String(made).padStart(8, '0');
  return {
    id: `src_${order}${randomBytes(4).toString('hex')}`,
    tenant: 'acme',
    name: `Shop ${order}`,
    connector: 'postgresql',
    description: null,
    settings: { host: 'db.example.com', port: 5432, schemas: ['public'], tls: { mode: 'verify-full' } },
    secretSources: { password: 'env:HEADWATER_SECRET_SHOP' },
    sealed: null,
    fingerprints: {},
    credentialVersion: 1,
    desiredState: 'Active',
    status: 'Active',
    lastError: null,
    errorCategory: null,
    lastTestedAt: null,
    latencyMs: null,
    lastSyncAt: null,
    lastSyncRowCount: null,
    tags: [],
    collection: null,
    createdAt: '2026-11-20T08:00:00.000Z',
    updatedAt: '2026-11-20T08:00:00.000Z',
    version: 1,
    ...over,
  };
}
