import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { headwater, jsonOf } from '../support/headwater.ts';
import { connectV2 } from '../support/mcp.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('cli-key');
});
afterAll(() => folder.remove());

type Session = Awaited<ReturnType<typeof connectV2>>;

const newKey = () => randomBytes(32).toString('base64');

async function create(session: Session, name: string): Promise<string> {
  const config = { host: 'db.example.com', database: 'd', username: 'u', password: `secret of ${name}` };
  const made = await session.call('create_source', { connector: 'postgresql', config, name, run_test: false });
  expect(made.isError, made.text).toBe(false);
  const { source } = (made.structured ?? {}) as { source?: { id: string } };
  return source?.id ?? '';
}

/** Opens its credentials, since what is kept of a config is validated with them. */
async function change(session: Session, id: string, schema: string) {
  return await session.call('update_source', { source_id: id, config: { schemas: [schema] }, run_test: false });
}

it('rotates the key under running servers, which go on', async () => {
  const env = { HEADWATER_HOME: join(folder.path, 'home') };
  expect(await headwater(['key', 'status'], { env })).toMatchObject({
    code: 0,
    stdout: 'There is no key yet; it is made when it is needed.',
  });
  expect(await headwater(['key', 'rotate'], { env })).toMatchObject({
    code: 0,
    stdout: 'Nothing was ever sealed here, so there is no key to rotate.',
  });
  const server = await connectV2({ env });
  const ids = [await create(server, 'one'), await create(server, 'two')];
  const before = (await readFile(join(env.HEADWATER_HOME, 'master.key'), 'utf8')).trim();

  const twice = {
    connector: 'postgresql',
    config: { host: 'db.example.com', database: 'd', username: 'u', password: 'repeated' },
    name: 'repeated',
    run_test: false,
    idempotency_key: 'k-1',
  };
  const first = await server.call('create_source', twice);

  const rotated = await headwater(['key', 'rotate'], { env });
  const { entries } = jsonOf(await headwater(['audit', '--tool', 'rotate_key', '--json'], { env }));
  const [newest] = entries as object[];
  expect(newest).toMatchObject({ outcome: 'ok', target: { from: expect.any(String), to: expect.any(String) } });
  expect(rotated.code).toBe(0);
  expect(rotated.stdout).toMatch(/^4 values wrapped by [0-9a-f]{16} in place of [0-9a-f]{16}\.\nNothing needs/);
  const after = (await readFile(join(env.HEADWATER_HOME, 'master.key'), 'utf8')).trim();
  expect(after).not.toBe(before);
  for (const key of [before, after]) expect(rotated.stdout).not.toContain(key);
  expect((await readdir(env.HEADWATER_HOME)).filter((name) => name.startsWith('master.key'))).toEqual(['master.key']);

  expect((await server.call('create_source', twice)).structured).toMatchObject({
    replayed: true,
    source: { id: (first.structured?.['source'] as { id: string } | undefined)?.id },
  });
  for (const id of ids) expect((await change(server, id, 'a')).isError).toBe(false);
  ids.push(await create(server, 'three'));
  await server.close();
  const late = await connectV2({ env });
  for (const id of ids) expect((await change(late, id, 'b')).isError).toBe(false);
  await late.close();

  const status = await headwater(['key', 'status'], { env });
  expect(status.stdout).toMatch(/^Key [0-9a-f]{16}, from master.key in HEADWATER_HOME\.$/m);
  expect(status.stdout).toMatch(/^[0-9a-f]{16} +in use +5$/m);
  expect(status.stdout).toMatch(/^[0-9a-f]{16} +retired +0 +\d{4}-\d\d-\d\d$/m);
  expect(jsonOf(await headwater(['key', 'status', '--json'], { env }))).toMatchObject({
    rotation: 'none',
    key: { from: 'master.key in HEADWATER_HOME' },
  });
});

it('rotates a configured key, from a file or standard input, never from the command line', async () => {
  const [old, value] = [newKey(), newKey()];
  const env = { HEADWATER_HOME: join(folder.path, 'configured'), HEADWATER_MASTER_KEY: old };
  const server = await connectV2({ env });
  const id = await create(server, 'one');

  const how = await headwater(['key', 'rotate'], { env });
  expect(how).toMatchObject({ code: 2, stderr: expect.stringMatching(/must the new one.*\n.*HEADWATER_MASTER_KEY/s) });
  const leaked = await headwater(['key', 'rotate', '--from-file', old], { env });
  expect(leaked).toMatchObject({ code: 2, stderr: expect.stringContaining('Treat that key as exposed') });
  expect(leaked.stderr).not.toContain(old);

  const next = { ...env, HEADWATER_MASTER_KEY: value };
  const wrong = await headwater(['key', 'status'], { env: next });
  expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('not the one the stored credentials') });
  const path = join(folder.path, 'old.key');
  await writeFile(path, old, { mode: 0o644 });
  expect((await headwater(['key', 'rotate', '--from-file', path], { env: next })).stderr).toContain('chmod 600');
  expect((await headwater(['key', 'rotate', '--from-file', `${path}x`], { env: next })).code).toBe(2);
  const done = await headwater(['key', 'rotate', '--from-file', '-', '--json'], { env: next, input: `${old}\n` });
  expect(jsonOf(done)).toMatchObject({ finished: true, rewrapped: 2, damaged: [], left: 0 });
  for (const key of [old, value]) expect(done.stdout).not.toContain(key);

  const told = await change(server, id, 'a');
  expect(told.parsed).toMatchObject({
    error: { code: 'KEY_UNAVAILABLE', message: expect.stringContaining('was replaced') },
  });
  await server.close();
  const restarted = await connectV2({ env: next });
  expect((await change(restarted, id, 'a')).isError).toBe(false);
  await restarted.close();
  expect((await headwater(['doctor'], { env: next })).stdout).toMatch(
    /^✓ Master key +from HEADWATER_MASTER_KEY; it is/m,
  );
  expect((await headwater(['doctor'], { env })).stdout).toMatch(/^✗ Master key +The master key was replaced/m);
});
