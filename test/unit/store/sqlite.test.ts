import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { createVault } from '../../../src/secrets/vault.ts';
import { connect } from '../../../src/store/connection.ts';
import { storeFailure } from '../../../src/store/failures.ts';
import { openStore, type Store } from '../../../src/store/sqlite.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { reachable, unprivileged } from '../../support/unprivileged.ts';
import { record } from './records.ts';
import { buildWorkers, type Workers } from './workers.ts';

let workers: Workers;
let folder: TemporaryFolder;
let file: string;
let stores: Store[];

beforeAll(async () => {
  workers = await buildWorkers();
});

afterAll(() => workers.remove());

beforeEach(async () => {
  folder = await temporaryFolder('sqlite');
  file = join(folder.path, 'home', 'headwater.db');
  stores = [];
});

afterEach(async () => {
  for (const store of stores) await store.close();
  await folder.remove();
});

function open(path = file): Store {
  const store = openStore({ file: path, now: () => new Date() });
  stores.push(store);
  return store;
}

function facts(): Record<string, unknown> {
  const database = new Libsql(file);
  const pragmas = ['application_id', 'user_version', 'journal_mode', 'integrity_check'];
  const values = pragmas.map((name) => Object.entries(database.prepare(`PRAGMA ${name}`).all([])[0] as object)[0]);
  database.close();
  return Object.fromEntries(values as [string, unknown][]);
}

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

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

describe('opening', () => {
  it('touches nothing before the first use', async () => {
    const store = open();
    store.sources.onChange(() => {});
    await sleep(50);
    await expect(stat(join(folder.path, 'home'))).rejects.toThrow('ENOENT');
    await store.close();
    await expect(stat(join(folder.path, 'home'))).rejects.toThrow('ENOENT');
  });

  it('makes a folder and a file for this user alone, marked as ours', async () => {
    await open().check();
    expect(await mode(join(folder.path, 'home'))).toBe('700');
    expect(await mode(file)).toBe('600');
    expect(facts()).toEqual({
      application_id: 0x48656164,
      user_version: 1,
      journal_mode: 'delete',
      integrity_check: 'ok',
    });
  });

  it('sets what keeps acknowledged writes through a power cut', async () => {
    await open().check();
    const connection = await connect(file);
    const names = ['journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys', 'trusted_schema', 'cell_size_check'];
    expect(names.map((name) => connection.value(`PRAGMA ${name}`))).toEqual(['delete', 3, 5000, 1, 0, 1]);
    await connection.begin('write');
    await connection.commit();
    expect(connection.value('PRAGMA busy_timeout')).toBe(5000);
    connection.close();
  });

  it('makes what is missing above the folder, for this user alone too', async () => {
    file = join(folder.path, 'a', 'b', 'headwater.db');
    await open().check();
    expect([await mode(join(folder.path, 'a')), await mode(join(folder.path, 'a', 'b'))]).toEqual(['700', '700']);
  });

  it('leaves the modes of what is there as they are', async () => {
    await open().check();
    await chmod(join(folder.path, 'home'), 0o750);
    await chmod(file, 0o640);
    await open().check();
    expect([await mode(join(folder.path, 'home')), await mode(file)]).toEqual(['750', '640']);
  });

  it('leaves WAL behind', async () => {
    await open().check();
    await stores.pop()?.close();
    const other = new Libsql(file);
    other.exec('PRAGMA journal_mode = WAL');
    other.close();
    await open().check();
    expect(facts()).toMatchObject({ journal_mode: 'delete' });
  });

  it('waits until nobody is in WAL any more', async () => {
    await open().check();
    await stores.pop()?.close();
    const other = new Libsql(file);
    other.exec('PRAGMA journal_mode = WAL; BEGIN; SELECT 1 FROM sources');
    setTimeout(() => {
      other.exec('COMMIT');
      other.close();
    }, 100);
    await open().check();
    expect(facts()).toMatchObject({ journal_mode: 'delete' });
  });

  it('takes the schema that another process makes meanwhile', async () => {
    await open().check();
    const finished = new Libsql(file);
    const rows = finished.prepare('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL').all([]) as { sql: string }[];
    finished.close();
    file = join(folder.path, 'home', 'second.db');
    await writeFile(file, '');
    const other = new Libsql(file);
    other.exec('BEGIN IMMEDIATE');
    const opening = open().sources.insert(record());
    await sleep(100);
    other.exec(`${rows.map(({ sql }) => sql).join(';')}; PRAGMA application_id = 0x48656164; PRAGMA user_version = 1`);
    other.exec('COMMIT');
    other.close();
    expect(await opening).toEqual({ outcome: 'inserted' });
  });

  it('of one fresh file by 8 processes at once gives each a whole store', async () => {
    const racers = Array.from({ length: 8 }, (_, n) =>
      workers.start('insert', [join(folder.path, 'home'), `src_${n}`, `Shop ${n}`]),
    );
    await Promise.all(racers.map((racer) => new Promise<void>((resolve) => racer.onLine(() => resolve()))));
    for (const racer of racers) racer.tell('go');
    const ends = await Promise.all(racers.map(({ ended }) => ended));
    expect(ends).toEqual(Array(8).fill({ lines: ['ready', 'inserted'], stderr: '', code: 0 }));
    expect(await open().sources.count('acme', {}, 100)).toBe(8);
    expect(facts()).toMatchObject({ user_version: 1, integrity_check: 'ok' });
  });
});

describe('closing', () => {
  it('waits for work in progress and refuses what comes later', async () => {
    const store = open();
    const inserts = [record(), record()].map((one) => store.sources.insert(one));
    await store.close();
    expect(await Promise.all(inserts)).toEqual([{ outcome: 'inserted' }, { outcome: 'inserted' }]);
    expect(await refusal(store)).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await store.close();
  });
});

describe('a store that cannot be used', () => {
  it('because the home is a file, works once it is a folder', async () => {
    await writeFile(join(folder.path, 'home'), '');
    const store = open();
    expect(await refusal(store)).toEqual(unavailable(/not a folder/, false));
    await expect(store.check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await rm(join(folder.path, 'home'));
    expect(await refusal(store)).toBe('inserted');
  });

  it('because it is a folder itself', async () => {
    await mkdir(file, { recursive: true });
    expect(await refusal(open())).toEqual(unavailable(/cannot be opened/, false));
  });

  it.runIf(process.platform === 'linux')(
    'because its folder cannot be made, whatever the system says to that',
    async () => {
      expect(await refusal(open('/proc/headwater/home/headwater.db'))).toEqual(unavailable(/cannot be opened/, false));
    },
  );

  it('because its link leads nowhere', async () => {
    await mkdir(join(folder.path, 'home'));
    await symlink(join(folder.path, 'nowhere', 'x.db'), file);
    expect(await refusal(open())).toEqual(unavailable(/cannot be opened/, false));
  });

  it('because it is no database', async () => {
    await mkdir(join(folder.path, 'home'));
    await writeFile(file, randomBytes(20_000));
    expect(await refusal(open())).toEqual(unavailable(/damaged, or is no store/, false));
    await expect(open().check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('because it is damaged', async () => {
    const store = open();
    for (let n = 0; n < 50; n += 1) await store.sources.insert(record({ sealed: 'x'.repeat(1000) }));
    await store.close();
    const bytes = await readFile(file);
    await writeFile(file, bytes.fill(0xaa, 4096));
    expect(await refusal(open())).toEqual(unavailable(/damaged/, false));
  });

  it('because it belongs to another program', async () => {
    await mkdir(join(folder.path, 'home'));
    const other = new Libsql(file);
    other.exec('CREATE TABLE theirs (x)');
    other.close();
    expect(await refusal(open())).toEqual(unavailable(/belongs to another program/, false));
  });

  it('because a newer Headwater made it', async () => {
    await open().check();
    const newer = new Libsql(file);
    newer.exec('PRAGMA user_version = 99');
    newer.close();
    expect(await refusal(open())).toEqual(unavailable(/newer version/, false));
  });

  it.runIf(!unprivileged || reachable(process.cwd()))('because nobody may write there', async () => {
    const home = join(folder.path, 'home');
    await mkdir(home);
    await chmod(folder.path, 0o755);
    await chmod(home, 0o555);
    const worker = workers.start('insert', [home], unprivileged);
    worker.tell('go');
    const { lines } = await worker.ended;
    expect(JSON.parse(lines[1]?.replace('failed ', '') ?? '')).toEqual(unavailable(/may not use|read-only/, false));
    await chmod(home, 0o755);
  });

  it('because its file was taken away, uses the one that is there at the next try', async () => {
    const store = open();
    await store.sources.insert(record());
    await cp(file, `${file}.backup`);
    await rename(`${file}.backup`, file);
    expect(await refusal(store)).toEqual(unavailable(/moved, replaced or deleted/, true));
    expect(await refusal(store)).toBe('inserted');
    expect(await open().sources.count('acme', {}, 10)).toBe(2);
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
    const store = open();
    const one = record();
    await store.sources.insert(one);
    await expect(store.sources.insert({ ...one, name: 'Other' })).rejects.toMatchObject({
      code: expect.stringMatching('SQLITE_CONSTRAINT'),
    });
    expect(await refusal(store)).toBe('inserted');
  });
});

it('holds no secret in clear, in no file of the home', async () => {
  const home = join(folder.path, 'home');
  const store = open();
  const vault = createVault({ loadKey: createMasterKey({ home }), keyChecks: store.keyChecks });
  const canary = `CANARY${randomBytes(12).toString('hex')}`;
  const one = record();
  const context = { tenant: 'acme', sourceId: one.id, credentialVersion: 1 };
  await store.sources.insert({ ...one, sealed: await vault.seal(canary, context) });
  const found = await store.sources.find('acme', one.id);
  expect(await vault.open(found?.sealed ?? '', context)).toBe(canary);
  await store.close();
  for (const path of [file, join(home, 'master.key')]) {
    const bytes = await readFile(path);
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const) {
      expect(bytes.includes(Buffer.from(canary).toString(encoding))).toBe(false);
    }
  }
});

it('refuses what libsql would end the whole process for, or store as something else', async () => {
  await open().check();
  const connection = await connect(file);
  for (const value of [true, undefined, 1n, new Date(), {}]) {
    expect(() => connection.prepare('SELECT ?').all([value])).toThrow('cannot be stored');
  }
  connection.close();
});

it('leaves nothing of a deleted source in the file', async () => {
  const store = open();
  const canary = `CANARY${randomBytes(12).toString('hex')}`;
  const one = record({ sealed: canary.repeat(300) });
  await store.sources.insert(one);
  await store.sources.remove('acme', one.id, 1);
  await store.close();
  expect((await readFile(file)).includes(canary)).toBe(false);
});
