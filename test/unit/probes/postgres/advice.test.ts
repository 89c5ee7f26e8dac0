import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SyncAdvice } from '../../../../src/probes/probe.ts';
import { type InMemory, inMemory } from '../../../support/in-memory.ts';
import { sharedPostgres } from '../../../support/shared-postgres.ts';
import { createLab } from '../lab.ts';
import { READER } from '../rows.ts';

const server = sharedPostgres();
const database = `advice_${process.pid}`;

beforeAll(async () => {
  await server.query(`CREATE DATABASE ${database}`);
  await server.query(
    `CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE,
      created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL);
    CREATE INDEX by_change ON customers (updated_at, id);
    INSERT INTO customers (email, created_at, updated_at) SELECT i::text, now(), now() FROM generate_series(1, 500) i;
    CREATE TABLE events (at timestamp, payload text);
    CREATE UNLOGGED TABLE carts (id serial, modified timestamp, PRIMARY KEY (id));
    CREATE TABLE big (n int, note text);
    INSERT INTO big SELECT i, 'x' FROM generate_series(1, 20000) i;
    CREATE VIEW v AS SELECT 1 AS one;
    CREATE TABLE parted (id int, day timestamptz NOT NULL, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
    CREATE TABLE parted_1 PARTITION OF parted DEFAULT;
    CREATE TABLE "o""dd.n" ("i""d" smallint PRIMARY KEY);
    ANALYZE; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${READER.username}`,
    undefined,
    database,
  );
});
afterAll(() => server.query(`DROP DATABASE ${database} WITH (FORCE)`));

async function adviceFor(...names: string[]): Promise<(SyncAdvice | undefined)[]> {
  const streams = names.map((name) => ({ namespace: 'public', name }));
  return [
    ...(await createLab().read({ ...READER, database }, async (session) => (await session.advise?.(streams)) ?? [])),
  ];
}

it('a table with a key and the time of its last change', async () => {
  const [advice] = await adviceFor('customers');
  expect(advice).toEqual({
    keys: [['id'], ['email']],
    cursors: [
      {
        column: 'updated_at',
        type: 'timestamp with time zone',
        index: 'by_change',
        why: 'by its name the time of the last change',
      },
      {
        column: 'id',
        type: 'bigint',
        index: 'customers_pkey',
        why: 'grows with every new row; later changes are not seen',
      },
      {
        column: 'created_at',
        type: 'timestamp with time zone',
        why: 'by its name the time a row was made; later changes are not seen',
      },
    ],
    row_estimate: 500,
    bytes: expect.any(Number),
    cdc: { possible: true },
    suggested: 'cdc',
    because: 'All its changes can be captured, deletes too.',
  });
  expect(advice?.bytes).toBeGreaterThan(30_000);
});

it('where changes cannot be captured, the next best', async () => {
  const [events, carts, big, view] = await adviceFor('events', 'carts', 'big', 'v');
  expect(events).toMatchObject({
    keys: [],
    cursors: [{ column: 'at', why: expect.stringMatching(/only its owner knows; rows where it is NULL are missed$/) }],
    cdc: { possible: false, why: 'nothing tells its rows apart: it needs a primary key, or REPLICA IDENTITY FULL' },
    suggested: 'full',
  });
  expect(carts).toMatchObject({
    keys: [['id']],
    cursors: [{ column: 'modified' }, { column: 'id', index: 'carts_pkey' }],
    cdc: { possible: false, why: 'it is unlogged' },
    suggested: 'cursor',
    because: 'modified tells new and changed rows; deletes are not seen.',
  });
  expect(big).toMatchObject({
    cursors: [],
    row_estimate: 20_000,
    suggested: 'full',
    because: 'Nothing tells which of its rows are new or changed.',
  });
  expect(view).toMatchObject({ keys: [], cdc: { possible: false, why: 'it is a view' } });
  expect(view).not.toHaveProperty('bytes');
  expect(view).not.toHaveProperty('row_estimate');
});

it('partitions are counted, odd names are quoted, what is not there is nothing', async () => {
  const [parted, odd, missing] = await adviceFor('parted', 'o"dd.n', 'nowhere');
  expect(parted).toMatchObject({ keys: [['id', 'day']], bytes: expect.any(Number), suggested: 'cdc' });
  expect(odd).toMatchObject({ keys: [['i"d']], cursors: [{ column: 'i"d', index: 'o"dd.n_pkey' }] });
  expect(missing).toBeUndefined();
});

it('a locked table has no size, and the rest is said', async () => {
  const locked = server.query(
    'BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(4)',
    undefined,
    database,
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  const [big] = await adviceFor('big');
  expect(big).toMatchObject({ row_estimate: 20_000, suggested: 'full' });
  expect(big).not.toHaveProperty('bytes');
  await locked;
});

it('discover_source tells it where it is asked, twenty streams a page', async () => {
  const session: InMemory = await inMemory({ HEADWATER_SECRET_ADVICE: READER.password });
  const config = { ...READER, password: '${env:HEADWATER_SECRET_ADVICE}', database };
  const asked = { connector: 'postgresql', config };
  const plain = await session.done('discover_source', asked);
  expect(JSON.stringify(plain)).not.toContain('suggested');
  const told = await session.done('discover_source', { ...asked, advice: true });
  expect(told).not.toHaveProperty('warnings');
  expect(told['streams']).toEqual(
    (plain['streams'] as object[]).map((stream) => ({
      ...stream,
      advice: expect.objectContaining({ cdc: expect.anything() }),
    })),
  );
  const one = await session.done('discover_source', { ...asked, advice: true, stream: 'public.customers' });
  expect(one['streams']).toMatchObject([{ columns: expect.any(Array), advice: { suggested: 'cdc' } }]);
  await session.close();
});
