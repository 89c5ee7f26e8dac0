import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Libsql from 'libsql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeptEntry } from '../../src/sources/audit.ts';
import { hasTerminal, headwater, jsonOf, onTerminal, shopConfig, WRONG_PASSWORD } from '../support/headwater.ts';
import { addToken, connectHttpV1, connectHttpV2, startHttp } from '../support/http.ts';
import { connectV2 } from '../support/mcp.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('audit');
});
afterAll(() => folder.remove());

const homeOf = (name: string) => ({ HEADWATER_HOME: join(folder.path, name) });
const audit = (env: Record<string, string>, ...args: string[]) => headwater(['audit', ...args], { env });
const entriesOf = async (env: Record<string, string>, ...args: string[]) =>
  jsonOf(await audit(env, ...args, '--json'))['entries'] as KeptEntry[];

describe('headwater audit', () => {
  const env = () => homeOf('operator');

  it('shows what an operator did, newest first, in pages and filtered', async () => {
    expect(await audit(env())).toMatchObject({ code: 0, stdout: 'The audit trail is empty.' });
    const { HEADWATER_HOME: home } = env();
    const { id, token } = await addToken(home, { name: 'alice', tenant: 'acme', role: 'viewer' });
    await headwater(['test', 'pg', '--config', '-'], {
      env: env(),
      input: JSON.stringify(shopConfig({ password: WRONG_PASSWORD })),
    });
    expect((await headwater(['token', 'revoke', id], { env: env() })).code).toBe(0);
    expect((await headwater(['token', 'revoke', id], { env: env() })).code).toBe(2);
    expect((await headwater(['test', 'nothing', '--config', '-'], { env: env(), input: '{}' })).code).toBe(1);

    const who = { tenant: 'local', subject: 'local', role: 'admin', surface: 'cli' };
    const target = { token: id, name: 'alice', tenant: 'acme', role: 'viewer' };
    const all = await entriesOf(env());
    expect(all).toMatchObject([
      { ...who, action: 'test_connection', outcome: 'refused', codes: ['CONNECTOR_NOT_FOUND'] },
      { ...who, action: 'revoke_token', outcome: 'refused', codes: ['INVALID_ARGUMENTS'], target: null },
      { ...who, action: 'revoke_token', outcome: 'ok', target },
      { ...who, action: 'test_connection', outcome: 'failed', codes: ['AUTH_REJECTED'], connector: 'postgresql' },
      { ...who, action: 'add_token', outcome: 'ok', target },
    ]);
    expect(JSON.stringify(all)).not.toContain(token.slice(12));

    const { stdout } = await audit(env(), '--outcome', 'failed');
    expect(stdout).toMatch(/^Time \(UTC\) +Who +What +Outcome +On +Details$/m);
    expect(stdout).toMatch(
      /^\S+ \S+ +local\/local \(admin, cli\) +test_connection +failed +postgresql +AUTH_REJECTED; host 127.0.0.1, port \d+, tls_mode require$/m,
    );
    expect(await entriesOf(env(), '--tool', 'add_token', '--since', '1h')).toHaveLength(1);
    expect(await entriesOf(env(), '--since', '2999-01-01')).toEqual([]);
    expect((await audit(env(), '--tenant', 'acme')).stdout).toBe('No entry matches.');

    const first = jsonOf(await audit(env(), '--limit', '2', '--json'));
    const rest = await entriesOf(env(), '--cursor', String(first['next_cursor']));
    expect([...(first['entries'] as KeptEntry[]), ...rest]).toEqual(all);
    expect((await audit(env(), '--limit', '2')).stdout).toContain(`--cursor ${first['next_cursor']}`);
  });

  it('verifies it, and ends with 1 where it is broken', async () => {
    const ran = await audit(env(), 'verify');
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringContaining('The trail is whole: 5 entries, 1 to 5.') });
    const verdict = jsonOf(await audit(env(), 'verify', '--json'));
    expect(verdict).toMatchObject({ ok: true, entries: 5, first: 1, head: { seq: 5 } });
    const { digest } = verdict['head'] as { digest: string };
    expect(ran.stdout).toContain(`Head: ${digest}`);
    expect((await audit(env(), 'verify', '--head', digest)).code).toBe(0);
    expect(await audit(env(), 'verify', '--head', 'f'.repeat(64))).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('No entry has the digest'),
    });

    const database = new Libsql(join(env().HEADWATER_HOME, 'headwater.db'));
    database.exec("UPDATE audit SET subject = 'nobody' WHERE seq = 2");
    database.close();
    const broken = await audit(env(), 'verify');
    expect(broken.code).toBe(1);
    expect(broken.stdout).toMatch(/^✗ Entry 2 is not what was written.*\n1 entry before that is as written\.$/);
    const document = await audit(env(), 'verify', '--json');
    expect([document.code, jsonOf(document)]).toEqual([
      1,
      { ok: false, entries: 1, broken: { why: 'changed', seq: 2 } },
    ]);
  });

  it.each([
    ['verify', '--head', 'abc'],
    ['--since', 'yesterday'],
    ['--since', '2026-13-45'],
    ['--outcome', 'maybe'],
    ['--cursor', 'bm9wZQ'],
    ['prove'],
  ])('refuses %s %s', async (...args) => {
    expect((await audit(env(), ...args)).code).toBe(2);
  });

  it.skipIf(!hasTerminal)('fits a terminal', () => {
    const lines = onTerminal('audit', env()).split(/\r?\n/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    expect(Math.max(...lines.map((line) => line.replace(/\u001b\[[\d;]*m/g, '').length))).toBeLessThanOrEqual(60);
  });
});

it('over HTTP it tells tenants and roles apart, in both eras', async () => {
  const server = await startHttp({
    tokens: [
      { name: 'ada', tenant: 'acme' },
      { name: 'vera', tenant: 'acme', role: 'viewer' },
      { name: 'guy', tenant: 'globex', role: 'admin' },
    ],
  });
  const of = (name: string) => ({ token: server.tokens[name]?.token });
  const [ada, vera, guy] = await Promise.all([
    connectHttpV2(server.url, of('ada')),
    connectHttpV1(server.url, of('vera')),
    connectHttpV1(server.url, of('guy')),
  ]);
  const config = { host: 'db.example.com', database: 'd', username: 'u', password: '${env:HEADWATER_SECRET_X}' };
  const args = { connector: 'pg', config, desired_state: 'Pending', name: 'Orders' };
  const created = await ada.call('create_source', args);
  const { id } = (created.structured as unknown as { source: { id: string } }).source;
  await expect(vera.call('delete_source', { source_id: id, confirm: 'Orders' })).rejects.toThrow();
  await guy.call('get_source', { source_id: id });
  await ada.call('get_source', { source_id: id });
  await Promise.all([ada, vera, guy].map((client) => client.close()));

  const env = { HEADWATER_HOME: server.home };
  const [own, other] = [await entriesOf(env, '--tenant', 'acme'), await entriesOf(env, '--tenant', 'globex')];
  expect(own).toMatchObject([
    { subject: 'vera', role: 'viewer', surface: 'http', action: 'delete_source', codes: ['TOOL_WITHHELD'] },
    { subject: 'ada', role: 'editor', surface: 'http', action: 'create_source', outcome: 'ok', source_id: id },
  ]);
  expect(other).toMatchObject([{ subject: 'guy', surface: 'http', action: 'get_source', codes: ['SOURCE_NOT_FOUND'] }]);
  expect(JSON.stringify(other)).not.toContain(id);
  // Whoever knows the id finds who else asked for it.
  expect((await entriesOf(env, '--source', id)).map(({ subject }) => subject)).toEqual(['guy', 'ada']);
  await server.stop();
});

it('hides no failure and no refusal where it cannot be kept: the log says what is missing in it', async () => {
  const home = join(folder.path, 'no-folder');
  await writeFile(home, '');
  const session = await connectV2({ env: { HEADWATER_HOME: home } });
  // Without a store nobody knows what was attempted already, so nothing is connected to.
  expect((await session.call('test_connection', { connector: 'pg', config: shopConfig() })).parsed).toMatchObject({
    error: { code: 'STORE_UNAVAILABLE' },
  });
  expect((await session.call('get_connector_schema', { connector: 'nothing' })).parsed).toMatchObject({
    error: { code: 'CONNECTOR_NOT_FOUND' },
  });
  expect((await session.call('list_sources')).parsed).toMatchObject({ error: { code: 'STORE_UNAVAILABLE' } });
  await session.close();
  const lines = session.stderr().split('\n').filter(Boolean);
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said.sort((a, b) => (String(a['action']) < String(b['action']) ? -1 : 1))).toMatchObject(
    [
      { action: 'get_connector_schema', outcome: 'refused', codes: ['CONNECTOR_NOT_FOUND'] },
      { action: 'list_sources', outcome: 'failed', codes: ['STORE_UNAVAILABLE'] },
      { action: 'test_connection', outcome: 'failed', codes: ['STORE_UNAVAILABLE'] },
    ].map((line) => ({ msg: 'audit entry not kept', tenant: 'local', subject: 'local', surface: 'stdio', ...line })),
  );
});

it('is written to its end by a server that is told to stop, or whose client goes', async () => {
  const env = homeOf('stopped');
  for (const count of [1, 2, 3]) {
    const session = await connectV2({ env });
    await session.call('test_connection', { connector: 'pg', config: shopConfig() });
    await session.close();
    expect(await entriesOf(env)).toHaveLength(count);
  }
  const server = await startHttp({ home: env.HEADWATER_HOME, env: { HEADWATER_EGRESS: 'allow_private' } });
  const client = await connectHttpV2(server.url);
  await client.call('test_connection', { connector: 'pg', config: shopConfig() });
  const stopped = server.stop();
  await client.close();
  await stopped;
  expect(await entriesOf(env)).toMatchObject([{ surface: 'http', outcome: 'ok' }, {}, {}, {}]);
});
