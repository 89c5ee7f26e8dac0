import type { Kysely, Transaction } from 'kysely';
import type { IdempotencyEntry } from '../sources/repository.ts';
import type { Tables } from './tables.ts';

const KEPT_MS = 24 * 60 * 60 * 1000;
/** Expired entries that one insert removes: more than it adds, so that they do not pile up. */
const SWEPT_AT_ONCE = 20;

type EntryKey = Omit<IdempotencyEntry, 'digest'>;

/** What this key was used for in the last 24 hours. */
export async function findEntry(
  db: Kysely<Tables>,
  tenant: string,
  { subject, tool, key }: EntryKey,
  now: Date,
): Promise<{ digest: string; sourceId: string } | undefined> {
  return await db
    .selectFrom('idempotency')
    .select(['digest', 'source_id as sourceId'])
    .where('tenant', '=', tenant)
    .where('subject', '=', subject)
    .where('tool', '=', tool)
    .where('key', '=', key)
    .where('created_ms', '>', now.getTime() - KEPT_MS)
    .executeTakeFirst();
}

/** Keeps an entry that `findEntry` did not find, and sweeps some of the expired ones. */
export async function keepEntry(
  tx: Transaction<Tables>,
  tenant: string,
  sourceId: string,
  { subject, tool, key, digest }: IdempotencyEntry,
  now: Date,
): Promise<void> {
  const expired = tx
    .selectFrom('idempotency')
    .select('n')
    .where('created_ms', '<=', now.getTime() - KEPT_MS)
    .orderBy('created_ms')
    .limit(SWEPT_AT_ONCE);
  await tx.deleteFrom('idempotency').where('n', 'in', expired).execute();
  // What the sweep left of this key has expired as well.
  const values = { digest, source_id: sourceId, created_ms: now.getTime() };
  await tx
    .insertInto('idempotency')
    .values({ tenant, subject, tool, key, ...values })
    .onConflict((conflict) => conflict.columns(['tenant', 'subject', 'tool', 'key']).doUpdateSet(values))
    .execute();
}
