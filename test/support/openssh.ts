import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './ports.ts';
import { temporaryFolder } from './temp.ts';
import { serverTmpdir, unprivileged } from './unprivileged.ts';
import { startWatchdog } from './watchdog.ts';

const SSHD = '/usr/sbin/sshd';
const KEYGEN = '/usr/bin/ssh-keygen';
const START_LIMIT_MS = 10_000;

export type HostKeyKind = 'ed25519' | 'ecdsa' | 'rsa';

export interface OpensshOptions {
  /** Lines of sshd_config: `AllowTcpForwarding no`. */
  settings?: readonly string[];
  hostKeys?: readonly HostKeyKind[];
  port?: number;
}

export interface OpensshServer {
  readonly host: string;
  readonly port: number;
  /** The one account that an ordinary user's server can let in: its own. */
  readonly username: string;
  /** A key that ssh-keygen has made for the account. */
  newKey(passphrase?: string, ...flags: string[]): Promise<{ privateKey: string; publicLine: string }>;
  /** Writes authorized_keys. */
  authorize(...lines: readonly string[]): Promise<void>;
  /** Runs a shell command as the account would, with its home. */
  shell(command: string): Promise<void>;
  /** As `ssh-keygen -lf` prints it. */
  fingerprint(kind: HostKeyKind): Promise<string>;
  /** The public key of the server, as known_hosts has it. */
  hostKey(kind: HostKeyKind): Promise<string>;
  log(): string;
  stop(): Promise<void>;
}

/** Starts Debian's own OpenSSH server on a free port of 127.0.0.1, as an ordinary user even where we are root. */
export async function startOpenssh(options: OpensshOptions = {}): Promise<OpensshServer> {
  const folder = await temporaryFolder('openssh', serverTmpdir());
  const watchdog = startWatchdog(folder.path);
  const at = (name: string) => join(folder.path, name);
  const give = (path: string) => (unprivileged ? chown(path, unprivileged.uid, unprivileged.gid) : undefined);
  await give(folder.path);
  const run = (command: string, args: readonly string[]) =>
    promisify(execFile)(command, [...args], { cwd: folder.path, env: { HOME: at('home'), PATH }, ...unprivileged });
  const { hostKeys = ['ed25519', 'ecdsa', 'rsa'], port = await freePort(), settings = [] } = options;
  await mkdir(at('home'));
  await give(at('home'));
  for (const kind of hostKeys) await run(KEYGEN, ['-q', '-t', kind, '-N', '', '-f', at(`host_${kind}`)]);
  const config = [
    // The first of each counts.
    ...settings,
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `PidFile ${at('pid')}`,
    ...hostKeys.map((kind) => `HostKey ${at(`host_${kind}`)}`),
    `AuthorizedKeysFile ${at('home/.ssh/authorized_keys')}`,
    'StrictModes no',
    // Without, an ordinary user's server takes every account for locked.
    'UsePAM yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'LogLevel VERBOSE',
  ];
  await writeFile(at('config'), `${config.join('\n')}\n`, { mode: 0o644 });
  const child = spawn(SSHD, ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'pipe'], ...unprivileged });
  if (child.pid !== undefined) watchdog.guard(child.pid);
  let log = '';
  child.on('error', (error) => {
    log += error.message;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-64 * 1024);
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    }
    watchdog.dismiss();
    await folder.remove();
  };
  try {
    await untilItListens(port, () => child.exitCode === null);
  } catch (error) {
    await stop();
    throw new Error(`sshd did not start: ${log}`, { cause: error });
  }
  let keys = 0;
  return {
    host: '127.0.0.1',
    port,
    username: unprivileged ? 'nobody' : userInfo().username,
    async newKey(passphrase = '', ...flags) {
      keys += 1;
      const path = at(`key_${keys}`);
      await run(KEYGEN, ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'test', ...flags, '-f', path]);
      const [privateKey, publicLine] = await Promise.all([readFile(path, 'utf8'), readFile(`${path}.pub`, 'utf8')]);
      return { privateKey, publicLine: publicLine.trim() };
    },
    async authorize(...lines) {
      await mkdir(at('home/.ssh'), { recursive: true });
      await writeFile(at('home/.ssh/authorized_keys'), `${lines.join('\n')}\n`);
      for (const path of ['home/.ssh', 'home/.ssh/authorized_keys']) await give(at(path));
    },
    async shell(command) {
      await run('/bin/sh', ['-c', command]);
    },
    async fingerprint(kind) {
      return (await run(KEYGEN, ['-lf', at(`host_${kind}.pub`)])).stdout.trim();
    },
    hostKey: async (kind) => `[127.0.0.1]:${port} ${await readFile(at(`host_${kind}.pub`), 'utf8')}`,
    log: () => log,
    stop,
  };
}

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

async function untilItListens(port: number, isUp: () => boolean): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'data');
      return;
    } catch (error) {
      if (!isUp() || Date.now() > deadline) throw error;
      await sleep(30);
    } finally {
      socket.destroy();
    }
  }
}
