import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from './certificates.ts';
import { freePort } from './ports.ts';
import { temporaryFolder } from './temp.ts';
import { serverTmpdir, unprivileged } from './unprivileged.ts';
import { startWatchdog } from './watchdog.ts';

export interface MariadbOptions {
  /** Further options of the server, without the dashes. */
  settings?: Record<string, string>;
  /** TLS is off without. */
  tls?: Certificate;
}

export interface TestMariadb {
  readonly host: string;
  readonly port: number;
  /** The server's main process: stop it with SIGSTOP and it hangs. */
  readonly pid: number;
  /** What `/etc/mysql/mariadb.conf.d` is to Debian's own instance: read at every start. */
  readonly settingsFolder: string;
  /** Over which `sql` talks to it. */
  readonly socket: string;
  /** Runs statements as root, over the socket that nobody else can reach. @returns what the client prints, tab-separated */
  sql(statements: string): Promise<string>;
  log(): string;
  /** Ends it and starts it again, on the same port, with the files of its settings folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

type Running = Omit<TestMariadb, 'restart' | 'settingsFolder'>;

const INSTALL = '/usr/bin/mariadb-install-db';
const SERVER = '/usr/sbin/mariadbd';
const CLIENT = '/usr/bin/mariadb';
const START_LIMIT_MS = 40_000;
const STOP_LIMIT_MS = 5_000;
const DEFAULTS: Record<string, string> = {
  'bind-address': '127.0.0.1',
  'skip-name-resolve': '1',
  // Nothing here outlives the test, so nothing need reach the disk.
  'innodb-flush-log-at-trx-commit': '0',
  'sync-frm': '0',
  'innodb-buffer-pool-size': '16M',
  'innodb-log-file-size': '8M',
};

/** Starts a real, private MariaDB of Debian's on a free port of 127.0.0.1, as an ordinary user even where we are root. */
export async function startMariadb(options: MariadbOptions = {}): Promise<TestMariadb> {
  const folder = await temporaryFolder('mariadb', serverTmpdir());
  const watchdog = startWatchdog(folder.path);
  try {
    const data = join(folder.path, 'data');
    const tmp = temporaryOf(folder.path);
    const settingsFolder = settingsOf(folder.path);
    for (const path of [data, tmp, settingsFolder]) await mkdir(path);
    await writeFile(settingsFile(folder.path), `!includedir ${settingsFolder}\n`);
    for (const path of [folder.path, data, tmp, settingsFolder]) await give(path);
    const install = [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ];
    const installing = run(INSTALL, install, folder.path, tmp);
    const [code] = await once(installing.child, 'close');
    if (code !== 0) throw new Error(`${INSTALL} failed (${code}): ${installing.output()}`);
    let server = await launch(folder.path, data, options, watchdog.guard);
    return {
      settingsFolder,
      host: server.host,
      port: server.port,
      socket: server.socket,
      get pid() {
        return server.pid;
      },
      sql: (statements) => server.sql(statements),
      log: () => server.log(),
      async restart() {
        await server.stop();
        server = await launch(folder.path, data, options, watchdog.guard, { port: server.port });
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

async function launch(
  folder: string,
  data: string,
  { settings, tls }: MariadbOptions,
  guard: (pid: number) => void,
  again: { attempts?: number; port?: number } = {},
): Promise<Running> {
  const { attempts = 3, port = await freePort() } = again;
  const socket = join(folder, 'socket');
  const all = { ...DEFAULTS, ...(tls ? await certificateOptions(folder, tls) : {}), ...settings };
  const flags = Object.entries({ datadir: data, port: String(port), socket, ...all }).map(
    ([name, value]) => `--${name}=${value}`,
  );
  const { child, output } = run(
    SERVER,
    [`--defaults-file=${settingsFile(folder)}`, ...flags],
    data,
    temporaryOf(folder),
  );
  const { pid } = child;
  if (pid === undefined) throw new Error(`${SERVER} could not be started`);
  guard(pid);
  const sql = (statements: string) => runClient(socket, statements);
  try {
    await untilItAnswers(sql, child);
  } catch (error) {
    await end(child);
    // Somebody took the port between our look and the server's.
    if (attempts > 1 && /bind on TCP|already in use/i.test(output())) {
      const options = { ...(settings ? { settings } : {}), ...(tls ? { tls } : {}) };
      return launch(folder, data, options, guard, { ...again, attempts: attempts - 1 });
    }
    throw new Error(`MariaDB did not start: ${output()}`, { cause: error });
  }
  return { host: '127.0.0.1', port, pid, socket, sql, log: output, stop: () => end(child) };
}

async function certificateOptions(folder: string, { certPem, keyPem }: Certificate): Promise<Record<string, string>> {
  const [cert, key] = [join(folder, 'server.crt'), join(folder, 'server.key')];
  await writeFile(cert, certPem, { mode: 0o600 });
  await writeFile(key, keyPem, { mode: 0o600 });
  for (const path of [cert, key]) await give(path);
  return { 'ssl-cert': cert, 'ssl-key': key };
}

function runClient(socket: string, statements: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const flags = ['--no-defaults', `--socket=${socket}`, '--user=root', '--batch', '--skip-column-names'];
    const child = execFile(
      CLIENT,
      flags,
      { timeout: 120_000, maxBuffer: 16 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${stderr.trim()} in: ${statements.slice(0, 500)}`));
        else resolve(stdout);
      },
    );
    child.stdin?.on('error', () => {});
    child.stdin?.end(statements);
  });
}

async function untilItAnswers(sql: TestMariadb['sql'], child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await sql('SELECT 1');
      return;
    } catch (error) {
      if (hasEnded(child) || Date.now() > deadline) throw error;
      await sleep(30);
    }
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await gone;
  clearTimeout(force);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function settingsOf(folder: string): string {
  return join(folder, 'settings');
}

function settingsFile(folder: string): string {
  return join(folder, 'my.cnf');
}

/** A server that starts removes what it takes for its own leftovers: none may share a temporary folder with another. */
function temporaryOf(folder: string): string {
  return join(folder, 'tmp');
}

function run(program: string, args: string[], cwd: string, tmp: string) {
  const child = spawn(program, args, {
    cwd,
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC', TMPDIR: tmp },
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

async function give(path: string): Promise<void> {
  if (unprivileged) await chown(path, unprivileged.uid, unprivileged.gid);
}
