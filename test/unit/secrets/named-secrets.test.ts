import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type App, createApp } from '../../../src/app.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { readSettings } from '../../../src/settings.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

let folder: TemporaryFolder;
let apps: App[];
const NOW = new Date('2026-11-20T08:00:00Z');

beforeEach(async () => {
  folder = await temporaryFolder('named-secrets');
  apps = [];
});
afterEach(async () => {
  for (const app of apps) await app.close();
  await folder.remove();
});

function newApp(): App {
  const app = createApp(readSettings({ HEADWATER_HOME: folder.path, HEADWATER_LOG_LEVEL: 'silent' }), {
    now: () => NOW,
  });
  apps.push(app);
  return app;
}

const read = async ({ secrets }: App, name: string, tenant = 'local') => (await secrets.read(tenant, name))?.reveal();
const resolve = async ({ services }: App, target: string, tenant = 'local') =>
  (await services.resolveReference({ scheme: 'credential', target }, tenant)).reveal();

describe('named secrets', () => {
  it('are kept sealed, and read by whoever refers to them', async () => {
    const app = newApp();
    expect(await app.secrets.set('local', 'shop-db', new Secret('CANARY-hunter2'))).toMatchObject({ replaced: false });
    expect(await resolve(newApp(), 'shop-db')).toBe('CANARY-hunter2');
    await app.close();
    expect((await readFile(join(folder.path, 'headwater.db'))).includes('CANARY-hunter2')).toBe(false);
  });

  it('are replaced, with a fingerprint that changes with the value alone', async () => {
    const app = newApp();
    const first = await app.secrets.set('local', 'a', new Secret('one'));
    expect(await app.secrets.set('local', 'a', new Secret('one'))).toEqual({ ...first, replaced: true });
    const second = await app.secrets.set('local', 'a', new Secret('two'));
    expect(second.fingerprint).toMatch(/^[0-9a-f]{8}$/);
    expect(second.fingerprint).not.toBe(first.fingerprint);
    expect(await read(app, 'a')).toBe('two');
    // The same secret under another name, or of another tenant, cannot be told to be the same.
    expect((await app.secrets.set('local', 'b', new Secret('two'))).fingerprint).not.toBe(second.fingerprint);
    expect((await app.secrets.set('acme', 'a', new Secret('two'))).fingerprint).not.toBe(second.fingerprint);
  });

  it('belong to their tenant', async () => {
    const app = newApp();
    await app.secrets.set('acme', 'db', new Secret('of acme'));
    expect(await resolve(app, 'db', 'acme')).toBe('of acme');
    await expect(resolve(app, 'db')).rejects.toMatchObject({
      code: 'REFERENCE_BROKEN',
      details: { hint: 'A person must store it where Headwater runs: `headwater secret set db`.' },
    });
    await expect(resolve(app, 'gone', 'acme')).rejects.toMatchObject({
      details: { hint: expect.stringContaining('headwater secret set gone --tenant acme') },
    });
    expect(await app.secrets.list('local')).toEqual([]);
    expect(await app.secrets.remove('local', 'db')).toBe(false);
    expect(await app.secrets.remove('acme', 'db')).toBe(true);
    expect(await read(app, 'db', 'acme')).toBeUndefined();
  });

  it('are never taken for a hand-over of credentials', async () => {
    await expect(resolve(newApp(), 'cs_0123456789abcdefghjkmnpqrs')).rejects.toMatchObject({
      code: 'REFERENCE_BROKEN',
      message: '${credential:cs_0123456789abcdefghjkmnpqrs} cannot be used here.',
    });
  });

  it('survive rotations of the master key, in servers that run meanwhile too', async () => {
    const [app, other] = [newApp(), newApp()];
    await app.secrets.set('local', 'one', new Secret('first'));
    await app.secrets.set('acme', 'one', new Secret('second'));
    expect(await read(other, 'one')).toBe('first');
    expect(await app.keys.rotate()).toMatchObject({ rewrapped: 3, damaged: [], left: 0, finished: true });
    expect([await read(other, 'one'), await read(other, 'one', 'acme')]).toEqual(['first', 'second']);
    // This one still has the old key, which the store refuses.
    await other.secrets.set('local', 'two', new Secret('third'));
    expect(await app.keys.rotate()).toMatchObject({ rewrapped: 4, finished: true });
    expect(await read(newApp(), 'two')).toBe('third');
  });

  it('hold a rotation up where they are damaged, which says which', async () => {
    const app = newApp();
    await app.secrets.set('local', 'db', new Secret('first'));
    await app.close();
    const { default: Libsql } = await import('libsql');
    const file = new Libsql(join(folder.path, 'headwater.db'));
    file.exec("UPDATE named_secrets SET id = 'moved'");
    file.close();
    const next = newApp();
    await expect(resolve(next, 'moved')).rejects.toMatchObject({ code: 'KEY_UNAVAILABLE' });
    expect(await next.keys.rotate()).toMatchObject({ damaged: ['secret moved'], finished: false });
  });

  it('of many at once, one after the other', async () => {
    const [app, other] = [newApp(), newApp()];
    await Promise.all(
      [0, 1, 2].flatMap((n) => [app, other].map((each) => each.secrets.set('local', 'x', new Secret(`${n}`)))),
    );
    expect(await read(app, 'x')).toMatch(/^[012]$/);
  });
});
