import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headwater, jsonOf, shopConfig } from '../support/headwater.ts';
import { connectV2 } from '../support/mcp.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const server = sharedPostgres();

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('cli');
});
afterAll(() => folder.remove());

describe('headwater sources', () => {
  it('are listed newest first, filtered and in pages', async () => {
    const home = join(folder.path, 'sources');
    const env = { HEADWATER_HOME: home };
    expect(await headwater(['sources'], { env })).toMatchObject({
      code: 0,
      stdout: 'There are no sources yet. An agent creates them, through `headwater stdio`.',
    });

    const agent = await connectV2({ env });
    for (const [name, desired_state, tags] of [
      ['Orders', 'Active', ['production']],
      ['注文データ', 'Paused', []],
    ]) {
      const created = await agent.call('create_source', {
        connector: 'pg',
        config: shopConfig(),
        name,
        desired_state,
        tags,
      });
      expect(created.isError, created.text).toBe(false);
    }
    await agent.close();

    const all = await headwater(['sources'], { env });
    expect(all.stdout).toMatch(/^Name +Status +Connector +Id$/m);
    expect(all.stdout).toMatch(/^注文データ +Paused +postgresql +src_\w{26}\nOrders +Active +postgresql +src_\w{26}$/m);
    expect(all.stdout).toContain('2 sources');
    expect((await headwater(['sources', '--tag', 'production'], { env })).stdout).toContain('\n1 source');
    expect((await headwater(['sources', '--status', 'broken'], { env })).stdout).toBe('No source matches.');

    const first = jsonOf(await headwater(['sources', '--limit', '1', '--json'], { env }));
    expect(first).toMatchObject({ total: 2, sources: [{ name: '注文データ' }] });
    const rest = ['--limit', '1', '--cursor', String(first['next_cursor']), '--json'];
    expect(jsonOf(await headwater(['sources', ...rest], { env }))).toMatchObject({ sources: [{ name: 'Orders' }] });
  });

  it('fail where the store cannot be opened', async () => {
    const env = { HEADWATER_HOME: join(folder.path, 'not-a-folder') };
    await writeFile(env.HEADWATER_HOME, '');
    const ran = await headwater(['sources'], { env });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toContain('HEADWATER_HOME is not a folder');
    expect(jsonOf(await headwater(['sources', '--json'], { env }))).toMatchObject({
      error: { code: 'STORE_UNAVAILABLE' },
    });
  });
});

describe('headwater doctor', () => {
  const CHECKS = ['node', 'settings', 'home', 'store', 'key', 'egress', 'drivers', 'connectors', 'platforms'];

  it('finds a fresh installation fit, and leaves nothing behind', async () => {
    const home = join(folder.path, 'fresh');
    const env = { HEADWATER_HOME: home, HEADWATER_SECRET_SHOP: server.readerPassword };
    const { code, stdout } = await headwater(['doctor'], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✓ Settings +.*HEADWATER_HOME.*HEADWATER_SECRET_SHOP$/m);
    expect(stdout.match(/^✓ /gm)).toHaveLength(CHECKS.length);
    await expect(stat(home)).rejects.toMatchObject({ code: 'ENOENT' });
    const ran = jsonOf(await headwater(['doctor', '--json'], { env }));
    expect(ran).toMatchObject({ ok: true, checks: CHECKS.map((id) => ({ id, status: 'ok' })) });
  });

  it('proves the key of a store that is in use', async () => {
    const env = { HEADWATER_HOME: join(folder.path, 'sources') };
    expect((await headwater(['doctor'], { env })).stdout).toMatch(/^✓ Master key +from master.key.*sealed with$/m);
    const other = { ...env, HEADWATER_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') };
    const { code, stdout } = await headwater(['doctor'], { env: other });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ Master key +The master key is not the one/m);
    expect(stdout).not.toContain(other.HEADWATER_MASTER_KEY);
  });

  it('names what is broken, each with its remedy', async () => {
    const home = join(folder.path, 'broken');
    await mkdir(home);
    await chmod(home, 0o755);
    await writeFile(join(home, 'headwater.db'), 'this is no database, and long enough to be looked at as one');
    const env = { HEADWATER_HOME: home, HEADWATER_MASTER_KEY: 'short' };
    const { code, stdout } = await headwater(['doctor'], { env });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^! Home folder .*\n +→ chmod 700 /m);
    expect(stdout).toMatch(/^✗ Store .*damaged.*\n +→ /m);
    expect(stdout).toMatch(/^✗ Master key +HEADWATER_MASTER_KEY is not a key.*\n +→ /m);
    expect(stdout).toContain(`2 of ${CHECKS.length} checks failed.`);
    expect(jsonOf(await headwater(['doctor', '--json'], { env }))).toMatchObject({ ok: false });
  });
});
