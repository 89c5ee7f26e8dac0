import { join } from 'node:path';
import Libsql from 'libsql';
import { describe, expect, it, type TestContext } from 'vitest';
import { temporaryFolder } from '../../support/temp.ts';
import { openStore, type Store } from './audited.ts';
import { record } from './records.ts';

/** A store with one source, and a connection that plays another process which holds the file. */
async function contested({ onTestFinished }: TestContext) {
  const folder = await temporaryFolder('busy');
  const file = join(folder.path, 'headwater.db');
  const store = openStore({ file, now: () => new Date() });
  await store.sources.insert(record());
  const other = new Libsql(file, { timeout: 100 });
  onTestFinished(async () => {
    other.close();
    await store.close();
    await folder.remove();
  });
  return { store, other };
}

const insertion = (store: Store) => answer(store.sources.insert(record()).then(({ outcome }) => outcome));

async function answer(call: Promise<unknown>): Promise<unknown> {
  return await call.catch((error: unknown) => JSON.parse(JSON.stringify(error)));
}

const busy = {
  code: 'STORE_UNAVAILABLE',
  message: expect.stringMatching(/busy/),
  hint: expect.stringMatching(/./),
  retryable: true,
  retry_after_ms: 1000,
};

// At the same time, because each waits for 5 seconds.
describe.concurrent('a store that another process holds', () => {
  it('fails all that waits after 5 seconds, blocks nothing meanwhile, and leaves nothing locked', async (context) => {
    const { store, other } = await contested(context);
    other.exec('BEGIN EXCLUSIVE');
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 50);
    const started = performance.now();
    const find = answer(store.sources.find('acme', 'src_1'));
    expect(await Promise.all([find, insertion(store), insertion(store)])).toEqual([busy, busy, busy]);
    expect(performance.now() - started).toBeGreaterThan(4_500);
    expect(performance.now() - started).toBeLessThan(9_000);
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(25);
    other.exec('ROLLBACK');
    expect(await store.sources.find('acme', 'src_1')).toBeUndefined();
    other.exec('BEGIN IMMEDIATE; ROLLBACK');
    expect(await insertion(store)).toBe('inserted');
    other.exec('BEGIN EXCLUSIVE; ROLLBACK');
  });

  it('for reading, without an end, keeps nothing of a write', async (context) => {
    const { store, other } = await contested(context);
    other.exec('BEGIN; SELECT 1 FROM sources');
    expect(await insertion(store)).toEqual(busy);
    other.exec('COMMIT');
    expect(await store.sources.count('acme', {}, 10)).toBe(1);
    expect(await insertion(store)).toBe('inserted');
  });

  it('for a moment, is waited for', async (context) => {
    const { store, other } = await contested(context);
    other.exec('BEGIN IMMEDIATE');
    const inserting = insertion(store);
    setTimeout(() => other.exec('COMMIT'), 300);
    expect(await inserting).toBe('inserted');
  });
});
