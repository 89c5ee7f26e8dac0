import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { projectRoot } from '../../support/root.ts';
import type { Identity } from '../../support/unprivileged.ts';

/** Another process on the same store, running one command of `worker.ts`. */
export interface Worker {
  /** Sends a line; a worker waits for one before it begins. */
  tell(line: string): void;
  /** Everything it printed so far, and from then on every line. */
  onLine(listener: (line: string) => void): void;
  kill(signal: NodeJS.Signals): void;
  /** What it printed and how it ended. */
  readonly ended: Promise<{ lines: string[]; stderr: string; code: number | null }>;
}

export interface Workers {
  start(command: string, args: string[], as?: Identity): Worker;
  remove(): Promise<void>;
}

/** Bundles `worker.ts`, since Node 20 runs no TypeScript. The bundle is in the repository, where packages are found. */
export async function buildWorkers(): Promise<Workers> {
  const file = join(projectRoot, '.build', `store-worker-${process.pid}-${Date.now()}.js`);
  const bundle = await rolldown({
    input: fileURLToPath(new URL('./worker.ts', import.meta.url)),
    platform: 'node',
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  });
  await bundle.write({ file, format: 'esm', codeSplitting: false });
  await bundle.close();
  return {
    start: (command, args, as) => worker(spawn(process.execPath, [file, command, ...args], { ...as })),
    remove: () => rm(file, { force: true }),
  };
}

function worker(child: ChildProcessWithoutNullStreams): Worker {
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  // What was printed without its end was cut off by a kill.
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = `${rest}${chunk}`.split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      lines.push(line);
      for (const listener of listeners) listener(line);
    }
  });
  let stderr = '';
  createInterface(child.stderr).on('line', (line) => {
    stderr += `${line}\n`;
  });
  // A killed worker does not read.
  child.stdin.on('error', () => {});
  return {
    tell: (line) => void child.stdin.write(`${line}\n`),
    onLine(listener) {
      for (const line of lines) listener(line);
      listeners.add(listener);
    },
    kill: (signal) => void child.kill(signal),
    ended: once(child, 'close').then(([code]) => ({ lines, stderr, code })),
  };
}
