import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadwaterError } from '../../src/errors.ts';
import { createSource } from '../../src/sources/create.ts';
import { callFor, openForm, submitForm } from '../../src/sources/credential-page.ts';
import type { CredentialSession } from '../../src/sources/credential-sessions.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';
import { SSH_USER, startSshServer } from '../support/ssh-server.ts';

let app: InMemory;
const signal = new AbortController().signal;

const place = () => {
  const { host, port } = sharedPostgres();
  return { host, port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, tls_mode: 'require' };
};
const password = () => sharedPostgres().readerPassword;

beforeEach(async () => {
  app = await inMemory({ HEADWATER_SECRET_DB: password() });
  app.app.servePages(async (nonce) => `http://127.0.0.1:1/credentials/${nonce}`);
});
afterEach(async () => app.close());

const asked = async (args: Record<string, unknown> = {}) => {
  const answer = await app.done('request_credentials', { connector: 'postgresql', config: place(), ...args });
  return { nonce: String(answer['url']).split('/').at(-1) ?? '', id: String(answer['session_id']) };
};
const services = () => app.app.services;
const open = (nonce: string, token?: string) => openForm(services(), nonce, { token });
const give = (nonce: string, token: string | undefined, values: Record<string, string>, skipTest = false) =>
  submitForm(services(), nonce, { token }, values, { signal, skipTest });
const codeOf = async (work: Promise<unknown>) => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof HeadwaterError ? thrown.code : thrown;
};
const stateOf = async (id: string) => (await app.done('request_credentials', { session_id: id }))['state'];
const configOf = async (id: string) =>
  (await app.done('request_credentials', { session_id: id }))['config'] as Record<string, unknown>;

describe('a stranger who has the link', () => {
  it('does not undo what its owner is sending', async () => {
    const { nonce, id } = await asked();
    const { token } = await open(nonce);
    const given = give(nonce, token, { password: password() });
    expect(await codeOf(open(nonce))).toBe('LINK_GONE');
    expect(await given).toMatchObject({ state: 'ready' });
    expect(await stateOf(id)).toBe('ready');
  });

  it('does not keep a hand-over alive that a source has', async () => {
    const { nonce, id } = await asked();
    const { token } = await open(nonce);
    await give(nonce, token, { password: password() });
    const created = app.call('create_source', { connector: 'postgresql', config: await configOf(id) });
    expect(await codeOf(open(nonce))).toBe('LINK_GONE');
    expect((await created).isError).toBe(false);
    expect(await stateOf(id)).toBe('attached');
  });

  it('is counted each time, also at once', async () => {
    const { nonce, id } = await asked();
    await open(nonce);
    await Promise.all(Array.from({ length: 5 }, () => codeOf(open(nonce))));
    expect(await stateOf(id)).toBe('locked');
  });

  it('locks nothing that was given already', async () => {
    const { nonce, id } = await asked();
    const { token } = await open(nonce);
    await give(nonce, token, { password: password() });
    for (let i = 0; i < 6; i++) expect(await codeOf(open(nonce))).toBe('LINK_GONE');
    expect(await stateOf(id)).toBe('ready');
    expect((await open(nonce, token)).form.state).toBe('ready');
  });
});

it('a page that could not be made has not been opened', async () => {
  const { nonce } = await asked();
  const local = services().platforms.get('local');
  const connectors = local?.connectors;
  Object.assign(local ?? {}, { connectors: () => Promise.reject(new HeadwaterError('STORE_UNAVAILABLE', 'Not now.')) });
  expect(await codeOf(open(nonce))).toBe('STORE_UNAVAILABLE');
  Object.assign(local ?? {}, { connectors });
  expect((await open(nonce)).token).toBeDefined();
});

it.each(['password', 'connection_string'])(
  'a reference given as the %s is refused, before it is read',
  async (field) => {
    const { nonce, id } = await asked(field === 'password' ? {} : { config: {} });
    const { token } = await open(nonce);
    for (const text of ['${env:HEADWATER_SECRET_DB}', '${worker:a:b:c}', `\${credential:${id}}`]) {
      for (const skipTest of [false, true]) {
        expect(await give(nonce, token, { [field]: text }, skipTest)).toEqual({
          state: 'waiting',
          problems: [{ path: field, message: expect.stringContaining('the secret itself') }],
        });
      }
    }
  },
);

it('the key of an SSH server that the person saw can be neither another one nor none', async () => {
  const keys = ['A', 'B'].map((letter) => `SHA256:${letter.repeat(42)}A`);
  const config = { ...place(), ssh_host: '127.0.0.1', ssh_port: 2, ssh_username: 'u', ssh_host_key: keys[0] };
  const { nonce, id } = await asked({ config, fields: ['password', 'ssh_password'] });
  const { token } = await open(nonce);
  await give(nonce, token, { password: 'one', ssh_password: 'two' }, true);
  const { ssh_host_key: seen, ...without } = await configOf(id);
  expect(seen).toBe(keys[0]);
  for (const other of [without, { ...without, ssh_host_key: keys[1] }]) {
    const { error } = await app.call('test_connection', { connector: 'postgresql', config: other });
    expect(error).toMatchObject({ code: 'CREDENTIALS_REQUIRED', fields: [{ field: '/config/ssh_host_key' }] });
  }
});

it('what was handed over for one platform is not sent to another', async () => {
  const { nonce, id } = await asked();
  const { token } = await open(nonce);
  await give(nonce, token, { password: password() });
  const local = services().platforms.get('local');
  const other = { ...local, code: 'airweave', name: 'Airweave' } as NonNullable<typeof local>;
  const platforms = new Map(services().platforms).set('airweave', other);
  const work = createSource(
    { ...services(), platforms },
    { connector: 'postgresql', platform: 'airweave', config: await configOf(id), dry_run: true },
    callFor(services(), (await services().sessions.find('local', id)) as CredentialSession, {
      signal,
      surface: 'stdio',
    }),
  );
  await expect(work).rejects.toMatchObject({
    code: 'CREDENTIALS_REQUIRED',
    message: expect.stringMatching(/over for/),
  });
});

it('a long host is shown to its end', async () => {
  const host = `db.example.com.${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.evil.example`;
  const { nonce } = await asked({ config: { ...place(), host } });
  expect((await open(nonce)).form.known[0]).toEqual({ title: 'Host', value: host });
});

it('what logs in at an SSH server on the way is asked for as well', async () => {
  const server = await startSshServer({ password: 'of the tunnel', upstream: sharedPostgres() });
  const ssh = { ssh_host: server.host, ssh_port: server.port, ssh_username: SSH_USER };
  const { nonce, id } = await asked({ config: { ...place(), host: 'db.internal', tls_mode: 'prefer', ...ssh } });
  const { form, token } = await open(nonce);
  expect(form.fields.map(({ path, required }) => [path, required])).toEqual(
    expect.arrayContaining([
      ['password', true],
      ['ssh_password', false],
      ['ssh_private_key', false],
    ]),
  );
  const given = await give(nonce, token, { password: password(), ssh_password: 'of the tunnel' });
  expect(given).toMatchObject({ state: 'ready' });
  const made = await app.call('create_source', { connector: 'postgresql', config: await configOf(id) });
  expect(made.isError, made.text).toBe(false);
  await server.stop();
});
