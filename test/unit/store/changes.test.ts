import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, type TestContext, vi } from 'vitest';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { openStore, type Store } from './audited.ts';
import { record } from './records.ts';
import { buildWorkers, type Workers } from './workers.ts';

let workers: Workers;

beforeAll(async () => {
  workers = await buildWorkers();
});

afterAll(() => workers.remove());

/** Two stores on one file: to SQLite they are two processes. */
async function pair({ onTestFinished }: TestContext): Promise<{ folder: TemporaryFolder; here: Store; there: Store }> {
  const folder = await temporaryFolder('changes');
  const options = { file: join(folder.path, 'headwater.db'), now: () => new Date() };
  const [here, there] = [openStore(options), openStore(options)];
  onTestFinished(async () => {
    await here.close();
    await there.close();
    await folder.remove();
  });
  return { folder, here, there };
}

/** What a listener heard, as `tenant/id`. */
function hear(store: Store): { heard: string[]; stop: () => void } {
  const heard: string[] = [];
  return { heard, stop: store.sources.onChange(({ tenant, id }) => heard.push(`${tenant}/${id}`)) };
}

/** A poll every second, and room for a slow machine. */
const within = { timeout: 5_000, interval: 20 };

// At the same time, because each waits for a poll.
describe.concurrent('a listener', () => {
  it('is told of every write of this process at once, and of nothing that was refused', async (context) => {
    const { here } = await pair(context);
    const { heard, stop } = hear(here);
    const one = record({ name: 'One' });
    const outcome = { status: 'Broken', lastError: 'x', testedAt: '', latencyMs: 1 } as const;
    await here.sources.insert(one);
    await here.sources.insert(record({ name: 'one' }));
    await here.sources.replace({ ...one, version: 2 }, 1);
    await here.sources.replace({ ...one, version: 2 }, 1);
    await here.sources.noteTest('acme', one.id, 1, outcome);
    await here.sources.noteTest('acme', one.id, 2, outcome);
    await here.sources.remove('acme', one.id, 1);
    await here.sources.remove('acme', one.id, 2);
    expect(heard).toEqual(Array(4).fill(`acme/${one.id}`));
    stop();
    await here.sources.insert(record());
    expect(heard).toHaveLength(4);
  });

  it('is told no more than which source it was', async (context) => {
    const { here } = await pair(context);
    const listener = vi.fn();
    here.sources.onChange(listener);
    const one = record();
    await here.sources.insert(one);
    expect(listener.mock.calls).toEqual([[{ tenant: 'acme', id: one.id }]]);
  });

  it('is told of what others write, deletions included, once and in order', async (context) => {
    const { here, there } = await pair(context);
    await here.check();
    const { heard } = hear(here);
    const [one, two] = [record(), record({ tenant: 'umbrella' })];
    await there.sources.insert(one);
    await there.sources.insert(two);
    await there.sources.remove('umbrella', two.id, 1);
    const expected = [`acme/${one.id}`, `umbrella/${two.id}`, `umbrella/${two.id}`];
    await vi.waitFor(() => expect(heard).toEqual(expected), within);
    await sleep(1_200);
    expect(heard).toEqual(expected);
  });

  it('is told nothing twice where both write', async (context) => {
    const { here, there } = await pair(context);
    await here.check();
    const { heard } = hear(here);
    const written: string[] = [];
    for (let n = 0; n < 20; n += 1) {
      const one = record();
      await (n % 3 ? there : here).sources.insert(one);
      written.push(`acme/${one.id}`);
    }
    await vi.waitFor(() => expect(heard).toHaveLength(20), within);
    await sleep(1_200);
    expect(heard.toSorted()).toEqual(written.toSorted());
  });

  it('is told what happened after the listener came, however long the store was open', async (context) => {
    const { here, there } = await pair(context);
    await here.sources.insert(record());
    await there.sources.insert(record());
    const first = hear(here);
    await here.sources.find('acme', 'src_1');
    first.stop();
    await there.sources.insert(record());
    const { heard } = hear(here);
    const one = record();
    await there.sources.insert(one);
    await vi.waitFor(() => expect(heard).toEqual([`acme/${one.id}`]), within);
  });

  it('misses nothing that comes right after the store was opened for the listener', async (context) => {
    const { here, there } = await pair(context);
    await there.check();
    const { heard } = hear(here);
    const one = record();
    await here.sources.find('acme', one.id);
    await there.sources.insert(one);
    await vi.waitFor(() => expect(heard).toEqual([`acme/${one.id}`]), within);
  });

  it('does not open the store', async (context) => {
    const { here, there } = await pair(context);
    await there.sources.insert(record());
    const { heard } = hear(here);
    await there.sources.insert(record());
    await sleep(1_200);
    expect(heard).toEqual([]);
  });

  it('goes on when a listener throws, and the write stands', async (context) => {
    const { here } = await pair(context);
    here.sources.onChange(() => {
      throw new Error('mine');
    });
    const { heard } = hear(here);
    expect(await here.sources.insert(record())).toEqual({ outcome: 'inserted' });
    expect(heard).toHaveLength(1);
  });

  it('works between processes, and keeps none of them alive', async (context) => {
    const { folder, here } = await pair(context);
    await here.check();
    const { heard } = hear(here);
    const listener = workers.start('listen', [folder.path]);
    listener.tell('go');
    const { lines, stderr, code } = await listener.ended;
    expect({ lines, stderr, code }).toEqual({ lines: ['ready', 'listening'], stderr: '', code: 0 });
    const inserter = workers.start('insert', [folder.path, 'src_9', 'From afar']);
    inserter.tell('go');
    expect((await inserter.ended).lines).toEqual(['ready', 'inserted']);
    await vi.waitFor(() => expect(heard).toEqual(['acme/src_9']), within);
  });
});
