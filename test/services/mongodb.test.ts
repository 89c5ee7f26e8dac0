import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { startFerretdb, type TestFerretdb } from '../support/ferretdb.ts';
import { findFerretdb } from '../support/ferretdb-build.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { ALL_SERVICES } from '../support/services.ts';

/** A real server of MongoDB's protocol: its logins, its errors and its documents are its own. */

const ADMIN = { username: 'keeper', password: 'keeper-of-the-shop' };
const PASSWORD = 'reader-of-the-shop';
const MANY = 300;

interface Step {
  id: string;
  status: string;
  code?: string;
  message?: string;
  fields?: string[];
  evidence?: string;
  because?: string;
  driver_code?: string;
  fix?: { text: string; sql?: string };
}

describe.skipIf(findFerretdb() === undefined && !ALL_SERVICES)(
  'FerretDB 1.24 (left out where it is not built: npm run test:services)',
  () => {
    let authority: Authority;
    /** With users, with nobody, with TLS and a name for a replica set. */
    let server: TestFerretdb;
    let open: TestFerretdb;
    let secure: TestFerretdb;
    let session: InMemory;
    let config: Record<string, unknown>;

    beforeAll(async () => {
      authority = await createAuthority();
      const tls = await authority.issue({ ips: ['127.0.0.1'] });
      [server, open, secure] = await Promise.all([
        startFerretdb({ admin: ADMIN }),
        startFerretdb(),
        startFerretdb({ admin: ADMIN, tls, replicaSet: 'rs0' }),
      ]);
      for (const each of [server, secure]) await seed(each);
      await open.command('shop', { insert: 'orders', documents: [{ _id: 1 }] });
      session = await inMemory({
        HEADWATER_EGRESS: 'allow_private',
        HEADWATER_INLINE_SECRETS: 'allow',
        HEADWATER_TEST_LIMIT: '100000',
      });
      config = {
        host: '127.0.0.1',
        port: server.port,
        database: 'shop',
        username: 'reader',
        password: PASSWORD,
        auth_source: 'shop',
        tls_mode: 'disable',
      };
    });
    afterAll(async () => {
      await session?.close();
      await Promise.all([server, open, secure].map((each) => each?.stop()));
    });

    async function seed(to: TestFerretdb): Promise<void> {
      const documents = [
        { _id: 1, name: 'Ada', born: new Date('1815-12-10'), tags: ['a', 'b'], address: { city: 'London', zip: null } },
        { _id: 2, name: 'Grace', vip: true, spent: 12.5 },
      ];
      await to.command('shop', { insert: 'customers', documents });
      await to.command('shop', { insert: 'orders', documents: [{ _id: 'o1', total: 7 }] });
      const roles = [{ role: 'read', db: 'shop' }];
      await to
        .command('shop', { createUser: 'reader', pwd: PASSWORD, roles: [], mechanisms: ['SCRAM-SHA-256'] })
        .catch(() => to.command('shop', { createUser: 'reader', pwd: PASSWORD, roles }));
      for (let i = 0; i < MANY; i += 1) {
        if (to === server) await to.command('many', { create: `c${String(i).padStart(3, '0')}` });
      }
    }

    async function tested(change: Record<string, unknown> = {}, checks: string[] = []) {
      const { structured, text } = await session.call('test_connection', {
        connector: 'mongodb',
        config: { ...config, ...change },
        checks,
      });
      expect(text).not.toContain(PASSWORD);
      const steps = (structured?.['steps'] ?? []) as Step[];
      const step = (id: string) => steps.find((each) => each.id === id);
      return { ok: structured?.['ok'], steps, step, failed: steps.find(({ status }) => status === 'fail'), text };
    }

    it('a login by SCRAM, the database, and one document', async () => {
      const { ok, step, text } = await tested();
      expect([ok, text]).toEqual([true, expect.any(String)]);
      expect(step('auth')?.evidence).toBe('as reader of shop (SCRAM-SHA-256)');
      expect(step('database')?.evidence).toMatch(/^FerretDB v1\.24\.0, as MongoDB \d+\.\d+\.\d+, database shop$/);
      expect(step('read')?.evidence).toBe('shop.customers');
    });

    it.each([
      ['the password', { password: 'not-the-password' }],
      ['the user', { username: 'nobody', password: 'anything-else' }],
      ['the database of the user', { auth_source: 'admin' }],
    ])('a login that is wrong: %s', async (_, change) => {
      const { failed } = await tested(change);
      expect(failed).toMatchObject({ id: 'auth', code: 'AUTH_REJECTED', driver_code: '18' });
      expect([...(failed?.fields ?? [])].sort()).toEqual(['auth_source', 'password', 'username']);
    });

    it('a corrected auth_source is tried at once, however often another was rejected', async () => {
      for (const auth_source of ['crm', 'crm', 'crm']) await tested({ auth_source });
      expect((await tested()).ok).toBe(true);
    });

    it('nobody in particular, where there are users', async () => {
      const { failed } = await tested({ username: undefined, password: undefined, auth_source: undefined });
      expect(failed).toMatchObject({ code: 'LOGIN_MISSING', driver_code: '13' });
    });

    it('nobody in particular, where nobody has to log in', async () => {
      const nobody = { username: undefined, password: undefined, auth_source: undefined };
      expect((await tested({ ...nobody, port: open.port })).ok).toBe(true);
    });

    it('a database that is not there, or is written otherwise', async () => {
      const { failed } = await tested({ database: 'nowhere' });
      expect(failed).toMatchObject({ id: 'database', code: 'DATABASE_NOT_VISIBLE', fields: ['database'] });
      expect((await tested({ database: 'SHOP' })).failed?.fix?.text).toContain('Did you mean shop?');
    });

    it('selected collections, one of which is not there', async () => {
      const { failed } = await tested({ collections: ['shop.orders', 'shop.nowhere'] });
      expect(failed).toMatchObject({ id: 'tables', code: 'COLLECTION_NOT_FOUND', fields: ['collections'] });
      expect(failed?.message).toContain('shop.nowhere');
      expect((await tested({ collections: ['shop.orders', 'shop.customers'] })).step('tables')?.status).toBe('pass');
    });

    it('TLS: off where it is on, on where it is off, and certificates', async () => {
      expect((await tested({ port: secure.port })).failed).toMatchObject({ id: 'protocol', code: 'TLS_ONLY' });
      expect((await tested({ tls_mode: 'verify-full' })).failed).toMatchObject({ id: 'tls', code: 'TLS_NOT_OFFERED' });
      const full = { port: secure.port, tls_mode: 'verify-full' };
      expect((await tested(full)).failed).toMatchObject({ id: 'tls', code: 'TLS_UNTRUSTED' });
      expect((await tested({ ...full, tls_ca: authority.certPem })).ok).toBe(true);
      for (const port of [server.port, secure.port]) expect((await tested({ port, tls_mode: 'prefer' })).ok).toBe(true);
    });

    it('change data capture: a standalone is told as that, with the way to a replica set', async () => {
      const { failed, step } = await tested({}, ['cdc']);
      expect(failed).toMatchObject({ id: 'cdc_topology', code: 'CDC_STANDALONE' });
      expect(failed?.fix?.sql).toContain('rs.initiate(');
      expect(step('cdc_change_stream')?.because).toBe('cdc_topology');
    });

    it('change data capture: a name of a replica set is not enough, the stream has to open', async () => {
      const { steps } = await tested({ port: secure.port, tls_mode: 'require', replica_set: 'rs0' }, ['cdc']);
      const failed = steps.filter(({ status }) => status === 'fail');
      expect(failed).toMatchObject([{ id: 'cdc_change_stream', code: 'CDC_STREAM_FAILED' }]);
      expect(steps.find(({ id }) => id === 'replica_set')).toMatchObject({ status: 'pass' });
      const other = await tested({ port: secure.port, tls_mode: 'require', replica_set: 'rs1' });
      expect(other.failed).toMatchObject({ code: 'REPLICA_SET_NAME', fields: ['replica_set'] });
    });

    it('pages of collections, and the fields of one', async () => {
      const page = await session.done('discover_source', { connector: 'mongodb', config });
      expect(page['streams']).toEqual([
        { namespace: 'shop', name: 'customers', kind: 'collection', row_estimate: 2, keys: ['_id'] },
        { namespace: 'shop', name: 'orders', kind: 'collection', row_estimate: 1, keys: ['_id'] },
      ]);
      const { streams } = await session.done('discover_source', {
        connector: 'mongodb',
        config,
        stream: 'shop.customers',
      });
      const [{ columns = [] } = {}] = streams as { columns?: object[] }[];
      expect(columns).toEqual([
        { name: '_id', type: 'int', nullable: false },
        { name: 'name', type: 'string', nullable: false },
        { name: 'born', type: 'date', nullable: true },
        { name: 'tags', type: 'array', nullable: true },
        { name: 'address', type: 'object', nullable: true },
        { name: 'vip', type: 'bool', nullable: true },
        { name: 'spent', type: 'double', nullable: true },
      ]);
    });

    it('how to sync a collection', async () => {
      const asked = { connector: 'mongodb', config, advice: true };
      const { streams } = await session.done('discover_source', { ...asked, stream: 'shop.customers' });
      expect(streams).toMatchObject([
        {
          advice: {
            keys: [['_id']],
            cursors: [{ column: 'born', type: 'date' }],
            row_estimate: 2,
            bytes: expect.any(Number),
            cdc: { possible: false, why: 'the server is in no replica set, and has no change streams' },
            suggested: 'full',
          },
        },
      ]);
      const page = await session.done('discover_source', asked);
      expect(page['streams']).toMatchObject([{ advice: { suggested: 'full' } }, { advice: { cursors: [] } }]);
      expect(page).not.toHaveProperty('warnings');
    });

    it('many collections, a page at a time, each once', async () => {
      const found: string[] = [];
      let cursor: unknown;
      do {
        const asked = { connector: 'mongodb', config: { ...config, database: 'many' }, limit: 70 };
        const page = await session.done('discover_source', { ...asked, ...(cursor ? { cursor } : {}) });
        found.push(...(page['streams'] as { name: string }[]).map(({ name }) => name));
        cursor = page['next_cursor'];
      } while (cursor);
      expect(found).toHaveLength(MANY);
      expect(found).toEqual([...new Set(found)].sort());
    });

    it('a preview', async () => {
      const { source } = await session.done('create_source', { connector: 'mongodb', config, name: 'Shop' });
      const source_id = (source as { id: string }).id;
      const { rows } = await session.done('preview_source', { source_id, stream: 'shop.customers' });
      expect(rows).toEqual([
        {
          _id: 1,
          name: 'Ada',
          born: '1815-12-10T00:00:00.000Z',
          tags: '["a","b"]',
          address: '{"city":"London","zip":null}',
        },
        { _id: 2, name: 'Grace', vip: true, spent: 12.5 },
      ]);
    });

    it('is left as it was found', async () => {
      const before = await everything();
      await tested({}, ['cdc']);
      await tested({ collections: ['shop.orders', 'shop.nowhere'], database: undefined }, ['cdc']);
      expect(await everything()).toBe(before);
    });

    async function everything(): Promise<string> {
      const { databases } = await server.command('admin', { listDatabases: 1, nameOnly: true });
      const { users } = await server.command('shop', { usersInfo: 1 });
      const lists = await Promise.all(
        ['shop', 'many'].map((db) => server.command(db, { listCollections: 1, cursor: { batchSize: 1000 } })),
      );
      const documents = await server.command('shop', { find: 'customers', filter: {} });
      return JSON.stringify([databases, users, lists.map(({ cursor }) => cursor), documents['cursor']]);
    }
  },
);
