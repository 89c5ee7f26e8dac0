import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority } from '../../support/certificates.ts';
import { startPostgres, type TestPostgres } from '../../support/postgres.ts';

let server: TestPostgres;
let caPem: string;

beforeAll(async () => {
  const authority = await createAuthority();
  caPem = authority.certPem;
  const { certPem, keyPem } = await authority.issue({ names: ['localhost'], ips: ['127.0.0.1'] });
  server = await startPostgres({ tls: { cert: certPem, key: keyPem }, settings: { application_name: "it's" } });
});
afterAll(() => server?.stop());

test('it is PostgreSQL 18, ready for change data capture, on TCP alone', async () => {
  const [row] = await server.query(
    `select current_setting('server_version_num')::int / 10000 as major, current_setting('wal_level') as wal_level,
            current_setting('unix_socket_directories') as sockets, current_setting('listen_addresses') as addresses`,
  );
  expect(row).toEqual({ major: 18, wal_level: 'logical', sockets: '', addresses: '127.0.0.1' });
});

test('parameters, several statements and another database work', async () => {
  expect(await server.query('select $1::int + 1 as n', [1])).toEqual([{ n: 2 }]);
  await server.query('create database other');
  expect(await server.query('select 1; select current_database() as name', undefined, 'other')).toEqual([
    { name: 'other' },
  ]);
});

test('a wrong password is refused, the right one accepted, over TLS that the authority vouches for', async () => {
  const connect = async (url: string) => {
    const client = new pg.Client({ connectionString: url, ssl: { ca: caPem } });
    await client.connect();
    const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    await client.end();
    return rows;
  };
  expect(await connect(server.url())).toEqual([{ ssl: true }]);
  await expect(connect(server.url('postgres', { user: server.user, password: 'wrong' }))).rejects.toMatchObject({
    code: '28P01',
  });
});

test('rules of its own apply to everybody but the superuser, and nothing is left after stop', async () => {
  const strict = await startPostgres({ hba: ['host all all 127.0.0.1/32 reject'] });
  const [folder] = await strict.query<{ path: string }>(`select current_setting('data_directory') as path`);
  await strict.query(`create role somebody login password 'x'`);
  const client = new pg.Client({ connectionString: strict.url('postgres', { user: 'somebody', password: 'x' }) });
  await expect(client.connect()).rejects.toMatchObject({ code: '28000' });
  await strict.stop();
  expect(existsSync(folder?.path ?? '/')).toBe(false);
  expect(() => process.kill(strict.pid, 0)).toThrow();
});
