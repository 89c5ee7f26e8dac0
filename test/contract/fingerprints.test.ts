import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shopConfig, WRONG_PASSWORD } from '../support/headwater.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const server = sharedPostgres();
let folder: TemporaryFolder;
let session: InMemory;
let path: string;

beforeAll(async () => {
  folder = await temporaryFolder('fingerprints');
  path = join(folder.path, 'password');
  session = await inMemory({ HEADWATER_REFERENCE_DIRS: folder.path });
});
afterAll(async () => {
  await session.close();
  await folder.remove();
});

const write = (text: string) => writeFile(path, text, { mode: 0o600 });
const create = (name: string, password: string, more: object = {}) =>
  session.done('create_source', { connector: 'postgresql', config: shopConfig({ password }), name, ...more });

interface Shown {
  id: string;
  config: { password: { from: string; fingerprint?: string } };
}
const shown = ({ source }: Record<string, unknown>) => source as Shown;
const get = async (id: string) => shown(await session.done('get_source', { source_id: id }));
const test = async (id: string) => await session.done('test_connection', { source_id: id });
const DRIFT = /^password: the secret behind file:.* is another one than at the last test that passed\.$/;

it('of a reference is that of the last test that passed, so that a changed secret is seen', async () => {
  await write(server.readerPassword);
  const { id, config } = shown(await create('Drifting', `\${file:${path}}`));
  const { fingerprint } = config.password;
  expect(fingerprint).toMatch(/^[0-9a-f]{8}$/);
  expect(await test(id)).toMatchObject({ ok: true, warnings: [] });
  expect((await get(id)).config.password.fingerprint).toBe(fingerprint);

  await write(WRONG_PASSWORD);
  const failed = await test(id);
  expect(failed).toMatchObject({ ok: false, warnings: [expect.stringMatching(DRIFT)] });
  expect(JSON.stringify(failed)).not.toContain(WRONG_PASSWORD);
  expect((await get(id)).config.password.fingerprint).toBe(fingerprint);

  await write(`${server.readerPassword}\n`);
  expect(await test(id)).toMatchObject({ ok: true, warnings: [] });
  expect((await get(id)).config.password.fingerprint).toBe(fingerprint);

  // Nothing can be read any more: there is nothing to compare.
  await rm(path);
  expect(await test(id)).toMatchObject({ ok: false, warnings: [] });
});

it('of a reference that was never tested is absent', async () => {
  await write(server.readerPassword);
  const { id, config } = shown(await create('Untested', `\${file:${path}}`, { run_test: false }));
  expect(config.password).toEqual({ set: true, from: `file:${path}` });
  await test(id);
  expect((await get(id)).config.password.fingerprint).toMatch(/^[0-9a-f]{8}$/);
});

it('of the same secret is another in each source and after each change, so that none can be compared', async () => {
  const given = server.readerPassword;
  const [one, two] = [shown(await create('One', given)), shown(await create('Two', given))];
  const again = shown(
    await session.done('update_source', { source_id: one.id, config: { password: given }, run_test: false }),
  );
  const all = [one, two, again].map(({ config }) => config.password.fingerprint);
  for (const each of all) expect(each).toMatch(/^[0-9a-f]{8}$/);
  expect(new Set(all).size).toBe(3);
  // A change that leaves the credentials alone keeps it.
  const renamed = shown(await session.done('update_source', { source_id: two.id, name: 'Three' }));
  expect(renamed.config.password.fingerprint).toBe(two.config.password.fingerprint);
});

it('is missing, and nothing else, where the key is', async () => {
  const wrong = await inMemory({ HEADWATER_MASTER_KEY: 'no key', HEADWATER_REFERENCE_DIRS: folder.path });
  await write(server.readerPassword);
  const made = await wrong.done('create_source', {
    connector: 'postgresql',
    config: shopConfig({ password: `\${file:${path}}` }),
    name: 'Without',
  });
  expect(shown(made).config.password).toEqual({ set: true, from: `file:${path}` });
  await wrong.close();
});
