import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DiscoverQuery, Stream, StreamPosition } from '../../../../src/probes/probe.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { type ConfigInput, createLab, expectClosed, failureOf, timed } from '../lab.ts';
import { READER } from '../rows.ts';

const server = sharedPostgres();
const lab = createLab();
const discover = (query: Partial<DiscoverQuery>, config: ConfigInput = {}) =>
  lab.read({ ...READER, ...config }, (session) => session.discover({ limit: 100, ...query }));
const names = (streams: readonly Stream[]) => streams.map(({ namespace, name }) => `${namespace}.${name}`);

afterAll(() => expectClosed(lab));

describe('the shop', () => {
  test('tables, views and materialized views with their kinds, estimates and keys; partitions stay out', async () => {
    const { streams, next } = await discover({});
    expect(next).toBeUndefined();
    expect(streams).toEqual([
      { namespace: 'analytics', name: 'daily_revenue', kind: 'materialized_view', row_estimate: 25 },
      { namespace: 'analytics', name: 'page_views', kind: 'table', row_estimate: 48, keys: ['viewed_at', 'path'] },
      { namespace: 'public', name: 'Weird "Name"', kind: 'table', row_estimate: 2, keys: ['select'] },
      { namespace: 'public', name: 'customers', kind: 'table', row_estimate: 12, keys: ['id'] },
      { namespace: 'public', name: 'nothing_yet', kind: 'table', row_estimate: 0, keys: ['id'] },
      { namespace: 'public', name: 'order_items', kind: 'table', row_estimate: 72, keys: ['order_id', 'line'] },
      { namespace: 'public', name: 'order_totals', kind: 'view' },
      { namespace: 'public', name: 'orders', kind: 'table', row_estimate: 36, keys: ['id'] },
      { namespace: 'public', name: 'products', kind: 'table', row_estimate: 10, keys: ['sku'] },
      { namespace: 'public', name: 'reviews', kind: 'table', row_estimate: 5 },
    ]);
  });

  test('a named stream has its columns', async () => {
    expect(await discover({ stream: 'public.customers' })).toEqual({
      streams: [
        {
          namespace: 'public',
          name: 'customers',
          kind: 'table',
          row_estimate: 12,
          keys: ['id'],
          columns: [
            { name: 'id', type: 'bigint', nullable: false },
            { name: 'reference', type: 'uuid', nullable: false },
            { name: 'name', type: 'text', nullable: false },
            { name: 'email', type: 'text', nullable: false },
            { name: 'country', type: 'character(2)', nullable: false },
            { name: 'birthday', type: 'date', nullable: true },
            { name: 'preferences', type: 'jsonb', nullable: false },
            { name: 'created_at', type: 'timestamp with time zone', nullable: false },
          ],
        },
      ],
    });
  });

  test.each([
    ['by its name alone, where that is enough', 'daily_revenue', ['analytics.daily_revenue']],
    ['a partition, when it is asked for', 'analytics.page_views_2026_02', ['analytics.page_views_2026_02']],
    ['an odd name', 'public.Weird "Name"', ['public.Weird "Name"']],
    ['case matters', 'public.Customers', []],
  ])('a named stream: %s', async (_, stream, found) => {
    expect(names((await discover({ stream })).streams)).toEqual(found);
  });

  test.each([
    ['ORDER', ['public.order_items', 'public.order_totals', 'public.orders']],
    ['analytics.', ['analytics.daily_revenue', 'analytics.page_views']],
    ['"', ['public.Weird "Name"']],
    [
      '_',
      [
        'analytics.daily_revenue',
        'analytics.page_views',
        'public.nothing_yet',
        'public.order_items',
        'public.order_totals',
      ],
    ],
    ['%', []],
    ['\\', []],
    ["' OR 1=1 --", []],
  ])('a search for %s', async (query, found) => {
    expect(names((await discover({ query })).streams)).toEqual(found);
  });

  test('only the selected schemas are there, whatever is asked', async () => {
    const config = { schemas: ['analytics'] };
    expect(names((await discover({}, config)).streams)).toEqual(['analytics.daily_revenue', 'analytics.page_views']);
    expect((await discover({ stream: 'public.customers' }, config)).streams).toEqual([]);
    expect((await discover({ stream: 'pg_catalog.pg_authid' })).streams).toEqual([]);
  });

  test('what the user may not read is not there', async () => {
    expect((await discover({}, { username: 'shop_norights' })).streams).toEqual([]);
    expect((await discover({ stream: 'public.customers' }, { username: 'shop_norights' })).streams).toEqual([]);
  });

  test.each([
    'customers; DROP TABLE customers',
    'public.customers"--',
    "public.customers' OR '1'='1",
    '"public"."customers"',
    'users UNION SELECT 1',
    "pg_read_file('/etc/passwd')",
    'us`ers` --',
    'users]; EXEC xp_cmdshell 1--',
    '(SELECT 1)',
    '',
    '.',
    'x'.repeat(10_000),
  ])('a name that is not in the catalogue finds nothing: %s', async (stream) => {
    expect((await discover({ stream })).streams).toEqual([]);
    expect(await lab.read(READER, (session) => session.preview(stream, 1))).toBeUndefined();
  });

  test('a gate that fails is said with the whole report', async () => {
    const error = await failureOf(discover({}, { password: 'wrong' }));
    expect(error).toMatchObject({
      code: 'CONNECTION_FAILED',
      message: expect.stringMatching(/^The server rejected the user name or password/),
      details: { report: { ok: false, steps: expect.arrayContaining([expect.objectContaining({ id: 'auth' })]) } },
    });
  });

  test('cancelled before it begins', async () => {
    const reading = lab.read(READER, (session) => session.discover({ limit: 1 }), AbortSignal.abort());
    expect(await failureOf(reading)).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('10,000 tables', () => {
  const database = `big_${randomBytes(4).toString('hex')}`;
  const config = { database, username: server.user, password: server.password };
  const COUNT = 10_000;

  beforeAll(async () => {
    await server.query(`CREATE DATABASE ${database}`);
    await server.query('CREATE SCHEMA s1; CREATE SCHEMA s2; CREATE SCHEMA "S0"', undefined, database);
    // In pieces: each table holds a lock until the end of its transaction, and there are not so many locks.
    await server.query(
      `DO $$ BEGIN
        FOR i IN 1..${COUNT} LOOP
          EXECUTE format('CREATE TABLE %I.%I (id int, note int)', (ARRAY['s1', 's2', 'S0'])[1 + i % 3],
            CASE WHEN i % 100 = 0 THEN 'Odd "' || i || '".é' ELSE 'table_' || i END);
          IF i % 1000 = 0 THEN COMMIT; END IF;
        END LOOP;
      END $$`,
      undefined,
      database,
    );
  });
  afterAll(() => server.query(`DROP DATABASE ${database} WITH (FORCE)`));

  /** What the catalogue says, in its own order. */
  async function catalogue(where = 'true'): Promise<string[]> {
    const rows = await server.query<{ name: string }>(
      `SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind = 'r' AND n.nspname IN ('s1', 's2', 'S0') AND ${where} ORDER BY n.nspname, c.relname`,
      undefined,
      database,
    );
    return rows.map(({ name }) => name);
  }

  test.each([
    [100, undefined],
    [3333, undefined],
    [7, 'odd "1'],
  ])('pages of %i, searching for %s, are complete, in order and without a repetition', async (limit, query) => {
    const all = await lab.read({ ...READER, ...config }, async (session) => {
      const found: string[] = [];
      let after: StreamPosition | undefined;
      for (let pages = 0; pages < 200; pages += 1) {
        const page = await session.discover({
          limit,
          ...(query === undefined ? {} : { query }),
          ...(after ? { after } : {}),
        });
        expect(page.streams.length).toBeLessThanOrEqual(limit);
        if (page.next) expect(page.streams).toHaveLength(limit);
        found.push(...names(page.streams));
        after = page.next;
        if (!after) break;
      }
      return found;
    });
    const expected = await catalogue(query === undefined ? 'true' : `c.relname ILIKE '%odd "1%'`);
    expect(all).toEqual(expected);
    if (query === undefined) expect(new Set(all).size).toBe(COUNT);
  });

  test('a page and a search take a moment', async () => {
    await lab.read({ ...READER, ...config }, async (session) => {
      await session.discover({ limit: 100 });
      expect((await timed(session.discover({ limit: 100 }))).ms).toBeLessThan(500);
      const { value, ms } = await timed(session.discover({ limit: 100, query: 'TABLE_4242' }));
      expect(names(value.streams)).toEqual(['s1.table_4242'.replace('s1', ['s1', 's2', 'S0'][4242 % 3] ?? '')]);
      expect(ms).toBeLessThan(500);
    });
  });

  test('a page that begins where a table has gone since', async () => {
    const { next } = await discover({ limit: 10 }, config);
    expect(next).toBeDefined();
    const gone = { namespace: 'S0', name: 'zzz_never_there' };
    const { streams } = await discover({ limit: 1, after: gone }, config);
    expect(streams[0]?.namespace).toBe('s1');
  });
});

describe('odd identifiers', () => {
  const database = `odd_${randomBytes(4).toString('hex')}`;
  const config = { database, username: server.user, password: server.password };
  const ODD = [
    'Weird ""Name""',
    'with.dots.in.it',
    'größe 漢字 🚀',
    "it's; DROP TABLE x; --",
    'select',
    '$1',
    '%s %I \\',
    'a\tb',
    'x'.repeat(63),
    '__proto__',
    'constructor',
  ];
  const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

  beforeAll(async () => {
    await server.query(`CREATE DATABASE ${database}`);
    const tables = ODD.map(
      (name) =>
        `CREATE TABLE ${quoted(name)} (${quoted(name)} int PRIMARY KEY, n int); INSERT INTO ${quoted(name)} VALUES (1, 2);`,
    );
    await server.query(
      `${tables.join('\n')}
      CREATE SCHEMA "sch.ema"; CREATE TABLE "sch.ema"."t.b" (i int);
      CREATE TABLE "hidden\u200b\u202ename" ("col\u200bumn" int);`,
      undefined,
      database,
    );
  });
  afterAll(() => server.query(`DROP DATABASE ${database} WITH (FORCE)`));

  test.each(ODD)('%s is listed, described and previewed under its own name', async (name) => {
    const shown = name.replace('\t', ' ');
    const stream = `public.${name}`;
    const found = await discover({ stream }, config);
    expect(found.streams).toMatchObject([
      { namespace: 'public', name: shown, keys: [shown], columns: [{ name: shown, type: 'integer' }, { name: 'n' }] },
    ]);
    const preview = await lab.read({ ...READER, ...config }, (session) => session.preview(stream, 5));
    expect(preview?.columns.map((column) => column.name)).toEqual([shown, 'n']);
    expect(preview?.rows.map((row) => Object.entries(row))).toEqual([
      [
        [shown, 1],
        ['n', 2],
      ],
    ]);
    expect(preview?.truncated).toBe(false);
  });

  test('all of them page one by one', async () => {
    const all = await lab.read({ ...READER, ...config }, async (session) => {
      const found: string[] = [];
      for (let after: StreamPosition | undefined, more = true; more; more = after !== undefined) {
        const page = await session.discover({ limit: 1, ...(after ? { after } : {}) });
        found.push(...page.streams.map(({ name }) => name));
        after = page.next;
      }
      return found;
    });
    expect(all).toHaveLength(ODD.length + 2);
    expect(new Set(all)).toEqual(new Set([...ODD.map((name) => name.replace('\t', ' ')), 't.b', 'hiddenname']));
  });

  test('dots in both names', async () => {
    expect((await discover({ stream: 'sch.ema.t.b' }, config)).streams).toMatchObject([
      { namespace: 'sch.ema', name: 't.b' },
    ]);
  });

  test('what is invisible is not shown', async () => {
    const { streams } = await discover({ query: 'hidden' }, config);
    expect(streams).toMatchObject([{ name: 'hiddenname' }]);
    expect(JSON.stringify(streams)).not.toMatch(/[\u200b\u202e]/);
  });
});
