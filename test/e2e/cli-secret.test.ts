import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { headwater, jsonOf, shopConfig } from '../support/headwater.ts';
import { connectV2 } from '../support/mcp.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('cli-secret');
});
afterAll(() => folder.remove());

const env = () => ({ HEADWATER_HOME: join(folder.path, 'home') });
const secret = (args: string[], input?: string) =>
  headwater(['secret', ...args], { env: env(), ...(input === undefined ? {} : { input }) });

it('stores a secret that a source then connects with, and nobody sees', async () => {
  const { readerPassword } = sharedPostgres();
  expect(await secret(['list'])).toMatchObject({ code: 0, stdout: expect.stringContaining('There are no secrets') });
  const stored = jsonOf(await secret(['set', 'shop-db', '--json'], `${readerPassword}\n`));
  expect(stored).toMatchObject({ name: 'shop-db', reference: '${credential:shop-db}', replaced: false });

  const server = await connectV2({ env: env() });
  const config = shopConfig({ password: '${credential:shop-db}' });
  const made = await server.call('create_source', { connector: 'postgresql', config, name: 'Shop' });
  expect(made.isError, made.text).toBe(false);
  const { source } = made.structured as { source: { id: string; config: object } };
  expect(source.config).toMatchObject({ password: { set: true, from: 'credential:shop-db' } });
  expect(made.text).not.toContain(readerPassword);

  const list = await secret(['list']);
  expect(list.stdout).toMatch(new RegExp(`^shop-db +[0-9a-f]{8} +today +${source.id}$`, 'm'));

  // Another secret is read at the next use, and seen to be another one.
  const other = jsonOf(await secret(['set', 'shop-db', '--json'], 'wrong-hunter2-wrong'));
  expect(other).toMatchObject({ replaced: true });
  expect(other['fingerprint']).not.toBe(stored['fingerprint']);
  const failed = await server.call('test_connection', { source_id: source.id });
  expect(failed.structured).toMatchObject({ ok: false });
  await server.close();

  expect(await secret(['remove', 'shop-db'])).toMatchObject({ code: 2, stderr: expect.stringContaining(source.id) });
  expect(await secret(['remove', 'shop-db', '--force'])).toMatchObject({ code: 0 });
  expect((await secret(['remove', 'shop-db'])).stderr).toContain('There is no secret');
  const { entries } = jsonOf(await headwater(['audit', '--tool', 'set_secret', '--json'], { env: env() }));
  expect(entries).toMatchObject([
    { target: { secret: 'shop-db', tenant: 'local' } },
    { target: { secret: 'shop-db', tenant: 'local' } },
  ]);
  for (const name of await readdir(env().HEADWATER_HOME)) {
    expect((await readFile(join(env().HEADWATER_HOME, name))).includes(readerPassword), name).toBe(false);
  }
});

it('keeps what is given as it is, without the one line end at its end', async () => {
  const fingerprint = async (input: string) => jsonOf(await secret(['set', 'key', '--json'], input))['fingerprint'];
  const plain = await fingerprint('a\nb');
  expect(await fingerprint('a\nb\n')).toBe(plain);
  expect(await fingerprint('a\nb\r\n')).toBe(plain);
  expect(await fingerprint('a\nb\n\n')).not.toBe(plain);
  expect(await fingerprint(' a\nb')).not.toBe(plain);
});

it('refuses secrets on the command line, without repeating them', async () => {
  const CANARY = 'CANARY+hunter2';
  for (const args of [
    ['set', 'db', CANARY],
    ['set', CANARY],
    ['set', 'db', `--value=${CANARY}`],
    ['set', 'db', '--value', CANARY],
    ['set', 'cs_db'],
  ]) {
    const ran = await secret(args, '');
    expect(ran.code, args.join(' ')).toBe(2);
    expect(ran.stdout + ran.stderr).not.toContain(CANARY);
  }
  expect((await secret(['set', 'db', CANARY], '')).stderr).toContain('treat it as exposed');
  expect((await secret(['set', 'db'], '')).stderr).toContain('Nothing was given');
  expect((await secret(['set', 'db'], '\n')).stderr).toContain('Nothing was given');
  expect((await secret(['set', 'db'], 'x'.repeat(64 * 1024 + 1))).code).toBe(2);
  expect((await secret(['set'])).code).toBe(2);
  expect((await secret(['list', 'db'])).code).toBe(2);
});

it('keeps the secrets of tenants apart', async () => {
  await secret(['set', 'crm', '--tenant', 'acme'], 'x');
  expect((await secret(['list'])).stdout).not.toContain('crm');
  expect((await secret(['list', '--tenant', 'acme'])).stdout).toContain('crm');
});
