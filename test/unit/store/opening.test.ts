import { chmod, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Connection, connect } from '../../../src/store/connection.ts';
import { MIGRATIONS, migrate, SCHEMA_VERSION } from '../../../src/store/migrations.ts';
import { renewNameKeys } from '../../../src/store/name-keys.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';
import { buildWorkers, type Workers } from './workers.ts';

const RACES = Number(process.env['HEADWATER_TEST_RACES'] ?? 1);
const fresh = freshForEachTest();
let workers: Workers;

beforeAll(async () => {
  workers = await buildWorkers();
});

afterAll(() => workers.remove());

function facts(): Record<string, unknown> {
  const database = new Libsql(fresh.file);
  const pragmas = ['application_id', 'user_version', 'journal_mode', 'integrity_check'];
  const values = pragmas.map((name) => Object.entries(database.prepare(`PRAGMA ${name}`).all([])[0] as object)[0]);
  database.close();
  return Object.fromEntries(values as [string, unknown][]);
}

async function mode(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8);
}

/** The sources of a store as one that has had so few migrations keeps them; it is the store from now on. */
async function olderFile(migrations: number): Promise<Connection> {
  const file = join(fresh.folder, 'home', 'older.db');
  await writeFile(file, '', { mode: 0o600 });
  const older = await connect(file);
  await migrate(older, MIGRATIONS.slice(0, migrations));
  older.exec(`ATTACH '${fresh.file}' AS newer`);
  const columns = older.prepare("SELECT name FROM pragma_table_info('sources')").all([]) as { name: string }[];
  const names = columns.map(({ name }) => name).join();
  older.exec(`INSERT INTO sources (${names}) SELECT ${names} FROM newer.sources; DETACH newer`);
  fresh.file = file;
  return older;
}

describe('opening', () => {
  it('touches nothing before the first use', async () => {
    const store = fresh.open();
    store.sources.onChange(() => {});
    await sleep(50);
    await expect(stat(join(fresh.folder, 'home'))).rejects.toThrow('ENOENT');
    await store.close();
    await expect(stat(join(fresh.folder, 'home'))).rejects.toThrow('ENOENT');
  });

  it('makes a folder and a file for this user alone, marked as ours', async () => {
    await fresh.open().check();
    expect(await mode(join(fresh.folder, 'home'))).toBe('700');
    expect(await mode(fresh.file)).toBe('600');
    expect(facts()).toEqual({
      application_id: 0x48656164,
      user_version: SCHEMA_VERSION,
      journal_mode: 'delete',
      integrity_check: 'ok',
    });
  });

  it('sets what keeps acknowledged writes through a power cut', async () => {
    await fresh.open().check();
    const connection = await connect(fresh.file);
    const names = ['journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys', 'trusted_schema', 'cell_size_check'];
    expect(names.map((name) => connection.value(`PRAGMA ${name}`))).toEqual(['delete', 3, 0, 1, 0, 1]);
    await connection.begin('write');
    await connection.commit();

    connection.close();
  });

  it('makes what is missing above the folder, for this user alone too', async () => {
    fresh.file = join(fresh.folder, 'a', 'b', 'headwater.db');
    await fresh.open().check();
    expect([await mode(join(fresh.folder, 'a')), await mode(join(fresh.folder, 'a', 'b'))]).toEqual(['700', '700']);
  });

  it('leaves the modes of what is there as they are', async () => {
    await fresh.open().check();
    await chmod(join(fresh.folder, 'home'), 0o750);
    await chmod(fresh.file, 0o640);
    await fresh.open().check();
    expect([await mode(join(fresh.folder, 'home')), await mode(fresh.file)]).toEqual(['750', '640']);
  });

  it('leaves WAL behind', async () => {
    const store = fresh.open();
    await store.check();
    await store.close();
    const other = new Libsql(fresh.file);
    other.exec('PRAGMA journal_mode = WAL');
    other.close();
    await fresh.open().check();
    expect(facts()).toMatchObject({ journal_mode: 'delete' });
  });

  it('waits until nobody is in WAL any more', async () => {
    const store = fresh.open();
    await store.check();
    await store.close();
    const other = new Libsql(fresh.file);
    other.exec('PRAGMA journal_mode = WAL; BEGIN; SELECT 1 FROM sources');
    setTimeout(() => {
      other.exec('COMMIT');
      other.close();
    }, 100);
    await fresh.open().check();
    expect(facts()).toMatchObject({ journal_mode: 'delete' });
  });

  it('takes the schema that another process makes meanwhile', async () => {
    await fresh.open().check();
    const finished = new Libsql(fresh.file);
    const rows = finished
      .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name <> 'sqlite_sequence'")
      .all([]) as { sql: string }[];
    finished.close();
    fresh.file = join(fresh.folder, 'home', 'second.db');
    await writeFile(fresh.file, '');
    const other = new Libsql(fresh.file);
    other.exec('BEGIN IMMEDIATE');
    const opening = fresh.open().sources.insert(record());
    await sleep(100);
    other.exec(
      `${rows.map(({ sql }) => sql).join(';')}; PRAGMA application_id = 0x48656164; PRAGMA user_version = ${SCHEMA_VERSION}`,
    );
    other.exec('COMMIT');
    other.close();
    expect(await opening).toEqual({ outcome: 'inserted' });
  });

  it(`of a fresh file by 8 processes at once gives each a whole store, ${RACES} times`, {
    timeout: 20_000 + RACES * 5000,
  }, async () => {
    for (let race = 0; race < RACES; race += 1) {
      fresh.file = join(fresh.folder, `home-${race}`, 'headwater.db');
      const racers = Array.from({ length: 8 }, (_, n) =>
        workers.start('insert', [dirname(fresh.file), `src_${n}`, `Shop ${n}`]),
      );
      await Promise.all(racers.map((racer) => new Promise<void>((resolve) => racer.onLine(() => resolve()))));
      for (const racer of racers) racer.tell('go');
      const ends = await Promise.all(racers.map(({ ended }) => ended));
      expect(ends).toEqual(Array(8).fill({ lines: ['ready', 'inserted'], stderr: '', code: 0 }));
      expect(await fresh.open().sources.count('acme', {}, 100)).toBe(8);
      expect(facts()).toMatchObject({ user_version: SCHEMA_VERSION, integrity_check: 'ok' });
    }
  });

  it('of a file from before brings it up to date, and keeps what is in it', async () => {
    const one = record();
    const before = fresh.open();
    await before.sources.insert(one);
    await before.close();
    (await olderFile(1)).close();
    const { sources } = fresh.open();
    expect(await sources.find('acme', one.id)).toEqual(one);
    await sources.noteTest('acme', one.id, 1, {
      status: 'Active',
      lastError: null,
      testedAt: 'T',
      latencyMs: 1,
      rowCount: 7,
    });
    expect(await sources.find('acme', one.id)).toMatchObject({ lastSyncAt: 'T', lastSyncRowCount: 7 });
    expect(facts()).toMatchObject({ user_version: SCHEMA_VERSION, integrity_check: 'ok' });
  });

  it('of names that have become one keeps every source, the first under its own name', async () => {
    const stored = [
      ['src_1', 'Straße', 'straße'],
      ['src_2', 'STRASSE', 'strasse'],
      ['src_3', 'Strasse (2)', 'strasse (2)'],
      ['src_4', 'heart ❤️', 'heart ❤️'],
      ['src_5', 'ΟΔΟΣ', 'οδος'],
      ['src_6', `${'ß'.repeat(127)}x`, `${'ß'.repeat(127)}x`],
      ['src_7', `${'ss'.repeat(127)}x`, `${'ss'.repeat(127)}x`],
    ] as const;
    const before = fresh.open();
    for (const [id, name] of stored) await before.sources.insert(record({ id, name: `${name} ${id}` }));
    await before.sources.insert(record({ id: 'src_8', tenant: 'globex', name: 'Strasse' }));
    await before.close();
    const older = await olderFile(MIGRATIONS.indexOf(renewNameKeys));
    const write = older.prepare('UPDATE sources SET name = ?, name_key = ? WHERE id = ?');
    for (const [id, name, key] of stored) write.run([name, key, id]);
    older.close();
    const { sources } = fresh.open();
    const names = await Promise.all(stored.map(async ([id]) => (await sources.find('acme', id))?.name));
    expect(names).toEqual([
      'Straße',
      'STRASSE (3)',
      'Strasse (2)',
      ...stored.slice(3, 6).map(([, name]) => name),
      `${'ss'.repeat(125)}s (2)`,
    ]);
    expect(await sources.find('acme', 'src_1')).toMatchObject({ version: 1 });
    expect(await sources.find('acme', 'src_2')).toMatchObject({ version: 2 });
    expect(await sources.find('globex', 'src_8')).toMatchObject({ name: 'Strasse', version: 1 });
    for (const name of ['strasse', 'STRASSE (3)', 'Heart ❤', 'οδος'])
      expect(await sources.insert(record({ name })), name).toEqual({ outcome: 'name_taken' });
    expect(facts()).toMatchObject({ user_version: MIGRATIONS.length, integrity_check: 'ok' });
  });
});
