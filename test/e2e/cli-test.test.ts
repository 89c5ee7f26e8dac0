import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasTerminal, headwater, jsonOf, onTerminal, shopConfig, WRONG_PASSWORD } from '../support/headwater.ts';
import { closedPort, startHangingServer } from '../support/hostile-servers.ts';
import { spawnProcess } from '../support/server-process.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_ROLES } from '../support/shop.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

const server = sharedPostgres();

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('cli');
});
afterAll(() => folder.remove());

async function configFile(name: string, changes: Record<string, unknown> = {}): Promise<string> {
  const file = join(folder.path, `${name}.json`);
  await writeFile(file, JSON.stringify(shopConfig(changes)));
  return file;
}

describe('headwater test', () => {
  it('shows each step and the verdict', async () => {
    const { code, stdout, stderr } = await headwater(['test', 'pg', '--config', await configFile('ok')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ Config and references +[\d.]+ ms {2}password from the given value$/m);
    expect(stdout).toMatch(/^– DNS +the host is an IP address$/m);
    expect(stdout).toMatch(/^✓ One row can be read +[\d.]+ ms/m);
    expect(stdout).toMatch(/^✓ PostgreSQL at 127\.0\.0\.1:\d+ works\.$/m);
    expect(stdout).not.toContain('transcript');
  });

  it('answers as test_connection does with --json', async () => {
    const ran = await headwater(['test', 'pg', '--config', await configFile('json'), '--check', 'cdc', '--json']);
    // The reader may not replicate.
    expect(ran).toMatchObject({ code: 1, stderr: '' });
    expect(jsonOf(ran)).toMatchObject({ ok: false, verdict: 'failed', depth: 'cdc', warnings: expect.any(Array) });
  });

  it('counts against the limit of all processes on one data folder, and says when there is room again', async () => {
    const args = ['test', 'pg', '--config', await configFile('limited')];
    const env = { HEADWATER_HOME: join(folder.path, 'limited'), HEADWATER_TEST_LIMIT: '1' };
    expect(await headwater(args, { env })).toMatchObject({ code: 0 });
    const { code, stderr } = await headwater(args, { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^headwater: Connections were attempted once within 60 s, which is the limit\.$/m);
    expect(stderr).toMatch(/Go on in \d+ s\./);
    const ran = await headwater([...args, '--json'], { env });
    expect(jsonOf(ran)['error']).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: expect.any(Number) });
  });

  it('tries an account that was mended at its server once a person says so', async () => {
    const role = 'shop_mended';
    await server.query(`DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD 'another one'`);
    const args = ['test', 'pg', '--config', await configFile('mended', { username: role, password: 'the right one' })];
    const env = { HEADWATER_HOME: join(folder.path, 'mended') };
    for (const _ of ['once', 'twice']) expect(await headwater(args, { env })).toMatchObject({ code: 1 });
    await server.query(`ALTER ROLE ${role} PASSWORD 'the right one'`);
    const paused = await headwater(args, { env });
    expect(paused).toMatchObject({ code: 1, stderr: expect.stringContaining('--again') });
    const { stdout } = await headwater([...args, '--again'], { env });
    expect(stdout).toMatch(/^✓ Login/m);
    expect((await headwater(args, { env })).stdout).toMatch(/^✓ Login/m);
    await server.query(`DROP ROLE ${role}`);
  });

  it('takes the config from standard input and its password from the environment', async () => {
    const input = JSON.stringify(shopConfig({ password: '${env:HEADWATER_SECRET_SHOP}' }));
    const env = { HEADWATER_SECRET_SHOP: server.readerPassword };
    const { code, stdout } = await headwater(['test', 'pg', '--config', '-'], { input, env });
    expect(code).toBe(0);
    expect(stdout).toContain('password from env:HEADWATER_SECRET_SHOP');
  });

  it('says what a missing reference needs', async () => {
    const input = JSON.stringify(shopConfig({ password: '${env:HEADWATER_SECRET_SHOP}' }));
    const { code, stdout } = await headwater(['test', 'pg', '--config', '-'], { input });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ Config and references/m);
    expect(stdout).toContain('HEADWATER_SECRET_SHOP');
  });

  it('names the fields to change after a wrong password', async () => {
    const file = await configFile('password', { password: WRONG_PASSWORD });
    const { code, stdout } = await headwater(['test', 'pg', '--config', file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ Login +[\d.]+ ms {2}28P01/m);
    expect(stdout).toMatch(/^– One row can be read +not reached$/m);
    expect(stdout).toMatch(/^Login {2}change username or password · AUTH_REJECTED$/m);
    const reported = jsonOf(await headwater(['test', 'pg', '--config', file, '--json']));
    expect(reported).toMatchObject({ ok: false, depth: 'protocol' });
  });

  it('names the port after a wrong port', async () => {
    const file = await configFile('port', { port: await closedPort() });
    const { code, stdout } = await headwater(['test', 'pg', '--config', file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ TCP connection .*ECONNREFUSED$/m);
    expect(stdout).toMatch(/^✗ Nothing listens on 127\.0\.0\.1:\d+\./m);
  });

  it('gives the SQL of a fix, and a letter for who can run it', async () => {
    const file = await configFile('rights', { username: SHOP_ROLES.norights });
    const { code, stdout } = await headwater(['test', 'pg', '--config', file]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {4}GRANT USAGE ON SCHEMA "public" TO "shop_norights";$/m);
    expect(stdout).toMatch(/^Ready to send to the database administrator:$/m);
    expect(stdout).toMatch(/^GRANT USAGE ON SCHEMA "public" TO "shop_norights";$/m);
  });

  it('writes what is for somebody else to a file, again and again, and over nothing else', async () => {
    const args = ['test', 'pg', '--config', await configFile('handoff', { username: SHOP_ROLES.norights })];
    const script = join(folder.path, 'for-the-dba.sql');
    for (const _ of ['first', 'again']) {
      const { code, stdout } = await headwater([...args, '--handoff', 'dba', '--out', script]);
      expect(code).toBe(1);
      expect(stdout).toContain(`Written for the database administrator: ${script}`);
      expect(stdout).not.toContain('Ready to send');
    }
    const text = await readFile(script, 'utf8');
    expect(text).toMatch(/^-- To the database administrator: we are connecting PostgreSQL at /);
    expect(text).toMatch(/^GRANT USAGE ON SCHEMA "public" TO "shop_norights";$/m);
    expect(text).not.toContain(server.readerPassword);

    const other = await headwater([...args, '--handoff', 'network_admin', '--out', join(folder.path, 'network.txt')]);
    expect(other.stdout).toContain('Nothing here is for the network administrator.');
    expect(other.stdout).toContain('Ready to send to the database administrator:');
    await expect(readFile(join(folder.path, 'network.txt'))).rejects.toThrow(/ENOENT/);

    const notes = join(folder.path, 'notes.txt');
    await writeFile(notes, 'my notes');
    const refused = await headwater([...args, '--handoff', 'dba', '--out', notes]);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('exists and is no hand-off') });
    expect(await readFile(notes, 'utf8')).toBe('my notes');
    expect(await headwater([...args, '--out', notes])).toMatchObject({ code: 2 });

    const json = await headwater([...args, '--handoff', 'dba', '--out', script, '--json']);
    expect(jsonOf(json)).toMatchObject({ ok: false, handoff_file: script });
  });

  it('ranks what may be behind a failure', async () => {
    const file = await configFile('causes', { password: WRONG_PASSWORD });
    const { stdout } = await headwater(['test', 'pg', '--config', file]);
    expect(stdout).toMatch(/^What may be behind it$/m);
    expect(stdout).toMatch(/^ {2}possible: The password is not \(or no longer\) that of shop_reader\.$/m);
    expect(stdout).toMatch(/^ {4}To tell: /m);
  });

  it('shows every problem of a config that does not fit', async () => {
    const input = JSON.stringify({ ...shopConfig({ port: 'five' }), host: undefined, hots: 'x' });
    const ran = await headwater(['test', 'pg', '--config', '-'], { input });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(/^ {2}host +is required$/m);
    expect(ran.stderr).toMatch(/^ {2}hots +is not known here; did you mean host\?$/m);
    expect(ran.stderr).toMatch(/^ {2}port +\S/m);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at once on %s, cleanly', async (signal) => {
    const hanging = await startHangingServer();
    const file = await configFile(signal, { port: hanging.port });
    const child = await spawnProcess({ args: ['test', 'pg', '--config', file] });
    while (hanging.connections === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill(signal);
    const { code, ms } = await child.exited;
    expect(code).toBe(1);
    expect(ms).toBeLessThan(3000);
    expect(child.stderr()).toBe('headwater: The test was cancelled.\n');
    expect(hanging.open).toBe(0);
    await child.close();
    await hanging.stop();
  });

  it.skipIf(!hasTerminal)('lets the steps tick off on a terminal', async () => {
    const shown = onTerminal(`test pg --config ${await configFile('terminal')}`);
    expect(shown).toContain('⠋\u001b[39m Login\r\u001b[2K');
    expect(shown).toContain('\u001b[32m✓\u001b[39m Login');
  });
});
