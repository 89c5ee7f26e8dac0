import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditVerdict } from '../../../src/sources/audit.ts';
import { canonicalJson } from '../../../src/sources/canonical.ts';
import { appendTo } from '../../../src/store/audit.ts';
import { createDatabase } from '../../../src/store/database.ts';
import { MIGRATIONS } from '../../../src/store/migrations.ts';
import { openStore as openReal } from '../../../src/store/sqlite.ts';
import { auditEntry } from './audited.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';
import { buildWorkers, type Workers } from './workers.ts';

const fresh = freshForEachTest();

/** Appends that many entries, one after the other. */
async function append(count: number, over: Parameters<typeof auditEntry>[0] = {}) {
  const { audit } = fresh.open();
  for (let n = 0; n < count; n += 1) await audit.append([auditEntry({ codes: [`N${n}`], ...over })]);
  return audit;
}

/** What somebody does who can write the file. */
function tamper(sql: string, ...parameters: unknown[]): void {
  const database = new Libsql(fresh.file);
  database.prepare(sql).run(parameters);
  database.close();
}

function rows(sql: string): unknown[] {
  const database = new Libsql(fresh.file);
  const found = database.prepare(sql).all([]);
  database.close();
  return found;
}

describe('the trail', () => {
  it('is empty and whole before anything happened', async () => {
    const { audit } = fresh.open();
    expect(await audit.page({}, 10)).toEqual([]);
    expect(await audit.verify()).toEqual({ ok: true, entries: 0, first: null, head: null });
  });

  it('gives back what was appended, newest first, in pages', async () => {
    const audit = await append(5);
    const first = await audit.page({}, 2);
    expect(first).toMatchObject([
      { ...auditEntry({ codes: ['N4'] }), seq: 5 },
      { ...auditEntry({ codes: ['N3'] }), seq: 4 },
    ]);
    expect((await audit.page({}, 10, 4)).map(({ seq }) => seq)).toEqual([3, 2, 1]);
  });

  it('can be recomputed by anybody from what is listed', async () => {
    const audit = await append(3);
    let before = '0'.repeat(64);
    for (const { digest, ...entry } of (await audit.page({}, 10)).reverse()) {
      before = createHash('sha256')
        .update(`${before}\n${canonicalJson(entry)}`)
        .digest('hex');
      expect(digest).toBe(before);
    }
    expect(await audit.verify()).toEqual({ ok: true, entries: 3, first: 1, head: { seq: 3, digest: before } });
  });

  it('is filtered by tenant, source, action, outcome and time', async () => {
    const { audit } = fresh.open();
    const id = 'src_01jd2m5x8v3qk7r9t4w6y0z1ab';
    const sought = createHash('sha256').update(id).digest('hex');
    await audit.append([auditEntry({ tenant: 'acme', source_id: id })]);
    await audit.append([auditEntry({ tenant: 'globex', target: { source_sha256: sought }, outcome: 'refused' })]);
    await audit.append([auditEntry({ action: 'test_connection', at: '2026-11-21T00:00:00.000Z' })]);
    const seqs = async (filter: Parameters<typeof audit.page>[0]) =>
      (await audit.page(filter, 10)).map(({ seq }) => seq);
    expect(await seqs({ tenant: 'acme' })).toEqual([3, 1]);
    expect(await seqs({ source: id })).toEqual([2, 1]);
    expect(await seqs({ source: 'globex' })).toEqual([]);
    expect(await seqs({ action: 'test_connection' })).toEqual([3]);
    expect(await seqs({ outcome: 'refused', tenant: 'globex' })).toEqual([2]);
    expect(await seqs({ since: new Date('2026-11-20T08:00:00.001Z') })).toEqual([3]);
  });
});

describe('a write', () => {
  const actions = async () => (await fresh.open().audit.page({}, 100)).map(({ action }) => action);

  it('has its entry, and what is refused has none', async () => {
    const { sources } = openReal({ file: fresh.file, now: () => fresh.clock });
    const one = record({ name: 'One' });
    const said = (action: string) => auditEntry({ action, source_id: one.id });
    const outcome = { status: 'Broken', lastError: 'x', testedAt: '', latencyMs: 1 } as const;
    const key = { subject: 'ada', tool: 'create_source', key: 'k', digest: 'd' };
    await sources.insert(one, said('insert'), key);
    await sources.insert(record({ name: 'one' }), said('taken'));
    await sources.insert(record(), said('replayed'), key);
    await sources.replace({ ...one, version: 2 }, 1, said('replace'));
    await sources.replace({ ...one, version: 2 }, 1, said('stale'));
    await sources.replace({ ...record(), version: 2 }, 1, said('missing'));
    await sources.noteTest('acme', one.id, 2, outcome, said('test'));
    await sources.remove('acme', one.id, 1, said('stale'));
    await sources.remove('acme', one.id, 2, said('remove'));
    await sources.remove('acme', one.id, 2, said('missing'));
    // A test took place, whatever became of the source meanwhile.
    await sources.noteTest('acme', one.id, 2, outcome, said('late test'));
    expect(await actions()).toEqual(['late test', 'remove', 'test', 'replace', 'insert']);
    expect(await fresh.open().audit.verify()).toMatchObject({ ok: true, entries: 5 });
  });

  it('is not done where its entry cannot be kept', async () => {
    const { sources } = fresh.open();
    const one = record();
    await sources.insert(one);
    tamper(`CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END`);
    const two = record();
    await expect(sources.insert(two)).rejects.toThrow();
    await expect(sources.replace({ ...one, name: 'Other', version: 2 }, 1)).rejects.toThrow();
    await expect(sources.remove('acme', one.id, 1)).rejects.toThrow();
    const after = fresh.open().sources;
    expect(await after.find('acme', two.id)).toBeUndefined();
    expect(await after.find('acme', one.id)).toEqual(one);
  });
});

describe('verify', () => {
  const verdict = (head?: string) => fresh.open().audit.verify(head);
  const full = () =>
    append(6, {
      source_id: 'src_1',
      destination_before: { host: 'a' },
      target: { token: '1a2b3c4d' },
      codes: ['TEST_FAILED'],
    });

  it.each<[string, string | null]>([
    ...['at', 'tenant', 'subject', 'role', 'surface', 'action', 'outcome', 'source_id', 'connector'].map(
      (column): [string, string] => [column, 'other'],
    ),
    ['codes', '["TEST_FAILED","X"]'],
    ['fields', '[]'],
    ['destination_before', '{"host":"b"}'],
    ['destination_after', '{}'],
    ['target', '{"token":"ffffffff"}'],
    ['digest', 'f'.repeat(64)],
    ['source_id', null],
    ['target', null],
    // The same to a reader of JSON, and not what was written.
    ['codes', '["TEST_FAILED" ]'],
    ['destination_before', '{"host":"b","host":"a"}'],
    ['codes', 'no JSON'],
    ['fields', '{"length":1}'],
  ])('finds a changed %s (%j)', async (column, value) => {
    await full();
    tamper(`UPDATE audit SET ${column} = ? WHERE seq = 4`, value);
    expect(await verdict()).toEqual({ ok: false, entries: 3, broken: { why: 'changed', seq: 4 } });
  });

  it('has tried every column', async () => {
    await full();
    const columns = rows("SELECT name FROM pragma_table_info('audit')") as { name: string }[];
    expect(columns.map(({ name }) => name).sort()).toEqual(['seq', 'digest', ...Object.keys(auditEntry())].sort());
  });

  it.each([1, 3, 5])('finds that entry %d was removed', async (seq) => {
    await full();
    tamper('DELETE FROM audit WHERE seq = ?', seq);
    expect(await verdict()).toEqual({ ok: false, entries: seq - 1, broken: { why: 'missing', seq } });
  });

  it('finds an entry that was removed and the rest moved up', async () => {
    await full();
    tamper('DELETE FROM audit WHERE seq = 3');
    tamper('UPDATE audit SET seq = seq - 1 WHERE seq > 3');
    expect(await verdict()).toMatchObject({ ok: false, broken: { why: 'changed', seq: 3 } });
  });

  it('finds entries that changed places', async () => {
    await full();
    tamper('UPDATE audit SET seq = 100 WHERE seq = 2');
    tamper('UPDATE audit SET seq = 2 WHERE seq = 3');
    tamper('UPDATE audit SET seq = 3 WHERE seq = 100');
    expect(await verdict()).toMatchObject({ ok: false, broken: { why: 'changed', seq: 2 } });
  });

  it.each([0, -5, 7])('finds an entry that was put in as %d', async (seq) => {
    await full();
    tamper(`INSERT INTO audit SELECT ${seq}, ${columnsButSeq()} FROM audit WHERE seq = 2`);
    expect(await verdict()).toMatchObject({ ok: false, broken: { why: 'changed', seq } });
  });

  it.each([
    ['the last', 6],
    ['some', 3],
    ['all', 1],
  ])('finds that %s were cut off', async (_, seq) => {
    await full();
    tamper('DELETE FROM audit WHERE seq >= ?', seq);
    expect(await verdict()).toEqual({ ok: false, entries: seq - 1, broken: { why: 'truncated', seq } });
    // What is written afterwards covers nothing up.
    await append(3);
    expect(await verdict()).toEqual({ ok: false, entries: seq - 1, broken: { why: 'missing', seq } });
  });

  it('finds a tail that was cut off with its traces, or rewritten, by a head that was noted', async () => {
    const audit = await full();
    const [{ digest } = { digest: '' }] = await audit.page({}, 1);
    expect(await verdict(digest)).toMatchObject({ ok: true, entries: 6 });
    await append(2);
    expect(await verdict(digest)).toMatchObject({ ok: true, entries: 8 });
    tamper('DELETE FROM audit WHERE seq >= 6');
    tamper("UPDATE sqlite_sequence SET seq = 5 WHERE name = 'audit'");
    expect(await verdict()).toMatchObject({ ok: true, entries: 5 });
    expect(await verdict(digest)).toEqual({ ok: false, entries: 5, broken: { why: 'head', seq: null } });
    await append(1, { subject: 'mallory' });
    expect(await verdict(digest)).toMatchObject({ ok: false, broken: { why: 'head' } });
  });
});

function columnsButSeq(): string {
  return [...Object.keys(auditEntry()), 'digest'].join(', ');
}

describe('retention', () => {
  const small = (keptEntries: number) => openReal({ file: fresh.file, now: () => fresh.clock, keptEntries });

  /** Appends that many at once: one durable write each would take a busy disk its time. */
  async function fill(count: number, kept: number): Promise<void> {
    const database = createDatabase({ file: fresh.file, migrations: MIGRATIONS, powerCutCosts: 'nothing' });
    const append = appendTo(kept);
    await database.write(async (tx) => {
      for (let n = 0; n < count; n += 1) await append(tx, auditEntry({ codes: [`N${n}`] }));
    });
    await database.close();
  }

  it('prunes the oldest and leaves a chain that can be verified', async () => {
    await fill(720, 250);
    const { audit, close } = small(250);
    const [{ digest } = { digest: '' }] = await audit.page({}, 1, 500);
    expect(await audit.verify(digest)).toMatchObject({ ok: true, entries: 270, first: 451, head: { seq: 720 } });
    const [anchor] = rows('SELECT seq, digest FROM audit_anchor') as { seq: number; digest: string }[];
    expect(anchor?.seq).toBe(450);
    // A head that is the last pruned one still counts; one before it is not known any more.
    expect(await audit.verify(anchor?.digest)).toMatchObject({ ok: true });
    expect(await audit.verify('a'.repeat(64))).toMatchObject({ ok: false, broken: { why: 'head' } });
    await close();
    tamper('DELETE FROM audit WHERE seq = 451');
    expect(await fresh.open().audit.verify()).toMatchObject({ ok: false, broken: { why: 'missing', seq: 451 } });
    tamper('UPDATE audit_anchor SET seq = 451');
    expect(await fresh.open().audit.verify()).toMatchObject({ ok: false, broken: { why: 'changed', seq: 452 } });
    tamper('DELETE FROM audit_anchor');
    expect(await fresh.open().audit.verify()).toMatchObject({ ok: false, broken: { why: 'missing', seq: 1 } });
  });

  it('may go on while somebody verifies', async () => {
    await fill(2_385, 1_200);
    const [writer, reader] = [small(1_200), small(1_200)];
    let writing = true;
    const write = async () => {
      for (let n = 0; n < 30; n += 1) {
        await writer.audit.append([auditEntry()]);
        // Whoever never pauses leaves the others in this process no turn.
        await sleep(1);
      }
      writing = false;
    };
    const verify = async () => {
      const verdicts: AuditVerdict[] = [];
      while (writing) {
        verdicts.push(await reader.audit.verify());
        await sleep(1);
      }
      return verdicts;
    };
    const [verdicts] = await Promise.all([verify(), write()]);
    expect(verdicts.filter(({ ok }) => !ok)).toEqual([]);
    expect(await reader.audit.verify()).toMatchObject({ ok: true, first: 1_201, head: { seq: 2_415 } });
    await Promise.all([writer.close(), reader.close()]);
  });

  it('has not hidden what somebody took from the front', async () => {
    const store = small(100);
    for (let n = 0; n < 12; n += 1) await store.audit.append([auditEntry()]);
    const { head } = (await store.audit.verify()) as { head: { digest: string } };
    await store.close();
    const database = new Libsql(fresh.file);
    database.exec(`INSERT INTO audit_anchor (id, seq, digest) SELECT 1, seq, digest FROM audit WHERE seq = 5`);
    database.exec('DELETE FROM audit WHERE seq <= 5');
    database.close();
    const reader = small(100);
    const broken = { why: 'missing', seq: 5 };
    expect(await reader.audit.verify()).toMatchObject({ ok: false, broken });
    expect(await reader.audit.verify(head.digest)).toMatchObject({ ok: false, broken });
    await reader.close();
  });
});

describe('many processes', () => {
  let workers: Workers;
  beforeAll(async () => {
    workers = await buildWorkers();
  });
  afterAll(() => workers.remove());

  it('make one chain, 8 that append at once', { timeout: 60_000 }, async () => {
    const home = join(fresh.folder, 'home');
    const writers = Array.from({ length: 8 }, (_, n) => workers.start('audit', [home, `w${n}`, '50']));
    await Promise.all(writers.map((writer) => new Promise<void>((resolve) => writer.onLine(() => resolve()))));
    for (const writer of writers) writer.tell('go');
    const ends = await Promise.all(writers.map(({ ended }) => ended));
    expect(ends).toEqual(Array(8).fill({ lines: ['ready'], stderr: '', code: 0 }));
    const { audit } = fresh.open();
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 400, first: 1, head: { seq: 400 } });
    const entries = (await audit.page({}, 1_000)).reverse();
    for (let n = 0; n < 8; n += 1) {
      const own = entries.filter(({ subject }) => subject === `w${n}`);
      expect(own.flatMap(({ codes }) => codes)).toEqual(Array.from({ length: 50 }, (_, at) => String(at)));
    }
  });
});
