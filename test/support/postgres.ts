import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, chown, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './ports.ts';
import { embeddedBinaries } from './postgres-binaries.ts';
import { type PostgresServer, postgresServer } from './postgres-server.ts';
import { temporaryFolder } from './temp.ts';
import { serverTmpdir, unprivileged } from './unprivileged.ts';
import { startWatchdog } from './watchdog.ts';

export interface PostgresOptions {
  /** Settings of postgresql.conf beside or instead of the defaults below. */
  settings?: Record<string, string>;
  /** Lines of pg_hba.conf for everybody but the superuser, instead of "password over TCP for all". */
  hba?: string[];
  /** Certificate and key in PEM; TLS is off without. */
  tls?: { cert: string; key: string; clientAuthority?: string };
  /** The superuser's password; random without. */
  password?: string;
  /** A standby of this server, instead of one of its own; it needs `pg_basebackup` and a rule that lets us replicate. */
  copyOf?: { url: string };
  /** Folder with `initdb` and `postgres` of another installation, for example /usr/lib/postgresql/15/bin. */
  binDir?: string;
}

export interface TestPostgres extends PostgresServer {
  /** The server's main process: stop it with SIGSTOP and it hangs. */
  readonly pid: number;
  /** What the server logged. */
  log(): string;
  /** Stops and starts it on the same port, with what has been changed meanwhile. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

type Running = Omit<TestPostgres, 'restart'>;

const SUPERUSER = 'postgres';
const DEFAULTS: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  // Nothing here outlives the test, so nothing need reach the disk.
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '16MB',
  max_wal_size: '64MB',
};
const INITDB_FLAGS = '-A scram-sha-256 -E UTF8 --locale=C --wal-segsize=1 --no-sync --no-instructions'.split(' ');
const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;

/** Starts a real, private PostgreSQL server on a free port of 127.0.0.1, as an ordinary user even where we are root. */
export async function startPostgres(options: PostgresOptions = {}): Promise<TestPostgres> {
  const folder = await temporaryFolder('postgres', serverTmpdir());
  const watchdog = startWatchdog(folder.path);
  try {
    if (unprivileged) await chown(folder.path, unprivileged.uid, unprivileged.gid);
    const binDir = options.binDir ?? (await embeddedBinaries(folder.path));
    const password = options.password ?? randomBytes(12).toString('hex');
    const data = options.copyOf
      ? await copied(folder.path, binDir, options.copyOf.url)
      : await initialise(folder.path, binDir, password, options);
    let server = await launch(binDir, data, password, watchdog.guard);
    return {
      ...server,
      get pid() {
        return server.pid;
      },
      log: () => server.log(),
      async restart() {
        await server.stop();
        server = await launch(binDir, data, password, watchdog.guard, server.port);
      },
      async stop() {
        await server.stop();
        watchdog.dismiss();
        await folder.remove();
      },
    };
  } catch (error) {
    watchdog.dismiss();
    await folder.remove();
    throw error;
  }
}

async function initialise(folder: string, binDir: string, password: string, options: PostgresOptions): Promise<string> {
  const data = join(folder, 'data');
  const passwordFile = join(folder, 'password');
  await writeForServer(passwordFile, password);
  const flags = [...INITDB_FLAGS, '-D', data, '-U', SUPERUSER, `--pwfile=${passwordFile}`];
  const initdb = run(join(binDir, 'initdb'), flags, folder);
  const [code] = await once(initdb.child, 'close');
  if (code !== 0) throw new Error(`initdb failed (${code}): ${initdb.output()}`);

  const settings: Record<string, string> = { ...DEFAULTS, ssl: options.tls ? 'on' : 'off', ...options.settings };
  if (options.tls) {
    await writeForServer(join(data, 'server.crt'), options.tls.cert);
    await writeForServer(join(data, 'server.key'), options.tls.key);
    if (options.tls.clientAuthority) {
      await writeForServer(join(data, 'clients.crt'), options.tls.clientAuthority);
      settings['ssl_ca_file'] = 'clients.crt';
    }
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  await appendFile(join(data, 'postgresql.conf'), `\n${lines.join('\n')}\n`);
  if (options.hba) {
    const rules = [`host all ${SUPERUSER} 127.0.0.1/32 scram-sha-256`, ...options.hba];
    await writeFile(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`);
  }
  return data;
}

async function copied(folder: string, binDir: string, url: string): Promise<string> {
  const data = join(folder, 'data');
  const copy = run(join(binDir, 'pg_basebackup'), ['-d', url, '-D', data, '-R', '-X', 'fetch', '-c', 'fast'], folder);
  const [code] = await once(copy.child, 'close');
  if (code !== 0) throw new Error(`pg_basebackup failed (${code}): ${copy.output()}`);
  return data;
}

async function launch(
  binDir: string,
  data: string,
  password: string,
  guard: (pid: number) => void,
  fixedPort?: number,
  attempts = 3,
): Promise<Running> {
  const port = fixedPort ?? (await freePort());
  const { child, output } = run(join(binDir, 'postgres'), ['-D', data, '-p', String(port)], data);
  const pid = child.pid;
  if (pid === undefined) throw new Error('postgres could not be started');
  guard(pid);
  const server = postgresServer({ host: '127.0.0.1', port, user: SUPERUSER, password });
  try {
    await untilItAnswers(server, child);
  } catch (error) {
    await end(child);
    // Somebody took the port between our look and the server's.
    if (attempts > 1 && output().includes('could not bind'))
      return launch(binDir, data, password, guard, fixedPort, attempts - 1);
    throw new Error(`postgres did not start: ${output()}`, { cause: error });
  }
  return { ...server, pid, log: output, stop: () => end(child) };
}

async function untilItAnswers(server: PostgresServer, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await server.query('select 1');
      return;
    } catch (error) {
      if (hasEnded(child) || Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

/** Fast shutdown, which ends open sessions; by force when that takes too long. */
async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGINT');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(force);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function run(program: string, args: string[], cwd: string) {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...unprivileged,
  });
  let text = '';
  const collect = (chunk: string) => {
    text = (text + chunk).slice(-256 * 1024);
  };
  child.on('error', (error) => collect(error.message));
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  return { child, output: () => text };
}

async function writeForServer(path: string, text: string): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (unprivileged) await chown(path, unprivileged.uid, unprivileged.gid);
}
