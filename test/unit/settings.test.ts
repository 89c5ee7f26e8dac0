import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { readSettings, readTerminalWishes, SettingsError, variableTable } from '../../src/settings.ts';

const read = (environment: Record<string, string | undefined> = {}) => readSettings(environment);

/** The one line a person reads when a setting is wrong. */
function complaint(environment: Record<string, string>): string {
  try {
    read(environment);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    expect(error.message).not.toContain('\n');
    return error.message;
  }
  throw new Error('it was accepted');
}

test('nothing set: everything has its default', () => {
  const home = join(homedir(), '.headwater');
  expect(read()).toEqual({
    home,
    storeFile: join(home, 'headwater.db'),
    masterKey: { home },
    platform: 'local',
    platforms: {
      streamkap: { url: new URL('https://api.streamkap.com') },
      kaireon: { url: new URL('https://playground.kaireonai.com/api/v1') },
      airweave: { url: new URL('https://api.airweave.ai') },
      camelai: { url: new URL('https://api.camelai.com') },
      kafkaConnect: {},
      tenants: ['local'],
    },
    egress: 'allow_private',
    allowHosts: [],
    allowCidrs: [],
    outgoing: [],
    inlineSecrets: 'warn',
    references: { envPrefix: 'HEADWATER_SECRET_', directories: ['/run/secrets'], forbidden: [home], environment: {} },
    vault: { prefixes: [] },
    fileRoots: [],
    testLimit: 100,
    readOnly: false,
    logLevel: 'info',
    given: [],
  });
});

describe('a value that is right', () => {
  test.each<[Record<string, string>, object]>([
    [{ HEADWATER_HOME: '/data' }, { home: '/data', storeFile: '/data/headwater.db', masterKey: { home: '/data' } }],
    [{ HEADWATER_FILE_ROOTS: '/data, /srv/files' }, { fileRoots: ['/data', '/srv/files'] }],
    [{ HEADWATER_MASTER_KEY: 'abc=' }, { masterKey: { value: 'abc=' } }],
    [{ HEADWATER_MASTER_KEY_FILE: '/run/key' }, { masterKey: { file: '/run/key' } }],
    [
      { HEADWATER_VAULT_ADDR: 'https://vault.test:8200/base', HEADWATER_VAULT_PATHS: 'secret/shop/, team/kv:' },
      {
        vault: {
          url: new URL('https://vault.test:8200/base'),
          prefixes: [
            { mount: 'secret', path: 'shop' },
            { mount: 'team/kv', path: '' },
          ],
        },
      },
    ],
    [
      { HEADWATER_VAULT_TOKEN: 'hvs.x', HEADWATER_VAULT_TOKEN_FILE: '/t', HEADWATER_VAULT_NAMESPACE: 'a/b' },
      { vault: { token: 'hvs.x', tokenFile: '/t', namespace: 'a/b', prefixes: [] } },
    ],
    [{ HEADWATER_PLATFORM: 'local' }, { platform: 'local' }],
    [{ HEADWATER_EGRESS: 'public_only' }, { egress: 'public_only' }],
    [
      { HEADWATER_ALLOW_HOSTS: ' DB.Corp.Example. ,10.0.0.5,[FD00::1], ' },
      { allowHosts: ['db.corp.example', '10.0.0.5', 'fd00::1'] },
    ],
    [{ HEADWATER_ALLOW_HOSTS: '' }, { allowHosts: [] }],
    [
      { HEADWATER_ALLOW_CIDRS: '10.0.0.0/8, fc00::/7,192.0.2.1' },
      { allowCidrs: ['10.0.0.0/8', 'fc00::/7', '192.0.2.1'] },
    ],
    [{ HEADWATER_PAGE_PORT: '45003' }, { pagePort: 45_003 }],
    [{ HEADWATER_TEST_LIMIT: '1' }, { testLimit: 1 }],
    [{ HEADWATER_TEST_LIMIT: '100000' }, { testLimit: 100_000 }],
    [{ HEADWATER_INLINE_SECRETS: 'refuse' }, { inlineSecrets: 'refuse' }],
    [{ HEADWATER_ENV_PREFIX: 'SHOP_' }, { references: { envPrefix: 'SHOP_' } }],
    [{ HEADWATER_REFERENCE_DIRS: '/a,/b/c' }, { references: { directories: ['/a', '/b/c'] } }],
    [{ HEADWATER_REFERENCE_DIRS: '' }, { references: { directories: [] } }],
    ...['1', 'true', 'on', 'yes', 'TRUE'].map((text): [Record<string, string>, object] => [
      { HEADWATER_READ_ONLY: text },
      { readOnly: true },
    ]),
    ...['0', 'false', 'off', 'no', ''].map((text): [Record<string, string>, object] => [
      { HEADWATER_READ_ONLY: text },
      { readOnly: false },
    ]),
    [{ HEADWATER_LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
  ])('%j', (environment, expected) => {
    expect(read(environment)).toMatchObject(expected);
    expect(read(environment).given).toEqual(Object.keys(environment));
  });
});

describe('a value that is wrong is one clear line with its name, and without the value', () => {
  test.each([
    ['HEADWATER_HOME', '', /character/],
    ['HEADWATER_PLATFORM', 'CANARY', /"local"/],
    ['HEADWATER_EGRESS', 'CANARY', /"public_only"\|"allow_private"/],
    ['HEADWATER_EGRESS', '', /"public_only"/],
    ['HEADWATER_ALLOW_HOSTS', 'db.example.com,https://CANARY', /must be host names, separated by commas/],
    ['HEADWATER_ALLOW_HOSTS', '*.CANARY.example', /must be host names/],
    ['HEADWATER_ALLOW_CIDRS', 'CANARY', /address ranges such as 10\.0\.0\.0\/8/],
    ['HEADWATER_ALLOW_CIDRS', '10.0.0.0/33', /address ranges/],
    ['HEADWATER_ALLOW_CIDRS', '10.0.0.0/8;fc00::/7', /separated by commas/],
    ['HEADWATER_INLINE_SECRETS', 'CANARY', /"warn"\|"refuse"\|"allow"/],
    ['HEADWATER_ENV_PREFIX', '', /start of a variable name/],
    ['HEADWATER_ENV_PREFIX', '1CANARY', /start of a variable name/],
    ['HEADWATER_REFERENCE_DIRS', 'CANARY/relative', /absolute paths/],
    ['HEADWATER_PAGE_PORT', '70000', /from 1 to 65535/],
    ['HEADWATER_TEST_LIMIT', 'CANARY', /whole number/],
    ['HEADWATER_TEST_LIMIT', '1e3', /whole number/],
    ['HEADWATER_TEST_LIMIT', '0', /from 1 to 100000/],
    ['HEADWATER_TEST_LIMIT', '100001', /from 1 to 100000/],
    ['HEADWATER_READ_ONLY', 'CANARY', /./],
    ['HEADWATER_LOG_LEVEL', 'verbose', /"debug"\|"info"\|"warn"\|"error"\|"silent"/],
  ])('%s=%s', (name, value, why) => {
    const line = complaint({ [name]: value });
    expect(line).toMatch(new RegExp(`^${name}: `));
    expect(line).toMatch(why);
    expect(line).not.toContain('CANARY');
  });
});

describe('names', () => {
  test.each([
    ['HEADWATER_EGRES', 'HEADWATER_EGRESS'],
    ['HEADWATER_EGERSS', 'HEADWATER_EGRESS'],
    ['HEADWATER_ALLOW_HOST', 'HEADWATER_ALLOW_HOSTS'],
    ['HEADWATER_ALOW_CIDR', 'HEADWATER_ALLOW_CIDRS'],
    ['HEADWATER_READONLY', 'HEADWATER_READ_ONLY'],
    ['HEADWATER_MASTERKEY', 'HEADWATER_MASTER_KEY'],
    ['HEADWATER_loglevel', 'HEADWATER_LOG_LEVEL'],
  ])('%s stops the start: did you mean %s?', (name, meant) => {
    expect(complaint({ [name]: 'CANARY' })).toBe(`${name} is not a setting; did you mean ${meant}?`);
  });

  test.each([
    'HEADWATER_SERVICE_HOST', // what Kubernetes puts in for a service called headwater
    'HEADWATER_PORT_3333_TCP_ADDR',
    'HEADWATER_SECRET_DB',
    'HEADWATER_SECRET_HOME',
    'HEADWATER_SOMETHING_ELSE',
    'MY_HEADWATER_EGRES',
    'headwater_egres',
    'PATH',
  ])('%s is left alone', (name) => {
    expect(read({ [name]: 'x' }).given).toEqual([]);
  });

  test('a secret by a prefix of its own is no misspelt setting', () => {
    expect(() => read({ HEADWATER_ENV_PREFIX: 'HEADWATER_EGRE', HEADWATER_EGRES: 'x' })).not.toThrow();
  });
});

describe('what references may read', () => {
  const environment = {
    HEADWATER_SECRET_DB: 'a',
    HEADWATER_SECRET_EMPTY: '',
    HEADWATER_MASTER_KEY: 'CANARY',
    AWS_SECRET_ACCESS_KEY: 'CANARY',
    UNSET: undefined,
  };

  test('only names with the prefix', () => {
    expect(read(environment).references.environment).toEqual({ HEADWATER_SECRET_DB: 'a', HEADWATER_SECRET_EMPTY: '' });
  });

  test.each(['HEADWATER_', 'H', 'HEADWATER_M'])('never a setting, even where the prefix %s would hold it', (prefix) => {
    const { references } = read({ ...environment, HEADWATER_ENV_PREFIX: prefix });
    expect(JSON.stringify(references)).not.toContain('CANARY');
  });
});

test('it reads the environment of the process where none is given', () => {
  vi.stubEnv('HEADWATER_LOG_LEVEL', 'debug');
  try {
    expect(readSettings().logLevel).toBe('debug');
  } finally {
    vi.unstubAllEnvs();
  }
});

test('the table for the README has every variable once, with a meaning', () => {
  const table = variableTable();
  expect(new Set(table.map(({ name }) => name)).size).toBe(table.length);
  for (const { name, meaning } of table) {
    expect(name).toMatch(/^(HEADWATER|STREAMKAP|KAIREON|AIRWEAVE|CAMELAI|KAFKA_CONNECT)_[A-Z_]+$/);
    expect(meaning.length).toBeGreaterThan(10);
  }
});

test.each<[Record<string, string>, object]>([
  [{}, { dumb: false }],
  [{ NO_COLOR: '1' }, { colours: false, dumb: false }],
  [{ NO_COLOR: '' }, { dumb: false }],
  [{ FORCE_COLOR: '1' }, { colours: true, dumb: false }],
  [{ FORCE_COLOR: '0' }, { colours: false, dumb: false }],
  [
    { FORCE_COLOR: '3', NO_COLOR: '1' },
    { colours: true, dumb: false },
  ],
  [{ TERM: 'dumb' }, { dumb: true }],
])('the wishes of a terminal: %j', (environment, expected) => {
  expect(readTerminalWishes(environment)).toEqual(expected);
});
