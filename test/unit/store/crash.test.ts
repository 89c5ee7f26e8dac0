import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temp.ts';
import { openStore } from './audited.ts';
import { buildWorkers } from './workers.ts';

const KILLS = Number(process.env['HEADWATER_TEST_KILLS'] ?? 40);
const WRITERS = Number(process.env['HEADWATER_TEST_WRITERS'] ?? 3);

it(`loses no acknowledged source in ${KILLS} kills of ${WRITERS} writers`, {
  timeout: 30_000 + KILLS * 2_000,
}, async () => {
  const workers = await buildWorkers();
  const folder = await temporaryFolder('crash');
  const acknowledged: string[] = [];
  const failures: string[] = [];
  let kills = 0;

  const writer = async (name: string) => {
    for (let life = 0; kills < KILLS; life += 1) {
      const worker = workers.start('pour', [folder.path, `${name}x${life}`]);
      const writing = new Promise<void>((resolve) => worker.onLine((line) => line.startsWith('ACK') && resolve()));
      worker.tell('go');
      // From its first write on, so that every kill hits a process that writes.
      await Promise.race([writing, worker.ended]);
      await sleep(Math.random() * 60);
      worker.kill('SIGKILL');
      kills += 1;
      const { lines, stderr } = await worker.ended;
      acknowledged.push(...lines.filter((line) => line.startsWith('ACK ')).map((line) => line.slice(4)));
      failures.push(...lines.filter((line) => line.startsWith('failed ')), ...(stderr === '' ? [] : [stderr]));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, n) => writer(`w${n}`)));

  const file = join(folder.path, 'headwater.db');
  const store = openStore({ file, now: () => new Date() });
  // The first reader repairs what the last kill left half done.
  expect(await store.audit.verify()).toMatchObject({ ok: true });
  await store.close();
  const database = new Libsql(file);
  const column = (sql: string) =>
    database
      .prepare(sql)
      .all([])
      .flatMap((row) => Object.values(row as object));
  const ids = column('SELECT id FROM sources');
  expect(failures).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(KILLS);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  const stored = new Set(ids);
  expect(stored.size).toBe(ids.length);
  expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
  // A source and all that was written with it are there together, or not at all.
  for (const table of ['source_tags', 'idempotency', 'changes', 'audit']) {
    const found = new Set(column(`SELECT source_id FROM ${table}`));
    const kept = table === 'changes' ? ids.length - Math.min(ids.length, 10_000) : 0;
    expect(
      ids.filter((id) => !found.has(id)),
      table,
    ).toHaveLength(kept);
    expect(
      [...found].filter((id) => !stored.has(id)),
      table,
    ).toEqual([]);
  }
  expect(column('PRAGMA integrity_check')).toEqual(['ok']);
  expect(column('PRAGMA foreign_key_check')).toEqual([]);
  database.close();
  await folder.remove();
  await workers.remove();
});
