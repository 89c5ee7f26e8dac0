import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordFilter, SourceRecord } from '../../../src/sources/repository.ts';
import type { Store } from './audited.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';

const fresh = freshForEachTest();
const open = () => fresh.open().sources;

async function insertMany(sources: Store['sources'], records: readonly SourceRecord[]): Promise<void> {
  for (const one of records) expect(await sources.insert(one)).toEqual({ outcome: 'inserted' });
}

async function allPages(
  sources: Store['sources'],
  filter: RecordFilter,
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await sources.page('acme', filter, limit, ids.at(-1));
    ids.push(...page.map(({ id }) => id));
    if (page.length < limit) return ids;
    await between();
  }
}

describe('pages', () => {
  it('are complete, newest first, whatever the size', async () => {
    const sources = open();
    const records = Array.from({ length: 25 }, () => record());
    await insertMany(sources, records);
    const newestFirst = records.map(({ id }) => id).toReversed();
    for (const limit of [1, 4, 5, 25, 26]) expect(await allPages(sources, {}, limit)).toEqual(newestFirst);
  });

  it('neither lose nor repeat anything while sources come and go', async () => {
    const sources = open();
    const other = open();
    const records = Array.from({ length: 30 }, () => record());
    await insertMany(sources, records);
    let oldest = 0;
    const seen = await allPages(sources, {}, 4, async () => {
      await other.insert(record());
      const doomed = records[oldest++];
      if (doomed) await other.remove('acme', doomed.id, 1);
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(records.slice(oldest).every(({ id }) => seen.includes(id))).toBe(true);
  });

  it('are narrowed by every filter, alone and together', async () => {
    const sources = open();
    const records = Array.from({ length: 48 }, (_, n) =>
      record({
        name: `${n % 2 ? 'Über' : 'Plain'} ${n}`,
        connector: n % 3 ? 'postgresql' : 'mysql',
        status: n % 4 ? 'Active' : 'Broken',
        tags: [...(n % 5 ? [] : ['five']), 'all'],
      }),
    );
    await insertMany(sources, records);
    const choices = <T>(...values: T[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
    const filters = fc.record({
      connector: choices('postgresql', 'mysql', 'stripe'),
      status: choices('Active' as const, 'Broken' as const, 'Paused' as const),
      tag: choices('five', 'all', 'none'),
      query: choices('ÜBER', 'plain', '%', '1'),
    });
    await fc.assert(
      fc.asyncProperty(filters, fc.integer({ min: 1, max: 20 }), async (wanted, limit) => {
        const filter = JSON.parse(JSON.stringify(wanted)) as RecordFilter;
        const expected = records.filter(
          (one) =>
            (wanted.connector ?? one.connector) === one.connector &&
            (wanted.status ?? one.status) === one.status &&
            (wanted.tag === undefined || one.tags.includes(wanted.tag)) &&
            one.name.toLowerCase().includes(wanted.query?.toLowerCase() ?? ''),
        );
        expect(await allPages(sources, filter, limit)).toEqual(expected.map(({ id }) => id).toReversed());
        expect(await sources.count('acme', filter, 1000)).toBe(expected.length);
        expect(await sources.count('acme', filter, limit)).toBe(Math.min(limit, expected.length));
      }),
      { numRuns: 60 },
    );
  });

  it('follow a change of tags and status', async () => {
    const sources = open();
    const one = record({ tags: ['old', 'both'] });
    await insertMany(sources, [one]);
    await sources.replace({ ...one, tags: ['both', 'new'], status: 'Paused', version: 2 }, 1);
    for (const [filter, total] of [
      [{ tag: 'old' }, 0],
      [{ tag: 'both' }, 1],
      [{ tag: 'new' }, 1],
      [{ status: 'Active' }, 0],
      [{ status: 'Paused', tag: 'new' }, 1],
    ] as const) {
      expect(await sources.count('acme', filter, 10), JSON.stringify(filter)).toBe(total);
    }
  });
});
