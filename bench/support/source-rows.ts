import { LOCAL_PRINCIPAL } from '../../src/sources/principal.ts';
import { rowOf } from '../../src/store/source-rows.ts';
import type { SourceRow } from '../../src/store/tables.ts';

const TAGS = ['shop', 'eu', 'finance', 'legacy', 'pii'] as const;
const TIME = '2026-07-28T09:00:00.000Z';

/** A realistic source as the store keeps it; ids ascend with `n`. One of fifty is broken. */
export function sourceRow(n: number): SourceRow {
  const broken = n % 50 === 7;
  return rowOf({
    id: `src_${String(n).padStart(26, '0')}`,
    tenant: LOCAL_PRINCIPAL.tenant,
    name: `Shop of region ${n}`,
    connector: 'postgresql',
    description: 'Orders and customers of the shop.',
    settings: { host: `db-${n}.example.com`, port: 5432, database: 'shop', username: 'headwater', tls_mode: 'require' },
    secretSources: { password: 'env:HEADWATER_SECRET_SHOP' },
    sealed: null,
    credentialVersion: 1,
    desiredState: 'Active',
    status: broken ? 'Broken' : 'Active',
    lastError: broken ? `PostgreSQL at db-${n}.example.com:5432 does not accept the password of headwater.` : null,
    errorCategory: broken ? 'AUTH_REJECTED' : null,
    lastTestedAt: TIME,
    latencyMs: 41.5,
    tags: tagsOf(n),
    collection: null,
    createdAt: TIME,
    updatedAt: TIME,
    version: 1,
  });
}

export function tagsOf(n: number): string[] {
  return [TAGS[n % TAGS.length] ?? 'shop'];
}
