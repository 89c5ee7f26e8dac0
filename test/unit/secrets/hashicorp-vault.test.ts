import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { HeadwaterError } from '../../../src/errors.ts';
import { isOpened, parseVaultPrefix, parseVaultTarget } from '../../../src/secrets/providers/vault-path.ts';
import { parseReference } from '../../../src/secrets/references.ts';
import { readSettings } from '../../../src/settings.ts';
import { createAuthority, selfSigned } from '../../support/certificates.ts';
import { closedPort, startGarbageServer, startHangingServer } from '../../support/hostile-servers.ts';
import { inMemory } from '../../support/in-memory.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';
import { REFUSALS, startVault, type VaultServer } from '../../support/vault-server.ts';

const VALUE = 'CANARY-vault-p4ss';
let folder: TemporaryFolder;
let vault: VaultServer;
let clock: Date;

beforeAll(async () => {
  folder = await temporaryFolder('hashicorp');
});
afterAll(() => folder.remove());
beforeEach(async () => {
  clock = new Date('2026-11-20T08:00:00Z');
  vault = await startVault();
  vault.put('secret', 'shop/db', { password: VALUE, port: 5432, empty: '', nothing: null });
});
afterEach(() => vault.stop());

type Env = Record<string, string>;

/** References as an installation with these settings reads them. */
function reader(env: Env = {}, lookup?: (name: string) => Promise<readonly string[]>) {
  const settings = readSettings({
    HEADWATER_HOME: join(folder.path, 'home'),
    HEADWATER_EGRESS: 'public_only',
    HEADWATER_VAULT_ADDR: vault.url,
    HEADWATER_VAULT_TOKEN: vault.token,
    HEADWATER_VAULT_PATHS: 'secret/shop',
    HEADWATER_LOG_LEVEL: 'silent',
    ...env,
  });
  const { services } = createApp(settings, { now: () => clock, ...(lookup ? { lookup } : {}) });
  return async (target: string): Promise<string> => {
    const reference = parseReference(`\${vault:${target}}`);
    if (!reference) throw new Error('not a reference');
    return (await services.resolveReference(reference, 'local')).reveal();
  };
}

async function failure(target = 'secret/shop/db#password', env: Env = {}, lookup?: Parameters<typeof reader>[1]) {
  const error = await reader(
    env,
    lookup,
  )(target).then(
    (value) => new Error(`read ${value}`),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HeadwaterError)) throw error;
  const shown = JSON.stringify(error);
  expect(shown).not.toContain(vault.token);
  expect(shown).not.toContain(VALUE);
  expect(error.details.hint).toMatch(/./);
  return error.toJSON() as { code: string; message: string; hint: string; retryable: boolean };
}

describe('a secret in Vault', () => {
  it('is read where it is used, with the token and the mark that Vault asks for', async () => {
    expect(await reader()('secret/shop/db#password')).toBe(VALUE);
    expect(vault.requests).toMatchObject([
      { method: 'GET', path: '/v1/secret/data/shop/db', headers: { 'x-vault-token': vault.token } },
    ]);
  });

  it('may be of a certain version, of an engine with slashes, in a namespace', async () => {
    await vault.stop();
    vault = await startVault({ namespace: 'team-a' });
    vault.put('team/kv', 'shop', { key: 'first' });
    vault.put('team/kv', 'shop', { key: 'second' });
    const read = reader({ HEADWATER_VAULT_PATHS: 'team/kv:', HEADWATER_VAULT_NAMESPACE: 'team-a' });
    expect(await read('team/kv:shop#key')).toBe('second');
    expect(await read('team/kv:shop@1#key')).toBe('first');
    expect((await failure('team/kv:shop#key', { HEADWATER_VAULT_PATHS: 'team/kv:' })).code).toBe('REFERENCE_BROKEN');
  });

  it('is asked for once a minute, for all its fields', async () => {
    vault.put('secret', 'shop/db', { password: VALUE, username: 'reader' });
    const read = reader();
    expect(await read('secret/shop/db#password')).toBe(VALUE);
    expect(await read('secret/shop/db#username')).toBe('reader');
    vault.put('secret', 'shop/db', { password: 'changed' });
    clock = new Date(clock.getTime() + 59_000);
    expect(await read('secret/shop/db#password')).toBe(VALUE);
    expect(vault.requests).toHaveLength(1);
    clock = new Date(clock.getTime() + 1_000);
    expect(await read('secret/shop/db#password')).toBe('changed');
    expect(vault.requests).toHaveLength(2);
  });

  it('is not remembered where it could not be read', async () => {
    const read = reader();
    vault.answer(REFUSALS.sealed);
    await expect(read('secret/shop/db#password')).rejects.toMatchObject({ retryable: true });
    vault.answer(undefined);
    expect(await read('secret/shop/db#password')).toBe(VALUE);
  });

  it('is read with the token that is in the file now', async () => {
    const path = join(folder.path, 'token');
    await writeFile(path, 'hvs.old\n', { mode: 0o640 });
    const read = reader({ HEADWATER_VAULT_TOKEN_FILE: path, HEADWATER_VAULT_TOKEN: undefined as never });
    await expect(read('secret/shop/db#password')).rejects.toThrow(/does not accept Headwater's token/);
    await writeFile(path, `${vault.token}\n`);
    expect(await read('secret/shop/db#password')).toBe(VALUE);
  });

  it('serves a source from test to drift', async () => {
    const session = await inMemory({
      HEADWATER_VAULT_ADDR: vault.url,
      HEADWATER_VAULT_TOKEN: vault.token,
      HEADWATER_VAULT_PATHS: 'secret',
    });
    const config = {
      host: '127.0.0.1',
      port: await closedPort(),
      database: 'd',
      username: 'u',
      password: '${vault:secret/shop/db#password}',
    };
    const report = await session.done('test_connection', { connector: 'postgresql', config });
    expect(report['steps']).toMatchObject([
      { id: 'config', status: 'pass', evidence: 'password from vault:secret/shop/db#password' },
      ...Array(report['steps'] ? (report['steps'] as unknown[]).length - 1 : 0).fill(expect.anything()),
    ]);
    const { source } = await session.done('create_source', { connector: 'postgresql', config, run_test: false });
    expect(source).toMatchObject({ config: { password: { set: true, from: 'vault:secret/shop/db#password' } } });
    expect(JSON.stringify([report, source])).not.toMatch(/CANARY/);
    await session.close();
  });
});

describe('what is refused', () => {
  it.each([
    ['', 'secret/shop/db#password'],
    ['secret/sho', 'secret/shop/db#password'],
    ['secret/shop/db/more', 'secret/shop/db#password'],
    ['other', 'secret/shop/db#password'],
    ['secret:', 'secret/x:shop/db#password'],
    ['team/kv:shop', 'team/kv/shop#key'],
  ])('with %j open: %s', async (paths, target) => {
    expect(await failure(target, { HEADWATER_VAULT_PATHS: paths })).toMatchObject({
      code: 'REFERENCE_DENIED',
      hint: expect.stringMatching(/HEADWATER_VAULT_PATHS/),
    });
    expect(vault.requests).toEqual([]);
  });

  it('says what is not set', async () => {
    const unset = undefined as unknown as string;
    expect(await failure(undefined, { HEADWATER_VAULT_ADDR: unset })).toMatchObject({
      code: 'REFERENCE_BROKEN',
      hint: expect.stringMatching(/HEADWATER_VAULT_ADDR/),
    });
    expect(await failure(undefined, { HEADWATER_VAULT_TOKEN: unset })).toMatchObject({
      message: expect.stringMatching(/no token/),
      hint: expect.stringMatching(/HEADWATER_VAULT_TOKEN or HEADWATER_VAULT_TOKEN_FILE/),
    });
    expect(vault.requests).toEqual([]);
  });

  it('takes no token from a file that is missing, no file, too large, empty or writable by everybody', async () => {
    const path = join(folder.path, 'bad-token');
    const env = { HEADWATER_VAULT_TOKEN: undefined as unknown as string, HEADWATER_VAULT_TOKEN_FILE: path };
    expect((await failure(undefined, env)).message).toMatch(/TOKEN_FILE cannot be read/);
    for (const text of ['', 'two words', 'x'.repeat(8193), `${vault.token}\r\nX-Evil: 1`]) {
      await writeFile(path, text);
      expect((await failure(undefined, env)).message).toMatch(/TOKEN_FILE (cannot be read|holds no token)/);
    }
    await writeFile(path, vault.token);
    await chmod(path, 0o666);
    expect((await failure(undefined, env)).message).toMatch(/cannot be read/);
    expect((await failure(undefined, { ...env, HEADWATER_VAULT_TOKEN_FILE: folder.path })).message).toMatch(/cannot/);
  });
});

describe('each failure says what it is and what to do', () => {
  it.each([
    ['sealed', /Vault is sealed\.$/, /unseal/, true],
    ['maintenance', /maintenance/, /moment/, true],
    ['standby', /sends to another address/, /HEADWATER_VAULT_ADDR/, false],
    ['tooMany', /too many requests/, /moment/, true],
    ['behind', /has not caught up/, /moment/, true],
    ['broken', /Vault failed/, /moment/, true],
  ] as const)('%s', async (kind, message, hint, retryable) => {
    vault.answer(REFUSALS[kind]);
    expect(await failure()).toMatchObject({
      code: 'REFERENCE_BROKEN',
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
      retryable,
    });
    expect(vault.requests).toHaveLength(1);
  });

  it('a token without the right, and one that is worth nothing', async () => {
    await vault.stop();
    vault = await startVault({ policy: ['secret/data/other'] });
    expect(await failure()).toMatchObject({
      code: 'REFERENCE_DENIED',
      message: expect.stringMatching(/denies permission/),
      hint: expect.stringContaining('path "secret/data/shop/db" { capabilities = ["read"] }'),
      upstream_message: expect.stringMatching(/permission denied/),
    });
    expect(await failure(undefined, { HEADWATER_VAULT_TOKEN: 'hvs.worthless' })).toMatchObject({
      code: 'REFERENCE_BROKEN',
      message: expect.stringMatching(/does not accept Headwater's token/),
    });
  });

  it('what is not there: engine, secret, version, field', async () => {
    const open = { HEADWATER_VAULT_PATHS: 'secret,kv' };
    for (const [target, message] of [
      ['kv/shop#password', /no secrets engine is mounted at kv\.$/],
      ['secret/shop/nothing#password', /there is no secret shop\/nothing\.$/],
      ['secret/shop/db@7#password', /there is no version 7 of a secret shop\/db\.$/],
      ['secret/shop/db#passwort', /has no field passwort\.$/],
      ['secret/shop/db#__proto__', /has no field __proto__\.$/],
      ['secret/shop/db#port', /port is not text\.$/],
      ['secret/shop/db#nothing', /nothing is not text\.$/],
      ['secret/shop/db#empty', /empty is empty\.$/],
    ] as const) {
      const found = await failure(target, open);
      expect(found).toMatchObject({ code: 'REFERENCE_BROKEN', message: expect.stringMatching(message) });
    }
  });

  it('what is deleted or destroyed', async () => {
    vault.remove('secret', 'shop/db');
    expect(await failure()).toMatchObject({
      message: expect.stringMatching(/is deleted in Vault/),
      hint: expect.stringMatching(/undelete/),
    });
    vault.remove('secret', 'shop/db', true);
    expect((await failure()).message).toMatch(/was destroyed in Vault/);
  });

  it('what is another engine, not Vault, or endless', async () => {
    const answers = [
      [{ data: { password: VALUE } }, /not a KV engine of version 2/],
      [{ data: { data: [VALUE] } }, /not a KV engine of version 2/],
      ['<html>It works!</html>', /not Vault/],
      [`{"data":{"data":{"password":"${'x'.repeat(600_000)}"}}}`, /larger than is read/],
    ] as const;
    for (const [body, message] of answers) {
      vault.answer((response) => response.end(typeof body === 'string' ? body : JSON.stringify(body)));
      expect((await failure()).message).toMatch(message);
    }
  });

  it('an upstream that repeats the token is scrubbed, and what hides in it', async () => {
    vault.answer((response) => {
      response.writeHead(500);
      response.end(JSON.stringify({ errors: [`token ${vault.token} \u001b[31m failed`] }));
    });
    expect(await failure()).toMatchObject({ upstream_message: 'token [secret] [31m failed' });
  });

  it('nobody there, no such host, garbage, silence', { timeout: 20_000 }, async () => {
    const [garbage, silent] = [await startGarbageServer(), await startHangingServer()];
    const at = (port: number) => ({ HEADWATER_VAULT_ADDR: `http://127.0.0.1:${port}` });
    expect((await failure(undefined, at(await closedPort()))).message).toMatch(/nothing listens/);
    expect((await failure(undefined, at(garbage.port))).message).toMatch(/not HTTP/);
    expect((await failure(undefined, at(silent.port))).message).toMatch(/did not answer within 5 s/);
    const missing = () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }));
    const named = { HEADWATER_VAULT_ADDR: 'http://vault.example.com' };
    expect((await failure(undefined, named, missing)).message).toMatch(/no host of the name/);
    await Promise.all([garbage.stop(), silent.stop()]);
  });

  it('a public address without TLS, which gets no token', async () => {
    const named = { HEADWATER_VAULT_ADDR: 'http://vault.example.com' };
    expect((await failure(undefined, named, async () => ['93.184.216.34'])).message).toMatch(
      /not sent there without TLS/,
    );
  });

  it('cloud metadata, by number and by name, is never asked', async () => {
    const address = { HEADWATER_VAULT_ADDR: 'http://169.254.169.254' };
    expect((await failure(undefined, address)).message).toMatch(/cloud metadata/);
    const named = { HEADWATER_VAULT_ADDR: 'http://vault.example.com' };
    expect((await failure(undefined, named, async () => ['169.254.169.254'])).message).toMatch(/cloud metadata/);
    expect(
      await reader({ HEADWATER_VAULT_ADDR: vault.url.replace('127.0.0.1', 'vault.internal') }, async () => [
        '127.0.0.1',
      ])('secret/shop/db#password'),
    ).toBe(VALUE);
  });
});

describe('TLS', () => {
  it('is checked in full before the token is sent', async () => {
    const authority = await createAuthority();
    const caFile = join(folder.path, 'ca.pem');
    await writeFile(caFile, authority.certPem);
    const trusting = { HEADWATER_VAULT_CA_FILE: caFile };
    const day = 86_400_000;
    for (const [certificate, env, message] of [
      [await authority.issue({ ips: ['127.0.0.1'] }), {}, /authority that is not trusted/],
      [await authority.issue({ names: ['other.example.com'] }), trusting, /for another name/],
      [await authority.issue({ ips: ['127.0.0.1'], notAfter: new Date(clock.getTime() - day) }), trusting, /expired/],
      [await selfSigned({ ips: ['127.0.0.1'] }), {}, /self-signed/],
      [await selfSigned({ ips: ['127.0.0.1'] }), { HEADWATER_VAULT_CA_FILE: folder.path }, /HEADWATER_VAULT_CA_FILE/],
    ] as const) {
      await vault.stop();
      vault = await startVault({ certificate });
      expect((await failure(undefined, env)).message).toMatch(message);
      expect(vault.requests).toEqual([]);
    }
    await vault.stop();
    vault = await startVault({ certificate: await authority.issue({ ips: ['127.0.0.1'] }) });
    vault.put('secret', 'shop/db', { password: VALUE });
    expect(await reader(trusting)('secret/shop/db#password')).toBe(VALUE);
  });

  it('that is not there says so', async () => {
    expect((await failure(undefined, { HEADWATER_VAULT_ADDR: vault.url.replace('http:', 'https:') })).message).toMatch(
      /TLS handshake/,
    );
  });
});

describe('settings', () => {
  it.each([
    ['HEADWATER_VAULT_ADDR', 'vault.test:8200'],
    ['HEADWATER_VAULT_ADDR', 'https://user:pw@vault.example.com'],
    ['HEADWATER_VAULT_ADDR', 'https://vault.example.com/?x=1'],
    ['HEADWATER_VAULT_ADDR', 'unix:///run/vault.sock'],
    ['HEADWATER_VAULT_TOKEN', 'hvs.x\r\nX-Evil: 1'],
    ['HEADWATER_VAULT_NAMESPACE', 'a b'],
    ['HEADWATER_VAULT_TOKEN_FILE', 'token'],
    ['HEADWATER_VAULT_PATHS', 'secret/../x'],
    ['HEADWATER_VAULT_PATHS', 'secret/shop,/'],
    ['HEADWATER_VAULT_PATHS', 'secret/*'],
  ])('%s=%j stops the start, without being quoted', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(new RegExp(`^${name}: must be`));
    expect(() => readSettings({ [name]: value })).not.toThrow(value);
  });

  it('are no secrets that references can read', async () => {
    const env = { HEADWATER_ENV_PREFIX: 'HEADWATER_', HEADWATER_VAULT_TOKEN: 'hvs.x', HEADWATER_SECRET_X: 'y' };
    expect(Object.keys(readSettings(env).references.environment)).toEqual(['HEADWATER_SECRET_X']);
    const closed = readSettings({
      HEADWATER_VAULT_TOKEN_FILE: '/run/secrets/vault',
      HEADWATER_MASTER_KEY_FILE: '/run/secrets/key',
    });
    expect(closed.references.forbidden).toEqual(expect.arrayContaining(['/run/secrets/vault', '/run/secrets/key']));
  });
});

describe('the grammar', () => {
  it.each([
    ['secret/shop/db#password', { mount: 'secret', path: 'shop/db', key: 'password' }],
    ['secret/shop@12#a.b-c_d', { mount: 'secret', path: 'shop', version: 12, key: 'a.b-c_d' }],
    ['team/kv:shop/db#k', { mount: 'team/kv', path: 'shop/db', key: 'k' }],
    ['secret/v1.2/x#k', { mount: 'secret', path: 'v1.2/x', key: 'k' }],
  ])('%s', (text, target) => {
    expect(parseVaultTarget(text)).toEqual(target);
  });

  it.each([
    'secret#k',
    'secret/#k',
    '/secret/x#k',
    'secret//x#k',
    'secret/../x#k',
    'secret/.x#k',
    'secret/x',
    'secret/x#',
    'secret/x#k#l',
    'secret/x?version=1#k',
    'secret/x@0#k',
    'secret/x@#k',
    'a:b:c#k',
    ':x#k',
    'secret/x y#k',
    'secret/x%2f..#k',
    'secret/é#k',
    'secret/x#k\n',
    `secret/${'x'.repeat(600)}#k`,
  ])('%j is none', (text) => {
    expect(parseVaultTarget(text)).toBeUndefined();
  });

  it('never leads out of what is open', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_.@#:?%/-]{0,12}$/);
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), segment, (parts, key) => {
        const target = parseVaultTarget(`${parts.join('/')}#${key}`);
        if (!target) return;
        const url = new URL(`https://vault/v1/${target.mount}/data/${target.path}`);
        expect(url.pathname).toBe(`/v1/${target.mount}/data/${target.path}`);
        expect(url.search + url.hash).toBe('');
        const prefix = parseVaultPrefix('secret/shop');
        if (prefix && isOpened(target, [prefix])) {
          expect(url.pathname).toMatch(/^\/v1\/secret\/data\/shop(\/|$)/);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
