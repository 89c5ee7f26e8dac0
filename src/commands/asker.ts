import { createInterface } from 'node:readline/promises';
import { HeadwaterError } from '../errors.ts';
import { askHidden, type HiddenInput, type Typed } from './hidden-prompt.ts';
import { usageError } from './usage-error.ts';

/** Asks whoever sits at the terminal. @throws HeadwaterError CANCELLED on Ctrl-C and Ctrl-D */
export interface Asker {
  /** What is typed is seen. */
  open: (question: string) => Promise<string>;
  hidden: (question: string) => Promise<Typed>;
  /** Says something between the questions. */
  say: (text: string) => void;
}

/** @throws HeadwaterError INVALID_ARGUMENTS where there is no terminal */
export function terminalAsker(): Asker {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) {
    throw usageError(
      'This asks at a terminal, and there is none.',
      'Run it in a terminal on the machine of Headwater.',
    );
  }
  const write = (text: string) => void stderr.write(text);
  return {
    open: (question) => askOpen(question),
    hidden: (question) => askHidden(question, stdin as HiddenInput, write),
    say: (text) => write(`${text}\n`),
  };
}

async function askOpen(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const left = new Promise<never>((_, reject) => {
    const leave = () => reject(new HeadwaterError('CANCELLED', 'Nothing was given.'));
    lines.once('SIGINT', leave);
    lines.once('close', leave);
  });
  // It loses the race whenever there is an answer.
  left.catch(() => {});
  try {
    return (await Promise.race([lines.question(question), left])).trim();
  } finally {
    lines.close();
  }
}
