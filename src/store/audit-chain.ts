import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { AuditEntry, KeptEntry } from '../sources/audit.ts';
import { canonicalJson } from '../sources/canonical.ts';
import type { AuditRow, Tables } from './tables.ts';

/** A place in the chain. */
export interface Link {
  seq: number;
  digest: string;
}

/** Of the table, in its order. */
export const COLUMNS = [
  'seq',
  'at',
  'tenant',
  'subject',
  'role',
  'surface',
  'action',
  'outcome',
  'codes',
  'source_id',
  'connector',
  'fields',
  'destination_before',
  'destination_after',
  'target',
  'digest',
] as const satisfies readonly (keyof AuditRow)[];

/** What the first entry of all follows. */
const GENESIS: Link = { seq: 0, digest: '0'.repeat(64) };

/** What the oldest entry that is kept follows. */
export async function anchorOf(db: Kysely<Tables>): Promise<Link> {
  const anchor = await db.selectFrom('audit_anchor').select(['seq', 'digest']).executeTakeFirst();
  return anchor ?? GENESIS;
}

/** SHA-256 over the digest before, a line feed, and the entry with its number as JSON with sorted keys. */
export function digestOf(before: string, seq: number, entry: AuditEntry): string {
  return createHash('sha256')
    .update(`${before}\n${canonicalJson({ seq, ...entry })}`)
    .digest('hex');
}

/** Whether a row is, to the byte, what was written behind that digest. */
export function isRight(row: AuditRow, before: string): boolean {
  try {
    const { digest, seq, ...entry } = entryOf(row);
    const written = rowOf({ ...entry, seq, digest: digestOf(before, seq, entry) });
    return canonicalJson(written) === canonicalJson(row);
  } catch {
    return false;
  }
}

/** An entry as a row. */
export function rowOf(entry: KeptEntry): AuditRow {
  const json = (value: unknown) => (value === null ? null : canonicalJson(value));
  return {
    ...entry,
    codes: canonicalJson(entry.codes),
    fields: canonicalJson(entry.fields),
    destination_before: json(entry.destination_before),
    destination_after: json(entry.destination_after),
    target: json(entry.target),
  };
}

/** A row as an entry. @throws SyntaxError where somebody else has written into it */
export function entryOf(row: AuditRow): KeptEntry {
  const parsed = (text: string | null) => (text === null ? null : JSON.parse(text));
  return {
    ...row,
    codes: JSON.parse(row.codes),
    fields: JSON.parse(row.fields),
    destination_before: parsed(row.destination_before),
    destination_after: parsed(row.destination_after),
    target: parsed(row.target),
  };
}
