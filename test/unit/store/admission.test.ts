import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Attempt, Finding } from '../../../src/net/attempt.ts';
import { openStore, type Store } from '../../../src/store/sqlite.ts';
import { temporaryFolder } from '../../support/temp.ts';
import { reachable, unprivileged } from '../../support/unprivileged.ts';
import { admissionOn, attempt, tryAdmit } from './admission.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';
import { buildWorkers, type Workers } from './workers.ts';

const fresh = freshForEachTest();
let workers: Workers;

beforeAll(async () => {
  workers = await buildWorkers();
});
afterAll(() => workers.remove());

const SECOND = 1000;
const MINUTE = 60_000;
const unreachable: Finding = { outcome: 'unreachable', last: { code: 'TCP_REFUSED', message: 'Nothing listens.' } };

/** Two processes' gates on one store, and a clock that both go by. */
function gates(testLimit = 100) {
  const now = () => fresh.clock;
  const [one, other] = [fresh.open(), fresh.open()].map((store) => admissionOn(store, now, testLimit));
  if (!one || !other) throw new Error('there are two');
  return { one, other };
}

function pass(ms: number): void {
  fresh.clock = new Date(fresh.clock.getTime() + ms);
}

async function end(gate: ReturnType<typeof gates>['one'], finding: Finding, changes: Partial<Attempt> = {}) {
  const { settle } = await gate.admit(attempt(changes));
  await settle(finding);
}

async function fail(gate: ReturnType<typeof gates>['one'], times: number, changes: Partial<Attempt> = {}) {
  for (let n = 0; n < times; n += 1) await end(gate, unreachable, changes);
}

const attemptsFile = () => join(dirname(fresh.file), 'attempts.db');

function rows(table: 'attempts' | 'circuits' | 'login_rejections'): Record<string, unknown>[] {
  const file = new Libsql(attemptsFile(), { timeout: 5000 });
  const found = file.prepare(`SELECT * FROM ${table}`).all([]) as Record<string, unknown>[];
  file.close();
  return found;
}

describe('limits', () => {
  it('let as many through as there is room for, and say exactly when there is again', async () => {
    const { one, other } = gates(4);
    // Nothing but files, so that no destination is full first.
    const file = { endpoint: undefined };
    for (const gate of [one, other, one, other]) {
      expect(await tryAdmit(gate, file)).toMatchObject({ code: 'admitted' });
      pass(10 * SECOND);
    }
    expect(await tryAdmit(one, file)).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: 20 * SECOND });
    pass(20 * SECOND - 1);
    expect(await tryAdmit(other, file)).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: 1 });
    pass(1);
    expect(await tryAdmit(other, file)).toMatchObject({ code: 'admitted' });
    expect(await tryAdmit(one, file)).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: 10 * SECOND });
  });

  it('are those of one tenant', async () => {
    const { one } = gates(1);
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
    expect(await tryAdmit(one)).toMatchObject({ code: 'RATE_LIMITED' });
    expect(await tryAdmit(one, { tenant: 'globex' })).toMatchObject({ code: 'admitted' });
  });

  it('keep three tenths for one destination, however it is spelt and whatever connects to it', async () => {
    const { one } = gates(10);
    const spellings = ['127.0.0.1', '0x7f.1', '::ffff:127.0.0.1'];
    for (const [n, host] of spellings.entries()) {
      const changes = { endpoint: { host, port: 5432 }, connector: `connector_${n}` };
      expect(await tryAdmit(one, changes)).toMatchObject({ code: 'admitted' });
    }
    const full = await tryAdmit(one, { endpoint: { host: '127.0.0.1', port: 5432 } });
    expect(full).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: MINUTE });
    expect(full).toHaveProperty('message', expect.stringContaining('127.0.0.1:5432'));
    expect(await tryAdmit(one, { endpoint: { host: '127.0.0.1', port: 5433 } })).toMatchObject({ code: 'admitted' });
    expect(await tryAdmit(one, { endpoint: { host: '::1', port: 5432 } })).toMatchObject({ code: 'admitted' });
  });

  it('forget what is past, and count nothing that was refused', async () => {
    const { one } = gates(2);
    const file = { endpoint: undefined };
    for (let n = 0; n < 5; n += 1) await tryAdmit(one, file);
    expect(rows('attempts')).toHaveLength(2);
    pass(MINUTE);
    await tryAdmit(one, file);
    expect(rows('attempts')).toHaveLength(1);
  });

  it('lock nobody out when the clock is put back, and let nobody through either', async () => {
    const { one } = gates(2);
    const file = { endpoint: undefined };
    await tryAdmit(one, file);
    await tryAdmit(one, file);
    pass(-24 * 60 * MINUTE);
    expect(await tryAdmit(one, file)).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: MINUTE });
    pass(MINUTE);
    expect(await tryAdmit(one, file)).toMatchObject({ code: 'admitted' });
  });

  it('never let more through than the limit in any minute, nor refuse where there is room', async () => {
    const folder = await temporaryFolder('sliding-log');
    const store = openStore({ file: `${folder.path}/headwater.db`, now: () => new Date() });
    let tenants = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 25 }),
        async (limit, gaps) => {
          tenants += 1;
          let now = 0;
          const gate = admissionOn(store, () => new Date(now), limit);
          const admitted: number[] = [];
          for (const gap of gaps) {
            now += gap;
            const within = admitted.filter((at) => at > now - MINUTE);
            const { code, ...more } = await tryAdmit(gate, { tenant: `tenant ${tenants}`, endpoint: undefined });
            expect(code).toBe(within.length < limit ? 'admitted' : 'RATE_LIMITED');
            if (code === 'admitted') admitted.push(now);
            else expect(more).toHaveProperty('retry_after_ms', Number(within.at(-limit)) + MINUTE - now);
          }
        },
      ),
      { numRuns: 60 },
    );
    await store.close();
    await folder.remove();
  });
});

describe('a destination that cannot be reached', () => {
  it('is left alone after 5 failures in a row of all processes, and says what failed last', async () => {
    const { one, other } = gates();
    await fail(one, 3);
    await fail(other, 2);
    expect(await tryAdmit(one)).toMatchObject({
      code: 'CIRCUIT_OPEN',
      retry_after_ms: 30 * SECOND,
      last_error: { code: 'TCP_REFUSED', message: 'Nothing listens.' },
      message: expect.stringContaining('db.example.com:5432 failed 5 times in a row'),
    });
    // What was refused is no attempt.
    expect(rows('attempts')).toHaveLength(5);
  });

  it('is another one with another tenant, connector, host or port', async () => {
    const { one } = gates();
    await fail(one, 5);
    for (const changes of [
      { tenant: 'globex' },
      { connector: 'mysql' },
      { endpoint: { host: 'db2.example.com', port: 5432 } },
      { endpoint: { host: 'db.example.com', port: 5433 } },
    ]) {
      expect(await tryAdmit(one, changes)).toMatchObject({ code: 'admitted' });
    }
  });

  it.each<Finding['outcome']>(['reached', 'accepted', 'rejected'])('begins anew once it was %s', async (outcome) => {
    const { one } = gates();
    await fail(one, 4);
    await end(one, { outcome } as Finding);
    expect(rows('circuits')).toEqual([]);
    await fail(one, 4);
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
  });

  it('is neither better nor worse for an attempt that came to nothing', async () => {
    const { one } = gates();
    await fail(one, 4);
    await end(one, { outcome: 'unknown' });
    await fail(one, 1);
    expect(await tryAdmit(one)).toMatchObject({ code: 'CIRCUIT_OPEN' });
  });

  it('is tried by one of all who come once its time is up', async () => {
    const { one, other } = gates();
    await fail(one, 5);
    pass(30 * SECOND);
    const { settle } = await one.admit(attempt());
    expect(await tryAdmit(other)).toMatchObject({ code: 'CIRCUIT_OPEN', retry_after_ms: 15 * SECOND });
    await settle(unreachable);
    expect(await tryAdmit(other)).toMatchObject({ code: 'CIRCUIT_OPEN', retry_after_ms: MINUTE });
    pass(MINUTE);
    await end(other, { outcome: 'accepted' });
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
    expect(rows('circuits')).toEqual([]);
  });

  it('is tried by the next one when the first was called off, or never came back', async () => {
    const { one, other } = gates();
    await fail(one, 5);
    pass(30 * SECOND);
    await end(one, { outcome: 'unknown' });
    expect(await tryAdmit(other)).toMatchObject({ code: 'admitted' });
    pass(15 * SECOND);
    const { settle } = await one.admit(attempt());
    await settle(unreachable);
    expect(await tryAdmit(other)).toMatchObject({ code: 'CIRCUIT_OPEN', retry_after_ms: MINUTE });
  });

  it('is left alone for as long as it asks, by whatever connector', async () => {
    const { one } = gates();
    const last = { code: 'HTTP_RATE_LIMITED', message: 'Too many requests.' };
    await fail(one, 4);
    await end(one, { outcome: 'asked_to_wait', last, waitMs: 17 * SECOND });
    expect(await tryAdmit(one)).toMatchObject({
      code: 'CIRCUIT_OPEN',
      retry_after_ms: 17 * SECOND,
      last_error: last,
      message: expect.stringContaining('asked to be left alone'),
    });
    pass(17 * SECOND);
    await end(one, { outcome: 'asked_to_wait', last, waitMs: undefined });
    expect(rows('circuits')).toEqual([]);
  });

  it('is not left alone for ever when the clock is put back', async () => {
    const { one } = gates();
    await fail(one, 5);
    pass(-24 * 60 * MINUTE);
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
  });

  it('is forgotten when it has not failed for an hour', async () => {
    const { one } = gates();
    await fail(one, 1);
    pass(60 * MINUTE);
    await fail(one, 1, { endpoint: { host: 'other.example.com', port: 1 } });
    expect(rows('circuits')).toMatchObject([{ destination: 'other.example.com:1', failures: 1 }]);
  });
});

describe('an account whose login is rejected', () => {
  const wrong = { outcome: 'rejected' } as const;
  const withCredentials = (name: string) => ({ fingerprint: async () => name });

  it('is left alone after two, and says what to do', async () => {
    const { one, other } = gates();
    await end(one, wrong);
    await end(other, wrong);
    const paused = await tryAdmit(one);
    expect(paused).toMatchObject({ code: 'LOGIN_PAUSED', retry_after_ms: 15 * MINUTE });
    expect(paused).toHaveProperty('message', expect.stringMatching(/db\.example\.com:5432 rejected the login of shop/));
    pass(15 * MINUTE);
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
  });

  it('is tried with the same credentials where a person insists, and that try counts like any other', async () => {
    const { one } = gates();
    await end(one, wrong);
    await end(one, wrong);
    expect(await tryAdmit(one)).toMatchObject({ code: 'LOGIN_PAUSED' });
    await end(one, wrong, { insists: true });
    expect(await tryAdmit(one)).toMatchObject({ code: 'LOGIN_PAUSED' });
    await end(one, { outcome: 'accepted' }, { insists: true });
    expect(rows('login_rejections')).toEqual([]);
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
  });

  it('is tried once with each corrected set of credentials, by one of all who come', async () => {
    const { one, other } = gates();
    await end(one, wrong);
    await end(one, wrong);
    const { settle } = await one.admit(attempt(withCredentials('second')));
    expect(await tryAdmit(other, withCredentials('second'))).toMatchObject({ code: 'LOGIN_PAUSED' });
    await settle(wrong);
    expect(await tryAdmit(one, withCredentials('second'))).toMatchObject({ code: 'LOGIN_PAUSED' });
    await end(other, { outcome: 'accepted' }, withCredentials('third'));
    expect(rows('login_rejections')).toEqual([]);
    expect(await tryAdmit(one)).toMatchObject({ code: 'admitted' });
  });

  it.each<Finding>([{ outcome: 'unknown' }, { outcome: 'reached' }, unreachable])(
    'gets the try back that did not come to a login: %j',
    async (finding) => {
      const { one } = gates();
      await end(one, wrong);
      await end(one, wrong);
      await end(one, finding, withCredentials('second'));
      expect(await tryAdmit(one, withCredentials('second'))).toMatchObject({ code: 'admitted' });
    },
  );

  it('is another one at another place, of another tenant, or by another name', async () => {
    const { one } = gates();
    await end(one, wrong);
    await end(one, wrong);
    for (const changes of [
      { tenant: 'globex' },
      { username: 'reports' },
      { endpoint: { host: 'db2.example.com', port: 5432 } },
    ]) {
      expect(await tryAdmit(one, changes)).toMatchObject({ code: 'admitted' });
    }
    expect(await tryAdmit(one, { connector: 'mysql' })).toMatchObject({ code: 'LOGIN_PAUSED' });
  });

  it('is no account where credentials belong to none', async () => {
    const { one } = gates();
    for (let n = 0; n < 3; n += 1) await end(one, wrong, { username: undefined });
    expect(await tryAdmit(one, { username: undefined })).toMatchObject({ code: 'admitted' });
  });

  it('keeps no credentials, and asks for their fingerprint only where it must', async () => {
    const { one } = gates();
    let asked = 0;
    const counted = {
      fingerprint: async () => {
        asked += 1;
        return 'fingerprint';
      },
    };
    await end(one, { outcome: 'accepted' }, counted);
    await end(one, unreachable, counted);
    expect(asked).toBe(0);
    await end(one, wrong, counted);
    expect(asked).toBe(1);
    expect(rows('login_rejections')).toMatchObject([{ username: 'shop', fingerprint: 'fingerprint', tries: 1 }]);
  });
});

describe('an attempt that succeeds', () => {
  it('writes before it and, where nothing is to be forgotten, not after it', async () => {
    const store = fresh.open();
    const writes: string[] = [];
    const counted: Pick<Store, 'ledger'> = {
      ...store,
      ledger: {
        transact: (work) => {
          writes.push('write');
          return store.ledger.transact(work);
        },
      },
    };
    const gate = admissionOn(counted, () => fresh.clock);
    await end(gate, { outcome: 'accepted' });
    expect(writes).toHaveLength(1);
    await fail(gate, 1);
    expect(writes).toHaveLength(3);
    await end(gate, { outcome: 'accepted' });
    expect(writes).toHaveLength(5);
  });
});

describe('a store that cannot be used', () => {
  it.runIf(!unprivileged || reachable(process.cwd()))('lets nothing be attempted, and says why', async () => {
    const home = dirname(fresh.file);
    await mkdir(home);
    await chmod(fresh.folder, 0o755);
    await chmod(home, 0o555);
    const worker = workers.start('admit', [home, '1'], unprivileged);
    worker.tell('go');
    const { lines } = await worker.ended;
    expect(lines[1]).toMatch(/^failed .*"STORE_UNAVAILABLE"/);
    await chmod(home, 0o755);
  });
});

describe('the file of attempts', () => {
  it.each([
    ['its pages are garbage', (bytes: Buffer) => bytes.fill(0xaa, 4096)],
    ['it is no database at all', () => randomBytes(20_000)],
    ['it is empty', () => Buffer.alloc(0)],
  ])('is made anew where %s, and sources are none the worse', async (_, damaged) => {
    const before = fresh.open();
    await before.sources.insert(record({ id: 'src_1' }));
    await tryAdmit(admissionOn(before, () => fresh.clock));
    await before.close();
    await writeFile(attemptsFile(), damaged(await readFile(attemptsFile())));
    const after = fresh.open();
    expect(await tryAdmit(admissionOn(after, () => fresh.clock))).toMatchObject({ code: 'admitted' });
    expect(rows('attempts')).toHaveLength(1);
    expect(await after.sources.find('acme', 'src_1')).toBeDefined();
    expect((await stat(attemptsFile())).mode & 0o777).toBe(0o600);
  });

  it('is made anew where somebody emptied it under a process that has it open', async () => {
    const store = fresh.open();
    const gate = admissionOn(store, () => fresh.clock);
    expect(await tryAdmit(gate)).toMatchObject({ code: 'admitted' });
    await truncate(attemptsFile());
    expect(await tryAdmit(gate)).toMatchObject({ code: 'admitted' });
    expect(rows('attempts')).toHaveLength(1);
  });

  it('is looked at by whoever asks whether the store works', async () => {
    await mkdir(attemptsFile(), { recursive: true });
    await expect(fresh.open().check()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await tryAdmit(gates().one)).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('keeps what was attempted by a process that was killed', async () => {
    const racer = workers.start('admit', [dirname(fresh.file), '1000000']);
    await new Promise<void>((resolve) => racer.onLine(() => resolve()));
    racer.tell('go');
    const count = () => {
      try {
        return rows('attempts').length;
      } catch {
        return 0; // Not made yet.
      }
    };
    await expect.poll(count, { timeout: 10_000 }).toBe(100);
    racer.kill('SIGKILL');
    await racer.ended;
    const gate = admissionOn(fresh.open(), () => new Date());
    expect(await tryAdmit(gate, { endpoint: undefined })).toMatchObject({ code: 'RATE_LIMITED' });
  });
});

describe('processes', () => {
  /** What all of them together were answered. */
  async function race(times: number, destination?: string): Promise<Record<string, number>> {
    const args = [dirname(fresh.file), String(times), ...(destination ? [destination] : [])];
    const racers = Array.from({ length: 8 }, () => workers.start('admit', args));
    await Promise.all(racers.map((racer) => new Promise<void>((resolve) => racer.onLine(() => resolve()))));
    for (const racer of racers) racer.tell('go');
    const total: Record<string, number> = {};
    for (const { lines, stderr } of await Promise.all(racers.map(({ ended }) => ended))) {
      expect(stderr).toBe('');
      for (const [code, count] of Object.entries(JSON.parse(lines[1] ?? '{}') as Record<string, number>)) {
        total[code] = (total[code] ?? 0) + count;
      }
    }
    return total;
  }

  it('that hammer together, 8 of them, are let through exactly 100 times', async () => {
    expect(await race(100)).toEqual({ admitted: 100, RATE_LIMITED: 700 });
  });

  it('that hammer one destination are let through exactly 30 times', async () => {
    expect(await race(20, 'db.example.com')).toEqual({ admitted: 30, RATE_LIMITED: 130 });
  });

  it('that come to a circuit when its time is up are one that tries and seven that wait', async () => {
    fresh.clock = new Date(Date.now() - 40 * SECOND);
    await fail(gates().one, 5);
    expect(await race(1, 'db.example.com')).toEqual({ admitted: 1, CIRCUIT_OPEN: 7 });
  });
});
