import { Console } from 'node:console';

/** What connector files print goes to stderr: stdout belongs to the protocol, or to the answer of a command. */
export function keepStdoutPure(): void {
  globalThis.console = new Console(process.stderr);
}
