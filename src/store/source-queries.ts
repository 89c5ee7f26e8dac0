import type { ExpressionBuilder, Kysely } from 'kysely';
import type { RecordFilter } from '../sources/repository.ts';
import { nameKey } from '../sources/source.ts';
import type { SourceRow, Tables } from './tables.ts';

/** Greater than every id. With a bound SQLite takes the index of the filter; without one it may scan the table. */
const BEYOND_ALL = '\u{10ffff}';

/** Newest first, from after the id `after`. */
export async function pageOf(
  db: Kysely<Tables>,
  tenant: string,
  filter: RecordFilter,
  limit: number,
  after = BEYOND_ALL,
): Promise<SourceRow[]> {
  const matches = matching(tenant, filter);
  if (filter.tag === undefined) {
    return await db
      .selectFrom('sources')
      .selectAll()
      .where(matches)
      .where('id', '<', after)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
  }
  return await tagged(db, tenant, filter.tag)
    .selectAll('sources')
    .where(matches)
    .where('source_tags.source_id', '<', after)
    .orderBy('source_tags.source_id', 'desc')
    .limit(limit)
    .execute();
}

/** How many match, at most `most`. */
export async function countOf(db: Kysely<Tables>, tenant: string, filter: RecordFilter, most: number): Promise<number> {
  const { tag, ...others } = filter;
  const from = tag === undefined ? db.selectFrom('sources') : tagged(db, tenant, tag);
  // The tag's index alone knows how many have it.
  const found =
    tag === undefined || Object.keys(others).length > 0
      ? from.select('sources.id').where(matching(tenant, filter)).limit(most)
      : db
          .selectFrom('source_tags')
          .select('source_id as id')
          .where('tenant', '=', tenant)
          .where('tag', '=', tag)
          .limit(most);
  const { total } = await db
    .selectFrom(found.as('found'))
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return total;
}

/** The cross join makes SQLite go from the tag's index to the sources, which has them in the order of a page. */
function tagged(db: Kysely<Tables>, tenant: string, tag: string) {
  return db
    .selectFrom('source_tags')
    .crossJoin('sources')
    .whereRef('sources.tenant', '=', 'source_tags.tenant')
    .whereRef('sources.id', '=', 'source_tags.source_id')
    .where('source_tags.tenant', '=', tenant)
    .where('source_tags.tag', '=', tag);
}

function matching(tenant: string, { connector, status, query }: RecordFilter) {
  return (eb: ExpressionBuilder<Tables, 'sources'>) =>
    eb.and([
      eb('sources.tenant', '=', tenant),
      ...(connector === undefined ? [] : [eb('sources.connector', '=', connector)]),
      ...(status === undefined ? [] : [eb('sources.status', '=', status)]),
      ...(query === undefined
        ? []
        : [eb(eb.fn<number>('instr', ['sources.name_key', eb.val(nameKey(query))]), '>', 0)]),
    ]);
}
