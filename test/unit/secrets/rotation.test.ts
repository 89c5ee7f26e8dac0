import { createSecretKey, randomBytes } from 'node:crypto';
import { copyFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { derivedDigestKey, keyedDigest } from '../../../src/secrets/envelope.ts';
import { createHomeKeys, type HomeKeys } from '../../../src/secrets/home-keys.ts';
import { rotateKey } from '../../../src/secrets/key-rotation.ts';
import { keyStatus } from '../../../src/secrets/key-status.ts';
import { createMasterKey, isConfigured } from '../../../src/secrets/master-key.ts';
import { createVault, type Vault } from '../../../src/secrets/vault.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { openStore, type Store } from '../store/audited.ts';
import { record } from '../store/records.ts';

let folder: TemporaryFolder;
let stores: Store[];
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder('rotation');
  stores = [];
  store = open();
});

afterEach(async () => {
  for (const each of stores) await each.close();
  await folder.remove();
});

function open(): Store {
  const opened = openStore({ file: join(folder.path, 'headwater.db'), now: () => new Date('2026-11-20T08:00:00Z') });
  stores.push(opened);
  return opened;
}

interface Given {
  value?: string;
}

const newKey = () => randomBytes(32).toString('base64');
const own = () => readFile(join(folder.path, 'master.key'), 'utf8');
const files = async () => (await readdir(folder.path)).filter((name) => name.startsWith('master.key')).toSorted();

function parts(given: Given = {}, homeKeys: HomeKeys = createHomeKeys(folder.path)) {
  const where = { ...given, home: folder.path };
  return { where, loadKey: createMasterKey(where), homeKeys, store: store.keys, random: randomBytes };
}

/** A server's vault. */
function vaultWith(given: Given = {}): Vault {
  const { where, loadKey, homeKeys } = parts(given);
  return createVault({
    loadKey,
    ...(isConfigured(where) ? {} : { loadPrevious: homeKeys.previous }),
    keys: store.keys,
  });
}

const placeOf = (id: string) => ({ tenant: 'acme', sourceId: id, credentialVersion: 1 });

/** Stores sources as servers do. */
async function seal(vault: Vault, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const one = record();
    const sealed = await vault.seal(`secret of ${one.id}`, placeOf(one.id));
    expect(await store.sources.insert({ ...one, sealed })).toEqual({ outcome: 'inserted' });
    ids.push(one.id);
  }
  return ids;
}

async function sealedOf(id: string): Promise<string> {
  return (await store.sources.find('acme', id))?.sealed ?? '';
}

async function expectOpen(vault: Vault, ids: readonly string[]): Promise<void> {
  for (const id of ids) expect(await vault.open(await sealedOf(id), placeOf(id))).toBe(`secret of ${id}`);
}

const refused = (message: RegExp) => ({
  code: 'KEY_UNAVAILABLE',
  message: expect.stringMatching(message),
  details: { hint: expect.stringMatching(/./) },
});

describe('rotating the key in the home folder', () => {
  it('wraps every data key anew and leaves what they seal as it is', async () => {
    const ids = await seal(vaultWith(), 450);
    const before = await Promise.all(ids.map(sealedOf));
    const old = await own();
    const rotation = await rotateKey(parts());
    expect(rotation).toMatchObject({ rewrapped: 451, finished: true, resumed: false, damaged: [], left: 0 });
    expect(await own()).not.toBe(old);
    expect(await files()).toEqual(['master.key']);
    expect((await stat(join(folder.path, 'master.key'))).mode & 0o777).toBe(0o600);
    const after = await Promise.all(ids.map(sealedOf));
    expect(after.map((text) => text.split('.').at(-1))).toEqual(before.map((text) => text.split('.').at(-1)));
    for (const text of after) expect(text.split('.').slice(0, 3)).toEqual(['hw2', rotation?.to, rotation?.from]);
    await expectOpen(vaultWith(), ids);
    // What was copied before is of no use with the new key.
    await expect(vaultWith().open(before[0] ?? '', placeOf(ids[0] ?? ''))).rejects.toMatchObject(refused(/./));
  });

  it('again and again, each time from where it is', async () => {
    const ids = await seal(vaultWith(), 3);
    for (let round = 0; round < 4; round += 1) {
      expect(await rotateKey(parts())).toMatchObject({ finished: true, rewrapped: 4 + round });
      ids.push(...(await seal(vaultWith(), 1)));
      await expectOpen(vaultWith(), ids);
    }
    const { keys, rotation } = await keyStatus(parts());
    expect(rotation).toBe('none');
    expect(keys.map(({ state }) => state).toSorted()).toEqual(['in use', 'retired', 'retired', 'retired', 'retired']);
    expect(keys.filter(({ sealed }) => sealed > 0)).toMatchObject([{ state: 'in use', sealed: 8 }]);
  });

  it('leaves running servers at work, which find the new key by themselves', async () => {
    const [idle, busy] = [vaultWith(), vaultWith()];
    const ids = await seal(busy, 5);
    await rotateKey(parts());
    await expectOpen(busy, ids);
    await expectOpen(idle, ids);
    expect(await busy.check()).toBe(true);
    const late = vaultWith();
    ids.push(...(await seal(busy, 1)), ...(await seal(late, 1)));
    await expectOpen(late, ids);
  });

  it('refuses what a server seals with the old key when nothing else needs it', async () => {
    const server = vaultWith();
    await seal(server, 1);
    await rotateKey(parts());
    const one = record();
    const sealed = await server.seal('x', placeOf(one.id));
    expect(await store.sources.insert({ ...one, sealed })).toEqual({ outcome: 'key_retired' });
    server.forget();
    await seal(server, 1);
  });

  it('refuses a change that carries the old envelope along', async () => {
    const server = vaultWith();
    const [id = ''] = await seal(server, 1);
    const before = await store.sources.find('acme', id);
    await rotateKey(parts());
    if (!before) throw new Error('it is gone');
    expect(await store.sources.replace({ ...before, version: 2 }, 1)).toBe('key_retired');
    await expectOpen(vaultWith(), [id]);
  });

  it('finds what servers seal with the old key meanwhile', async () => {
    const server = vaultWith();
    const ids = await seal(server, 2);
    const homeKeys = createHomeKeys(folder.path);
    const meanwhile: HomeKeys = {
      ...homeKeys,
      async promote() {
        await homeKeys.promote();
        ids.push(...(await seal(server, 3)));
      },
    };
    expect(await rotateKey(parts({}, meanwhile))).toMatchObject({ rewrapped: 6, finished: true });
    await expectOpen(vaultWith(), ids);
  });

  it('keeps digests the same', async () => {
    const server = vaultWith();
    await seal(server, 1);
    const digest = await server.fingerprint('x');
    await rotateKey(parts());
    expect(await server.fingerprint('x')).toBe(digest);
    expect(await vaultWith().fingerprint('x')).toBe(digest);
  });

  it('keeps the digests of a store from before there was a key for them', async () => {
    await seal(vaultWith(), 1);
    const raw = new Libsql(join(folder.path, 'headwater.db'));
    raw.exec('DELETE FROM vault_keys');
    raw.close();
    const old = await createMasterKey({ home: folder.path })({ create: false });
    const digest = keyedDigest(createSecretKey(derivedDigestKey(old)), 'x');
    await rotateKey(parts());
    expect(await vaultWith().fingerprint('x')).toBe(digest);
  });

  it('does nothing where nothing was sealed', async () => {
    expect(await rotateKey(parts())).toBeUndefined();
    expect(await files()).toEqual([]);
  });

  it('goes on after a stop at any step', async () => {
    const real = createHomeKeys(folder.path);
    const stop = () => Promise.reject(new Error('stopped'));
    const steps: Partial<HomeKeys>[] = [
      { next: stop },
      { next: () => real.next().then(stop) },
      { promote: stop },
      { promote: () => copyFile(join(folder.path, 'master.key'), join(folder.path, 'master.key.previous')).then(stop) },
      { promote: () => real.promote().then(stop) },
      { forget: stop },
      { forget: () => real.forget().then(stop) },
    ];
    const server = vaultWith();
    const ids = await seal(server, 2);
    for (const step of steps) {
      await expect(rotateKey(parts({}, { ...real, ...step }))).rejects.toThrow('stopped');
      ids.push(...(await seal(vaultWith(), 1)));
      await expectOpen(server, ids);
      await expectOpen(vaultWith(), ids);
      expect(await rotateKey(parts())).toMatchObject({ finished: true, damaged: [] });
      expect(await files()).toEqual(['master.key']);
      expect((await keyStatus(parts())).rotation).toBe('none');
      await expectOpen(vaultWith(), ids);
    }
  });

  it('runs once at a time', async () => {
    await seal(vaultWith(), 1);
    const homeKeys = createHomeKeys(folder.path);
    const other = open();
    const second = { ...parts(), store: other.keys };
    const crossing: HomeKeys = {
      ...homeKeys,
      async next() {
        await expect(rotateKey(second)).rejects.toMatchObject(refused(/under way/));
        return await homeKeys.next();
      },
    };
    expect(await rotateKey(parts({}, crossing))).toMatchObject({ finished: true });
    expect(await rotateKey(second)).toMatchObject({ finished: true });
  });

  it('names credentials that are damaged, and keeps the old key for them', async () => {
    const ids = await seal(vaultWith(), 3);
    const raw = new Libsql(join(folder.path, 'headwater.db'));
    const half = (await sealedOf(ids[1] ?? '')).split('.');
    raw
      .prepare('UPDATE sources SET sealed = ? WHERE id = ?')
      .run([[...half.slice(0, 2), 'AAAA', half[3]].join('.'), ids[1]]);
    raw.close();
    for (let run = 0; run < 2; run += 1) {
      expect(await rotateKey(parts())).toMatchObject({ finished: false, damaged: [ids[1]], resumed: run > 0 });
      expect(await files()).toEqual(['master.key', 'master.key.previous']);
      expect((await keyStatus(parts())).rotation).toBe('unfinished');
    }
    await store.sources.remove('acme', ids[1] ?? '', 1);
    expect(await rotateKey(parts())).toMatchObject({ finished: true });
    await expectOpen(vaultWith(), [ids[0] ?? '', ids[2] ?? '']);
  });

  it('touches no former key that this store does not know', async () => {
    await seal(vaultWith(), 1);
    const stray = join(folder.path, 'master.key.previous');
    await writeFile(stray, newKey(), { mode: 0o600 });
    await expect(rotateKey(parts())).rejects.toMatchObject(refused(/knows nothing of/));
    await rm(stray);
    expect(await rotateKey(parts())).toMatchObject({ finished: true });
  });
});

describe('rotating a configured key', () => {
  it('says how, where no old key is given', async () => {
    const value = newKey();
    await seal(vaultWith({ value }), 1);
    for (const given of [{ value }, { value: newKey() }]) {
      const failure = await rotateKey(parts(given)).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code: 'INVALID_ARGUMENTS',
        details: { hint: expect.stringMatching(/HEADWATER_MASTER_KEY.*--from-file/) },
      });
    }
    await expect(rotateKey(parts({ value }), value)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it('wraps by the new one what the old one wrapped', async () => {
    const [old, value] = [newKey(), newKey()];
    const ids = await seal(vaultWith({ value: old }), 3);
    const digest = await vaultWith({ value: old }).fingerprint('x');
    await expect(vaultWith({ value }).check()).rejects.toMatchObject({
      ...refused(/not the one/),
      details: { hint: expect.stringMatching(/key rotate --from-file/) },
    });
    expect(await rotateKey(parts({ value }), `${old}\n`)).toMatchObject({ finished: true, rewrapped: 4 });
    await expectOpen(vaultWith({ value }), ids);
    expect(await vaultWith({ value }).fingerprint('x')).toBe(digest);
    expect(await rotateKey(parts({ value }), old)).toMatchObject({ finished: true, rewrapped: 0, resumed: true });
  });

  it('tells servers with the old key what to do, and takes nothing from them', async () => {
    const [old, value] = [newKey(), newKey()];
    const server = vaultWith({ value: old });
    const ids = await seal(server, 1);
    await rotateKey(parts({ value }), old);
    const told = {
      ...refused(/replaced by another one on 2026-11-20/),
      details: { hint: expect.stringMatching(/set it to the new key and restart/) },
    };
    await expect(server.open(await sealedOf(ids[0] ?? ''), placeOf(ids[0] ?? ''))).rejects.toMatchObject(told);
    await expect(server.check()).rejects.toMatchObject(told);
    await expect(vaultWith({ value: old }).seal('x', placeOf('src_x'))).rejects.toMatchObject(told);
    // With its first wrap still in mind it may seal; the store does not take it.
    const one = record();
    const sealing = vaultWith({ value });
    const stale = await sealing.seal('x', placeOf(one.id));
    await rotateKey(parts({ value: old }), value);
    expect(await store.sources.insert({ ...one, sealed: stale })).toEqual({ outcome: 'key_retired' });
    await expectOpen(vaultWith({ value: old }), ids);
  });

  it('moves from the home folder to the environment, and back', async () => {
    const ids = await seal(vaultWith(), 2);
    const value = newKey();
    expect(await rotateKey(parts({ value }), await own())).toMatchObject({ finished: true });
    await expectOpen(vaultWith({ value }), ids);
    await rm(join(folder.path, 'master.key'));
    expect(await rotateKey(parts(), value)).toMatchObject({ finished: true });
    await expectOpen(vaultWith(), ids);
  });

  it('half done, tells each side what to do, and goes on', async () => {
    const [old, value] = [newKey(), newKey()];
    const ids = await seal(vaultWith({ value: old }), 250);
    let batches = 0;
    const cut = {
      ...store.keys,
      rewrap: (...args: Parameters<typeof store.keys.rewrap>) => {
        batches += 1;
        return batches > 1 ? Promise.reject(new Error('stopped')) : store.keys.rewrap(...args);
      },
    };
    await expect(rotateKey({ ...parts({ value }), store: cut }, old)).rejects.toThrow('stopped');
    expect(await keyStatus(parts({ value }))).toMatchObject({
      rotation: 'unfinished',
      keys: expect.arrayContaining([
        expect.objectContaining({ state: 'needed', sealed: 50 }),
        expect.objectContaining({ state: 'in use', sealed: 201 }),
      ]),
    });
    const last = ids.at(-1) ?? '';
    await expect(vaultWith({ value }).open(await sealedOf(last), placeOf(last))).rejects.toMatchObject({
      ...refused(/being replaced/),
      details: { hint: expect.stringMatching(/--from-file FILE/) },
    });
    ids.push(...(await seal(vaultWith({ value: old }), 1)), ...(await seal(vaultWith({ value }), 1)));
    expect(await rotateKey(parts({ value }), old)).toMatchObject({ finished: true, rewrapped: 51, resumed: true });
    await expectOpen(vaultWith({ value }), ids);
  });

  it('retires a key that was admitted and then given up', async () => {
    const [old, unused, value] = [newKey(), newKey(), newKey()];
    const ids = await seal(vaultWith({ value: old }), 1);
    const cut = { ...store.keys, rewrap: () => Promise.reject(new Error('stopped')) };
    await expect(rotateKey({ ...parts({ value: unused }), store: cut }, old)).rejects.toThrow('stopped');
    expect(await rotateKey(parts({ value }), old)).toMatchObject({ finished: true, left: 0 });
    expect(await keyStatus(parts({ value }))).toMatchObject({ rotation: 'none' });
    await expectOpen(vaultWith({ value }), ids);
  });

  it('refuses an old key that the store knows nothing of, without quoting it', async () => {
    const [old, value] = [newKey(), newKey()];
    await seal(vaultWith({ value: old }), 1);
    for (const given of [newKey(), 'not a key', '']) {
      const failure = await rotateKey(parts({ value }), given).catch((error: unknown) => error);
      expect(failure).toMatchObject(refused(/not one that|is not a key/));
      if (given !== '') expect(JSON.stringify(failure)).not.toContain(given === 'not a key' ? '"not a key"' : given);
    }
    expect((await store.keys.state()).keys).toHaveLength(1);
  });
});

describe('the status of the key', () => {
  it('is told before there is any, and where it is missing or wrong', async () => {
    expect(await keyStatus(parts())).toEqual({ keys: [], rotation: 'none' });
    await seal(vaultWith(), 2);
    const whole = await keyStatus(parts());
    expect(whole).toMatchObject({
      key: { from: 'master.key in HEADWATER_HOME' },
      keys: [{ state: 'in use', sealed: 3 }],
    });
    expect(JSON.stringify(whole)).not.toContain((await own()).trim());
    expect(await keyStatus(parts({ value: newKey() }))).toMatchObject({
      problem: { code: 'KEY_UNAVAILABLE' },
      keys: [{ state: 'needed', sealed: 3 }],
    });
    await rm(join(folder.path, 'master.key'));
    expect(await keyStatus(parts())).toMatchObject({ problem: refused(/missing/), keys: [{ state: 'needed' }] });
  });
});
