import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Document } from 'bson';
import type { Certificate } from './certificates.ts';
import { findFerretdb } from './ferretdb-build.ts';
import { mongoCommand } from './mongo-client.ts';
import { freePort } from './ports.ts';
import { temporaryFolder } from './temp.ts';
import { reachable, serverTmpdir, unprivileged } from './unprivileged.ts';
import { startWatchdog } from './watchdog.ts';

export interface FerretdbOptions {
  /** Users log in by SCRAM, beginning with this one; without, nobody has to. */
  admin?: { username: string; password: string };
  /** It then speaks over TLS only. */
  tls?: Certificate;
  /** What it calls its replica set; without, it is in none. */
  replicaSet?: string;
}

export interface TestFerretdb {
  readonly host: string;
  readonly port: number;
  /** One command of the administrator, or of nobody in particular, over a connection of its own. */
  command(database: string, command: Document): Promise<Document>;
  log(): string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 5_000;

/** Starts a private FerretDB over SQLite on a free port of 127.0.0.1, as an ordinary user even where we are root. */
export async function startFerretdb(options: FerretdbOptions = {}): Promise<TestFerretdb> {
  const folder = await temporaryFolder('ferretdb', serverTmpdir());
  const watchdog = startWatchdog(folder.path);
  const give = async (path: string) => {
    if (unprivileged) await chown(path, unprivileged.uid, unprivileged.gid);
  };
  try {
    const data = join(folder.path, 'data');
    await mkdir(data);
    const port = await freePort();
    const files = options.tls ? await certificateFiles(folder.path, options.tls) : [];
    for (const path of [folder.path, data, ...files]) await give(path);
    const { child, output } = run(await program(folder.path), flagsOf(options, port, data, files), data);
    if (child.pid === undefined) throw new Error('FerretDB could not be started');
    watchdog.guard(child.pid);
    const { admin, tls } = options;
    const command = (database: string, each: Document) =>
      mongoCommand({ port, tls: tls !== undefined, ...admin }, database, each);
    const stop = async () => {
      await end(child);
      watchdog.dismiss();
      await folder.remove();
    };
    await untilItAnswers(() => command('admin', { ping: 1 }), child, output);
    return { host: '127.0.0.1', port, command, log: output, stop };
  } catch (error) {
    watchdog.dismiss();
    await folder.remove();
    throw error;
  }
}

/** Where the server's user can run it. */
async function program(folder: string): Promise<string> {
  const built = findFerretdb();
  if (built === undefined) throw new Error('FerretDB is not built: npm run test:services');
  if (reachable(dirname(built))) return built;
  const copy = join(folder, 'ferretdb');
  await copyFile(built, copy);
  return copy;
}

async function certificateFiles(folder: string, { certPem, keyPem }: Certificate): Promise<string[]> {
  const files = [join(folder, 'server.crt'), join(folder, 'server.key')];
  for (const [i, text] of [certPem, keyPem].entries()) await writeFile(files[i] ?? '', text, { mode: 0o600 });
  return files;
}

function flagsOf({ admin, tls, replicaSet }: FerretdbOptions, port: number, data: string, files: readonly string[]) {
  const [cert = '', key = ''] = files;
  return [
    '--handler=sqlite',
    `--sqlite-url=file:${data}/`,
    `--state-dir=${data}`,
    '--telemetry=disable',
    '--debug-addr=-',
    `--listen-addr=${tls ? '' : `127.0.0.1:${port}`}`,
    ...(tls
      ? [`--listen-tls=127.0.0.1:${port}`, `--listen-tls-cert-file=${cert}`, `--listen-tls-key-file=${key}`]
      : []),
    ...(replicaSet === undefined ? [] : [`--repl-set-name=${replicaSet}`]),
    ...(admin
      ? [
          '--test-enable-new-auth',
          '--setup-database=admin',
          `--setup-username=${admin.username}`,
          `--setup-password=${admin.password}`,
        ]
      : []),
  ];
}

function run(file: string, args: readonly string[], cwd: string) {
  const child = spawn(file, args, { cwd, env: { TMPDIR: cwd }, stdio: ['ignore', 'pipe', 'pipe'], ...unprivileged });
  let text = '';
  const collect = (chunk: string) => {
    text = (text + chunk).slice(-64 * 1024);
  };
  child.on('error', (error) => collect(error.message));
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  return { child, output: () => text };
}

async function untilItAnswers(ask: () => Promise<unknown>, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    try {
      await ask();
      return;
    } catch (error) {
      if (hasEnded(child) || Date.now() > deadline) {
        await end(child);
        throw new Error(`FerretDB did not start: ${output()}`, { cause: error });
      }
      await sleep(50);
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
