import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { sharedPostgres } from '../../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../../support/shop.ts';
import { keyPair, SSH_USER, type SshServer, type SshServerOptions, startSshServer } from '../../support/ssh-server.ts';

/** The key of an SSH server is pinned by the first test that passes; from then on another one is a refusal. */

const PASSWORD = 'password of the tunnel';
let session: InMemory;
let server: SshServer;
const started: SshServer[] = [];
beforeAll(async () => {
  session = await inMemory();
});
afterAll(() => session.close());
beforeEach(async () => {
  server = await start();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((each) => each.stop()));
});

async function start(options: SshServerOptions = {}): Promise<SshServer> {
  const fresh = await startSshServer({ password: PASSWORD, upstream: sharedPostgres(), ...options });
  started.push(fresh);
  return fresh;
}

const ssh = ({ host, port }: SshServer) => ({
  ssh_host: host,
  ssh_port: port,
  ssh_username: SSH_USER,
  ssh_password: PASSWORD,
});
const config = (to = server) => ({
  host: 'db.internal',
  port: 5432,
  database: SHOP_DATABASE,
  username: SHOP_ROLES.reader,
  password: sharedPostgres().readerPassword,
  ...ssh(to),
});

interface Stored {
  id: string;
  version: number;
  config: Record<string, unknown>;
}
let sources = 0;
const create = async (more: Record<string, unknown> = {}): Promise<Stored> => {
  sources += 1;
  const made = { connector: 'postgresql', config: config(), name: `source ${sources}`, ...more };
  return (await session.done('create_source', made))['source'] as Stored;
};
const stored = async ({ id }: Stored) => (await session.done('get_source', { source_id: id }))['source'] as Stored;
const keyStep = (report: unknown) =>
  (report as { steps: { id: string; status: string; code?: string; fix?: { text: string } }[] }).steps.find(
    ({ id }) => id === 'ssh_host_key',
  );

test('a test of a new config shows the key, and offers to create the source with it', async () => {
  const report = await session.done('test_connection', { connector: 'postgresql', config: config() });
  expect(keyStep(report)).toMatchObject({ status: 'warn', code: 'SSH_HOST_KEY_UNPINNED' });
  expect(keyStep(report)?.fix?.text).toContain('create_source and update_source pin the key that their test has seen');
  expect(JSON.stringify(report['warnings'])).toContain(server.fingerprint);
});

test('the call that is offered next pins what was seen', async () => {
  const home = await inMemory({ HEADWATER_SECRET_DB: sharedPostgres().readerPassword, HEADWATER_SECRET_SSH: PASSWORD });
  const references = { password: '${env:HEADWATER_SECRET_DB}', ssh_password: '${env:HEADWATER_SECRET_SSH}' };
  const report = await home.done('test_connection', {
    connector: 'postgresql',
    config: { ...config(), ...references },
  });
  expect(report['next']).toMatchObject([
    { tool: 'create_source', arguments: { config: { ...references, ssh_host_key: server.fingerprint } } },
  ]);
  await home.close();
});

test('create_source pins it, and then another key is a refusal', async () => {
  const source = await create();
  expect(source.config['ssh_host_key']).toBe(server.fingerprint);
  expect(keyStep(await session.done('test_connection', { source_id: source.id }))).toMatchObject({ status: 'pass' });
  const { port } = server;
  await server.stop();
  const impostor = await start({ port });
  const report = await session.done('test_connection', { source_id: source.id });
  expect(keyStep(report)).toMatchObject({ status: 'fail', code: 'SSH_HOST_KEY_CHANGED' });
  expect(impostor.passwords).toEqual([]);
  for (const [tool, more] of [
    ['discover_source', {}],
    ['preview_source', { stream: 'public.orders' }],
  ] as const)
    expect(await session.call(tool, { source_id: source.id, ...more })).toMatchObject({
      error: { code: 'CONNECTION_FAILED' },
    });
  expect(impostor.passwords).toEqual([]);
  expect((await stored(source)).config['ssh_host_key']).toBe(source.config['ssh_host_key']);
});

test('what is given is kept as it is', async () => {
  const source = await create({ config: { ...config(), ssh_host_key: server.fingerprint } });
  expect(source.config['ssh_host_key']).toBe(server.fingerprint);
  const other = keyPair().fingerprint;
  const refused = await session.call('create_source', {
    connector: 'postgresql',
    config: { ...config(), ssh_host_key: other },
    name: 'refused',
  });
  expect(refused.error).toMatchObject({ code: 'TEST_FAILED' });
});

test('a source that was stored untested is not changed by a test, which says how to pin', async () => {
  const source = await create({ run_test: false });
  expect(source.config).not.toHaveProperty('ssh_host_key');
  for (let times = 0; times < 2; times += 1) {
    const report = await session.done('test_connection', { source_id: source.id });
    expect(keyStep(report)).toMatchObject({ status: 'warn', code: 'SSH_HOST_KEY_UNPINNED' });
  }
  expect(await stored(source)).toMatchObject({ version: source.version });
  expect((await stored(source)).config).not.toHaveProperty('ssh_host_key');
  // To pin is to narrow: the stored credentials stay.
  const pinned = await session.done('update_source', {
    source_id: source.id,
    config: { ssh_host_key: server.fingerprint },
  });
  expect(pinned).toMatchObject({ changed: ['config.ssh_host_key'], report: { ok: true } });
});

test('update_source pins as well, and says so', async () => {
  const source = await create({ run_test: false });
  const answer = await session.done('update_source', { source_id: source.id, config: { schemas: ['public'] } });
  expect(answer).toMatchObject({
    changed: ['config.schemas', 'config.ssh_host_key'],
    source: { config: { ssh_host_key: server.fingerprint } },
  });
  const paused = await create({ desired_state: 'Pending' });
  const active = await session.done('update_source', { source_id: paused.id, desired_state: 'Active' });
  expect(active).toMatchObject({
    changed: ['desired_state', 'config.ssh_host_key'],
    source: { status: 'Active', config: { ssh_host_key: server.fingerprint } },
  });
});

test('a pin is not carried to another server, nor replaced or removed without the credentials', async () => {
  const source = await create();
  const update = (config: Record<string, unknown>, more: Record<string, unknown> = {}) =>
    session.call('update_source', { source_id: source.id, config, ...more });
  const other = await start();
  expect((await update({ ssh_port: other.port })).error).toMatchObject({ code: 'CREDENTIALS_REQUIRED' });
  expect((await update({ ssh_host_key: other.fingerprint })).error).toMatchObject({ code: 'CREDENTIALS_REQUIRED' });
  expect((await update({}, { clear: ['/config/ssh_host_key'] })).error).toMatchObject({ code: 'CREDENTIALS_REQUIRED' });
  const moved = await update({ ...ssh(other), password: sharedPostgres().readerPassword });
  expect(moved.structured).toMatchObject({ source: { config: { ssh_host_key: other.fingerprint } } });
  const [entry] = await session.app.audit.page({ source: source.id, action: 'update_source', outcome: 'ok' }, 1);
  expect(entry).toMatchObject({
    fields: expect.arrayContaining(['config.ssh_port', 'config.ssh_host_key']),
    destination_before: { ssh_host_key: server.fingerprint },
    destination_after: { ssh_host_key: other.fingerprint },
  });
});

test('the tunnel is taken away as a whole', async () => {
  const source = await create();
  const clear = ['ssh_host', 'ssh_port', 'ssh_username', 'ssh_password'].map((name) => `/config/${name}`);
  const { host, port, readerPassword } = sharedPostgres();
  const answer = await session.done('update_source', {
    source_id: source.id,
    config: { host, port, password: readerPassword },
    clear,
  });
  const names = Object.keys((answer['source'] as Stored).config);
  expect(names.filter((name) => name.startsWith('ssh_'))).toEqual([]);
});

test('two rejected logins at the SSH server are a pause for its account, whatever is behind it', async () => {
  const wrong = { ...config(), ssh_password: 'not that one' };
  const ask = (over: Record<string, unknown> = {}) =>
    session.call('test_connection', { connector: 'postgresql', config: { ...wrong, ...over } });
  for (let times = 0; times < 2; times += 1)
    expect((await ask()).structured).toMatchObject({
      steps: expect.arrayContaining([expect.objectContaining({ code: 'SSH_AUTH_REJECTED' })]),
    });
  expect((await ask()).error).toMatchObject({
    code: 'LOGIN_PAUSED',
    message: expect.stringContaining(`rejected the login of ${SSH_USER} twice`),
  });
  expect((await ask({ host: 'other.internal', username: 'somebody', password: 'another one' })).error).toMatchObject({
    code: 'LOGIN_PAUSED',
  });
  expect(server.passwords).toHaveLength(2);
  expect((await ask({ ssh_password: PASSWORD })).structured).toMatchObject({ ok: true });
});

test('a database that refuses its login pauses its own account, not that of the SSH server', async () => {
  const ask = (over: Record<string, unknown>) =>
    session.call('test_connection', { connector: 'postgresql', config: { ...config(), ...over } });
  for (let times = 0; times < 2; times += 1) await ask({ password: 'not that one' });
  expect((await ask({ password: 'not that one' })).error).toMatchObject({
    code: 'LOGIN_PAUSED',
    message: expect.stringContaining(`db.internal:5432 through 127.0.0.1:${server.port}`),
  });
  expect((await ask({ host: 'other.internal' })).structured).toMatchObject({ ok: true });
});

test('a database that is down opens its own circuit, not that of others behind the same server', async () => {
  const down = await start({
    forward: (place) => (place.startsWith('down') ? { reason: 2, says: 'Connection refused' } : 'connect'),
  });
  const ask = (host: string) =>
    session.call('test_connection', { connector: 'postgresql', config: { ...config(down), host } });
  for (let times = 0; times < 5; times += 1) await ask('down.internal');
  expect((await ask('down.internal')).error).toMatchObject({
    code: 'CIRCUIT_OPEN',
    last_error: { code: 'TUNNEL_REFUSED' },
  });
  expect((await ask('db.internal')).structured).toMatchObject({ ok: true });
});
