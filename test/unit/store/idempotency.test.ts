import Libsql from 'libsql';
import { describe, expect, it } from 'vitest';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';

const fresh = freshForEachTest();
const open = () => fresh.open().sources;

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
    await sources.insert(record({ name: 'Shop' }));
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
    fresh.clock = new Date('2026-11-21T07:59:59.999Z');
    expect(await sources.findIdempotent('acme', entry)).toBeDefined();
    fresh.clock = new Date('2026-11-21T08:00:00Z');
    expect(await sources.findIdempotent('acme', entry)).toBeUndefined();
    const again = record();
    expect(await sources.insert(again, { ...entry, digest: 'd9' })).toEqual({ outcome: 'inserted' });
    expect(await sources.findIdempotent('acme', entry)).toEqual({ digest: 'd9', sourceId: again.id });
  });

  it('that has expired is removed, a few with every insert', async () => {
    const sources = open();
    for (let n = 0; n < 30; n += 1) await sources.insert(record(), { ...entry, key: `old ${n}` });
    fresh.clock = new Date('2026-11-22T08:00:00Z');
    const left: unknown[] = [];
    const database = new Libsql(fresh.file);
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
