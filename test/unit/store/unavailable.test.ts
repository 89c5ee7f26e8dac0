import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeFailure } from '../../../src/store/failures.ts';
import { reachable, unprivileged } from '../../support/unprivileged.ts';
import type { Store } from './audited.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';
import { buildWorkers, type Workers } from './workers.ts';

const fresh = freshForEachTest();
let workers: Workers;

beforeAll(async () => {
  workers = await buildWorkers();
});

afterAll(() => workers.remove());

async function refusal(store: Store): Promise<unknown> {
  return await store.sources.insert(record()).then(
    ({ outcome }) => outcome,
    (error: unknown) => JSON.parse(JSON.stringify(error)),
  );
}

const unavailable = (message: RegExp, retryable: boolean) => ({
  code: 'STORE_UNAVAILABLE',
  message: expect.stringMatching(message),
  hint: expect.stringMatching(/./),
  retryable,
});

describe('closing', () => {
  it('waits for work in progress and refuses what comes later', async () => {
    const store = fresh.open();
    const inserts = [record(), record()].map((one) => store.sources.insert(one));
    await store.close();
    expect(await Promise.all(inserts)).toEqual([{ outcome: 'inserted' }, { outcome: 'inserted' }]);
    expect(await refusal(store)).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await store.close();
  });
});

describe('a store that cannot be used', () => {
  it('because the home is a fresh.file, works once it is a folder', async () => {
    await writeFile(join(fresh.folder, 'home'), '');
    const store = fresh.open();
    expect(await refusal(store)).toEqual(unavailable(/not a folder/, false));
    await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await rm(join(fresh.folder, 'home'));
    expect(await refusal(store)).toBe('inserted');
  });

  it('because it is a folder itself', async () => {
    await mkdir(fresh.file, { recursive: true });
    expect(await refusal(fresh.open())).toEqual(unavailable(/cannot be opened/, false));
  });

  it.runIf(process.platform === 'linux')(
    'because its folder cannot be made, whatever the system says to that',
    async () => {
      expect(await refusal(fresh.open('/proc/headwater/home/headwater.db'))).toEqual(
        unavailable(/cannot be opened/, false),
      );
    },
  );

  it('because its link leads nowhere', async () => {
    await mkdir(join(fresh.folder, 'home'));
    await symlink(join(fresh.folder, 'nowhere', 'x.db'), fresh.file);
    expect(await refusal(fresh.open())).toEqual(unavailable(/cannot be opened/, false));
  });

  it('because it is no database', async () => {
    await mkdir(join(fresh.folder, 'home'));
    await writeFile(fresh.file, randomBytes(20_000));
    expect(await refusal(fresh.open())).toEqual(unavailable(/damaged, or is no store/, false));
    await expect(fresh.open().check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('because it is damaged', async () => {
    const store = fresh.open();
    for (let n = 0; n < 50; n += 1) await store.sources.insert(record({ sealed: 'x'.repeat(1000) }));
    await store.close();
    const bytes = await readFile(fresh.file);
    await writeFile(fresh.file, bytes.fill(0xaa, 4096));
    expect(await refusal(fresh.open())).toEqual(unavailable(/damaged/, false));
  });

  it('because it belongs to another program', async () => {
    await mkdir(join(fresh.folder, 'home'));
    const other = new Libsql(fresh.file);
    other.exec('CREATE TABLE theirs (x)');
    other.close();
    expect(await refusal(fresh.open())).toEqual(unavailable(/belongs to another program/, false));
  });

  it('because a newer Headwater made it', async () => {
    await fresh.open().check();
    const newer = new Libsql(fresh.file);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(await refusal(fresh.open())).toEqual(unavailable(/newer version/, false));
  });

  it.runIf(!unprivileged || reachable(process.cwd()))('because nobody may write there', async () => {
    const home = join(fresh.folder, 'home');
    await mkdir(home);
    await chmod(fresh.folder, 0o755);
    await chmod(home, 0o555);
    const worker = workers.start('insert', [home], unprivileged);
    worker.tell('go');
    const { lines } = await worker.ended;
    expect(JSON.parse(lines[1]?.replace('failed ', '') ?? '')).toEqual(unavailable(/may not use|read-only/, false));
    await chmod(home, 0o755);
  });

  it('because its file was taken away, uses the one that is there at the next try', async () => {
    const store = fresh.open();
    await store.sources.insert(record());
    await cp(fresh.file, `${fresh.file}.backup`);
    await rename(`${fresh.file}.backup`, fresh.file);
    expect(await refusal(store)).toEqual(unavailable(/moved, replaced or deleted/, true));
    expect(await refusal(store)).toBe('inserted');
    expect(await fresh.open().sources.count('acme', {}, 10)).toBe(2);
  });

  it.each([
    'SQLITE_FULL',
    'ENOSPC',
    'SQLITE_IOERR_FSYNC',
    'SQLITE_READONLY',
    'SQLITE_BUSY_RECOVERY',
    'ERR_DLOPEN_FAILED',
  ])('because of %s, says so in our own words', (code) => {
    const raw = Object.assign(new Error('/home/ada/secret path'), { code });
    const failure = JSON.stringify(storeFailure(raw));
    expect(failure).toContain('STORE_UNAVAILABLE');
    expect(failure).not.toContain('ada');
  });

  it('is not what a fault of ours is called', async () => {
    const store = fresh.open();
    const one = record();
    await store.sources.insert(one);
    await expect(store.sources.insert({ ...one, name: 'Other' })).rejects.toMatchObject({
      code: expect.stringMatching('SQLITE_CONSTRAINT'),
    });
    expect(await refusal(store)).toBe('inserted');
  });
});
