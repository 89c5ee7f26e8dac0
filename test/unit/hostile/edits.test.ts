import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Config } from '../../../src/connectors/config.ts';
import { Secret } from '../../../src/secrets/secret.ts';
import { LOCAL_PRINCIPAL } from '../../../src/sources/principal.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { countTraffic, type Traffic } from '../../support/traffic.ts';

let lab: InMemory;
let traffic: Traffic;
beforeAll(async () => {
  traffic = countTraffic();
  lab = await inMemory({ HEADWATER_EGRESS: 'public_only' }, { lookup: traffic.lookup });
});
afterAll(async () => {
  vi.restoreAllMocks();
  await lab.close();
});

async function storedConfig(id: string): Promise<Config> {
  const platform = lab.app.services.platforms.get('local');
  const stored = await platform?.sources.get({ principal: LOCAL_PRINCIPAL, signal: new AbortController().signal }, id);
  if (!stored) throw new Error('no such source');
  return stored.config();
}

/** Where a config's secrets go, read apart from the product's own rule. */
function destination({ settings }: Config): string {
  const { host, port, tls_mode, tls_ca, url, path, ssh_host, ssh_port } = settings as Record<string, unknown>;
  const origin = typeof url === 'string' ? new URL(url).origin : null;
  return JSON.stringify([host, port, tls_mode, tls_ca, origin, path, ssh_host, ssh_port]);
}

interface Edit {
  config?: Record<string, unknown>;
  clear?: string[];
  desired_state?: string;
  name?: string;
}

let granted = 0;
const FRESH = '{fresh}';
/** Puts a secret of its own wherever an edit gives one. */
const fresh = (value: unknown): unknown => {
  if (value === FRESH) {
    granted += 1;
    return `granted-secret-${granted}`;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fresh(inner)]));
};

const some = (...values: unknown[]) => fc.constantFrom(...values);
const [PIN, OTHER_PIN] = ['A', 'B'].map((letter) => `SHA256:${letter.repeat(43)}`);
const database = {
  connector: 'postgresql',
  first: { host: 'db.example.com', database: 'd', username: 'u', password: FRESH, tls_mode: 'verify-full' },
  config: fc.record(
    {
      host: some('db.example.com', 'DB.Example.com.', 'evil.example.net', '8.8.8.8', '134744072', '[::ffff:8.8.8.8]'),
      port: some(5432, 5433, '5432'),
      tls_mode: some('verify-full', 'disable', 'prefer'),
      database: some('d', 'e'),
      username: some('u', 'v'),
      password: some(FRESH, '********', '', null, '${env:HEADWATER_SECRET_X}'),
      ssh_host: some('bastion.example.com', 'BASTION.example.com', 'evil.example.net'),
      ssh_port: some(22, 2222),
      ssh_username: some('t', 'v'),
      ssh_password: some(FRESH, '***'),
      ssh_host_key: some(PIN, OTHER_PIN),
      connection_string: some(
        'postgresql://u:granted-in-string@evil.example.net/d',
        'postgresql://u@evil.example.net/d',
        'postgresql://evil.example.net/d',
        '${env:HEADWATER_SECRET_DSN}',
      ),
    },
    { requiredKeys: [] },
  ),
  clear: fc.subarray([
    '/config/password',
    '/config/port',
    '/config/tls_mode',
    '/config/host',
    '/config/connection_string',
    '/config/ssh_host',
    '/config/ssh_port',
    '/config/ssh_username',
    '/config/ssh_password',
    '/config/ssh_host_key',
  ]),
};
const ssh = { ssh_host: 'bastion.example.com', ssh_username: 't', ssh_password: FRESH, ssh_host_key: PIN };
const tunnelled = { ...database, first: { ...database.first, ...ssh } };
const auth = fc.oneof(
  fc.record(
    {
      method: some('bearer', 'basic', 'header', 'query', 'none'),
      token: some(FRESH, '***', null),
      username: some('u'),
      password: some(FRESH),
      name: some('X-Key', 'key'),
      value: some(FRESH),
    },
    { requiredKeys: [] },
  ),
  some({}, null, 'bearer'),
);
const api = (connector: string) => ({
  connector,
  first: { url: 'https://api.example.com/v1', auth: { method: 'bearer', token: FRESH } },
  config: fc.record(
    {
      url: some(
        'https://api.example.com/v2',
        'https://API.example.com:443/v1',
        'https://api.example.com.evil.net/v1',
        'http://api.example.com/v1',
        'https://evil.example.net/',
        'https://api.example.com@evil.example.net/',
      ),
      auth,
      headers: some({ 'X-A': 'b' }, { Host: 'evil.example.net' }),
      ...(connector === 'csv' ? { path: some('/data/x.csv') } : {}),
    },
    { requiredKeys: [] },
  ),
  clear: fc.subarray(['/config/auth', '/config/auth/token', '/config/url', '/config/headers', '/config/path']),
});

const model = fc.oneof(
  ...[database, tunnelled, api('rest_api'), api('csv'), api('webhook')].map(({ connector, first, config, clear }) =>
    fc.record({
      connector: fc.constant(connector),
      first: fc.constant(first as Record<string, unknown>),
      edits: fc.array(
        fc.record(
          {
            config: config as fc.Arbitrary<Record<string, unknown>>,
            clear,
            desired_state: some('Active', 'Paused', 'Pending'),
          },
          { requiredKeys: [] },
        ) as fc.Arbitrary<Edit>,
        { minLength: 1, maxLength: 6 },
      ),
    }),
  ),
);

test('whatever is edited in whatever order, a stored secret stays with the destination that it was given for', async () => {
  let n = 0;
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(model, async ({ connector, first, edits }) => {
      n += 1;
      const given = fresh(first) as Record<string, unknown>;
      const { source } = await lab.done('create_source', {
        connector,
        config: given,
        name: `Edited ${n}`,
        run_test: false,
      });
      const { id } = source as { id: string };
      /** Where each secret was sent when it was given. */
      const home = new Map<string, string>();
      const note = async () => {
        const config = await storedConfig(id);
        for (const value of Object.values(config.secrets)) {
          const key = value instanceof Secret ? value.reveal() : `$${value.scheme}:${value.target}`;
          const known = home.get(key);
          // A reference is a name that was given each time; a value that was kept is the one of before.
          if (known !== undefined && value instanceof Secret && key.startsWith('granted-secret'))
            expect([key, destination(config)]).toEqual([key, known]);
          home.set(key, destination(config));
        }
      };
      await note();
      for (const edit of edits) {
        const { isError, error } = await lab.call('update_source', {
          source_id: id,
          run_test: false,
          ...(fresh(edit) as Edit),
        });
        if (isError) expect(error.code).toMatch(/^(INVALID_CONFIG|INVALID_ARGUMENTS|CREDENTIALS_REQUIRED)$/);
        else changed += 1;
        await note();
      }
    }),
    { numRuns: 150 },
  );
  expect(changed).toBeGreaterThan(20);
  expect(traffic.dials).toEqual([]);
  expect(traffic.lookups).toEqual([]);
}, 60_000);
