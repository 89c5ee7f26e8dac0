import { LOCAL_PRINCIPAL } from '../../src/sources/principal.ts';
import { connect } from '../../src/store/connection.ts';
import { rowOf } from '../../src/store/source-rows.ts';
import type { SourceRow } from '../../src/store/tables.ts';

export const TAGS = ['shop', 'eu', 'finance', 'legacy', 'pii'] as const;
const TIME = '2026-07-28T09:00:00.000Z';

/** A realistic source as the store keeps it; ids ascend with `n`. One of fifty is broken. */
export function sourceRow(n: number): SourceRow {
  const broken = n % 50 === 7;
  return rowOf({
    id: `src_${String(n).padStart(26, '0')}`,
    tenant: LOCAL_PRINCIPAL.tenant,
    name: `Shop of region ${n}.`,
    connector: 'postgresql',
    description: 'Orders and customers of the shop.',
    settings: { host: `db-${n}.example.com`, port: 5432, database: 'shop', username: 'headwater', tls_mode: 'require' },
    secretSources: { password: 'env:HEADWATER_SECRET_SHOP' },
    sealed: null,
    fingerprints: {},
    credentialVersion: 1,
    desiredState: 'Active',
    status: broken ? 'Broken' : 'Active',
    lastError: broken ? `PostgreSQL at db-${n}.example.com:5432 does not accept the password of headwater.` : null,
    errorCategory: broken ? 'AUTH_REJECTED' : null,
    lastTestedAt: TIME,
    latencyMs: 41.5,
    lastSyncAt: null,
    lastSyncRowCount: null,
    tags: [TAGS[n % TAGS.length] ?? 'shop'],
    collection: null,
    createdAt: TIME,
    updatedAt: TIME,
    version: 1,
  });
}

/** Puts that many sources into a store that is there, past the use cases and not durably. */
export async function fillStore(file: string, count: number): Promise<void> {
  const connection = await connect(file);
  const columns = Object.keys(sourceRow(0));
  const source = connection.prepare(
    `INSERT INTO sources (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
  );
  const tag = connection.prepare('INSERT INTO source_tags (tenant, source_id, tag) VALUES (?, ?, ?)');
  connection.exec('PRAGMA synchronous = OFF; BEGIN');
  for (let n = 0; n < count; n += 1) {
    const row = sourceRow(n);
    source.run(Object.values(row));
    for (const text of JSON.parse(row.tags) as string[]) tag.run([row.tenant, row.id, text]);
  }
  connection.exec('COMMIT');
  connection.close();
}
