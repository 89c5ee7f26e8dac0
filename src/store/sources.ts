import type { ExpressionBuilder, Kysely, Transaction } from 'kysely';
import type {
  IdempotencyEntry,
  InsertResult,
  RecordFilter,
  SourceRecord,
  SourceRepository,
} from '../sources/repository.ts';
import { nameKey } from '../sources/source.ts';
import { type Change, type ChangeFeed, noteChange } from './changes.ts';
import type { Database } from './database.ts';
import { findEntry, keepEntry } from './idempotency.ts';
import { recordOf, rowOf } from './source-rows.ts';
import type { Tables } from './tables.ts';

export interface RepositoryParts {
  database: Database;
  feed: ChangeFeed;
  now: () => Date;
}

/** Local sources in the store. */
export function createSourceRepository({ database, feed, now }: RepositoryParts): SourceRepository {
  /** Writes, and tells the listeners once it is durable if `changed` says that something changed. */
  const write = async <T>(
    change: Change,
    work: (tx: Transaction<Tables>) => Promise<T>,
    changed: (result: T) => boolean,
  ): Promise<T> => {
    const { result, seq } = await database.write(async (tx) => {
      const result = await work(tx);
      return { result, seq: changed(result) ? await noteChange(tx, change) : undefined };
    });
    if (seq !== undefined) feed.announce(seq, change);
    return result;
  };

  return {
    insert: (record, idempotency) =>
      write(
        record,
        (tx) => insert(tx, record, idempotency, now),
        ({ outcome }) => outcome === 'inserted',
      ),
    findIdempotent: (tenant, entry) => database.read((db) => findEntry(db, tenant, entry, now())),
    find: async (tenant, id) => {
      const row = await database.read((db) =>
        db.selectFrom('sources').selectAll().where('tenant', '=', tenant).where('id', '=', id).executeTakeFirst(),
      );
      return row && recordOf(row);
    },
    page: async (tenant, filter, limit, after) => {
      const rows = await database.read((db) => pageOf(db, tenant, filter, limit, after));
      return rows.map(recordOf);
    },
    count: (tenant, filter, most) => database.read((db) => countOf(db, tenant, filter, most)),
    replace: (record, expectedVersion) =>
      write(
        record,
        (tx) => replace(tx, record, expectedVersion),
        (outcome) => outcome === 'replaced',
      ),
  };
}
