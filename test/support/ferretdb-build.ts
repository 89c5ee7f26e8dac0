import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * FerretDB 1.24, a real server of MongoDB's protocol over SQLite, built from its Go module: there is no package of it.
 * It is kept in the user's cache, where later runs find it.
 */

const VERSION = 'v1.24.0';
const MODULE = 'github.com/FerretDB/FerretDB';
const NEEDED_MINOR = 22;
/** A toolchain as a Go module, for a Go that is too old for the source and to fetch one by itself (Debian 12). */
const TOOLCHAIN = 'v0.0.1-go1.22.12';
const PLATFORMS: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const LIMIT_MS = 15 * 60_000;

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'headwater-tests');
const PROGRAM = join(cache, `ferretdb-${VERSION}`);

export function findFerretdb(): string | undefined {
  return existsSync(PROGRAM) ? PROGRAM : undefined;
}

/** Whether there is a Go to build with. */
export function findGo(): string | undefined {
  const versions = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => /^go-\d/.test(name)) : [];
  const folders = ['/usr/local/go', ...versions.map((name) => `/usr/lib/${name}`)];
  return folders.map((folder) => join(folder, 'bin', 'go')).find(existsSync);
}

/** Fetches the module by the Go client and builds it; takes a minute or two, once. @throws Error with the client's words */
export function buildFerretdb(go: string): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'build-'));
  try {
    const builder = newEnough(go) ? go : toolchain(go, work);
    // Whatever version a go.mod names, the one at hand is used: none is fetched on the way.
    const build = (args: readonly string[], cwd: string) => run(builder, args, cwd, { GOTOOLCHAIN: 'local' });
    const source = join(work, 'source');
    cpSync(downloaded(builder, `${MODULE}@${VERSION}`, work), source, { recursive: true });
    openUp(source);
    // What a release writes into it.
    writeFileSync(join(source, 'build', 'version', 'version.txt'), `${VERSION}\n`);
    build(['build', '-buildvcs=false', '-o', join(work, 'ferretdb'), './cmd/ferretdb'], source);
    renameSync(join(work, 'ferretdb'), PROGRAM);
    chmodSync(PROGRAM, 0o755);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function newEnough(go: string): boolean {
  const [, minor = '0'] = /go1\.(\d+)/.exec(run(go, ['version'], cache)) ?? [];
  return Number(minor) >= NEEDED_MINOR;
}

function toolchain(go: string, work: string): string {
  const version = `${TOOLCHAIN}.linux-${PLATFORMS[process.arch] ?? process.arch}`;
  const folder = join(work, 'go');
  cpSync(downloaded(go, `golang.org/toolchain@${version}`, work), folder, { recursive: true });
  openUp(folder);
  // Modules hold no programs, only files.
  for (const place of ['bin', 'pkg/tool']) {
    for (const entry of readdirSync(join(folder, place), { recursive: true, encoding: 'utf8' }))
      chmodSync(join(folder, place, entry), 0o755);
  }
  return join(folder, 'bin', 'go');
}

/** The folder of a module in Go's own cache. */
function downloaded(go: string, module: string, work: string): string {
  writeFileSync(join(work, 'go.mod'), 'module headwater.test/tools\n');
  const told = JSON.parse(run(go, ['mod', 'download', '-json', module], work)) as { Dir: string };
  return told.Dir;
}

/** Go's cache is read-only, and so is a copy of it. */
function openUp(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) openUp(join(folder, entry.name));
    else chmodSync(join(folder, entry.name), 0o644);
  }
}

function run(program: string, args: readonly string[], cwd: string, environment: Record<string, string> = {}): string {
  const env = { ...process.env, ...environment };
  return execFileSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
