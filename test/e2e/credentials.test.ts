import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HeadwaterError } from '../../src/errors.ts';
import { openForm, submitForm } from '../../src/sources/credential-page.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

let app: InMemory;
let clock: Date;
const signal = new AbortController().signal;

const place = () => {
  const { host, port } = sharedPostgres();
  return { host, port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, tls_mode: 'require' };
};
const password = () => sharedPostgres().readerPassword;

beforeEach(async () => {
  clock = new Date();
  app = await inMemory({}, { now: () => clock });
  app.app.servePages(async (nonce) => `http://127.0.0.1:1/credentials/${nonce}`);
});
afterEach(async () => app.close());

const asked = async (args: Record<string, unknown> = {}) => {
  const answer = await app.done('request_credentials', { connector: 'postgresql', config: place(), ...args });
  return { answer, nonce: String(answer['url']).split('/').at(-1) ?? '', id: String(answer['session_id']) };
};
const services = () => app.app.services;
const open = (nonce: string, token?: string) => openForm(services(), nonce, { token });
const give = (nonce: string, token: string | undefined, values: Record<string, string>) =>
  submitForm(services(), nonce, { token }, values, { signal });
const codeOf = async (work: Promise<unknown>) => {
  const thrown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof HeadwaterError ? thrown.code : String(thrown);
};

describe('credentials that a person hands over', () => {
  it('go from the asking to a source in four calls, and are in none of them', async () => {
    const { answer, nonce, id } = await asked();
    expect(answer).toMatchObject({ state: 'waiting', fields: ['password'], reference: `\${credential:${id}}` });
    expect(answer['match_code']).toMatch(/^[a-z]+-\d{4}$/);
    const { form, token } = await open(nonce);
    expect(form).toMatchObject({
      connector: 'PostgreSQL',
      matchCode: answer['match_code'],
      fields: [{ path: 'password', secret: true }],
    });
    expect(form.known.slice(0, 2)).toEqual([
      { title: 'Host', value: place().host },
      { title: 'Port', value: String(place().port) },
    ]);
    const wrong = await give(nonce, token, { password: 'not-the-password' });
    expect(wrong).toMatchObject({
      state: 'waiting',
      problems: [{ path: expect.stringMatching(/username|password/) }, {}],
      report: { ok: false },
    });
    expect(await give(nonce, token, { password: password() })).toMatchObject({
      state: 'ready',
      problems: [],
      report: { ok: true },
    });

    const ready = await app.call('request_credentials', { session_id: id, wait_s: 5 });
    const calls = (ready.structured?.['next'] ?? []) as { tool: string; arguments: Record<string, unknown> }[];
    const [next] = calls;
    expect(next?.tool).toBe('create_source');
    const made = await app.call(next?.tool ?? '', next?.arguments);
    expect(made.isError, made.text).toBe(false);
    expect(made.text).not.toMatch(/transcript/);
    const { source } = made.structured as { source: { id: string; config: Record<string, unknown> } };
    expect(source.config['password']).toMatchObject({ set: true, from: 'vault' });
    expect((await app.call('test_connection', { source_id: source.id })).structured?.['ok']).toBe(true);
    expect(ready.text + made.text).not.toContain(password());
    // The source has them now: the link and the reference are over.
    expect(await codeOf(open(nonce, token))).toBe('LINK_GONE');
    const again = await app.call('create_source', { ...next?.arguments, name: 'Again' });
    expect(again.error.code).toBe('SESSION_NOT_FOUND');
  });

  it('can be used for tests and for looking before they are put into service', async () => {
    const { nonce, id } = await asked();
    const { token } = await open(nonce);
    const config = { ...place(), password: `\${credential:${id}}` };
    const early = await app.call('test_connection', { connector: 'postgresql', config });
    expect(early.error).toMatchObject({ code: 'CREDENTIALS_REQUIRED', next: [{ tool: 'request_credentials' }] });
    await give(nonce, token, { password: password() });
    for (let i = 0; i < 2; i++) {
      expect(await app.done('test_connection', { connector: 'postgresql', config })).toMatchObject({ ok: true });
    }
    expect(await app.done('discover_source', { connector: 'postgresql', config })).toHaveProperty('streams');
  });

  it('go nowhere else than the person saw', async () => {
    const { nonce, id } = await asked();
    const { token } = await open(nonce);
    await give(nonce, token, { password: password() });
    for (const other of [{ host: '127.0.0.2' }, { port: 1 }, { tls_mode: 'disable' }]) {
      const config = { ...place(), ...other, password: `\${credential:${id}}` };
      const { error } = await app.call('test_connection', { connector: 'postgresql', config });
      expect(error.code).toBe('CREDENTIALS_REQUIRED');
    }
    const { error } = await app.call('test_connection', {
      connector: 'mysql',
      config: { host: place().host, port: place().port, username: 'u', password: `\${credential:${id}}` },
    });
    expect(error.code).toBe('CREDENTIALS_REQUIRED');
  });

  it('may be a connection string, taken apart', async () => {
    const { host, port, ...rest } = place();
    const { nonce, id } = await asked({ config: {} });
    const { form, token } = await open(nonce);
    expect(form.fields.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['host', 'database', 'username', 'password']),
    );
    const text = `postgresql://${rest.username}:${encodeURIComponent(password())}@${host}:${port}/${rest.database}?sslmode=require`;
    expect(await give(nonce, token, { connection_string: text })).toMatchObject({ state: 'ready' });
    const { config } = await app.done('request_credentials', { session_id: id });
    expect(config).toMatchObject({
      host,
      port,
      username: rest.username,
      tls_mode: 'require',
      password: `\${credential:${id}}`,
    });
    expect(JSON.stringify(config)).not.toContain(password());
  });

  it('replace those of a source', async () => {
    const made = await app.done('create_source', {
      connector: 'postgresql',
      name: 'Shop',
      config: { ...place(), password: 'an-old-password' },
      run_test: false,
    });
    const source_id = (made['source'] as { id: string }).id;
    const answer = await app.done('request_credentials', { source_id });
    const nonce = String(answer['url']).split('/').at(-1) ?? '';
    const { form, token } = await open(nonce);
    expect(form.source).toBe('Shop');
    expect(await give(nonce, token, { password: password() })).toMatchObject({ state: 'ready' });
    const ready = await app.done('request_credentials', { session_id: answer['session_id'] });
    const [next] = ready['next'] as { tool: string; arguments: Record<string, unknown> }[];
    expect(next?.tool).toBe('update_source');
    expect(await app.done('update_source', next?.arguments)).toMatchObject({
      changed: expect.arrayContaining(['config.password']),
      report: { ok: true },
    });
  });

  it('are asked for by whoever lacks them', async () => {
    const { password: _, ...rest } = { ...place(), password: '' };
    const failed = await app.call('create_source', { connector: 'postgresql', config: rest });
    expect(failed.error).toMatchObject({
      code: 'TEST_FAILED',
      next: [{ tool: 'request_credentials', arguments: { config: { host: place().host } } }, {}],
    });
  });
});

describe('a link', () => {
  it('opens for the first browser alone, and locks when others try', async () => {
    const { nonce } = await asked();
    const { token } = await open(nonce);
    expect((await open(nonce, token)).token).toBeUndefined();
    for (let i = 0; i < 4; i++) expect(await codeOf(open(nonce, i % 2 ? 'x' : undefined))).toBe('LINK_GONE');
    expect((await open(nonce, token)).form.state).toBe('waiting');
    expect(await codeOf(open(nonce))).toBe('LINK_GONE');
    expect(await codeOf(open(nonce, token))).toBe('LINK_GONE');
  });

  it('leads nowhere when it is unknown, expired or somebody else’s', async () => {
    const { nonce, id } = await asked();
    expect(await codeOf(open('x'.repeat(43)))).toBe('LINK_GONE');
    expect(
      await codeOf(openForm(services(), nonce, { token: undefined, principal: { tenant: 'local', subject: 'eve' } })),
    ).toBe('LINK_GONE');
    clock = new Date(clock.getTime() + 11 * 60_000);
    expect(await codeOf(open(nonce))).toBe('LINK_GONE');
    expect((await app.call('request_credentials', { session_id: id })).error.code).toBe('SESSION_NOT_FOUND');
  });

  it('takes nothing from who has not opened it', async () => {
    const { nonce } = await asked();
    expect(await codeOf(give(nonce, undefined, { password: password() }))).toBe('LINK_GONE');
  });
});

describe('wrong questions', () => {
  it.each([
    [{}, 'INVALID_ARGUMENTS'],
    [{ connector: 'postgresql', session_id: 'cs_1' }, 'INVALID_ARGUMENTS'],
    [{ connector: 'postgresql', fields: ['host'] }, 'INVALID_ARGUMENTS'],
    [{ connector: 'postgresql', config: { hostt: 'x' } }, 'INVALID_CONFIG'],
    [{ session_id: 'cs_00000000000000000000000000' }, 'SESSION_NOT_FOUND'],
    [{ source_id: 'src_00000000000000000000000000' }, 'SOURCE_NOT_FOUND'],
  ])('%j: %s', async (args, code) => {
    expect((await app.call('request_credentials', args)).error.code).toBe(code);
  });

  it('nothing secret of a config is taken', async () => {
    const { answer, nonce } = await asked({ config: { ...place(), password: 'canary-in-the-chat' } });
    const { form } = await open(nonce);
    expect(JSON.stringify([answer, form])).not.toContain('canary-in-the-chat');
  });
});
