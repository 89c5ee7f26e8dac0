import { createOutput, type Output, type TerminalWishes } from '../../../src/commands/output/output.ts';

export interface FakeTerminal {
  out: Output;
  written: () => string;
  /** What a person sees in the end, for output that writes over its lines. */
  screen: () => string[];
}

export interface FakeOptions extends Partial<TerminalWishes> {
  /** No terminal at all without. */
  columns?: number;
}

/** An output whose stream keeps what is written. */
export function fakeTerminal({ columns, colours, dumb = false }: FakeOptions = {}): FakeTerminal {
  let written = '';
  const stream = {
    ...(columns === undefined ? {} : { isTTY: true, columns, hasColors: () => true }),
    write: (text: string, done?: () => void) => {
      written += text;
      done?.();
      return true;
    },
    on: () => {},
  };
  const out = createOutput(stream, { dumb, ...(colours === undefined ? {} : { colours }) }, () => {});
  return { out, written: () => written, screen: () => written.split('\n').map(visible) };
}

function visible(line: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal obeys
  return (line.split('\r\u001b[2K').at(-1) ?? '').replace(/\u001b\[\d+m/g, '');
}
