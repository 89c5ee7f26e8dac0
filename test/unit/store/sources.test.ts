import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceRecord } from '../../../src/sources/repository.ts';
import type { Store } from './audited.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';

const fresh = freshForEachTest();
const open = () => fresh.open().sources;

async function insertMany(sources: Store['sources'], records: readonly SourceRecord[]): Promise<void> {
  for (const one of records) expect(await sources.insert(one)).toEqual({ outcome: 'inserted' });
}

describe('a source', () => {
  it('comes back as it went in, in another process too', async () => {
    const full = record({
      name: 'Ünïcode ✓ "quoted" \'single\' %_\\',
      description: 'a\nb',
      sealed: 'hw1.abc',
      lastError: 'refused',
      errorCategory: 'AUTH_FAILED',
      lastTestedAt: '2026-11-20T08:00:00.000Z',
      latencyMs: 12.75,
      tags: ['prod', 'eu', 'Prod'],
      collection: 'shops',
      settings: { nested: { a: [1, 2.5, null, true] }, text: 'nul \0 and \ud800 in JSON' },
      version: 7,
    });
    const sources = open();
    await insertMany(sources, [full, record()]);
    expect(await sources.find('acme', full.id)).toEqual(full);
    expect(await open().find('acme', full.id)).toEqual(full);
    expect(await sources.find('acme', 'src_nothing')).toBeUndefined();
    expect(await sources.find('acme', `${full.id}\0`)).toBeUndefined();
  });

  it('survives whatever its texts are', async () => {
    const sources = open();
    const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));
    await fc.assert(
      fc.asyncProperty(text, fc.jsonValue(), fc.array(text, { maxLength: 4 }), async (description, value, tags) => {
        const one = record({ description, settings: JSON.parse(JSON.stringify({ value })), tags });
        await insertMany(sources, [one]);
        expect(await sources.find('acme', one.id)).toEqual(one);
      }),
      { numRuns: 100 },
    );
  });

  it('with a character that SQLite would cut off is refused', async () => {
    const sources = open();
    const cut = record({ description: 'a\0b' });
    await expect(sources.insert(cut)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    expect(await sources.find('acme', cut.id)).toBeUndefined();
  });

  it('belongs to its tenant alone', async () => {
    const sources = open();
    const mine = record({ name: 'Shop', tags: ['prod'] });
    const theirs = record({ name: 'Shop', tenant: 'umbrella', tags: ['prod'] });
    await insertMany(sources, [mine, theirs]);
    expect(await sources.find('umbrella', mine.id)).toBeUndefined();
    for (const filter of [{}, { tag: 'prod' }, { query: 'shop' }, { connector: 'postgresql' }]) {
      expect((await sources.page('umbrella', filter, 10)).map(({ id }) => id)).toEqual([theirs.id]);
      expect(await sources.count('umbrella', filter, 10)).toBe(1);
    }
    expect(await sources.remove('umbrella', mine.id, 1)).toBe('missing');
    expect(await sources.replace({ ...mine, tenant: 'umbrella', name: 'Mine', version: 2 }, 1)).toBe('missing');
    await sources.noteTest('umbrella', mine.id, 1, { status: 'Broken', lastError: 'x', testedAt: '', latencyMs: 1 });
    expect(await sources.find('acme', mine.id)).toEqual(mine);
  });
});

describe('a name', () => {
  it.each([
    ['Shop', 'sHOP'],
    ['Caf\u00e9', 'CAFE\u0301'],
    ['Shop', '  Shop '],
    ['Ωmega', 'ωMEGA'],
  ])('%j is taken by %j', async (first, second) => {
    const sources = open();
    await insertMany(sources, [record({ name: first })]);
    expect(await sources.insert(record({ name: second }))).toEqual({ outcome: 'name_taken' });
    expect(await open().insert(record({ name: second }))).toEqual({ outcome: 'name_taken' });
    expect(await sources.count('acme', {}, 10)).toBe(1);
  });

  it('is known to be taken, by its key', async () => {
    const sources = open();
    await insertMany(sources, [record({ name: 'Shop' })]);
    expect(await sources.nameTaken('acme', 'shop')).toBe(true);
    expect(await sources.nameTaken('acme', 'other')).toBe(false);
    expect(await sources.nameTaken('umbrella', 'shop')).toBe(false);
  });

  it('is free again after its source is gone or renamed', async () => {
    const sources = open();
    const [first, second] = [record({ name: 'One' }), record({ name: 'Two' })];
    await insertMany(sources, [first, second]);
    expect(await sources.replace({ ...first, name: 'two', version: 2 }, 1)).toBe('name_taken');
    expect(await sources.replace({ ...first, name: 'ONE', version: 2 }, 1)).toBe('replaced');
    expect(await sources.replace({ ...first, name: 'Three', version: 3 }, 2)).toBe('replaced');
    await insertMany(sources, [record({ name: 'one' })]);
    expect(await sources.remove('acme', second.id, 1)).toBe('removed');
    await insertMany(sources, [record({ name: 'two' })]);
  });
});

describe('a version', () => {
  it('that is not the stored one changes nothing', async () => {
    const [here, there] = [open(), open()];
    const one = record({ tags: ['a'] });
    await insertMany(here, [one]);
    expect(await there.replace({ ...one, description: 'theirs', tags: ['b'], version: 2 }, 1)).toBe('replaced');
    expect(await here.replace({ ...one, description: 'ours', version: 2 }, 1)).toBe('stale');
    expect(await here.remove('acme', one.id, 1)).toBe('stale');
    await here.noteTest('acme', one.id, 1, { status: 'Broken', lastError: 'x', testedAt: '', latencyMs: 1 });
    expect(await here.find('acme', one.id)).toMatchObject({ description: 'theirs', status: 'Active', version: 2 });
    expect(await here.count('acme', { tag: 'a' }, 10)).toBe(0);
    expect(await here.count('acme', { tag: 'b' }, 10)).toBe(1);
    expect(await here.remove('acme', one.id, 2)).toBe('removed');
    expect(await here.remove('acme', one.id, 2)).toBe('missing');
    expect(await here.replace(one, 1)).toBe('missing');
    expect(await here.count('acme', { tag: 'b' }, 10)).toBe(0);
  });

  it('stays while a test is noted', async () => {
    const sources = open();
    const one = record();
    await insertMany(sources, [one]);
    const testedAt = '2026-11-20T09:00:00.000Z';
    const failed = {
      status: 'Broken',
      lastError: 'refused',
      errorCategory: 'TCP_REFUSED',
      testedAt,
      latencyMs: 1.5,
    } as const;
    await sources.noteTest('acme', one.id, 1, failed);
    expect(await sources.find('acme', one.id)).toEqual({
      ...one,
      status: 'Broken',
      lastError: 'refused',
      errorCategory: 'TCP_REFUSED',
      lastTestedAt: testedAt,
      latencyMs: 1.5,
    });
    await sources.noteTest('acme', one.id, 1, { status: 'Active', lastError: null, testedAt, latencyMs: 2 });
    expect(await sources.find('acme', one.id)).toEqual({ ...one, lastTestedAt: testedAt, latencyMs: 2 });
  });

  it('lets one of many writers at a time win', async () => {
    const one = record();
    const writers = [open(), open(), open(), open()];
    await insertMany(writers[0] as Store['sources'], [one]);
    const outcomes = await Promise.all(
      writers.map((sources, n) => sources.replace({ ...one, description: `by ${n}`, version: 2 }, 1)),
    );
    expect(outcomes.toSorted()).toEqual(['replaced', 'stale', 'stale', 'stale']);
  });
});
