import { join } from 'node:path';
import fc from 'fast-check';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordFilter, SourceRecord, SourceRepository } from '../../../src/sources/repository.ts';
import { openStore, type Store } from '../../../src/store/sqlite.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { record } from './records.ts';

let folder: TemporaryFolder;
let clock: Date;
let stores: Store[];

function open(): SourceRepository {
  const store = openStore({ file: join(folder.path, 'headwater.db'), now: () => clock });
  stores.push(store);
  return store.sources;
}

beforeEach(async () => {
  folder = await temporaryFolder('store');
  clock = new Date('2026-11-20T08:00:00Z');
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close();
  await folder.remove();
});

async function insertMany(sources: SourceRepository, records: readonly SourceRecord[]): Promise<void> {
  for (const one of records) expect(await sources.insert(one)).toEqual({ outcome: 'inserted' });
}

async function allPages(
  sources: SourceRepository,
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
    await insertMany(writers[0] as SourceRepository, [one]);
    const outcomes = await Promise.all(
      writers.map((sources, n) => sources.replace({ ...one, description: `by ${n}`, version: 2 }, 1)),
    );
    expect(outcomes.toSorted()).toEqual(['replaced', 'stale', 'stale', 'stale']);
  });
});

describe('an idempotency key', () => {
  const entry = { subject: 'ada', tool: 'create_source', key: 'k1', digest: 'd1' };

  it('is kept with the source it made, and answers for it', async () => {
    const [here, there] = [open(), open()];
    const one = record();
    expect(await here.findIdempotent('acme', entry)).toBeUndefined();
    expect(await here.insert(one, entry)).toEqual({ outcome: 'inserted' });
    const answer = { digest: 'd1', sourceId: one.id };
    expect(await there.findIdempotent('acme', entry)).toEqual(answer);
    expect(await there.insert(record(), entry)).toEqual({ outcome: 'replayed', ...answer });
    expect(await there.insert(record(), { ...entry, digest: 'd2' })).toEqual({ outcome: 'replayed', ...answer });
    expect(await here.count('acme', {}, 10)).toBe(1);
  });

  it('goes before the name: a repeated call is a replay, not a clash with itself', async () => {
    const sources = open();
    const one = record({ name: 'Shop' });
    await sources.insert(one, entry);
    expect(await sources.insert(record({ name: 'Shop' }), entry)).toMatchObject({ outcome: 'replayed' });
  });

  it('is not kept where nothing was inserted', async () => {
    const sources = open();
    await insertMany(sources, [record({ name: 'Shop' })]);
    expect(await sources.insert(record({ name: 'Shop' }), entry)).toEqual({ outcome: 'name_taken' });
    expect(await sources.findIdempotent('acme', entry)).toBeUndefined();
  });

  it.each([{ subject: 'bob' }, { tool: 'update_source' }, { key: 'k2' }])('is another one with %o', async (over) => {
    const sources = open();
    await sources.insert(record(), entry);
    expect(await sources.insert(record(), { ...entry, ...over })).toEqual({ outcome: 'inserted' });
  });

  it('of another tenant is another one', async () => {
    const sources = open();
    await sources.insert(record(), entry);
    expect(await sources.insert(record({ tenant: 'umbrella' }), entry)).toEqual({ outcome: 'inserted' });
  });

  it('is forgotten after 24 hours', async () => {
    const sources = open();
    await sources.insert(record(), entry);
    clock = new Date('2026-11-21T07:59:59.999Z');
    expect(await sources.findIdempotent('acme', entry)).toBeDefined();
    clock = new Date('2026-11-21T08:00:00Z');
    expect(await sources.findIdempotent('acme', entry)).toBeUndefined();
    const again = record();
    expect(await sources.insert(again, { ...entry, digest: 'd9' })).toEqual({ outcome: 'inserted' });
    expect(await sources.findIdempotent('acme', entry)).toEqual({ digest: 'd9', sourceId: again.id });
  });

  it('that has expired is removed, a few with every insert', async () => {
    const sources = open();
    for (let n = 0; n < 30; n += 1) await sources.insert(record(), { ...entry, key: `old ${n}` });
    clock = new Date('2026-11-22T08:00:00Z');
    const left: unknown[] = [];
    const database = new Libsql(join(folder.path, 'headwater.db'));
    for (let n = 0; n < 3; n += 1) {
      await sources.insert(record(), { ...entry, key: `new ${n}` });
      left.push(...database.prepare('SELECT count(*) AS n FROM idempotency').all([]));
    }
    database.close();
    expect(left).toEqual([{ n: 11 }, { n: 2 }, { n: 3 }]);
  });

  it('makes one source of many calls at once', async () => {
    const callers = [open(), open(), open(), open()];
    const outcomes = await Promise.all(callers.map((sources) => sources.insert(record(), entry)));
    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(['inserted', 'replayed', 'replayed', 'replayed']);
  });
});

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
