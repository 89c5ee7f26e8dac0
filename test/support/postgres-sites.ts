import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Report } from '../../src/probes/report.ts';
import { createLab } from '../unit/probes/lab.ts';
import { type PostgresOptions, startPostgres, type TestPostgres } from './postgres.ts';
import { SERVICES } from './services.ts';
import { unprivileged } from './unprivileged.ts';

/** Programs of Debian's PostgreSQL; undefined where it is not installed. */
export const DEBIAN_BIN = SERVICES.find(({ name }) => name === 'PostgreSQL')?.find();

export const PASSWORD = 'reader-of-the-sites';
/** Rules under which all but what a site is made for passes. */
export const RULES = ['host all all 127.0.0.1/32 scram-sha-256'];

/** A server set up for change data capture, so that one wrong thing is the only wrong thing. */
export function startReadyServer(
  options: Pick<PostgresOptions, 'settings' | 'hba' | 'tls'> = {},
): Promise<TestPostgres> {
  const settings = { wal_level: 'logical', max_slot_wal_keep_size: '64MB', autovacuum: 'off', ...options.settings };
  return startPostgres({ ...options, binDir: DEBIAN_BIN ?? '', settings, hba: [...(options.hba ?? []), ...RULES] });
}

/** One database with a role that is right for it, until a test spoils something. */
export interface Site {
  name: string;
  /** The config that is right. */
  config: Record<string, unknown>;
  /** Runs SQL in the site's database as the superuser. */
  sql(text: string): Promise<void>;
  /** Runs a script as it is, as an administrator would: psql, going on behind errors. Answers with what went wrong. */
  psql(script: string): Promise<string>;
  /** Runs a command as the server's own user would. */
  shell(command: string): Promise<void>;
  test(change?: Record<string, unknown>): Promise<Report>;
  drop(): Promise<void>;
}

let count = 0;

/** `shop.orders` and `shop.customers` are selected; `reader` may read them and replicate; they are published. */
export async function createSite(server: TestPostgres): Promise<Site> {
  count += 1;
  const name = `site_${count}`;
  await server.query(`CREATE DATABASE ${name}`);
  await server.query(`CREATE ROLE ${name} LOGIN REPLICATION PASSWORD '${PASSWORD}'`);
  const sql = async (text: string) => void (await server.query(text, undefined, name));
  await sql(`
    CREATE SCHEMA shop;
    CREATE TABLE shop.orders (id int PRIMARY KEY, note text);
    CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL);
    CREATE PUBLICATION changes FOR TABLE shop.orders, shop.customers;
    GRANT USAGE ON SCHEMA shop TO ${name};
    GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ${name};`);
  const config = {
    host: '127.0.0.1',
    port: server.port,
    database: name,
    username: name,
    password: PASSWORD,
    tls_mode: 'disable',
    tables: ['shop.orders', 'shop.customers'],
    publication: 'changes',
  };
  const env = {
    PATH: `${DEBIAN_BIN}:/usr/bin:/bin`,
    PGHOST: '127.0.0.1',
    PGPORT: String(server.port),
    PGUSER: server.user,
    PGPASSWORD: server.password,
    LC_ALL: 'C.UTF-8',
  };
  return {
    name,
    config,
    sql,
    psql: async (script) => {
      const { stderr } = await run('psql', ['-X', '-q', '-d', name], env, script);
      return stderr
        .split('\n')
        .filter((line) => /^(psql|ERROR|FATAL)/.test(line))
        .join('\n');
    },
    shell: async (command) => {
      const { code, stderr } = await run('sh', ['-c', command], env);
      if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
    },
    test: (change = {}) => createLab().test({ ...config, ...change }, { checks: ['cdc'] }),
    drop: async () => {
      await server.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await server.query(`DROP ROLE IF EXISTS ${name}`);
    },
  };
}

/** A hot standby of a server, following it over a replication connection. */
export async function startStandby(server: TestPostgres): Promise<TestPostgres> {
  const [own] = await server.query<{ path: string }>("SELECT current_setting('hba_file') AS path");
  const env = { PATH: '/usr/bin:/bin' };
  await run('sh', ['-c', `echo 'host replication postgres 127.0.0.1/32 scram-sha-256' >> ${own?.path}`], env);
  await server.query('SELECT pg_reload_conf()');
  return startPostgres({
    binDir: DEBIAN_BIN ?? '',
    password: server.password,
    copyOf: { url: server.url() },
  });
}

/** All that a server is, as far as it could be changed: objects, roles, settings, slots, rules. */
export async function dumped(server: TestPostgres): Promise<string> {
  const { code, stdout, stderr } = await run(
    join(DEBIAN_BIN ?? '', 'pg_dumpall'),
    ['--schema-only', '-d', server.url()],
    {
      PATH: '/usr/bin:/bin',
      PGPASSWORD: server.password,
    },
  );
  if (code !== 0) throw new Error(`pg_dumpall ended with ${code}: ${stderr}`);
  const [rest] = await server.query<{ all: string }>(`
    SELECT concat_ws(E'\\n',
      (SELECT string_agg(s.name || '=' || s.setting, E'\\n' ORDER BY s.name) FROM pg_settings s WHERE s.source <> 'client'),
      (SELECT string_agg((to_jsonb(s) - 'safe_wal_size')::text, E'\\n' ORDER BY s.slot_name) FROM pg_replication_slots s),
      md5(pg_read_file(current_setting('hba_file'))), md5(pg_read_file('postgresql.auto.conf'))) AS all`);
  // A newer pg_dump marks its output with a random word.
  return `${stdout.replaceAll(/^\\(un)?restrict .*$/gm, '')}\n${rest?.all}`;
}

async function run(program: string, args: string[], env: Record<string, string>, input = '') {
  const child = spawn(program, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], ...unprivileged });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // What reads nothing may have ended already.
  child.stdin.on('error', () => {}).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
