import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InMemory, inMemory } from '../support/in-memory.ts';
import { startMariadb, type TestMariadb } from '../support/mariadb.ts';
import { type OpensshOptions, type OpensshServer, startOpenssh } from '../support/openssh.ts';
import { freePort } from '../support/ports.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { ALL_SERVICES, SERVICES } from '../support/services.ts';
import { SHOP_DATABASE, SHOP_ROLES, seedShop } from '../support/shop.ts';

const found = (wanted: string) => SERVICES.find(({ name }) => name === wanted)?.find();
const [sshd, binDir, mariadb] = ['OpenSSH', 'PostgreSQL', 'MariaDB'].map(found);
const installed = sshd !== undefined && binDir !== undefined && mariadb !== undefined;

interface Step {
  id: string;
  status: string;
  code?: string;
  evidence?: string;
  driver_code?: string;
  fields?: string[];
  fix?: { text: string; command?: string };
}

describe.skipIf(!installed && !ALL_SERVICES)(
  "Debian's OpenSSH in front of Debian's databases (left out where they are not installed: npm run test:services)",
  () => {
    const PASSWORD = 'reader-of-the-shop';
    let ssh: OpensshServer;
    let postgres: TestPostgres;
    let maria: TestMariadb;
    let session: InMemory;
    let key: { privateKey: string; publicLine: string };
    const others: OpensshServer[] = [];

    beforeAll(async () => {
      expect(installed, 'OpenSSH, PostgreSQL and MariaDB from Debian').toBe(true);
      [ssh, postgres, maria] = await Promise.all([
        startOpenssh(),
        startPostgres({ binDir: binDir ?? '' }),
        startMariadb(),
      ]);
      await seedShop(postgres, { readerPassword: PASSWORD });
      await maria.sql(
        `CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT); INSERT INTO shop.orders VALUES (1, 'one'), (2, 'two');
         CREATE USER reader@'127.0.0.1' IDENTIFIED BY '${PASSWORD}'; GRANT SELECT ON shop.* TO reader@'127.0.0.1';`,
      );
      key = await ssh.newKey();
      await ssh.authorize(key.publicLine);
      session = await inMemory({ HEADWATER_SECRET_SHOP: PASSWORD, HEADWATER_SECRET_KEY: key.privateKey });
    }, 120_000);
    afterAll(async () => {
      await session?.close();
      await Promise.all([ssh, postgres, maria, ...others].map((server) => server?.stop()));
    });

    const bastion = async (options: OpensshOptions) => {
      const server = await startOpenssh(options);
      others.push(server);
      await server.authorize(key.publicLine);
      return server;
    };
    const through = (server: OpensshServer) => ({
      ssh_host: server.host,
      ssh_port: server.port,
      ssh_username: server.username,
      ssh_private_key: '${env:HEADWATER_SECRET_KEY}',
    });
    const toPostgres = (server = ssh) => ({
      host: 'localhost',
      port: postgres.port,
      database: SHOP_DATABASE,
      username: SHOP_ROLES.reader,
      password: '${env:HEADWATER_SECRET_SHOP}',
      tls_mode: 'disable',
      ...through(server),
    });
    const toMaria = (server = ssh) => ({
      host: '127.0.0.1',
      port: maria.port,
      database: 'shop',
      username: 'reader',
      password: '${env:HEADWATER_SECRET_SHOP}',
      ...through(server),
    });
    const failed = async (config: Record<string, unknown>) => {
      const report = await session.done('test_connection', { connector: 'postgresql', config });
      return (report['steps'] as Step[]).find(({ status }) => status === 'fail');
    };

    it.each([
      ['postgresql', toPostgres, 'public.orders'],
      ['mariadb', toMaria, 'shop.orders'],
    ] as const)('%s: tested, created, discovered and previewed', async (connector, config, stream) => {
      const test = await session.done('test_connection', { connector, config: config(), checks: ['cdc'] });
      expect((test['steps'] as Step[]).find(({ id }) => id === 'ssh_auth')).toMatchObject({ status: 'pass' });
      const { source } = (await session.done('create_source', { connector, config: config(), name: connector })) as {
        source: { id: string; config: Record<string, unknown> };
      };
      expect(await ssh.fingerprint('ed25519')).toContain(`${source.config['ssh_host_key']} `);
      const id = { source_id: source.id };
      expect(await session.done('discover_source', { ...id, stream })).toMatchObject({
        streams: [{ name: 'orders', keys: ['id'] }],
      });
      expect(await session.done('preview_source', { ...id, stream, limit: 1 })).toMatchObject({ truncated: true });
      const again = await session.done('test_connection', id);
      expect((again['steps'] as Step[]).find(({ id }) => id === 'ssh_host_key')).toMatchObject({ status: 'pass' });
    });

    it.each(['ed25519', 'ecdsa', 'rsa'] as const)('takes the pin of any of its keys: %s', async (kind) => {
      for (const ssh_host_key of [await ssh.fingerprint(kind), await ssh.hostKey(kind)])
        expect(await failed({ ...toPostgres(), ssh_host_key })).toBeUndefined();
    });

    it('refuses a key that has changed, and sends nothing', async () => {
      const old = await startOpenssh();
      await old.authorize(key.publicLine);
      const config = { ...toPostgres(old), tls_mode: 'prefer' };
      const created = await session.done('create_source', { connector: 'postgresql', config, name: 'moves' });
      const { id, config: stored } = created['source'] as { id: string; config: Record<string, unknown> };
      await old.stop();
      const fresh = await bastion({ port: old.port });
      const report = await session.done('test_connection', { source_id: id });
      const step = (report['steps'] as Step[]).find(({ status }) => status === 'fail');
      expect(step).toMatchObject({ id: 'ssh_host_key', code: 'SSH_HOST_KEY_CHANGED', fields: ['ssh_host_key'] });
      const text = JSON.stringify(step);
      expect(text).toContain(stored['ssh_host_key']);
      expect(text).toContain((await fresh.fingerprint('ed25519')).split(' ')[1]);
      expect(fresh.log()).not.toMatch(/Accepted|Failed|userauth|user nobody/);
      expect(await session.call('discover_source', { source_id: id })).toMatchObject({
        isError: true,
        error: { code: 'CONNECTION_FAILED' },
      });
    });

    it('hands out a line that lets the key in, to this database alone', async () => {
      const other = await ssh.newKey();
      const config = { ...toPostgres(), ssh_private_key: other.privateKey };
      const step = await failed(config);
      expect(step).toMatchObject({ code: 'SSH_KEY_REJECTED' });
      const command = step?.fix?.command ?? '';
      expect(command).toMatch(new RegExp(`^sudo -H -u ${ssh.username} sh -c `));
      for (let times = 0; times < 2; times += 1) await ssh.shell(command.replace(/^sudo -H -u \w+ /, ''));
      expect(await failed(config)).toBeUndefined();
      expect(await failed({ ...config, port: maria.port })).toMatchObject({ code: 'SSH_FORWARDING_DENIED' });
    });

    it('takes keys as people have them', async () => {
      const locked = await ssh.newKey('open sesame');
      const rsa = await ssh.newKey('', '-t', 'rsa', '-m', 'PEM');
      const pkcs8 = await ssh.newKey('', '-t', 'ecdsa', '-m', 'PKCS8');
      await ssh.authorize(key.publicLine, locked.publicLine, rsa.publicLine, pkcs8.publicLine);
      const base = toPostgres();
      const failure = ({ privateKey }: { privateKey: string }, more: object = {}) =>
        failed({ ...base, ssh_private_key: privateKey, ...more });
      expect(await failure(locked, { ssh_passphrase: 'open sesame' })).toBeUndefined();
      expect(await failure(locked, { ssh_passphrase: 'open barley' })).toMatchObject({ code: 'SSH_PASSPHRASE_WRONG' });
      expect(await failure(rsa)).toBeUndefined();
      expect(await failure(pkcs8)).toBeUndefined();
    });

    it.each([
      ['no forwarding at all', 'AllowTcpForwarding no'],
      ['another place alone', 'PermitOpen db.example.com:5432'],
      ['nothing', 'DisableForwarding yes'],
    ])('a server that permits %s', async (_, setting) => {
      const config = toPostgres(await bastion({ settings: [setting] }));
      expect(await failed(config)).toMatchObject({
        id: 'tunnel',
        code: 'SSH_FORWARDING_DENIED',
        driver_code: 'open 1',
      });
    });

    it.each([
      ['a port where nothing listens', async () => ({ port: await freePort() }), 'TUNNEL_REFUSED'],
      ['a name that nobody knows', async () => ({ host: 'nothing.invalid' }), 'TUNNEL_NAME_UNKNOWN'],
      ['a user that does not exist', async () => ({ ssh_username: 'nobody-here' }), 'SSH_KEY_REJECTED'],
      [
        'a password where there is none',
        async () => ({ ssh_private_key: undefined, ssh_password: 'x1y2z3x1' }),
        'SSH_AUTH_METHOD',
      ],
      ['a database for the SSH server', async () => ({ ssh_port: maria.port }), 'SSH_WRONG_PROTOCOL'],
    ] as const)('%s', async (_, change, code) => {
      const config = Object.entries({ ...toPostgres(), ...(await change()) }).filter(
        ([, value]) => value !== undefined,
      );
      expect(await failed(Object.fromEntries(config))).toMatchObject({ code });
    });

    it('a server that ends it after one failed login', async () => {
      const other = await ssh.newKey();
      const config = {
        ...toPostgres(await bastion({ settings: ['MaxAuthTries 1'] })),
        ssh_private_key: other.privateKey,
      };
      expect(await failed(config)).toMatchObject({ code: 'SSH_TOO_MANY_FAILURES', driver_code: 'disconnect 2' });
    });

    it('algorithms of long ago alone', async () => {
      const settings = ['KexAlgorithms diffie-hellman-group14-sha1'];
      const step = await failed(toPostgres(await bastion({ settings })));
      expect(step).toMatchObject({
        code: 'SSH_NO_COMMON_ALGORITHM',
        evidence: expect.stringContaining('the server has diffie-hellman-group14-sha1'),
      });
    });

    it('leaves no connection behind', async () => {
      await sleep(200);
      const opened = ssh.log().match(/Accepted publickey/g)?.length;
      const closed = ssh.log().match(/^(Received disconnect|Disconnected from user)/gm)?.length;
      expect(opened).toBeGreaterThan(5);
      expect(closed).toBeGreaterThanOrEqual(opened ?? 0);
    });
  },
);
