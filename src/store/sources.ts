import type { Kysely, Transaction } from 'kysely';
import type { AuditEntry } from '../sources/audit.ts';
import type { IdempotencyEntry, InsertResult, SourceRepository } from '../sources/repository.ts';
import type { Append } from './audit.ts';
import { type ChangeFeed, noteChange } from './changes.ts';
import type { Database } from './database.ts';
import { findEntry, keepEntry } from './idempotency.ts';
import { takesSealed } from './keys.ts';
import { countOf, pageOf } from './source-queries.ts';
import { recordOf, rowOf } from './source-rows.ts';
import type { SourceRow, Tables } from './tables.ts';

export interface RepositoryParts {
  database: Database;
  feed: ChangeFeed;
  append: Append;
  now: () => Date;
}

type Tx = Transaction<Tables>;

/** Local sources in the store. */
export function createSourceRepository({ database, feed, append, now }: RepositoryParts): SourceRepository {
  /** Writes; where the outcome is `done`, notes the change and the audit entry with it, and tells it once it is durable. */
  const write = async <T extends { outcome: string }>(
    { tenant, id }: { tenant: string; id: string },
    work: (tx: Tx) => Promise<T>,
    done: T['outcome'],
    audit: AuditEntry,
  ): Promise<T> => {
    const change = { tenant, id };
    const { result, seq } = await database.write(async (tx) => {
      const result = await work(tx);
      if (result.outcome !== done) return { result };
      await append(tx, audit);
      return { result, seq: await noteChange(tx, change) };
    });
    if (seq !== undefined) feed.announce(seq, change);
    return result;
  };

  return {
    async insert(record, audit, idempotency) {
      const row = rowOf(record);
      return await write(record, (tx) => insert(tx, row, record.tags, idempotency, now()), 'inserted', audit);
    },
    async findIdempotent(tenant, entry) {
      return await database.read((db) => findEntry(db, tenant, entry, now()));
    },
    async find(tenant, id) {
      const row = await database.read((db) =>
        db.selectFrom('sources').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
      );
      return row && recordOf(row);
    },
    async nameTaken(tenant, key) {
      return (await database.read((db) => holderOf(db, tenant, key))) !== undefined;
    },
    async page(tenant, filter, limit, after) {
      const rows = await database.read((db) => pageOf(db, tenant, filter, limit, after));
      return rows.map(recordOf);
    },
    async count(tenant, filter, most) {
      return await database.read((db) => countOf(db, tenant, filter, most));
    },
    async replace(record, expectedVersion, audit) {
      const row = rowOf(record);
      const { outcome } = await write(
        record,
        (tx) => replace(tx, row, record.tags, expectedVersion),
        'replaced',
        audit,
      );
      return outcome;
    },
    async noteTest(tenant, id, version, outcome, audit, fingerprints) {
      const { status, lastError, errorCategory, testedAt, latencyMs, rowCount } = outcome;
      const columns = {
        status,
        last_error: lastError,
        error_category: errorCategory ?? null,
        last_tested_at: testedAt,
        latency_ms: latencyMs,
        ...(rowCount === undefined ? {} : { last_sync_at: testedAt, last_sync_row_count: rowCount }),
        ...(fingerprints === undefined ? {} : { fingerprints: JSON.stringify(fingerprints) }),
      };
      const note = async (tx: Tx): Promise<{ outcome: 'noted' | 'stale' }> => {
        const { numUpdatedRows } = await tx
          .updateTable('sources')
          .set(columns)
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .where('version', '=', version)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows > 0n) return { outcome: 'noted' };
        await append(tx, audit);
        return { outcome: 'stale' };
      };
      await write({ tenant, id }, note, 'noted', audit);
    },
    async remove(tenant, id, version, audit) {
      const { outcome } = await write({ tenant, id }, (tx) => remove(tx, tenant, id, version), 'removed', audit);
      return outcome;
    },
    onChange: feed.listen,
  };
}

async function insert(
  tx: Tx,
  row: SourceRow,
  tags: readonly string[],
  idempotency: IdempotencyEntry | undefined,
  now: Date,
): Promise<InsertResult> {
  if (idempotency !== undefined) {
    const before = await findEntry(tx, row.tenant, idempotency, now);
    if (before !== undefined) return { outcome: 'replayed', ...before };
  }
  if (!(await takesSealed(tx, row.sealed))) return { outcome: 'key_retired' };
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('sources')
    .values(row)
    .onConflict((conflict) => conflict.columns(['tenant', 'name_key']).doNothing())
    .executeTakeFirstOrThrow();
  if (numInsertedOrUpdatedRows === 0n) return { outcome: 'name_taken' };
  await insertTags(tx, row, tags);
  if (idempotency !== undefined) await keepEntry(tx, row.tenant, row.id, idempotency, now);
  return { outcome: 'inserted' };
}

async function replace(
  tx: Tx,
  row: SourceRow,
  tags: readonly string[],
  expectedVersion: number,
): Promise<{ outcome: 'replaced' | 'stale' | 'name_taken' | 'missing' | 'key_retired' }> {
  const stored = await tx
    .selectFrom('sources')
    .select(['version', 'tags'])
    .where('tenant', '=', row.tenant)
    .where('id', '=', row.id)
    .executeTakeFirst();
  if (stored === undefined) return { outcome: 'missing' };
  if (stored.version !== expectedVersion) return { outcome: 'stale' };
  if (await nameIsTaken(tx, row)) return { outcome: 'name_taken' };
  if (!(await takesSealed(tx, row.sealed))) return { outcome: 'key_retired' };
  const { tenant, id, ...columns } = row;
  await tx.updateTable('sources').set(columns).where('tenant', '=', tenant).where('id', '=', id).execute();
  if (stored.tags !== row.tags) {
    await tx.deleteFrom('source_tags').where('tenant', '=', tenant).where('source_id', '=', id).execute();
    await insertTags(tx, row, tags);
  }
  return { outcome: 'replaced' };
}

async function remove(
  tx: Tx,
  tenant: string,
  id: string,
  version: number,
): Promise<{ outcome: 'removed' | 'stale' | 'missing' }> {
  const stored = await tx
    .selectFrom('sources')
    .select('version')
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
  if (stored === undefined) return { outcome: 'missing' };
  if (stored.version !== version) return { outcome: 'stale' };
  // Its tags go with it.
  await tx.deleteFrom('sources').where('tenant', '=', tenant).where('id', '=', id).execute();
  return { outcome: 'removed' };
}

async function nameIsTaken(tx: Tx, { tenant, id, name_key }: SourceRow): Promise<boolean> {
  const holder = await holderOf(tx, tenant, name_key);
  return holder !== undefined && holder.id !== id;
}

/** Which source has the name. */
async function holderOf(db: Kysely<Tables>, tenant: string, key: string): Promise<{ id: string } | undefined> {
  return await db
    .selectFrom('sources')
    .select('id')
    .where('tenant', '=', tenant)
    .where('name_key', '=', key)
    .executeTakeFirst();
}

async function insertTags(tx: Tx, { tenant, id }: SourceRow, tags: readonly string[]): Promise<void> {
  const rows = [...new Set(tags)].map((tag) => ({ tenant, source_id: id, tag }));
  if (rows.length > 0) await tx.insertInto('source_tags').values(rows).execute();
}
