import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';

const installed = SERVICES.find(({ name }) => name === 'MariaDB')?.find() !== undefined;

const PASSWORD = 'reader-of-the-shop';

/** Who can sign in, and what for. All share one password; all come from 127.0.0.1 alone. */
const ACCOUNTS: readonly (readonly [name: string, grants: readonly string[], extra?: string])[] = [
  ['reader', ['SELECT ON shop.*', 'SELECT ON crm.*', 'SELECT ON hollow.*']],
  ['everywhere', ['SELECT ON *.*']],
  ['encrypted', ['SELECT ON shop.*'], 'REQUIRE SSL'],
  ['locked', ['SELECT ON shop.*'], 'ACCOUNT LOCK'],
  ['expired', ['SELECT ON shop.*'], 'PASSWORD EXPIRE'],
  ['hourly', ['SELECT ON shop.*'], 'WITH MAX_CONNECTIONS_PER_HOUR 1'],
];

const SHOP = `
CREATE DATABASE shop; CREATE DATABASE crm; CREATE DATABASE hollow;
CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL, born DATE, vip BOOL);
INSERT INTO shop.customers VALUES (1, 'Ada', '1815-12-10', 1), (2, 'Grace', NULL, 0);
CREATE TABLE shop.order_lines (order_id BIGINT, line SMALLINT, price DECIMAL(20,4), weight DOUBLE, PRIMARY KEY (line, order_id));
INSERT INTO shop.order_lines VALUES (9007199254740993, 1, 12345678901234.5678, 1.25);
CREATE TABLE shop.\`odd \`\`name.x\` (\`a \`\`b\` JSON, raw BLOB, bits BIT(8), place POINT, note TEXT, born TIMESTAMP NULL);
INSERT INTO shop.\`odd \`\`name.x\` VALUES ('{"a": 1}', 0x00ff10, b'101', ST_GeomFromText('POINT(1 2)'), REPEAT('é', 3000), NULL);
CREATE VIEW shop.names AS SELECT name FROM shop.customers;
CREATE TABLE crm.notes (text TEXT) ENGINE = MyISAM;
`;

interface Step {
  id: string;
  status: string;
  code?: string;
  message?: string;
  actor?: string;
  fields?: string[];
  evidence?: string;
  driver_code?: string;
  fix?: { text: string; sql?: string };
}

describe.skipIf(!installed && !ALL_SERVICES)(
  "Debian's MariaDB (left out where it is not installed: npm run test:services)",
  () => {
    let authority: Authority;
    /** With TLS and a binary log, and one without both. */
    let server: TestMariadb;
    let plain: TestMariadb;
    let session: InMemory;
    let config: Record<string, unknown>;

    beforeAll(async () => {
      expect(installed, 'MariaDB from Debian').toBe(true);
      authority = await createAuthority();
      const tls = await authority.issue({ ips: ['127.0.0.1'] });
      [server, plain] = await Promise.all([
        startMariadb({ tls, settings: { 'log-bin': 'binlog', 'server-id': '7', 'expire-logs-days': '3' } }),
        startMariadb({ settings: { 'skip-ssl': '1' } }),
      ]);
      const accounts = ACCOUNTS.map(([name, grants, extra = '']) => {
        const account = `${name}@'127.0.0.1'`;
        const lines = [
          `CREATE USER ${account} IDENTIFIED BY '${PASSWORD}' ${extra}`,
          ...grants.map((grant) => `GRANT ${grant} TO ${account}`),
        ];
        return `${lines.join(';\n')};`;
      });
      await server.sql([SHOP, ...accounts].join('\n'));
      await plain.sql(
        `CREATE DATABASE shop; CREATE TABLE shop.t (id INT); GRANT SELECT ON shop.* TO reader@'127.0.0.1' IDENTIFIED BY '${PASSWORD}';`,
      );
      session = await inMemory({ HEADWATER_SECRET_SHOP: PASSWORD });
      const password = '${env:HEADWATER_SECRET_SHOP}';
      config = { host: '127.0.0.1', port: server.port, database: 'shop', username: 'reader', password };
    }, 120_000);
    afterAll(async () => {
      await session?.close();
      await Promise.all([server?.stop(), plain?.stop()]);
    });

    const test = async (change: Record<string, unknown>, checks: string[] = [], timeoutS = 10) => {
      const given = Object.entries({ ...config, ...change }).filter(([, value]) => value !== undefined);
      const report = await session.done('test_connection', {
        connector: 'mariadb',
        config: Object.fromEntries(given),
        checks,
        timeout_s: timeoutS,
      });
      expect(JSON.stringify(report)).not.toContain(PASSWORD);
      return report as { ok: boolean; depth: string; headline: string; steps: Step[] };
    };
    const failures = async (change: Record<string, unknown>, checks: string[] = []) =>
      (await test(change, checks)).steps.filter((step) => step.status === 'fail');
    const failure = async (change: Record<string, unknown>, checks: string[] = []) =>
      (await failures(change, checks))[0];

    it('goes the whole way: test, create, discover, preview, change, delete', async () => {
      const { source } = (await session.done('create_source', { connector: 'mariadb', config, name: 'Shop' })) as {
        source: { id: string; status: string };
      };
      expect(source.status).toBe('Active');
      const id = { source_id: source.id };
      expect(await session.done('discover_source', { ...id, stream: 'shop.order_lines' })).toMatchObject({
        streams: [
          {
            namespace: 'shop',
            name: 'order_lines',
            kind: 'table',
            keys: ['line', 'order_id'],
            columns: [{ name: 'order_id', type: 'bigint(20)', nullable: false }, {}, {}, {}],
          },
        ],
      });
      expect(await session.done('preview_source', { ...id, stream: 'shop.customers', limit: 1 })).toMatchObject({
        rows: [{ id: 1, name: 'Ada', born: '1815-12-10', vip: 1 }],
        truncated: true,
      });
      expect(
        await session.done('update_source', {
          ...id,
          config: { databases: ['shop', 'crm'] },
          clear: ['/config/database'],
        }),
      ).toMatchObject({ report: { ok: true } });
      const { streams } = await session.done('discover_source', id);
      expect((streams as { name: string }[]).map(({ name }) => name)).toEqual([
        'notes',
        'customers',
        'names',
        'odd `name.x',
        'order_lines',
      ]);
      expect(await session.done('delete_source', { ...id, confirm: 'Shop' })).toMatchObject({ deleted: true });
    });

    it('tests through TLS that names the host and is trusted', async () => {
      const report = await test({ tls_mode: 'verify-full', tls_ca: authority.certPem });
      expect(report).toMatchObject({ ok: true, depth: 'read' });
      expect(report.steps.find(({ id }) => id === 'tls')?.evidence).toMatch(/^TLSv1\.3, .*certificate trusted$/);
      expect(report.steps.find(({ id }) => id === 'database')?.evidence).toMatch(
        /^MariaDB \d+\.\d+\.\d+, database shop$/,
      );
    });

    it('takes a connection string apart', async () => {
      const url = `mariadb://reader:\${env:HEADWATER_SECRET_SHOP}@127.0.0.1:${server.port}/shop?ssl-mode=REQUIRED&charset=utf8mb4`;
      const report = await session.done('test_connection', {
        connector: 'mariadb',
        config: { connection_string: url },
      });
      expect(report).toMatchObject({ ok: true });
    });

    it('says that this is not MySQL, and works', async () => {
      const report = await session.done('test_connection', { connector: 'mysql', config });
      expect(report).toMatchObject({ ok: true, verdict: 'ok_with_warnings', warnings: ['This is MariaDB, not MySQL'] });
    });

    it.each([
      ['a wrong password', { password: 'wrong-password' }, 'AUTH_REJECTED', 'user', ['username', 'password'], '1045'],
      ['a wrong user', { username: 'nobody_here' }, 'AUTH_REJECTED', 'user', ['username', 'password'], '1045'],
      ['no password', { password: undefined }, 'PASSWORD_MISSING', 'user', ['password'], '1045'],
      [
        'a database that is not there, to a user who sees all',
        { database: 'nowhere', username: 'everywhere' },
        'DATABASE_NOT_FOUND',
        'user',
        ['database'],
        '1049',
      ],
      ['a database that is not there', { database: 'nowhere' }, 'DATABASE_NOT_VISIBLE', 'dba', ['database'], '1044'],
      ['a closed port', { port: 1 }, 'TCP_REFUSED', 'user', ['port', 'host'], 'ECONNREFUSED'],
      [
        'an authority that is not trusted',
        { tls_mode: 'verify-full' },
        'TLS_UNTRUSTED',
        'user',
        ['tls_ca', 'tls_mode'],
        undefined,
      ],
      [
        'an account that demands TLS',
        { username: 'encrypted', tls_mode: 'disable' },
        'AUTH_REJECTED_WITHOUT_TLS',
        'user',
        ['username', 'password', 'tls_mode'],
        '1045',
      ],
      ['an account that is locked', { username: 'locked' }, 'ACCOUNT_LOCKED', 'dba', ['username'], '4151'],
      ['a password that has expired', { username: 'expired' }, 'PASSWORD_EXPIRED', 'dba', ['password'], '1820'],
      [
        'a database that is not there, among others',
        { database: undefined, databases: ['shop', 'nowhere'] },
        'SELECTION_NOT_VISIBLE',
        'dba',
        ['databases'],
        undefined,
      ],
      [
        'a system database',
        { database: 'mysql', username: 'everywhere' },
        'TABLES_DENIED',
        'dba',
        ['username'],
        undefined,
      ],
    ] as const)('names %s', async (_, change, code, actor, fields, driver) => {
      const step = await failure(change);
      expect(step).toMatchObject({ code, actor, fields });
      expect(step?.driver_code).toBe(driver);
      expect(step?.fix?.text.length).toBeGreaterThan(20);
    });

    it('names a certificate for another host', async () => {
      const step = await failure({ host: 'localhost', tls_mode: 'verify-full', tls_ca: authority.certPem });
      expect(step).toMatchObject({ id: 'tls', code: 'TLS_WRONG_NAME', fields: ['host', 'tls_mode'], actor: 'user' });
    });

    it('names a server without TLS', async () => {
      const step = await failure({ port: plain.port, tls_mode: 'require' });
      expect(step).toMatchObject({ id: 'tls', code: 'TLS_NOT_OFFERED', fields: ['tls_mode'], actor: 'dba' });
      expect(await test({ port: plain.port })).toMatchObject({ ok: true });
    });

    // MariaDB has no word for it: it denies access, as for a wrong password.
    it('names a server that lets nobody in without TLS', async () => {
      await server.sql('SET GLOBAL require_secure_transport = ON');
      try {
        const step = await failure({ tls_mode: 'disable' });
        expect(step).toMatchObject({ id: 'auth', code: 'AUTH_REJECTED_WITHOUT_TLS', actor: 'user' });
        expect(step?.fields).toContain('tls_mode');
        expect(await failure({})).toBeUndefined();
      } finally {
        await server.sql('SET GLOBAL require_secure_transport = OFF');
      }
    });

    it('names a user that has used up its connections', async () => {
      await test({ username: 'hourly' });
      const step = await failure({ username: 'hourly' });
      expect(step).toMatchObject({ code: 'TOO_MANY_CONNECTIONS', actor: 'dba', retryable: true, driver_code: '1226' });
    });

    it.each([
      ['auth_ed25519', 'ed25519', `IDENTIFIED VIA ed25519 USING PASSWORD('${PASSWORD}')`, /client_ed25519/],
      ['unix_socket', undefined, 'IDENTIFIED VIA unix_socket', /not by a password/],
    ] as const)('names a way to log in that it does not know: %s', async (library, plugin, how, what) => {
      if (plugin) await server.sql(`INSTALL SONAME '${library}'`);
      await server.sql(`CREATE USER ${library}@'127.0.0.1' ${how}`);
      const step = await failure({ username: library });
      expect(step).toMatchObject({ id: 'auth', code: 'AUTH_METHOD_UNSUPPORTED', actor: 'dba' });
      expect(step?.message).toMatch(what);
      expect(step?.fix?.text).toContain('mysql_native_password');
    });

    it('names a server that has stopped answering', async () => {
      process.kill(plain.pid, 'SIGSTOP');
      try {
        const { steps } = await test({ port: plain.port }, [], 1);
        expect(steps.find(({ status }) => status === 'fail')).toMatchObject({
          id: 'tls',
          code: 'TLS_TIMEOUT',
          retryable: true,
        });
      } finally {
        process.kill(plain.pid, 'SIGCONT');
      }
    });

    it('knows that without a binary log nothing can be captured', async () => {
      const found = await failures({ port: plain.port }, ['cdc']);
      expect(found.map(({ code }) => code)).toContain('CDC_BINLOG_OFF');
    });

    it('counts in the rights of a role', async () => {
      await server.sql(
        `CREATE ROLE capture; GRANT SELECT, RELOAD, REPLICATION SLAVE, BINLOG MONITOR ON *.* TO capture;
         CREATE USER roled@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT capture TO roled@'127.0.0.1';
         SET DEFAULT ROLE capture FOR roled@'127.0.0.1'`,
      );
      const { steps } = await test({ username: 'roled' }, ['cdc']);
      for (const id of ['cdc_grants', 'cdc_session'])
        expect(steps.find((step) => step.id === id)).toMatchObject({ status: 'pass' });
    });

    it('warns of an empty database, and of a table without transactions', async () => {
      const hollow = await test({ database: 'hollow' });
      expect(hollow.steps.find(({ id }) => id === 'list')).toMatchObject({ status: 'warn', code: 'NO_TABLES' });
      const crm = await test({ database: 'crm' }, ['cdc']);
      expect(crm.steps.find(({ id }) => id === 'cdc_engines')).toMatchObject({ code: 'CDC_NOT_TRANSACTIONAL' });
    });
  },
);
