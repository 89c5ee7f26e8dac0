import { execFileSync, spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { projectRoot } from './root.ts';
import { spawnProcess } from './server-process.ts';
import { sharedPostgres } from './shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from './shop.ts';

export interface Ran {
  code: number | null;
  /** Without the last line's end. */
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  input?: string;
}

/** A password that is right nowhere. */
export const WRONG_PASSWORD = 'wrong-hunter2-wrong';

/** Runs the built command without a terminal, and sees that no colour and no secret ever comes out. */
export async function headwater(args: string[], { env = {}, input }: RunOptions = {}): Promise<Ran> {
  const server = sharedPostgres();
  const child = await spawnProcess({ args, env });
  if (input !== undefined) child.write(input);
  child.endInput();
  const { code } = await child.exited;
  const ran = { code, stdout: child.stdoutRaw().join('\n'), stderr: child.stderr() };
  await child.close();
  const said = ran.stdout + ran.stderr;
  expect(said).toBe(stripVTControlCharacters(said));
  for (const secret of [server.readerPassword, server.password, WRONG_PASSWORD]) expect(said).not.toContain(secret);
  return ran;
}

export function jsonOf({ stdout }: Ran): Record<string, unknown> {
  return JSON.parse(stdout);
}

/** A config of the shared server's shop, with some fields changed. */
export function shopConfig(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const { host, port, readerPassword: password } = sharedPostgres();
  return {
    host,
    port,
    database: SHOP_DATABASE,
    username: SHOP_ROLES.reader,
    password,
    tls_mode: 'require',
    ...changes,
  };
}

/** Whether the system has a program that plays a terminal. */
export const hasTerminal = process.platform === 'linux' && works('script', ['--version']);

/** What the built command writes on a terminal of 60 columns, as it is. */
export function onTerminal(args: string, env: Record<string, string> = {}): string {
  const command = `stty cols 60; ${process.execPath} dist/cli.js ${args}`;
  return execFileSync('script', ['-qec', command, '/dev/null'], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
    encoding: 'utf8',
  });
}

/**
 * The built command on a terminal, with a person who types each answer once its question is there. @returns all that the
 * terminal showed
 */
export async function typedAt(
  args: string,
  answers: readonly (readonly [question: RegExp, answer: string])[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; shown: string }> {
  const command = `${process.execPath} dist/cli.js ${args}`;
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: projectRoot,
    env: { PATH: process.env['PATH'], TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = [...answers];
  let shown = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    const [next] = waiting;
    const found = next?.[0].exec(shown.slice(seen));
    if (!next || !found) return;
    seen = shown.length;
    waiting.shift();
    child.stdin.write(next[1]);
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, shown };
}

function works(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
