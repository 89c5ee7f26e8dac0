import type { CursorAdvice, SyncAdvice } from './probe.ts';

/** A cursor and its rank: the lower, the better. */
export type Ranked = CursorAdvice & { rank: number };

const MOST_CURSORS = 3;
export const MOST_KEYS = 4;
/** What is read whole in no time: rows. */
const SMALL = 10_000;
/** From here on, a cursor tells new rows alone. */
const SEES_NEW_ALONE = 10;

/** Words by which people keep the time of the last change; and of the making of a row. */
const CHANGED = /^(last)?(updat\w*|modif\w*|(changed?|edited|touched)(at|on)?)$/;
const CREATED = /^(creat\w*|(insert|add|plac|logg|occurr|receiv|ingest)ed(at|on)?)$/;

/** What a time is by its name, which may be written `updated_at`, `updatedAt` or `LastUpdate`. */
export function timeNamed(name: string): { rank: number; why: string } {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u);
  if (words.some((word) => CHANGED.test(word))) return { rank: 0, why: 'by its name the time of the last change' };
  if (words.some((word) => CREATED.test(word)))
    return { rank: 20, why: 'by its name the time a row was made; later changes are not seen' };
  return { rank: 30, why: 'a time; whether new rows always have a later one, only its owner knows' };
}

/** A cursor that may be absent in a row, or that no index serves, is worth less. */
export function ranked({ rank, why, ...cursor }: Ranked, absent: string | undefined): Ranked {
  return {
    ...cursor,
    why: absent === undefined ? why : `${why}; ${absent} are missed`,
    rank: rank + (absent === undefined ? 0 : 2) + (cursor.index === undefined ? 1 : 0),
  };
}

/** The best few, without their ranks. */
export function best(cursors: readonly Ranked[]): Ranked[] {
  return [...cursors].sort((a, b) => a.rank - b.rank).slice(0, MOST_CURSORS);
}

export const unranked = ({ rank: _, ...cursor }: Ranked): CursorAdvice => cursor;

/** The mode to sync in. `rows`: as far as they are known. */
export function suggestion(
  canCapture: boolean,
  [cursor]: readonly Ranked[],
  rows: number | undefined,
): Pick<SyncAdvice, 'suggested' | 'because'> {
  if (canCapture) return { suggested: 'cdc', because: 'All its changes can be captured, deletes too.' };
  if (cursor && cursor.rank < SEES_NEW_ALONE)
    return { suggested: 'cursor', because: `${cursor.column} tells new and changed rows; deletes are not seen.` };
  if (rows !== undefined && rows <= SMALL)
    return { suggested: 'full', because: 'It is small enough to be read whole each time.' };
  if (cursor)
    return { suggested: 'cursor', because: `${cursor.column} tells new rows; changes and deletes are not seen.` };
  return { suggested: 'full', because: 'Nothing tells which of its rows are new or changed.' };
}
