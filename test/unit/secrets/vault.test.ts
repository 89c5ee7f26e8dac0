import { randomBytes } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyState, KeyStore } from '../../../src/secrets/key-store.ts';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { createVault, type SealContext } from '../../../src/secrets/vault.ts';
import { openStore, type Store } from '../../../src/store/sqlite.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

let folder: TemporaryFolder;
let store: Store;

beforeEach(async () => {
  folder = await temporaryFolder('vault');
  store = openStore({ file: join(folder.path, 'headwater.db'), now: () => new Date() });
});

afterEach(async () => {
  await store.close();
  await folder.remove();
});

const context: SealContext = { tenant: 'acme', sourceId: 'src_1', credentialVersion: 1 };
const newKey = () => randomBytes(32).toString('base64');

/** A vault of another process: the same store, a key of its own finding. */
function vaultWith(key: { value?: string } = {}, keys: KeyStore = store.keys) {
  return createVault({ loadKey: createMasterKey({ ...key, home: folder.path }), keys });
}

function memory(): KeyStore & { kept: KeyState } {
  const store = {
    kept: { keys: [], holdsSealed: false } as KeyState,
    state: async () => store.kept,
    begin: async (...[first, digestKey]: Parameters<KeyStore['begin']>) => {
      store.kept = { keys: [{ ...first, retiredAt: null }], digestKey, holdsSealed: true };
      return store.kept;
    },
    addDigestKey: async (sealed: string) => store.kept.digestKey ?? sealed,
  };
  return store;
}

const refused = { code: 'KEY_UNAVAILABLE', details: { hint: expect.stringMatching(/./) } };

describe('what is sealed', () => {
  it('opens again, in another process too, whatever it is', async () => {
    const [sealing, opening] = [vaultWith(), vaultWith()];
    const anything = fc.record({
      plaintext: fc.string({ unit: 'binary', maxLength: 300 }),
      tenant: fc.string({ unit: 'binary' }),
      sourceId: fc.string(),
      credentialVersion: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(anything, async ({ plaintext, ...where }) => {
        expect(await opening.open(await sealing.seal(plaintext, where), where)).toBe(plaintext);
      }),
      { numRuns: 300 },
    );
  });

  it('is never the same twice and never holds the text', async () => {
    const vault = vaultWith();
    const sealed = await Promise.all(Array.from({ length: 50 }, () => vault.seal('CANARY-p4ssword', context)));
    expect(new Set(sealed.flatMap((text) => text.split('.').slice(2))).size).toBe(100);
    for (const text of sealed) {
      expect(text).toMatch(/^hw1\.[0-9a-f]{16}\.[\w-]+\.[\w-]+$/);
      for (const part of text.split('.')) {
        expect(Buffer.from(part, 'base64url').includes('CANARY')).toBe(false);
      }
    }
  });

  it('does not open with any bit flipped', async () => {
    const vault = vaultWith();
    const sealed = Buffer.from(await vault.seal('p4ssword', context));
    const answers = new Set<string>();
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const flipped = Buffer.from(sealed);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await vault.open(flipped.toString('latin1'), context).then(
        () => answers.add(`opened with bit ${bit}`),
        (error: unknown) => answers.add(JSON.stringify(error)),
      );
    }
    expect([...answers]).toEqual([expect.stringContaining('KEY_UNAVAILABLE')]);
  });

  it.each(['', 'hw1', 'hw1...', 'hw2.x.y.z', 'null', '{}'])('does not open as %j', async (text) => {
    const vault = vaultWith();
    await vault.seal('x', context);
    await expect(vault.open(text, context)).rejects.toMatchObject(refused);
  });

  it('does not open cut short, lengthened, or with parts of another', async () => {
    const vault = vaultWith();
    const [one, two] = [await vault.seal('one', context), await vault.seal('two', context)];
    const [a, b] = [one.split('.'), two.split('.')];
    const mixed = [[...a.slice(0, 3), b[3]].join('.'), [...b.slice(0, 3), a[3]].join('.')];
    for (const text of [
      one.slice(0, -1),
      `${one}A`,
      `${one}.`,
      `${one}.x`,
      `${one}=`,
      ` ${one}`,
      `${one}\n`,
      ...mixed,
    ]) {
      await expect(vault.open(text, context), text).rejects.toMatchObject(refused);
    }
  });

  it('does not open anywhere else', async () => {
    const vault = vaultWith();
    const sealed = await vault.seal('x', context);
    for (const over of [
      { tenant: 'umbrella' },
      { sourceId: 'src_2' },
      { credentialVersion: 2 },
      { tenant: 'acmes', sourceId: 'rc_1' },
      { tenant: '', sourceId: 'acmesrc_1' },
    ]) {
      await expect(vault.open(sealed, { ...context, ...over })).rejects.toMatchObject(refused);
    }
    expect(await vault.open(sealed, context)).toBe('x');
  });
});

describe('the master key', () => {
  it('is neither looked for nor made before the first seal', async () => {
    const vault = createVault({
      loadKey: async () => {
        throw new Error('asked for');
      },
      keys: memory(),
    });
    await expect(vault.open('hw1.x.y.z', context)).rejects.toMatchObject(refused);
    await expect(vault.seal('x', context)).rejects.toThrow('asked for');
  });

  it('that is another one opens and seals nothing, and the right one goes on working', async () => {
    const [right, wrong] = [newKey(), newKey()];
    const sealed = await vaultWith({ value: right }).seal('x', context);
    const other = vaultWith({ value: wrong });
    await expect(other.open(sealed, context)).rejects.toMatchObject(refused);
    await expect(other.seal('y', context)).rejects.toMatchObject(refused);
    await expect(other.fingerprint('y')).rejects.toMatchObject(refused);
    expect((await store.keys.state()).keys).toHaveLength(1);
    expect(await vaultWith({ value: right }).open(sealed, context)).toBe('x');
  });

  it('that is gone is never replaced by a new one, and serves again once it is back', async () => {
    const vault = vaultWith();
    const sealed = await vault.seal('x', context);
    const key = await createMasterKey({ home: folder.path })({ create: false });
    await rm(join(folder.path, 'master.key'));
    const next = vaultWith();
    await expect(next.open(sealed, context)).rejects.toMatchObject(refused);
    await expect(next.seal('y', context)).rejects.toMatchObject(refused);
    await expect(createMasterKey({ home: folder.path })({ create: false })).rejects.toMatchObject(refused);
    const restored = vaultWith({ value: key.key.export().toString('base64') });
    expect(await restored.open(sealed, context)).toBe('x');
  });

  it('is refused where its check was tampered with', async () => {
    const keys = memory();
    const value = newKey();
    await vaultWith({ value }, keys).seal('x', context);
    const tampered = (check: string) => `${check.startsWith('A') ? 'B' : 'A'}${check.slice(1)}`;
    keys.kept = { ...keys.kept, keys: keys.kept.keys.map((key) => ({ ...key, check: tampered(key.check) })) };
    await expect(vaultWith({ value }, keys).seal('y', context)).rejects.toMatchObject(refused);
  });

  it('of the process that came first wins, and the others are told', async () => {
    const vaults = Array.from({ length: 6 }, () => vaultWith({ value: newKey() }));
    const outcomes = await Promise.allSettled(vaults.map((vault) => vault.seal('x', context)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(refused);
    expect((await store.keys.state()).keys).toHaveLength(1);
  });

  it('is never made over sealed credentials that have lost their key checks', async () => {
    const keys: KeyStore = { ...memory(), state: async () => ({ keys: [], holdsSealed: true }) };
    await expect(vaultWith({}, keys).seal('x', context)).rejects.toMatchObject(refused);
    await expect(vaultWith({ value: newKey() }, keys).seal('x', context)).rejects.toMatchObject(refused);
    await expect(vaultWith({}, keys).check()).rejects.toMatchObject(refused);
    await expect(stat(join(folder.path, 'master.key'))).rejects.toThrow('ENOENT');
  });

  it('that cannot be had is asked for again at the next use', async () => {
    let broken = true;
    const load = createMasterKey({ home: folder.path });
    const vault = createVault({
      loadKey: (may) => (broken ? Promise.reject(new Error('not yet')) : load(may)),
      keys: store.keys,
    });
    await expect(vault.seal('x', context)).rejects.toThrow('not yet');
    broken = false;
    expect(await vault.open(await vault.seal('x', context), context)).toBe('x');
  });
});

describe('a fingerprint', () => {
  it('is the same for the same text in every process, and another with another key', async () => {
    const [here, there] = [vaultWith(), vaultWith()];
    expect(await here.fingerprint('{"password":"a"}')).toBe(await there.fingerprint('{"password":"a"}'));
    expect(await here.fingerprint('{"password":"b"}')).not.toBe(await here.fingerprint('{"password":"a"}'));
    const [one, two] = [vaultWith({ value: newKey() }, memory()), vaultWith({ value: newKey() }, memory())];
    expect(await one.fingerprint('x')).not.toBe(await two.fingerprint('x'));
  });
});
