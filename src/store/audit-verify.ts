import type { Kysely } from 'kysely';
import type { AuditVerdict } from '../sources/audit.ts';
import { anchorOf, isRight, type Link } from './audit-chain.ts';
import type { Database } from './database.ts';
import type { AuditRow, Tables } from './tables.ts';

/** Entries that are in memory at once; no writer waits for longer than such a page takes. */
const WALKED_AT_ONCE = 500;

type Broken = Extract<AuditVerdict, { ok: false }>['broken'];

/**
 * Walks the chain from its anchor to its end, a page after the other, each in a transaction of its own.
 * `noted`: a digest that must be met on the way. `kept`: how many entries pruning leaves at least.
 */
export async function verify(database: Database, noted: string | undefined, kept: number): Promise<AuditVerdict> {
  const walk = createWalk(noted, kept);
  for (;;) {
    const { anchor, rows, greatest } = await database.read((db) => readPage(db, walk.at));
    walk.begin(anchor);
    for (const row of rows) {
      const broken = walk.step(row);
      if (broken) return { ok: false, entries: walk.entries, broken };
    }
    if (rows.length === WALKED_AT_ONCE) continue;
    return walk.end(greatest);
  }
}

function createWalk(noted: string | undefined, kept: number) {
  let at: Link | undefined;
  let anchored = 0;
  let first: number | null = null;
  let entries = 0;
  let met = noted === undefined;
  const reach = (link: Link) => {
    at = { seq: link.seq, digest: link.digest };
    met ||= link.digest === noted;
  };
  return {
    /** The last entry that was found right. */
    get at() {
      return at;
    },
    get entries() {
      return entries;
    },
    /** Entries may be pruned while we walk, those included that would have come next. */
    begin(anchor: Link) {
      anchored = Math.max(anchored, anchor.seq);
      if (at === undefined || anchor.seq > at.seq) reach(anchor);
    },
    /** Goes on to the next entry. @returns what is wrong with it */
    step(row: AuditRow): Broken | undefined {
      const { seq, digest } = at ?? row;
      if (row.seq > seq + 1) return { why: 'missing', seq: seq + 1 };
      // One that stands before the anchor was put in.
      if (row.seq <= seq || !isRight(row, digest)) return { why: 'changed', seq: row.seq };
      reach(row);
      first ??= row.seq;
      entries += 1;
      return undefined;
    },
    /** `greatest`: the greatest number that was ever given out. */
    end(greatest: number): AuditVerdict {
      const last = at?.seq ?? 0;
      if (greatest > last) return { ok: false, entries, broken: { why: 'truncated', seq: last + 1 } };
      // Pruning leaves as many as are kept: an anchor with fewer behind it was put there to hide what is gone.
      if (anchored > 0 && last - anchored < kept)
        return { ok: false, entries, broken: { why: 'missing', seq: anchored } };
      if (!met) return { ok: false, entries, broken: { why: 'head', seq: null } };
      return { ok: true, entries, first, head: entries === 0 || at === undefined ? null : at };
    },
  };
}

async function readPage(db: Kysely<Tables>, last: Link | undefined) {
  const anchor = await anchorOf(db);
  const rows = await db
    .selectFrom('audit')
    .selectAll()
    .where('seq', '>', last?.seq ?? Number.MIN_SAFE_INTEGER)
    .orderBy('seq')
    .limit(WALKED_AT_ONCE)
    .execute();
  const counter = await db.selectFrom('sqlite_sequence').select('seq').where('name', '=', 'audit').executeTakeFirst();
  return { anchor, rows, greatest: counter?.seq ?? 0 };
}
