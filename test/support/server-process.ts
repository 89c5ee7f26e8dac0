import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readLines } from './line-reader.ts';
import { projectRoot } from './root.ts';
import { temporaryFolder } from './temp.ts';

export interface SpawnOptions {
  /** Arguments of the command line; none means stdio. */
  args?: string[];
  /** The whole environment beside PATH and a fresh HEADWATER_HOME. */
  env?: Record<string, string>;
  /** Another program for node than dist/cli.js. */
  script?: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** From our first wish that it end (end of input, a signal) to the exit; from the start where it ended by itself. */
  ms: number;
}

/** A server on stdio, seen as a process that reads and writes lines. */
export interface ServerProcess {
  readonly pid: number;
  /** Its HEADWATER_HOME. One that we made is removed by `close`. */
  readonly home: string;
  /** Writes text as it is; what the server no longer reads is lost in silence. */
  write(text: string): void;
  onLine(listener: (line: string) => void): void;
  /** Every line of stdout as it came; the last one also where its end is missing. */
  stdoutRaw(): string[];
  stderr(): string;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  /** Comes once the process has ended and all it wrote was read. */
  readonly exited: Promise<Exit>;
  /** Ends the input and waits for the exit, by force after 5 s. */
  close(): Promise<Exit>;
}

const CLOSE_LIMIT_MS = 5_000;

/** Starts the built server with an environment that holds nothing of ours. */
export async function spawnProcess(options: SpawnOptions = {}): Promise<ServerProcess> {
  const { args = [], env = {}, script = join(projectRoot, 'dist', 'cli.js') } = options;
  const { HEADWATER_HOME } = env;
  const folder = HEADWATER_HOME === undefined ? await temporaryFolder('home') : undefined;
  const home = HEADWATER_HOME ?? folder?.path ?? '';
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [script, ...args], { env: { PATH, HEADWATER_HOME: home, ...env } });
  const stdout = readLines(child.stdout);
  const stderr = collect(child);
  // A server that is gone does not read; its exit tells more than the broken pipe would.
  child.stdin.on('error', () => {});

  let since = performance.now();
  let wished = false;
  const wish = () => {
    if (!wished) since = performance.now();
    wished = true;
  };
  let ms = 0;
  child.once('exit', () => {
    ms = performance.now() - since;
  });
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal, ms }));

  const endInput = () => {
    wish();
    child.stdin.end();
  };
  const kill = (signal: NodeJS.Signals) => {
    wish();
    child.kill(signal);
  };
  return {
    pid: child.pid ?? 0,
    home,
    write: (text) => void child.stdin.write(text),
    onLine: stdout.onLine,
    stdoutRaw: stdout.lines,
    stderr,
    endInput,
    kill,
    exited,
    async close() {
      endInput();
      const force = setTimeout(kill, CLOSE_LIMIT_MS, 'SIGKILL');
      const exit = await exited;
      clearTimeout(force);
      await folder?.remove();
      return exit;
    },
  };
}

function collect(child: ChildProcessWithoutNullStreams): () => string {
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}
