import type { CompiledQuery, ExpressionBuilder, Transaction } from 'kysely';
import type { Audit, AuditEntry, AuditFilter } from '../sources/audit.ts';
import { canonicalJson } from '../sources/canonical.ts';
import { soughtSource } from '../sources/trail.ts';
import { anchorOf, COLUMNS, digestOf, entryOf, rowOf } from './audit-chain.ts';
import { verify } from './audit-verify.ts';
import type { Database } from './database.ts';
import type { AuditRow, Tables } from './tables.ts';

/** About 40 MB. Older entries are pruned, and the anchor keeps the digest that the rest stands on. */
export const KEPT_ENTRIES = 100_000;
const SWEPT_EVERY = 100;

/** Appends an entry to the chain in the transaction of what it tells of. */
export type Append = (tx: Transaction<Tables>, entry: AuditEntry) => Promise<void>;

/**
 * The write lock that every transaction holds from its beginning makes one chain of what many processes append. Numbers
 * go on behind the greatest there ever was: where the last entries are gone, the gap stays to be seen.
 */
export function appendTo(kept: number): Append {
  const tailOf = compiledOnce(tailQuery);
  const insert = compiledOnce(insertQuery);
  return async (tx, entry) => {
    const [tail] = (await tx.executeQuery(tailOf(tx))).rows;
    const seq = (tail?.seq ?? 0) + 1;
    const digest = digestOf(tail?.digest ?? (await anchorOf(tx)).digest, seq, entry);
    const row = rowOf({ seq, ...entry, digest });
    await tx.executeQuery({ ...insert(tx), parameters: COLUMNS.map((column) => row[column]) });
    if (seq % SWEPT_EVERY === 0) await prune(tx, seq - kept);
  };
}

/** Building a statement costs as much as running it, and these run with every write. */
function compiledOnce<T>(query: (tx: Transaction<Tables>) => CompiledQuery<T>): typeof query {
  let compiled: CompiledQuery<T> | undefined;
  return (tx) => {
    compiled ??= query(tx);
    return compiled;
  };
}

function tailQuery(tx: Transaction<Tables>) {
  return tx
    .selectNoFrom((eb) => [
      eb.selectFrom('sqlite_sequence').select('seq').where('name', '=', 'audit').as('seq'),
      eb.selectFrom('audit').select('digest').orderBy('seq', 'desc').limit(1).as('digest'),
    ])
    .compile();
}

/** Its parameters are the values of `COLUMNS`, in that order. */
function insertQuery(tx: Transaction<Tables>) {
  return tx
    .insertInto('audit')
    .values(Object.fromEntries(COLUMNS.map((column) => [column, ''])) as unknown as AuditRow)
    .compile();
}

export function createAudit(database: Database, append: Append, kept: number): Audit {
  return {
    append: (entries) =>
      database.write(async (tx) => {
        for (const entry of entries) await append(tx, entry);
      }),
    async page(filter, limit, before = Number.MAX_SAFE_INTEGER) {
      const rows = await database.read((db) =>
        db
          .selectFrom('audit')
          .selectAll()
          .where('seq', '<', before)
          .where(matching(filter))
          .orderBy('seq', 'desc')
          .limit(limit)
          .execute(),
      );
      return rows.map(entryOf);
    },
    verify: (head) => verify(database, head, kept),
  };
}

async function prune(tx: Transaction<Tables>, upTo: number): Promise<void> {
  const anchor = await tx
    .selectFrom('audit')
    .select(['seq', 'digest'])
    .where('seq', '<=', upTo)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!anchor) return;
  await tx.deleteFrom('audit').where('seq', '<=', anchor.seq).execute();
  await tx
    .insertInto('audit_anchor')
    .values({ id: 1, ...anchor })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(anchor))
    .execute();
}

function matching({ tenant, source, action, outcome, since }: AuditFilter) {
  return (eb: ExpressionBuilder<Tables, 'audit'>) => {
    const sought = source === undefined ? null : soughtSource(source);
    return eb.and([
      ...(tenant === undefined ? [] : [eb('tenant', '=', tenant)]),
      ...(source === undefined
        ? []
        : [eb.or([eb('source_id', '=', source), ...(sought ? [eb('target', '=', canonicalJson(sought))] : [])])]),
      ...(action === undefined ? [] : [eb('action', '=', action)]),
      ...(outcome === undefined ? [] : [eb('outcome', '=', outcome)]),
      ...(since === undefined ? [] : [eb('at', '>=', since.toISOString())]),
    ]);
  };
}
