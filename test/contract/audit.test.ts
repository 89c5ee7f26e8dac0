import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connectors/define-connector.ts';
import { isSecret } from '../../src/connectors/fields.ts';
import { CONNECTORS } from '../../src/connectors/index.ts';
import { fieldsByPath, withValues } from '../../src/connectors/paths.ts';
import type { KeptEntry } from '../../src/sources/audit.ts';
import { newSourceId } from '../../src/sources/id.ts';
import type { Principal } from '../../src/sources/principal.ts';
import type { Source } from '../../src/sources/source.ts';
import { TOOLS } from '../../src/tools/index.ts';
import { connectTo, type InMemory, inMemory, type Session } from '../support/in-memory.ts';
import { secretForms } from '../support/secret-forms.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';

const server = sharedPostgres();
let session: InMemory;
let config: Record<string, unknown>;

beforeAll(async () => {
  session = await inMemory({ HEADWATER_SECRET_SHOP: server.readerPassword });
  const password = '${env:HEADWATER_SECRET_SHOP}';
  config = { host: '127.0.0.1', port: server.port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, password };
});
afterAll(() => session.close());

const sourceOf = (result: Record<string, unknown>) => result['source'] as Source;
const trail = (app = session.app) => app.audit.page({}, 1_000);

/** The entries that a call leaves, oldest first, without what differs from run to run. */
async function left(name: string, args: Record<string, unknown> = {}) {
  const before = (await trail())[0]?.seq ?? 0;
  const answer = await session.call(name, args);
  const entries = (await trail()).filter(({ seq }) => seq > before).reverse();
  return { answer, entries, entry: entries[0] };
}

let made = 0;
async function source(over: Record<string, unknown> = {}): Promise<Source> {
  made += 1;
  const args = { connector: 'pg', config, name: `Shop ${made}`, ...over };
  return sourceOf(await session.done('create_source', args));
}

const WHO = { tenant: 'local', subject: 'local', role: 'admin', surface: 'stdio' };
const NOWHERE = { source_id: null, connector: null, destination_before: null, destination_after: null, target: null };

describe('what is done leaves one entry', () => {
  const destination = () => ({ host: '127.0.0.1', port: server.port, tls_mode: 'prefer' });

  it('create_source', async () => {
    const args = { connector: 'PostgreSQL', config, name: 'Audited', description: 'The shop', tags: ['eu'] };
    const { answer, entries } = await left('create_source', args);
    const { id } = sourceOf(answer.structured ?? {});
    expect(entries).toEqual([
      {
        seq: expect.any(Number),
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
        ...WHO,
        action: 'create_source',
        outcome: 'ok',
        codes: [],
        source_id: id,
        connector: 'postgresql',
        fields: [
          ...['name', 'description', 'tags', 'config.host', 'config.port', 'config.database', 'config.username'],
          ...['config.tls_mode', 'config.password'],
        ],
        destination_before: null,
        destination_after: destination(),
        target: null,
      },
    ]);
  });

  it('update_source, with where credentials went before and after', async () => {
    const { id } = await source();
    const change = { host: 'localhost', password: '${env:HEADWATER_SECRET_SHOP}' };
    const { entries } = await left('update_source', { source_id: id, config: change, name: 'Moved' });
    expect(entries).toMatchObject([
      {
        action: 'update_source',
        outcome: 'ok',
        source_id: id,
        connector: 'postgresql',
        fields: ['name', 'config.host', 'config.password'],
        destination_before: destination(),
        destination_after: { ...destination(), host: 'localhost' },
      },
    ]);
  });

  it('delete_source', async () => {
    const { id, name } = await source();
    const { entries } = await left('delete_source', { source_id: id, confirm: name });
    expect(entries).toMatchObject([
      {
        action: 'delete_source',
        outcome: 'ok',
        source_id: id,
        connector: 'postgresql',
        destination_before: destination(),
      },
    ]);
  });

  it('test_connection of a config and of a source', async () => {
    const { entries } = await left('test_connection', { connector: 'pg', config });
    expect(entries).toMatchObject([{ ...WHO, outcome: 'ok', source_id: null, destination_after: destination() }]);
    const { id } = await source();
    const again = await left('test_connection', { source_id: id });
    expect(again.entries).toMatchObject([
      { outcome: 'ok', codes: [], source_id: id, destination_before: destination(), destination_after: null },
    ]);
  });

  it('test_connection that failed, with the codes of its steps', async () => {
    const wrong = { ...config, password: 'wrong-hunter2' };
    const { answer, entries } = await left('test_connection', { connector: 'pg', config: wrong });
    expect(answer.isError).toBe(false);
    expect(entries).toMatchObject([{ outcome: 'failed', codes: ['AUTH_REJECTED'], connector: 'postgresql' }]);
  });

  it('discover_source and preview_source', async () => {
    const { id } = await source();
    expect((await left('discover_source', { source_id: id })).entries).toMatchObject([
      { action: 'discover_source', outcome: 'ok', source_id: id },
    ]);
    expect((await left('discover_source', { connector: 'pg', config })).entries).toMatchObject([
      { action: 'discover_source', outcome: 'ok', source_id: null, destination_after: destination() },
    ]);
    expect((await left('preview_source', { source_id: id, stream: 'public.orders' })).entries).toMatchObject([
      { action: 'preview_source', outcome: 'ok', source_id: id },
    ]);
  });
});

describe('what is not done, and what only looks, leaves none', () => {
  it.each(['list_connectors', 'list_sources', 'describe_platforms'])('%s', async (name) => {
    expect((await left(name)).entries).toEqual([]);
  });

  it('get_source, get_connector_schema, dry runs, replays and changes that change nothing', async () => {
    const key = { connector: 'pg', config, name: 'Keyed', idempotency_key: 'audit' };
    const { id, name } = sourceOf(await session.done('create_source', key));
    for (const [tool, args] of [
      ['get_source', { source_id: id }],
      ['get_connector_schema', { connector: 'pg' }],
      ['create_source', { connector: 'pg', config, name: 'Dry', dry_run: true }],
      ['update_source', { source_id: id, name: 'Dry', dry_run: true }],
      ['update_source', { source_id: id, name }],
      ['delete_source', { source_id: id, confirm: name, dry_run: true }],
      ['create_source', key],
    ] as const) {
      const { answer, entries } = await left(tool, args);
      expect([answer.isError, entries], tool).toEqual([false, []]);
    }
  });
});

describe('what is refused leaves one entry with its code', () => {
  it.each<[string, string, Record<string, unknown>, Partial<KeptEntry>]>([
    [
      'a wrong argument',
      'create_source',
      { connector: 'pg', nmae: 'x' },
      { codes: ['INVALID_ARGUMENTS'], fields: ['config'] },
    ],
    [
      'an unknown connector',
      'test_connection',
      { connector: 'CANARY', config: {} },
      { codes: ['CONNECTOR_NOT_FOUND'], fields: ['connector'] },
    ],
    [
      'a wrong config',
      'create_source',
      { connector: 'pg', config: { host: 'h', port: 'CANARY', CANARY: 1, database: 'd', username: 'u' } },
      { codes: ['INVALID_CONFIG'], connector: 'postgresql', fields: ['config.port'] },
    ],
    ['an unreadable id', 'get_source', { source_id: 'CANARY' }, { codes: ['SOURCE_NOT_FOUND'] }],
    ['a cursor', 'list_sources', { cursor: 'CANARY' }, { codes: ['INVALID_CURSOR'], fields: ['cursor'] }],
    [
      'a wish',
      'create_source',
      { connector: 'pg', config: {}, schedule: {} },
      { codes: ['UNSUPPORTED'], fields: ['schedule'] },
    ],
  ])('%s', async (_, tool, args, expected) => {
    const { answer, entries } = await left(tool, args);
    expect(answer.isError).toBe(true);
    expect(entries).toMatchObject([{ ...WHO, ...NOWHERE, action: tool, outcome: 'refused', fields: [], ...expected }]);
    expect(JSON.stringify(entries)).not.toContain('CANARY');
  });

  it('TEST_FAILED, with why, where it would have gone, and nothing stored', async () => {
    const wrong = { ...config, password: 'wrong-hunter2' };
    const { entries } = await left('create_source', { connector: 'pg', config: wrong, name: 'Never' });
    expect(entries).toMatchObject([
      {
        outcome: 'refused',
        codes: ['TEST_FAILED', 'AUTH_REJECTED'],
        source_id: null,
        destination_after: { host: '127.0.0.1' },
      },
    ]);
    const { id } = await source();
    const moved = { source_id: id, config: { host: 'localhost', password: 'wrong-hunter2' } };
    expect((await left('update_source', moved)).entries).toMatchObject([
      {
        outcome: 'refused',
        codes: ['TEST_FAILED', 'AUTH_REJECTED'],
        source_id: id,
        fields: ['config.host', 'config.password'],
        destination_before: { host: '127.0.0.1' },
        destination_after: { host: 'localhost' },
      },
    ]);
  });

  it('CREDENTIALS_REQUIRED, with where they would have been carried', async () => {
    const { id } = await source();
    const { entries } = await left('update_source', { source_id: id, config: { host: 'evil.example.com' } });
    expect(entries).toMatchObject([
      {
        outcome: 'refused',
        codes: ['CREDENTIALS_REQUIRED'],
        fields: ['config.password'],
        source_id: id,
        destination_before: { host: '127.0.0.1' },
        destination_after: { host: 'evil.example.com' },
      },
    ]);
  });

  it('a refused address, a lost race for a name, a stale version, a wrong confirmation, a paused source', async () => {
    const metadata = { connector: 'pg', config: { ...config, host: '169.254.169.254' } };
    expect((await left('test_connection', metadata)).entries).toMatchObject([
      { outcome: 'failed', codes: ['HOST_REFUSED'], destination_after: { host: '169.254.169.254' } },
    ]);
    const { id, name } = await source();
    const pause = { source_id: id, desired_state: 'Paused' };
    for (const [tool, args, code] of [
      ['create_source', { connector: 'pg', config, name, run_test: false }, 'NAME_TAKEN'],
      ['update_source', { source_id: id, name: 'x', if_version: 9 }, 'VERSION_CONFLICT'],
      ['delete_source', { source_id: id, confirm: 'CANARY' }, 'CONFIRMATION_REQUIRED'],
    ] as const) {
      expect((await left(tool, args)).entries, code).toMatchObject([{ outcome: 'refused', codes: [code] }]);
    }
    await session.done('update_source', pause);
    expect((await left('preview_source', { source_id: id, stream: 'CANARY' })).entries).toMatchObject([
      { outcome: 'refused', codes: ['SOURCE_PAUSED'], source_id: id },
    ]);
  });

  it('a resource and a prompt of a source that is not there', async () => {
    const before = (await trail())[0]?.seq ?? 0;
    const id = newSourceId(new Date());
    await expect(session.client.readResource({ uri: `headwater://sources/${id}` })).rejects.toThrow();
    await expect(session.client.getPrompt({ name: 'fix_connection', arguments: { source_id: id } })).rejects.toThrow();
    const entries = (await trail()).filter(({ seq }) => seq > before);
    expect(entries).toMatchObject([
      { action: 'get_prompt', outcome: 'refused', codes: ['SOURCE_NOT_FOUND'] },
      { action: 'read_resource', outcome: 'refused', codes: ['SOURCE_NOT_FOUND'] },
    ]);
    expect((await session.app.audit.page({ source: id }, 10)).map(({ seq }) => seq)).toEqual(
      entries.map(({ seq }) => seq),
    );
    expect(JSON.stringify(entries)).not.toContain(id);
  });

  it('a tool that the role has not, or that the operator has switched off', async () => {
    const readOnly = await inMemory({ HEADWATER_READ_ONLY: 'on' });
    const viewer = await connectTo(readOnly.app, { tenant: 'acme', subject: 'vera', role: 'viewer' });
    await expect(viewer.call('test_connection', { source_id: 'CANARY' })).rejects.toThrow('not found');
    await expect(readOnly.call('create_source', { name: 'CANARY' })).rejects.toThrow('not found');
    await expect(viewer.call('no_such_CANARY')).rejects.toThrow('not found');
    const entries = await trail(readOnly.app);
    expect(entries).toMatchObject([
      { ...WHO, ...NOWHERE, action: 'create_source', outcome: 'refused', codes: ['TOOL_WITHHELD'] },
      { tenant: 'acme', subject: 'vera', role: 'viewer', action: 'test_connection', codes: ['TOOL_WITHHELD'] },
    ]);
    expect(JSON.stringify(entries)).not.toContain('CANARY');
    await viewer.close();
    await readOnly.close();
  });
});

it('the whole trail of all that is one chain', async () => {
  expect(await session.app.audit.verify()).toMatchObject({ ok: true });
});

describe('secrets', () => {
  const CANARY = 'CANARY/p4ss "one"';
  const reachesNobody = async () => ['10.0.0.1'];

  /** Configs of a connector with the canary in each of its secret fields, and in places that are not for secrets. */
  function configs(connector: Connector): Record<string, unknown>[] {
    const { example } = connector;
    const secret = [...fieldsByPath(connector)].flatMap(([path, { facts }]) => (isSecret(facts) ? [path] : []));
    const misplaced = [...fieldsByPath(connector)].flatMap(([path, { facts }]) => (isSecret(facts) ? [] : [path]));
    const dsn = `postgresql://u:${encodeURIComponent(CANARY)}@db.example.com/d`;
    return [
      ...secret.map((path) =>
        withValues(path.startsWith('auth/') ? { ...example, auth: wayWith(connector, path) } : example, [
          [path, path === 'connection_string' ? dsn : CANARY],
        ]),
      ),
      ...secret.map((path) => ({ [path]: path === 'connection_string' ? dsn : CANARY })),
      // A user name may be any text, and is not in the trail; what is refused in a field may be a secret in full.
      ...misplaced.flatMap((path) =>
        [
          `${CANARY}@h`,
          `postgresql://u:${CANARY}@h/d`,
          `https://u:${encodeURIComponent(CANARY)}@h/`,
          { [CANARY]: CANARY },
        ].map((value) => withValues(example, [[path, value]])),
      ),
      { ...example, url: `https://h.example.com/?token=${encodeURIComponent(CANARY)}` },
      { ...example, [CANARY]: 'x' },
    ];
  }

  function wayWith({ auth = {} }: Connector, path: string): Record<string, unknown> {
    const [method = '', fields = {}] =
      Object.entries(auth).find(([, each]) => path.slice('auth/'.length) in each) ?? [];
    const others = Object.keys(fields).filter((name) => ['username', 'name'].includes(name));
    return { method, ...Object.fromEntries(others.map((name) => [name, 'X-Key'])) };
  }

  it('of every secret field of every connector, and in wrong places, are not in the trail', async () => {
    const lab = await inMemory({ HEADWATER_EGRESS: 'public_only' }, { lookup: reachesNobody });
    for (const connector of CONNECTORS) {
      for (const [at, given] of configs(connector).entries()) {
        const args = { connector: connector.code, config: given };
        await lab.call('test_connection', args);
        await lab.call('create_source', args);
        await lab.call('create_source', { ...args, run_test: false, name: `${connector.code} ${at}` });
        await lab.call('discover_source', args);
      }
    }
    const { structured } = await lab.call('list_sources', { limit: 100 });
    const sources = (structured?.['sources'] ?? []) as { id: string }[];
    for (const { id } of sources) {
      await lab.call('update_source', { source_id: id, config: { password: CANARY }, run_test: false });
      await lab.call('update_source', { source_id: id, config: { [CANARY]: CANARY }, clear: [`/config/${CANARY}`] });
      await lab.call('delete_source', { source_id: id, confirm: CANARY });
      await lab.call('test_connection', { source_id: id });
    }
    for (const { name, input } of TOOLS) {
      await lab.call(name, { [CANARY]: CANARY });
      for (const argument of Object.keys(input.shape)) await lab.call(name, { [argument]: CANARY });
    }
    const entries = await lab.app.audit.page({}, 100_000);
    const said = JSON.stringify(entries);
    expect(secretForms(CANARY).filter((form) => said.includes(form))).toEqual([]);
    expect(sources.length).toBeGreaterThan(10);
    expect(entries.length).toBeGreaterThan(400);
    expect(await lab.app.audit.verify()).toMatchObject({ ok: true });
    await lab.close();
  }, 60_000);
});

describe('two tenants', () => {
  const PEOPLE: readonly Principal[] = [
    { tenant: 'acme', subject: 'ada', role: 'editor' },
    { tenant: 'globex', subject: 'guy', role: 'editor' },
  ];
  const operation = fc.record({
    who: fc.nat(1),
    whose: fc.nat(1),
    which: fc.nat(5),
    what: fc.constantFrom('create', 'rename', 'move', 'delete', 'test', 'get', 'discover', 'preview', 'resource'),
  });
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

  it('never meet in each other’s trail, and each refusal, test and write is in one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 25 }), async (operations) => {
        const lab = await inMemory({ HEADWATER_EGRESS: 'public_only' });
        const sessions = await Promise.all(PEOPLE.map((principal) => connectTo(lab.app, principal)));
        const ids: string[][] = [[], []];
        let expected = 0;
        for (const each of operations) expected += await act(sessions[each.who] as Session, each, ids);
        for (const [at, { tenant }] of PEOPLE.entries()) {
          const entries = await lab.app.audit.page({ tenant }, 1_000);
          const said = JSON.stringify(entries);
          const others = ids[1 - at] ?? [];
          expect(
            [...others, PEOPLE[1 - at]?.tenant ?? '', `10.0.${1 - at}.`].filter((id) => said.includes(id)),
          ).toEqual([]);
          expect(entries.every((entry) => entry.tenant === tenant)).toBe(true);
        }
        expect(await lab.app.audit.verify()).toMatchObject({ ok: true, entries: expected });
        for (const one of sessions) await one.close();
        await lab.close();
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  /** @returns how many entries it must have left */
  async function act(as: Session, { who, whose, which, what }: Operation, ids: string[][]): Promise<number> {
    const own = ids[who] ?? [];
    const source_id = ids[whose]?.[which] ?? newSourceId(new Date());
    const config = { host: `10.0.${who}.1`, database: 'd', username: 'u', password: 'hunter2-hunter2' };
    if (what === 'create') {
      const args = { connector: 'pg', config, name: `Source ${which}`, desired_state: 'Pending' };
      const { structured } = await as.call('create_source', args);
      if (structured) own.push(sourceOf(structured).id);
      return 1;
    }
    if (what === 'resource') {
      return await as.client.readResource({ uri: `headwater://sources/${source_id}` }).then(
        () => 0,
        () => 1,
      );
    }
    const [tool, args] = {
      rename: ['update_source', { name: `Source ${which} of ${who}` }],
      move: ['update_source', { config: { host: `10.0.${who}.2` } }],
      delete: ['delete_source', { confirm: `Source ${which}` }],
      test: ['test_connection', {}],
      get: ['get_source', {}],
      discover: ['discover_source', {}],
      preview: ['preview_source', { stream: 'public.orders' }],
    }[what] as [string, object];
    const { isError, structured } = await as.call(tool, { source_id, ...args });
    if (isError) return 1;
    const changed = structured?.['changed'] as unknown[] | undefined;
    return tool === 'get_source' || changed?.length === 0 ? 0 : 1;
  }
});
