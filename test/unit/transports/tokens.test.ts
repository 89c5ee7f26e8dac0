import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCAL_PRINCIPAL } from '../../../src/sources/principal.ts';
import { type Authenticator, createAuthenticator } from '../../../src/transports/http/authenticator.ts';
import { callerKey } from '../../../src/transports/http/caller.ts';
import { createTokenFile, type TokenFile } from '../../../src/transports/http/tokens.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

let folder: TemporaryFolder;
let path: string;
let file: TokenFile;
let now: number;
let authenticator: Authenticator;
beforeEach(async () => {
  folder = await temporaryFolder('tokens');
  path = join(folder.path, 'home', 'tokens.json');
  file = createTokenFile(path);
  now = 0;
  authenticator = createAuthenticator({ path, anonymous: LOCAL_PRINCIPAL, clock: () => now });
});
afterEach(() => folder.remove());

const add = (name: string) => file.add({ name, tenant: 'acme', role: 'editor' }, new Date());
const ask = (token?: string) => authenticator.callerOf(token && `Bearer ${token}`).then((caller) => caller?.principal);

describe('the token file', () => {
  it('holds hashes for its owner alone, and never a token', async () => {
    const { token } = await add('anna');
    expect(await readFile(path, 'utf8')).not.toContain(token.slice(12));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(token).toMatch(/^hw_[0-9a-f]{8}_[\w-]{43}$/);
  });

  it('loses nothing to changes at the same moment, and leaves no lock', async () => {
    const { record } = await add('first');
    await Promise.all([...Array.from({ length: 10 }, (_, i) => add(`user ${i}`)), file.revoke(record.id)]);
    const names = (await file.list()).map(({ name }) => name);
    expect(names.sort()).toEqual(Array.from({ length: 10 }, (_, i) => `user ${i}`));
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it.each(['', 'x'.repeat(65), 'a/b', 'a\nb', ' a', '{}', '\u202ea'])('takes no name like %j', async (name) => {
    await expect(add(name)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await expect(file.add({ name: 'anna', tenant: name, role: 'viewer' }, new Date())).rejects.toMatchObject({
      code: 'INVALID_ARGUMENTS',
    });
  });
});

describe('callers', () => {
  it('need no token until there is a first one, and always from then on', async () => {
    expect(await ask()).toEqual(LOCAL_PRINCIPAL);
    const { token, record } = await add('anna');
    expect(await ask()).toEqual(LOCAL_PRINCIPAL);
    now += 1000;
    expect(await ask()).toBeUndefined();
    expect(await ask(token)).toEqual({ tenant: 'acme', subject: 'anna', role: 'editor' });
    await file.revoke(record.id);
    now += 999;
    expect(await ask(token)).toBeDefined();
    now += 1;
    expect([await ask(token), await ask()]).toEqual([undefined, undefined]);
    await rm(path);
    now += 1000;
    expect(await ask()).toBeUndefined();
  });

  it('are told apart by their tokens, and are no more once these are revoked', async () => {
    const nobody = await authenticator.callerOf(undefined);
    const [one, two] = [await add('anna'), await add('anna')];
    now += 1000;
    const callers = [
      nobody,
      ...(await Promise.all([one, two].map(({ token }) => authenticator.callerOf(`Bearer ${token}`)))),
    ].flatMap((caller) => caller ?? []);
    expect(new Set(callers.map(callerKey)).size).toBe(3);
    expect(callers.map(await authenticator.revoked())).toEqual([true, false, false]);
    await file.revoke(one.record.id);
    now += 1000;
    expect(callers.map(await authenticator.revoked())).toEqual([true, true, false]);
  });

  it('need one after a restart as well, where the last was revoked', async () => {
    const { record } = await add('anna');
    await file.revoke(record.id);
    expect(await ask()).toBeUndefined();
  });

  it('are nobody with a wrong header, where none is needed', async () => {
    expect(await authenticator.callerOf('Basic R09PRA==')).toBeUndefined();
    expect(await ask('anything')).toBeUndefined();
  });

  it.each([
    ['is damaged', () => writeFile(path, '[{"id":')],
    ['holds something else', () => writeFile(path, '{"tokens":[]}')],
    ['is a folder', () => mkdir(path)],
  ])('are refused while the file %s', async (_, breakIt) => {
    await mkdir(join(folder.path, 'home'));
    await breakIt();
    await expect(ask()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(ask('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await rm(path, { recursive: true });
    const { token } = await add('anna');
    now += 1000;
    expect(await ask(token)).toMatchObject({ subject: 'anna' });
  });

  it('are nobody at once when a broken file hides who they are', async () => {
    const { token } = await add('anna');
    expect(await ask(token)).toBeDefined();
    await writeFile(path, 'damaged');
    now += 1000;
    await expect(ask(token)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
