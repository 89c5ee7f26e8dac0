import { spawn } from 'node:child_process';

export interface Watchdog {
  /** Names the process to end if we die. */
  guard(pid: number): void;
  /** Ends the watch without touching anything. */
  dismiss(): void;
}

// It reads our end of a pipe: a line names the process, end of input means that we died, however that came.
const SCRIPT = `
pid=
while read -r line; do
  if [ "$line" = done ]; then exit 0; fi
  pid=$line
done
if [ -n "$pid" ]; then
  kill -QUIT "$pid" 2>/dev/null
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ $tries -lt 30 ]; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL "$pid" 2>/dev/null
fi
rm -rf "$1"
`;

/**
 * Starts a small shell that outlives us only to end the guarded process and remove `folder`.
 * An exit handler is not enough: test workers are ended by signals, which run none.
 */
export function startWatchdog(folder: string): Watchdog {
  if (process.platform === 'win32') return { guard() {}, dismiss() {} };
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    cwd: '/',
    // Its own process group, so that Ctrl-C in a terminal reaches us and not it.
    detached: true,
  });
  shell.unref();
  shell.stdin.on('error', () => {});
  return {
    guard: (pid) => void shell.stdin.write(`${pid}\n`),
    dismiss: () => void shell.stdin.end('done\n'),
  };
}
