import { describe, expect, test } from 'vitest';
import type { User } from '../../../support/mongodb-rights.ts';
import { type FakeMongodbOptions, refused } from '../../../support/mongodb-server.ts';
import { type Against, READER, SHOP, testFake } from './rows.ts';

const testCdc = (options: FakeMongodbOptions = {}, against: Against = {}) =>
  testFake(options, { ...against, checks: ['cdc'] });
const user = (change: Partial<User>) => ({ users: [{ ...READER, ...change }] });
const on = (db: string, collection: string, ...actions: string[]) => ({ resource: { db, collection }, actions });
const EVERYWHERE = user({ roles: [{ role: 'readAnyDatabase', db: 'admin' }] });

test('a replica set that is fit for it', async () => {
  const { report, step, server } = await testCdc(
    user({ roles: [...(READER.roles ?? []), { role: 'clusterMonitor', db: 'admin' }] }),
  );
  expect(report).toMatchObject({ verdict: 'ok', depth: 'cdc' });
  expect(step('cdc_topology').evidence).toBe('the primary of the replica set rs0');
  expect(step('cdc_rights').evidence).toBe('find, changeStream');
  expect(step('cdc_change_stream').evidence).toBe('on the database shop');
  expect(step('cdc_oplog').evidence).toBe('a consumer may be down for 3 days');
  // It was really opened, and closed.
  expect(server.commands.filter((command) => 'aggregate' in command)).toMatchObject([
    { aggregate: 1, pipeline: [{ $changeStream: {} }], $db: 'shop' },
  ]);
  expect(server.commands.some((command) => command['killCursors'] === '$cmd.aggregate')).toBe(true);
});

test('a standalone: the steps to a replica set of one, and nothing else is held against it', async () => {
  const { report, failed } = await testCdc({ topology: 'standalone' });
  expect(report.steps.filter(({ status }) => status === 'fail').map(({ code }) => code)).toEqual(['CDC_STANDALONE']);
  expect(failed).toMatchObject({ id: 'cdc_topology', actor: 'dba' });
  expect(failed?.fix?.sql).toContain('replSetName: "rs0"');
  expect(failed?.fix?.sql).toMatch(
    /try \{ rs\.status\(\); \} catch \(e\) \{ rs\.initiate\(\{ _id: "rs0", members: \[\{ _id: 0, host: "127\.0\.0\.1:\d+" \}\] \}\); \}/,
  );
  expect(report.handoff?.[0]).toMatchObject({ actor: 'dba', format: 'mongosh' });
});

test('a router of a sharded cluster', async () => {
  const { report, step } = await testCdc({ topology: 'router' });
  expect(report.ok).toBe(true);
  expect(step('cdc_oplog')).toMatchObject({ status: 'skip' });
});

test('a server that says it is in a replica set, and is none to its streams', async () => {
  const { failed } = await testCdc({ topology: 'standalone', hello: { setName: 'rs0' } });
  expect(failed).toMatchObject({ id: 'cdc_change_stream', code: 'CDC_STANDALONE', driver_code: '40573' });
});

describe('rights', () => {
  const blind = user({ roles: [], privileges: [on('shop', '', 'find', 'listCollections')] });

  test('to read and not to follow', async () => {
    const { report, failed, step } = await testCdc(blind);
    expect(failed).toMatchObject({ id: 'cdc_rights', code: 'CDC_STREAM_RIGHTS', actor: 'dba', fields: ['username'] });
    expect(failed?.message).toBe('reader may not follow the changes of shop');
    expect(failed?.fix?.sql).toBe(
      'db.getSiblingDB("admin").grantRolesToUser("reader", [{"role":"read","db":"shop"}]);',
    );
    expect(step('cdc_change_stream')).toMatchObject({ status: 'skip', because: 'cdc_rights' });
    expect(report.handoff).toHaveLength(1);
  });

  test('a server that tells no privileges is tried', async () => {
    const instead = (_: unknown, name: string) => (name === 'connectionStatus' ? { authInfo: {}, ok: 1 } : undefined);
    const { failed } = await testCdc({ ...blind, instead });
    expect(failed).toMatchObject({ id: 'cdc_change_stream', code: 'CDC_STREAM_RIGHTS', driver_code: '13' });
    expect(failed?.fix?.sql).toContain('grantRolesToUser');
  });

  test('everything is followed where nothing is selected, which takes more', async () => {
    const config = { database: undefined };
    const { failed } = await testCdc({}, { config });
    expect(failed).toMatchObject({ id: 'cdc_rights', code: 'CDC_STREAM_RIGHTS' });
    expect(failed?.fix?.sql).toContain('[{"role":"readAnyDatabase","db":"admin"}]');
    const { step, server } = await testCdc(EVERYWHERE, { config });
    expect(step('cdc_change_stream').evidence).toBe('on the whole deployment');
    expect(server.commands.find((command) => 'aggregate' in command)).toMatchObject({
      $db: 'admin',
      pipeline: [{ $changeStream: { allChangesForCluster: true } }],
    });
  });

  test('on each of several databases, and not on all together', async () => {
    const several = user({ roles: ['shop', 'crm'].map((db) => ({ role: 'read', db })) });
    const { report, step } = await testCdc(several, { config: { database: undefined, databases: ['shop', 'crm'] } });
    expect(report.ok).toBe(true);
    expect(step('cdc_change_stream').evidence).toBe('on each database by itself; not on the whole deployment');
  });

  test('on selected collections alone', async () => {
    const collections = ['shop.orders', 'shop.customers'];
    const only = (...names: string[]) =>
      user({ roles: [], privileges: names.map((name) => on('shop', name, 'find', 'changeStream')) });
    const { step } = await testCdc(only('orders', 'customers'), { config: { collections } });
    expect(step('cdc_change_stream').evidence).toBe('on each collection by itself; not on the database shop');
    const short = user({
      roles: [],
      privileges: [on('shop', 'orders', 'find', 'changeStream'), on('shop', 'customers', 'find')],
    });
    const { failed } = await testCdc(short, { config: { collections } });
    expect(failed).toMatchObject({ id: 'cdc_rights', code: 'CDC_STREAM_RIGHTS' });
    expect(failed?.message).toBe('reader may not follow the changes of shop.customers');
    expect(failed?.fix?.sql).toContain('{"db":"shop","collection":"customers"}');
    expect(failed?.fix?.sql).not.toContain('orders');
  });
});

describe('other servers of this protocol', () => {
  const streams = (code: number, message: string) => ({
    instead: (_: unknown, name: string) => (name === 'aggregate' ? refused(code, message) : undefined),
  });

  test('Amazon DocumentDB, which has to be told', async () => {
    const { failed } = await testCdc(
      streams(136, 'modifyChangeStreams has not been run for this collection/database or its streams are not enabled'),
    );
    expect(failed).toMatchObject({ id: 'cdc_change_stream', code: 'CDC_STREAM_OFF', actor: 'dba' });
    expect(failed?.fix?.sql).toBe(
      'db.adminCommand({ modifyChangeStreams: 1, database: "shop", collection: "", enable: true });',
    );
  });

  test('one that has no streams at all', async () => {
    const { failed } = await testCdc(streams(238, '`aggregate` stage "$changeStream" is not implemented yet'));
    expect(failed).toMatchObject({ code: 'CDC_STREAM_FAILED', evidence: expect.stringContaining('not implemented') });
  });

  test.each([
    ['atlas-sql-5f-abcde.a.query.mongodb.net', 'a federated endpoint or an online archive'],
    ['atlas-online-archive-5f-abcde.a.query.mongodb.net', 'an online archive'],
    ['federated0-abcde.a.query.mongodb.net', 'a federated endpoint or an online archive'],
    ['acme.mongo.cosmos.azure.com', 'change streams are of single collections'],
  ])('%s', async (host, what) => {
    const { report } = await testCdc(
      { hello: { hosts: [`${host}:27017`] } },
      {
        config: { host, tls_mode: 'disable' },
        lab: { names: { [host]: ['127.0.0.1'] } },
      },
    );
    const failed = report.steps.find(({ status }) => status === 'fail');
    expect(failed).toMatchObject({ id: 'cdc_topology', code: 'CDC_NOT_OFFERED', actor: 'user', fields: ['host'] });
    expect(failed?.message).toContain(what);
  });

  test('a version without streams of databases', async () => {
    expect((await testCdc({ version: '3.6.23' })).failed).toMatchObject({
      id: 'cdc_version',
      code: 'CDC_MONGODB_VERSION',
    });
  });
});

describe('how long changes are kept', () => {
  const short = (more: Partial<User>) => ({
    oplogHours: 5,
    ...user({ roles: [...(READER.roles ?? []), ...(more.roles ?? [])] }),
  });

  test.each([
    ['read on local', { roles: [{ role: 'read', db: 'local' }] }],
    ['clusterMonitor', { roles: [{ role: 'clusterMonitor', db: 'admin' }] }],
  ])('is told to %s, and too short a time is a warning', async (_, more) => {
    const { step, report } = await testCdc(short(more));
    expect(report.verdict).toBe('ok_with_warnings');
    expect(step('cdc_oplog')).toMatchObject({
      status: 'warn',
      code: 'CDC_OPLOG_WINDOW',
      evidence: 'a consumer may be down for 5 hours',
    });
    expect(step('cdc_oplog').fix?.sql).toBe(
      'db.adminCommand({ replSetResizeOplog: 1, minRetentionHours: Double(48) });',
    );
  });

  test('is not told to anybody', async () => {
    const { step, report } = await testCdc(short({}));
    expect(report.verdict).toBe('ok');
    expect(step('cdc_oplog').because).toContain('the role read on local');
  });
});

describe('documents before a change', () => {
  const images = (...names: string[]) => ({
    databases: {
      shop: Object.fromEntries(
        ['orders', 'customers'].map((name) => [
          name,
          {
            documents: [{ _id: 1 }],
            options: names.includes(name) ? { changeStreamPreAndPostImages: { enabled: true } } : {},
          },
        ]),
      ),
    },
  });
  const config = { collections: ['shop.orders', 'shop.customers'] };

  test('are kept for all, for none, or for some, which is a warning', async () => {
    expect((await testCdc(images('orders', 'customers'), { config })).step('cdc_pre_images').evidence).toBe('kept');
    expect((await testCdc(images(), { config })).step('cdc_pre_images')).toMatchObject({ status: 'pass' });
    const { step } = await testCdc(images('orders'), { config });
    expect(step('cdc_pre_images')).toMatchObject({
      status: 'warn',
      code: 'CDC_PRE_IMAGES',
      evidence: 'kept for 1 of 2',
    });
    expect(step('cdc_pre_images').fix?.sql).toBe(
      'db.getSiblingDB("shop").runCommand({ collMod: "customers", changeStreamPreAndPostImages: { enabled: true } });',
    );
  });

  test('there are none before 6.0', async () => {
    const { step } = await testCdc({ ...images(), version: '5.0.9' }, { config });
    expect(step('cdc_pre_images').because).toContain('6.0');
  });
});

test('members that only their own machine can find are a warning, and none of them is dialled', async () => {
  const hello = { hosts: ['localhost:27017', 'mongo1:27017', 'db2.example.com:27017'] };
  const { step } = await testCdc(
    { hello, databases: SHOP },
    { config: { host: 'db.example.com' }, lab: { names: { 'db.example.com': ['127.0.0.1'] } } },
  );
  expect(step('cdc_members')).toMatchObject({ status: 'warn', code: 'CDC_MEMBER_NAMES' });
  expect(step('cdc_members').message).toContain('localhost:27017, mongo1:27017,');
  const near = await testCdc({ hello });
  expect(near.step('cdc_members').status).toBe('pass');
});
