import { Binary, Decimal128, Double, Int32, Long, MaxKey, ObjectId, Timestamp, UUID } from 'bson';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mongodb } from '../../../../src/connectors/databases/mongodb.ts';
import type { DiscoverQuery, ReadSession } from '../../../../src/probes/probe.ts';
import { type FakeMongodb, startFakeMongodb } from '../../../support/mongodb-server.ts';
import { createLab, expectClosed } from '../lab.ts';
import { expectOnlyReading, PASSWORD, READER } from './rows.ts';

const DEEP = { a: { b: [1, new Int32(2), { c: new Double(2.5) }], at: new Date('2026-01-02T03:04:05Z') } };
const ODD = {
  _id: new ObjectId('65f0c0ffee65f0c0ffee65f0'),
  int: new Int32(7),
  long: Long.fromString('9007199254740993'),
  small: Long.fromNumber(12),
  double: new Double(1.5),
  whole: new Double(2),
  nan: new Double(Number.NaN),
  decimal: Decimal128.fromString('12345678901234567890.12'),
  yes: true,
  nothing: null,
  when: new Date('2026-11-20T10:00:00Z'),
  raw: new Binary(Buffer.from('00ff10', 'hex')),
  id: new UUID('0f8fad5b-d9cb-469f-a165-70867728950e'),
  stamp: new Timestamp({ t: 5, i: 6 }),
  max: new MaxKey(),
  note: 'é'.repeat(3000),
  secret: `it is ${PASSWORD} here`,
  deep: DEEP,
  tags: ['x', 'y'],
};
const many = Object.fromEntries(
  Array.from({ length: 60 }, (_, i) => [`c${String(i).padStart(3, '0')}`, { documents: [{ _id: i }] }]),
);
const DATABASES = {
  admin: { secrets: {} },
  shop: {
    customers: {
      documents: [
        { _id: 1, name: 'Ada' },
        { _id: 2, name: 'Grace', born: new Date(0) },
        { _id: 'x', name: null },
      ],
    },
    odd: { documents: [ODD] },
    'dotted.name': { documents: [{ _id: 1 }] },
    names: { type: 'view' as const, documents: [{ name: 'Ada' }] },
    'system.views': {},
    hollow: {},
  },
  many,
};

let server: FakeMongodb;
const lab = createLab({ connector: mongodb });
beforeAll(async () => {
  const roles = ['shop', 'many'].map((db) => ({ role: 'read', db }));
  server = await startFakeMongodb({ users: [{ ...READER, roles }], databases: DATABASES });
});
afterAll(async () => {
  await expectClosed(lab);
  expectOnlyReading(server);
  await server.stop();
});

const read = <T>(work: (session: ReadSession) => Promise<T>, config: Record<string, unknown> = {}) =>
  lab.read(
    { host: '127.0.0.1', port: server.port, username: 'reader', password: PASSWORD, tls_mode: 'disable', ...config },
    work,
  );
const discover = (query: Partial<DiscoverQuery>, config?: Record<string, unknown>) =>
  read((session) => session.discover({ limit: 50, ...query }), config);
const names = ({ streams }: { streams: readonly { namespace: string; name: string }[] }) =>
  streams.map(({ namespace, name }) => `${namespace}.${name}`);

describe('a page of collections', () => {
  test("in the order of their names, without the server's own", async () => {
    const { streams } = await discover({}, { database: 'shop' });
    expect(streams).toEqual([
      { namespace: 'shop', name: 'customers', kind: 'collection', row_estimate: 3, keys: ['_id'] },
      { namespace: 'shop', name: 'dotted.name', kind: 'collection', row_estimate: 1, keys: ['_id'] },
      { namespace: 'shop', name: 'hollow', kind: 'collection', row_estimate: 0, keys: ['_id'] },
      { namespace: 'shop', name: 'names', kind: 'view' },
      { namespace: 'shop', name: 'odd', kind: 'collection', row_estimate: 1, keys: ['_id'] },
    ]);
  });

  test('page after page, each collection once', async () => {
    const found: string[] = [];
    let after: DiscoverQuery['after'];
    for (let pages = 0; pages < 20; pages += 1) {
      const page = await discover({ limit: 7, ...(after ? { after } : {}) });
      found.push(...names(page));
      after = page.next;
      if (!after) break;
    }
    expect(found).toHaveLength(65);
    expect(new Set(found).size).toBe(65);
    expect(found).toEqual([...found].sort());
  });

  test('by a part of the name, in any case', async () => {
    expect(names(await discover({ query: 'P.CUST' }))).toEqual(['shop.customers']);
    expect(names(await discover({ query: 'c05' }))).toHaveLength(10);
    expect(names(await discover({ query: '.*' }))).toEqual([]);
  });

  test('long pages are not counted', async () => {
    const begun = server.commands.length;
    await discover({}, { database: 'many' });
    expect(server.commands.slice(begun).filter((command) => 'count' in command)).toEqual([]);
  });
});

describe('one collection', () => {
  test('with its fields, as they are among some documents', async () => {
    const { streams } = await discover({ stream: 'shop.customers' });
    expect(streams[0]?.columns).toEqual([
      { name: '_id', type: 'int | string', nullable: false },
      { name: 'name', type: 'string', nullable: true },
      { name: 'born', type: 'date', nullable: true },
    ]);
  });

  test('every type is called by its name', async () => {
    const { streams } = await discover({ stream: 'odd' }, { database: 'shop' });
    const types = Object.fromEntries((streams[0]?.columns ?? []).map(({ name, type }) => [name, type]));
    expect(types).toEqual({
      _id: 'objectId',
      int: 'int',
      long: 'long',
      small: 'long',
      double: 'double',
      whole: 'double',
      nan: 'double',
      decimal: 'decimal',
      yes: 'bool',
      nothing: 'null',
      when: 'date',
      raw: 'binData',
      id: 'binData',
      stamp: 'timestamp',
      max: 'maxKey',
      note: 'string',
      secret: 'string',
      deep: 'object',
      tags: 'array',
    });
  });

  test.each(['dotted.name', 'shop.dotted.name'])('with a dot in its name: %s', async (stream) => {
    expect(names(await discover({ stream }, { database: 'shop' }))).toEqual(['shop.dotted.name']);
  });

  test.each([
    'shop.nowhere',
    'nowhere',
    'admin.secrets',
    'shop.',
    '.customers',
    'sh\0op.x',
    'shop.customers; drop',
    '$cmd.x',
    'local.oplog.rs',
  ])('that is not there or not for reading: %s', async (stream) => {
    expect((await discover({ stream })).streams).toEqual([]);
    expect(await read((session) => session.preview(stream, 5))).toBeUndefined();
  });
});

describe('a preview', () => {
  test('values are as they are where JSON has them, and text where not', async () => {
    const preview = await read((session) => session.preview('shop.odd', 5));
    const [row = {}] = preview?.rows ?? [];
    expect(row).toMatchObject({
      _id: '65f0c0ffee65f0c0ffee65f0',
      int: 7,
      long: '9007199254740993',
      small: 12,
      double: 1.5,
      whole: 2,
      nan: 'NaN',
      decimal: '12345678901234567890.12',
      yes: true,
      nothing: null,
      when: '2026-11-20T10:00:00.000Z',
      raw: '0x00ff10',
      id: '0f8fad5b-d9cb-469f-a165-70867728950e',
      stamp: '{"$timestamp":{"t":5,"i":6}}',
      max: '{"$maxKey":1}',
      secret: 'it is [secret] here',
      tags: '["x","y"]',
      deep: '{"a":{"b":[1,2,{"c":2.5}],"at":"2026-01-02T03:04:05.000Z"}}',
    });
    expect(String(row['note']).length).toBeLessThanOrEqual(200);
    expect(preview?.truncated).toBe(false);
  });

  test('as many rows as were asked for, and a word that there are more', async () => {
    const preview = await read((session) => session.preview('shop.customers', 2));
    expect(preview?.rows).toEqual([
      { _id: 1, name: 'Ada' },
      { _id: 2, name: 'Grace', born: '1970-01-01T00:00:00.000Z' },
    ]);
    expect(preview?.truncated).toBe(true);
  });

  test('of a view', async () => {
    expect((await read((session) => session.preview('shop.names', 5)))?.rows).toEqual([{ name: 'Ada' }]);
  });
});
