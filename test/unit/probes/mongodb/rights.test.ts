import { describe, expect, test } from 'vitest';
import type { User } from '../../../support/mongodb-rights.ts';
import { stepOf } from '../lab.ts';
import { READER, testFake } from './rows.ts';

const user = (change: Partial<User>) => ({ users: [{ ...READER, ...change }] });
const on = (db: string, collection: string, ...actions: string[]) => ({ resource: { db, collection }, actions });
const one = { roles: [], privileges: [on('shop', 'orders', 'find', 'changeStream')] };

test('all is well', async () => {
  const { report, step } = await testFake();
  expect(report).toMatchObject({ verdict: 'ok', depth: 'read' });
  expect(step('read').evidence).toBe('shop.customers');
  expect(step('privileges').evidence).toBe('read@shop');
});

describe('the database', () => {
  const gone = (database: string) => ({ config: { database } });

  test('is not there, or may not be read: nobody says which', async () => {
    for (const database of ['nowhere', 'crm']) {
      const { failed, report } = await testFake({}, gone(database));
      expect(failed).toMatchObject({
        id: 'database',
        code: 'DATABASE_NOT_VISIBLE',
        actor: 'dba',
        fields: ['database'],
      });
      expect(failed?.fix?.sql).toBe(
        `db.getSiblingDB("admin").grantRolesToUser("reader", [{"role":"read","db":"${database}"}]);`,
      );
      expect(report.handoff?.[0]).toMatchObject({ actor: 'dba', format: 'mongosh' });
      expect(report.handoff?.[0]?.text).toContain(
        '// To take it back:\n// db.getSiblingDB("admin").revokeRolesFromUser(',
      );
    }
  });

  test('is written otherwise', async () => {
    const { failed } = await testFake({}, gone('Shop'));
    expect(failed?.fix?.text).toBe('Did you mean shop? The case of letters counts.');
  });

  test('has the characters of a pattern in its name', async () => {
    const { failed } = await testFake({}, gone('sho.'));
    expect(failed?.code).toBe('DATABASE_NOT_VISIBLE');
  });

  test('is one of several, of which some are missing', async () => {
    const config = { database: undefined, databases: ['shop', 'crm', 'nowhere'] };
    const { failed } = await testFake({}, { config });
    expect(failed).toMatchObject({ id: 'schemas', code: 'SELECTION_NOT_VISIBLE', fields: ['databases'] });
    expect(failed?.message).toContain('the databases crm, nowhere');
    expect(failed?.fix?.sql).toContain('[{"role":"read","db":"crm"},{"role":"read","db":"nowhere"}]');
  });

  test('is empty', async () => {
    const { report } = await testFake({ databases: { shop: {} } });
    expect(stepOf(report, 'list')).toMatchObject({ status: 'warn', code: 'NO_COLLECTIONS' });
  });

  test('is none in particular: the first that has something is read', async () => {
    const { step } = await testFake(user({ roles: [{ role: 'readAnyDatabase', db: 'admin' }] }), {
      config: { database: undefined },
    });
    expect(step('read').evidence).toBe('crm.notes');
  });
});

describe('rights', () => {
  test('to see collections but to read none', async () => {
    const { failed } = await testFake(user({ roles: [], privileges: [on('shop', '', 'listCollections')] }));
    expect(failed).toMatchObject({ id: 'read', code: 'COLLECTIONS_DENIED', actor: 'dba', fields: ['username'] });
    expect(failed?.message).toBe('reader may not read the database shop');
    expect(failed?.fix?.sql).toContain('grantRolesToUser("reader", [{"role":"read","db":"shop"}])');
  });

  test('on one collection alone are enough where it is the one', async () => {
    const { report, step } = await testFake(user(one));
    expect(report.ok).toBe(true);
    expect(step('read').evidence).toBe('shop.orders');
  });

  test.each(['root', 'readWrite'])('beyond reading are a warning: %s', async (role) => {
    const { step, report } = await testFake(user({ roles: [{ role, db: role === 'root' ? 'admin' : 'shop' }] }));
    expect(report.verdict).toBe('ok_with_warnings');
    expect(step('privileges')).toMatchObject({ status: 'warn', code: 'OVER_PRIVILEGED', actor: 'dba' });
    expect(step('privileges').message).toBe(`reader may do more than read (${role})`);
    expect(step('privileges').fix?.sql).toContain(`revokeRolesFromUser("reader", [{"role":"${role}"`);
  });

  test('with names that would be something else in a script: no script', async () => {
    const name = 'sh\u202eop';
    const config = { database: undefined, databases: ['sh"+op'] };
    const { failed } = await testFake({ databases: { [name]: {} } }, { config });
    expect(failed?.fix?.sql).toContain('{"role":"read","db":"sh\\"+op"}');
  });
});

describe('selected collections', () => {
  const selecting = (...collections: string[]) => ({ config: { collections } });

  test('are looked at one by one, and all that is wrong comes at once', async () => {
    const { report, failed } = await testFake(user(one), selecting('shop.orders', 'shop.customers', 'shop.nowhere'));
    expect(failed).toMatchObject({
      id: 'tables',
      code: 'COLLECTION_NOT_FOUND',
      fields: ['collections'],
      actor: 'user',
    });
    expect(failed?.message).toContain('shop.customers, shop.nowhere');
    const letter = report.handoff?.find(({ actor }) => actor === 'dba');
    expect(letter?.text).toContain(
      'grantPrivilegesToRole("headwater_reader", [{"resource":{"db":"shop","collection":"customers"},"actions":["find","changeStream","collStats"]}',
    );
    expect(letter?.text).toContain('grantRolesToUser("reader", [{"role":"headwater_reader","db":"admin"}]);');
  });

  test('that can be seen but not read', async () => {
    const seen = { roles: [], privileges: [...one.privileges, on('shop', '', 'listCollections')] };
    const { failed } = await testFake(user(seen), selecting('shop.orders', 'shop.customers'));
    expect(failed).toMatchObject({ id: 'tables', code: 'COLLECTIONS_DENIED', actor: 'dba' });
    expect(failed?.message).toBe('reader may not read shop.customers');
  });

  test('are all there', async () => {
    const { step } = await testFake({}, selecting('shop.orders', 'shop.customers'));
    expect(step('tables')).toMatchObject({ status: 'pass', evidence: 'shop.orders, shop.customers' });
  });
});

describe('the name of the replica set', () => {
  test.each([
    ['another', {}, 'of the replica set rs0'],
    ['of a server of its own', { topology: 'standalone' }, 'in no replica set'],
    ['of a router', { topology: 'router' }, 'a router of a sharded cluster'],
  ] as const)('%s', async (_, options, what) => {
    const { failed } = await testFake(options, { config: { replica_set: 'rs1' } });
    expect(failed).toMatchObject({
      id: 'replica_set',
      code: 'REPLICA_SET_NAME',
      fields: ['replica_set'],
      actor: 'user',
    });
    expect(failed?.message).toBe(`The server is ${what}, not a member of the replica set rs1`);
  });

  test('the right one', async () => {
    const { step } = await testFake({}, { config: { replica_set: 'rs0' } });
    expect(step('replica_set').status).toBe('pass');
  });
});

test('a thousand collections cost what ten cost', async () => {
  const counts = await Promise.all(
    [10, 1000].map(async (count) => {
      const collections = Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`c${i}`, { documents: [{ _id: i }] }]),
      );
      const { report, server } = await testFake(
        { databases: { shop: collections } },
        { checks: ['cdc'], config: { collections: ['shop.c7'] } },
      );
      expect(report.steps.filter(({ status }) => status === 'fail')).toEqual([]);
      return server.commands.length;
    }),
  );
  // With more than are asked for a cursor stays open, which is closed.
  expect((counts[1] ?? 0) - (counts[0] ?? 0)).toBeLessThanOrEqual(1);
});
