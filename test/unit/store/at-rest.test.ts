import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createMasterKey } from '../../../src/secrets/master-key.ts';
import { createVault } from '../../../src/secrets/vault.ts';
import { connect } from '../../../src/store/connection.ts';
import { freshForEachTest } from './fresh.ts';
import { record } from './records.ts';

const fresh = freshForEachTest();

it('holds no secret in clear, in no file of the home', async () => {
  const home = join(fresh.folder, 'home');
  const store = fresh.open();
  const vault = createVault({ loadKey: createMasterKey({ home }), keys: store.keys });
  const canary = `CANARY${randomBytes(12).toString('hex')}`;
  const one = record();
  const context = { tenant: 'acme', sourceId: one.id, credentialVersion: 1 };
  await store.sources.insert({ ...one, sealed: await vault.seal(canary, context) });
  const found = await store.sources.find('acme', one.id);
  expect(await vault.open(found?.sealed ?? '', context)).toBe(canary);
  await store.close();
  for (const path of [fresh.file, join(home, 'master.key')]) {
    const bytes = await readFile(path);
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const) {
      expect(bytes.includes(Buffer.from(canary).toString(encoding))).toBe(false);
    }
  }
});

it('refuses what libsql would end the whole process for, or store as something else', async () => {
  await fresh.open().check();
  const connection = await connect(fresh.file);
  for (const value of [true, undefined, 1n, new Date(), {}]) {
    expect(() => connection.prepare('SELECT ?').all([value])).toThrow('cannot be stored');
  }
  connection.close();
});

it('leaves nothing of a deleted source in the file', async () => {
  const store = fresh.open();
  const canary = `CANARY${randomBytes(12).toString('hex')}`;
  const one = record({ sealed: canary.repeat(300) });
  await store.sources.insert(one);
  await store.sources.remove('acme', one.id, 1);
  await store.close();
  expect((await readFile(fresh.file)).includes(canary)).toBe(false);
});
