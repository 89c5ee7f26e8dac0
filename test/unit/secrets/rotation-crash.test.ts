import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createHomeKeys } from '../../../src/secrets/home-keys.ts';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { createVault } from '../../../src/secrets/vault.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { openStore } from '../store/audited.ts';
import { buildWorkers, type Worker, type Workers } from '../store/workers.ts';

const KILLS = Number(process.env['HEADWATER_TEST_KILLS'] ?? 20);

let folder: TemporaryFolder;
let workers: Workers;

beforeAll(async () => {
  workers = await buildWorkers();
});
afterAll(() => workers.remove());
beforeEach(async () => {
  folder = await temporaryFolder('rotation-crash');
});
afterEach(() => folder.remove());

/** What the workers acknowledged as stored. */
const storedBy = (lines: readonly string[]) =>
  lines.flatMap((line) => (line.startsWith('ACK ') ? [line.slice(4)] : []));

async function run(command: string, ...args: string[]): Promise<string[]> {
  const worker = workers.start(command, [folder.path, ...args]);
  worker.tell('go');
  const { lines, stderr, code } = await worker.ended;
  expect([code, stderr, lines.filter((line) => line.startsWith('failed'))]).toEqual([0, '', []]);
  return lines;
}

/** Every acknowledged credential opens with the key that is there. */
async function expectAllOpen(ids: readonly string[], key: { value?: string } = {}): Promise<void> {
  const store = openStore({ file: join(folder.path, 'headwater.db'), now: () => new Date() });
  const loadPrevious = createHomeKeys(folder.path).previous;
  const loadKey = createMasterKey({ ...key, home: folder.path });
  const vault = createVault({ loadKey, ...(key.value ? {} : { loadPrevious }), keys: store.keys });
  for (const id of ids) {
    const sealed = (await store.sources.find('acme', id))?.sealed ?? '';
    const place = { tenant: 'acme', sourceId: id, credentialVersion: 1 };
    expect(await vault.open(sealed, place)).toBe(`secret of ${id}`);
  }
  const counts = await store.keys.counts();
  expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(ids.length + 1);
  await store.close();
}

it(`orphans nothing in ${KILLS} kills of a rotation beside servers that seal`, {
  timeout: 60_000 + KILLS * 3_000,
}, async () => {
  const ids = storedBy(await run('seal-many', 'a', '150'));
  let killed = 0;
  // Lives through all of it; what it seals with the key that it has in mind must not be lost.
  const server = workers.start('seal-on', [folder.path, 's']);
  server.tell('go');
  for (let n = 0; killed < KILLS && n < KILLS * 3; n += 1) {
    const rotation = workers.start('rotate', [folder.path]);
    const begun = new Promise<void>((resolve) => rotation.onLine((line) => line === 'begun' && resolve()));
    rotation.tell('go');
    await begun;
    await sleep(Math.random() ** 2 * 60);
    rotation.kill('SIGKILL');
    const { code, lines, stderr } = await rotation.ended;
    expect([lines.filter((line) => line.startsWith('failed')), stderr]).toEqual([[], '']);
    if (code === null) killed += 1;
    if (n % 10 === 9) await run('seal-many', `b${n}`, '3').then((lines) => ids.push(...storedBy(lines)));
  }
  server.kill('SIGKILL');
  const { lines, stderr } = await server.ended;
  expect([lines.filter((line) => line.startsWith('failed')), stderr]).toEqual([[], '']);
  // The last one may be stored without having been acknowledged.
  await cleanUnacknowledged([...ids, ...storedBy(lines)]);
  ids.push(...storedBy(lines));
  expect(storedBy(lines).length).toBeGreaterThan(KILLS);
  await expectAllOpen(ids);
  expect(await run('rotate')).toContain('finished');
  expect((await readdir(folder.path)).filter((name) => name.startsWith('master.key'))).toEqual(['master.key']);
  await expectAllOpen(ids);
  expect(killed).toBeGreaterThan(KILLS / 2);
});

async function cleanUnacknowledged(ids: readonly string[]): Promise<void> {
  const store = openStore({ file: join(folder.path, 'headwater.db'), now: () => new Date() });
  const known = new Set(ids);
  let after: string | undefined;
  for (;;) {
    const page = await store.sources.page('acme', {}, 100, after);
    for (const { id, version } of page) if (!known.has(id)) await store.sources.remove('acme', id, version);
    after = page.at(-1)?.id;
    if (page.length < 100) break;
  }
  await store.close();
}

it('orphans nothing when a rotation between configured keys is killed', { timeout: 120_000 }, async () => {
  const keys = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')] as const;
  const ids = storedBy(await run('seal-many', 'a', '150', keys[0]));
  for (let n = 0; n < KILLS / 2; n += 1) {
    const [old, value] = n % 2 === 0 ? keys : [keys[1], keys[0]];
    const rotation = workers.start('rotate', [folder.path, value, old]);
    const begun = new Promise<void>((resolve) => rotation.onLine((line) => line === 'begun' && resolve()));
    rotation.tell('go');
    await begun;
    await sleep(Math.random() ** 2 * 30);
    rotation.kill('SIGKILL');
    await rotation.ended;
    // Whichever key a server has, it seals as long as the store lets it.
    const sealed = await Promise.all(
      keys.map((key, at) => seals(workers.start('seal-many', [folder.path, `c${n}${at}`, '1', key]))),
    );
    ids.push(...sealed.flat());
    expect(await run('rotate', value, old)).toContain('finished');
    await expectAllOpen(ids, { value });
  }
  expect(ids.length).toBeGreaterThan(150 + KILLS / 2);
});

async function seals(worker: Worker): Promise<string[]> {
  worker.tell('go');
  const { lines } = await worker.ended;
  for (const line of lines.filter((each) => each.startsWith('failed'))) expect(line).toMatch(/KEY_UNAVAILABLE/);
  return storedBy(lines);
}

it('gives 8 processes that race for a fresh home one key, each time', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 10; round += 1) {
    const home = join(folder.path, `home${round}`);
    const racers = Array.from({ length: 8 }, (_, n) => workers.start('seal-many', [home, `r${n}`, '1']));
    await Promise.all(racers.map((racer) => new Promise<void>((resolve) => racer.onLine(() => resolve()))));
    for (const racer of racers) racer.tell('go');
    const ends = await Promise.all(racers.map(({ ended }) => ended));
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(Array(8).fill([0, '']));
    const store = openStore({ file: join(home, 'headwater.db'), now: () => new Date() });
    expect([...(await store.keys.counts()).values()]).toEqual([9]);
    const { id } = await createMasterKey({ home })({ create: false });
    expect([...(await store.keys.counts()).keys()]).toEqual([id]);
    await store.close();
    expect((await readdir(home)).toSorted()).toEqual(['headwater.db', 'master.key']);
    expect(await readFile(join(home, 'master.key'), 'utf8')).toMatch(/^[\w+/]{43}=\n$/);
  }
});
