import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';
import { SHOP_DATABASE, SHOP_ROLES, seedShop } from '../support/shop.ts';

const binDir = SERVICES.find(({ name }) => name === 'PostgreSQL')?.find();

describe.skipIf(binDir === undefined && !ALL_SERVICES)(
  "Debian's PostgreSQL (left out where it is not installed: npm run test:services)",
  () => {
    const readerPassword = 'reader-of-the-shop';
    let server: TestPostgres;
    let session: InMemory;
    let config: Record<string, unknown>;

    beforeAll(async () => {
      expect(binDir, 'PostgreSQL from Debian').toBeDefined();
      server = await startPostgres({ binDir: binDir ?? '', settings: { wal_level: 'replica' } });
      await seedShop(server, { readerPassword });
      session = await inMemory({ HEADWATER_SECRET_SHOP: readerPassword });
      const password = '${env:HEADWATER_SECRET_SHOP}';
      config = { host: '127.0.0.1', port: server.port, database: SHOP_DATABASE, username: SHOP_ROLES.reader, password };
    });
    afterAll(async () => {
      await session?.close();
      await server?.stop();
    });

    const failure = async (change: Record<string, unknown>, checks: string[] = []) => {
      const report = await session.done('test_connection', {
        connector: 'postgresql',
        config: { ...config, ...change },
        checks,
      });
      const steps = report['steps'] as { id: string; status: string; code?: string; fix?: { sql?: string } }[];
      return steps.find((step) => step.status === 'fail');
    };

    it('goes the whole way: test, create, discover, preview, change, delete', async () => {
      const { source } = (await session.done('create_source', { connector: 'postgresql', config, name: 'Shop' })) as {
        source: { id: string };
      };
      const id = { source_id: source.id };
      expect(await session.done('discover_source', { ...id, stream: 'public.orders' })).toMatchObject({
        streams: [{ name: 'orders', keys: ['id'] }],
      });
      expect(await session.done('preview_source', { ...id, stream: 'public.orders', limit: 2 })).toMatchObject({
        truncated: true,
      });
      expect(await session.done('update_source', { ...id, config: { schemas: ['public'] } })).toMatchObject({
        report: { ok: true },
      });
      expect(await session.done('delete_source', { ...id, confirm: 'Shop' })).toMatchObject({ deleted: true });
    });

    it.each([
      ['a wrong password', { password: 'wrong-password' }, 'AUTH_REJECTED'],
      ['a wrong user', { username: 'nobody_here' }, 'AUTH_REJECTED'],
      ['a wrong database', { database: 'nowhere' }, 'DATABASE_NOT_FOUND'],
      ['a closed port', { port: 1 }, 'TCP_REFUSED'],
      ['TLS that is not offered', { tls_mode: 'require' }, 'TLS_NOT_OFFERED'],
      ['a user that may not log in', { username: SHOP_ROLES.nologin }, 'LOGIN_NOT_PERMITTED'],
      ['a schema that is not there', { schemas: ['nowhere'] }, 'SCHEMA_NOT_FOUND'],
    ])('names %s', async (_, change, code) => {
      expect(await failure(change)).toMatchObject({ code });
    });

    it('hands out SQL that makes the same test pass', async () => {
      const before = await failure({ username: SHOP_ROLES.norights });
      expect(before).toMatchObject({ code: 'TABLES_DENIED' });
      await server.query(before?.fix?.sql ?? '', [], SHOP_DATABASE);
      expect(await failure({ username: SHOP_ROLES.norights })).toBeUndefined();
    });

    it('knows that wal_level replica is not enough for CDC', async () => {
      expect(await failure({}, ['cdc'])).toMatchObject({ id: 'cdc_wal_level', code: 'CDC_WAL_LEVEL' });
    });
  },
);
