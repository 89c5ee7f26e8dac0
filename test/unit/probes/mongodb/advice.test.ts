import { Long, ObjectId } from 'bson';
import { afterEach, expect, test } from 'vitest';
import { mongodb } from '../../../../src/connectors/databases/mongodb.ts';
import type { SyncAdvice } from '../../../../src/probes/probe.ts';
import {
  type FakeMongodb,
  type FakeMongodbOptions,
  refused,
  startFakeMongodb,
} from '../../../support/mongodb-server.ts';
import { createLab, expectClosed } from '../lab.ts';
import { expectOnlyReading, PASSWORD, READER } from './rows.ts';

const at = new Date('2026-01-02T03:04:05Z');
const person = (more: object) => ({ _id: new ObjectId(), email: 'a@example.com', ...more });
const manyNumbers = Array.from({ length: 20_000 }, (_, i) => ({ _id: i, n: i }));

const SHOP = {
  customers: {
    documents: [person({ createdAt: at, updatedAt: at }), person({ createdAt: at, updatedAt: at })],
    indexes: [
      { v: 2, key: { updatedAt: -1, _id: 1 }, name: 'by_change' },
      { v: 2, key: { email: 1 }, name: 'by_email', unique: true },
      { v: 2, key: { createdAt: 1 }, name: 'some', partialFilterExpression: { vip: true } },
      { v: 2, key: { email: 'text' }, name: 'words' },
    ],
  },
  orders: {
    documents: [
      { _id: 'o1', last_modified: at, born: at, lines: new ObjectId(), touched: new ObjectId() },
      { _id: 'o2' },
    ],
    indexes: [{ v: 2, key: { last_modified: 1 }, name: 'sparse', sparse: true, unique: true }],
  },
  numbers: { documents: manyNumbers },
  mixed: {
    documents: [
      { _id: 1, updated_at: at },
      { _id: 2, updated_at: 'yesterday' },
    ],
  },
  names: { type: 'view' as const, documents: [{ updated_at: at }] },
  readings: { type: 'timeseries' as const, documents: [{ _id: new ObjectId(), time: at, value: 1 }] },
  'odd.name': { documents: [{ _id: 1, [`updated_${PASSWORD}`]: at }] },
};

let server: FakeMongodb | undefined;
afterEach(async () => {
  await server?.stop();
});

async function adviceFor(names: readonly string[], options: FakeMongodbOptions = {}, config: object = {}) {
  server = await startFakeMongodb({ users: [READER], databases: { shop: SHOP, admin: { secrets: {} } }, ...options });
  const lab = createLab({ connector: mongodb });
  const asked = { host: '127.0.0.1', port: server.port, username: 'reader', password: PASSWORD, tls_mode: 'disable' };
  const streams = names.map((name) => ({ namespace: 'shop', name }));
  const found = await lab.read(
    { ...asked, database: 'shop', ...config },
    async (session) => (await session.advise?.(streams)) ?? [],
  );
  await expectClosed(lab);
  expectOnlyReading(server);
  return found as readonly (SyncAdvice | undefined)[];
}

test('a collection with the time of its last change', async () => {
  const [advice] = await adviceFor(['customers']);
  expect(advice).toEqual({
    keys: [['_id'], ['email']],
    cursors: [
      { column: 'updatedAt', type: 'date', index: 'by_change', why: 'by its name the time of the last change' },
      {
        column: '_id',
        type: 'objectId',
        index: '_id_',
        why: 'begins with the second in which a document was made; later changes are not seen',
      },
      {
        column: 'createdAt',
        type: 'date',
        why: 'by its name the time a row was made; later changes are not seen',
      },
    ],
    row_estimate: 2,
    bytes: 4096 * 6,
    cdc: { possible: true },
    suggested: 'cdc',
    because: 'All its changes can be captured, deletes too.',
  });
});

test('a server in no replica set captures nothing: the next best', async () => {
  const names = ['customers', 'orders', 'numbers', 'mixed'];
  const [customers, orders, numbers, mixed] = await adviceFor(names, { topology: 'standalone' });
  expect(customers).toMatchObject({
    cdc: { possible: false, why: 'the server is in no replica set, and has no change streams' },
    suggested: 'cursor',
    because: 'updatedAt tells new and changed rows; deletes are not seen.',
  });
  expect(orders).toMatchObject({
    keys: [['_id']],
    cursors: [
      {
        column: 'last_modified',
        why: 'by its name the time of the last change; documents without it are missed',
      },
      { column: 'touched', type: 'objectId' },
      { column: 'born', why: expect.stringMatching(/^a time; .* only its owner knows; documents without it are/) },
    ],
  });
  // An index that leaves documents out finds no others.
  expect(orders?.cursors[0]).not.toHaveProperty('index');
  expect(numbers).toMatchObject({
    cursors: [],
    row_estimate: 20_000,
    suggested: 'full',
    because: 'Nothing tells which of its rows are new or changed.',
  });
  expect(mixed).toMatchObject({ cursors: [], suggested: 'full' });
});

test('a router captures; a server before 4.0 does not', async () => {
  expect((await adviceFor(['customers'], { topology: 'router' }))[0]?.cdc).toEqual({ possible: true });
  await server?.stop();
  const [old] = await adviceFor(['customers'], { hello: { maxWireVersion: 6 }, version: '3.6.23' });
  expect(old?.cdc).toEqual({ possible: false, why: 'the server is older than version 4.0' });
});

test('a view is not run, a time series has no keys', async () => {
  const [view, series] = await adviceFor(['names', 'readings']);
  expect(view).toEqual({
    keys: [],
    cursors: [],
    cdc: { possible: false, why: 'it is a view' },
    suggested: 'full',
    because: 'It is a view: each read computes it anew.',
  });
  expect(server?.commands.filter(({ find }) => find === 'names')).toEqual([]);
  expect(series).toMatchObject({
    keys: [],
    bytes: 8192,
    cdc: { possible: false, why: 'a time-series collection tells no changes' },
  });
  expect(series).not.toHaveProperty('row_estimate');
});

test('what is not there is nothing, what is shown is clean', async () => {
  const [missing, odd] = await adviceFor(['nowhere', 'odd.name']);
  expect(missing).toBeUndefined();
  expect(odd?.cursors).toMatchObject([{ column: 'updated_[secret]' }]);
});

test('a database that is not for reading is not looked into', async () => {
  server = await startFakeMongodb({ databases: { shop: SHOP, admin: { secrets: {} } } });
  const lab = createLab({ connector: mongodb });
  const streams = ['admin', 'local', 'sh\0op'].map((namespace) => ({ namespace, name: 'secrets' }));
  const config = { host: '127.0.0.1', port: server.port, tls_mode: 'disable' };
  expect(await lab.read(config, (session) => session.advise?.(streams) ?? Promise.resolve([]))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await expectClosed(lab);
});

test('rights to read alone: no statistics and no indexes, and the rest is said', async () => {
  const resource = { db: 'shop', collection: '' };
  const privileges = [{ resource, actions: ['find', 'listCollections'] }];
  const [advice] = await adviceFor(['customers'], { users: [{ ...READER, roles: [], privileges }] });
  expect(advice).toMatchObject({ keys: [['_id']], cursors: [{ column: 'updatedAt' }, { column: '_id' }, {}] });
  for (const absent of ['row_estimate', 'bytes']) expect(advice).not.toHaveProperty(absent);
  expect(JSON.stringify(advice)).not.toContain('"index"');
});

test('asks of the given ones alone, and reads a few documents of each', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `c${i}`);
  const crowd = Object.fromEntries(names.map((name) => [name, { documents: manyNumbers.slice(0, 100) }]));
  const advices = await adviceFor(names.slice(0, 12), { databases: { shop: crowd } });
  expect(advices.every((each) => each?.row_estimate === 100)).toBe(true);
  const asked = (command: string) => (server?.commands ?? []).filter((each) => command in each);
  expect(asked('collStats')).toHaveLength(12);
  expect(asked('listIndexes')).toHaveLength(12);
  for (const each of asked('find').slice(-24)) expect(each['limit']).toBeLessThanOrEqual(10);
  expect(asked('find').length).toBeLessThanOrEqual(24 + 1);
});

test('answers of another shape are nothing', async () => {
  const instead: FakeMongodbOptions['instead'] = (_, name) => {
    if (name === 'collStats') return { ok: 1, count: 'many', totalSize: Long.fromNumber(7_000_000_000) };
    if (name === 'listIndexes')
      return { ok: 1, cursor: { firstBatch: [{ key: 5 }, 'x', { name: 3, key: { a: '2d' } }] } };
    return undefined;
  };
  const [advice] = await adviceFor(['customers'], { instead });
  expect(advice).toMatchObject({ keys: [['_id']], bytes: 7_000_000_000, cursors: [{}, {}, {}] });
  expect(advice).not.toHaveProperty('row_estimate');
  await server?.stop();
  const timeout: FakeMongodbOptions['instead'] = (_, name) =>
    name === 'collStats' ? refused(50, 'operation exceeded time limit') : undefined;
  expect((await adviceFor(['customers'], { instead: timeout }))[0]).toMatchObject({ suggested: 'cdc' });
});
