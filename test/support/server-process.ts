import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
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

export interface JsonRpcMessage {
  jsonrpc: '2.0';
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: Record<string, unknown>;
  error?: { code: number; message: string; data?: unknown };
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** From the end of input or the signal that we sent, whichever came first, to the exit; from the start where neither did. */
  ms: number;
}

/** A server on stdio, driven line by line. */
export interface ServerProcess {
  readonly pid: number;
  /** Its HEADWATER_HOME; a folder that we made is removed by `close`. */
  readonly home: string;
  /** Writes one message as a line. */
  send(message: Omit<JsonRpcMessage, 'jsonrpc'>): void;
  /** Writes text as it is. */
  write(text: string): void;
  /** Sends a request and waits for its answer, error answers included. */
  request(method: string, params?: Record<string, unknown>, timeoutMs?: number): Promise<JsonRpcMessage>;
  /** The first message that fits, of those that came already or come within the time. */
  waitFor(fits: (message: JsonRpcMessage) => boolean, timeoutMs?: number): Promise<JsonRpcMessage>;
  /** Calls back with every line to come, without its end. */
  onLine(listener: (line: string) => void): void;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  stderr(): string;
  /** Every line of stdout as it came; the last one also where its end is missing. */
  stdoutRaw(): string[];
  readonly exited: Promise<Exit>;
  /** Ends the input, waits for the exit, by force after 5 s. */
  close(): Promise<Exit>;
}

const CLOSE_LIMIT_MS = 5_000;

/** Starts the built server with an environment that holds nothing of ours. */
export async function spawnServer(options: SpawnOptions = {}): Promise<ServerProcess> {
  const { args = [], env = {}, script = join(projectRoot, 'dist', 'cli.js') } = options;
  const folder = env.HEADWATER_HOME === undefined ? await temporaryFolder('home') : undefined;
  const home = folder?.path ?? env.HEADWATER_HOME ?? '';
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [script, ...args], { env: { PATH, HEADWATER_HOME: home, ...env } });
  let start = performance.now();
  let asked = false;
  const ask = () => {
    if (!asked) start = performance.now();
    asked = true;
  };

  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  // A server that is gone does not read; its exit tells more than the broken pipe.
  child.stdin.on('error', () => {});
  const lines: string[] = [];
  const messages: JsonRpcMessage[] = [];
  const reader = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  reader.on('line', (line) => {
    lines.push(line);
    const message = parse(line);
    if (message) messages.push(message);
  });

  const exited = (async (): Promise<Exit> => {
    const [[code, signal]] = await Promise.all([
      once(child, 'exit').then((exit) => {
        ms = performance.now() - start;
        return exit as [number | null, NodeJS.Signals | null];
      }),
      once(child, 'close'),
    ]);
    return { code, signal, ms };
  })();
  let ms = 0;
}
