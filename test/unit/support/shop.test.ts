import pg from 'pg';
import { expect, test } from 'vitest';
import { sharedPostgres } from '../../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../../support/shop.ts';

const server = sharedPostgres();

async function as<Row extends pg.QueryResultRow>(user: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({
    connectionString: server.url(SHOP_DATABASE, { user, password: server.readerPassword }),
    ssl: { ca: server.caPem },
  });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('the reader reads everything in both schemas', async () => {
  const relations = await as<{ name: string; kind: string }>(
    SHOP_ROLES.reader,
    `select oid::regclass::text as name, relkind as kind from pg_class
     where relnamespace in ('public'::regnamespace, 'analytics'::regnamespace) and relkind in ('r', 'p', 'v', 'm')`,
  );
  expect(new Set(relations.map(({ kind }) => kind))).toEqual(new Set(['r', 'p', 'v', 'm']));
  const counts = await Promise.all(
    relations.map(async ({ name }) => {
      const rows = await as(SHOP_ROLES.reader, `select 1 from ${name}`);
      return [name, rows.length];
    }),
  );
  expect(Object.fromEntries(counts)).toEqual({
    customers: 12,
    products: 10,
    orders: 36,
    order_items: 72,
    reviews: 5,
    order_totals: 36,
    '"Weird ""Name"""': 2,
    nothing_yet: 0,
    'analytics.page_views': 48,
    'analytics.page_views_2026_02': 23,
    'analytics.page_views_2026_03': 25,
    'analytics.daily_revenue': 25,
  });
});

test.each([
  [SHOP_ROLES.norights, 'select * from customers', '42501'],
  [SHOP_ROLES.norights, 'select * from analytics.daily_revenue', '42501'],
  [SHOP_ROLES.nologin, 'select 1', '28000'],
  [SHOP_ROLES.reader, 'delete from customers', '42501'],
  ['nobody_at_all', 'select 1', '28P01'],
])('%s: %s is refused with %s', async (user, sql, code) => {
  await expect(as(user, sql)).rejects.toMatchObject({ code });
});

test('the replicator may replicate', async () => {
  expect(await as(SHOP_ROLES.replicator, 'select rolreplication from pg_roles where rolname = current_user')).toEqual([
    { rolreplication: true },
  ]);
});
