import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Where text for a person goes: a terminal, a file or a pipe. */
export interface Output {
  /** Columns of the terminal; absent where there is none, and then nothing is cut. */
  readonly width?: number;
  /** Whether a line may be written over. */
  readonly live: boolean;
  paint: (style: Style, text: string) => string;
  write: (text: string) => void;
  /** Resolves once everything written has left the process, or can no longer. */
  flushed: () => Promise<void>;
}

/** The part of a stream that an output needs; `tty.WriteStream` has all of it. */
export interface OutputStream {
  isTTY?: boolean;
  columns?: number;
  hasColors?: () => boolean;
  write: (text: string, done?: () => void) => boolean;
  on: (event: 'error', listener: (error: Error) => void) => unknown;
}

/** What the person's environment says of terminals. */
export interface TerminalWishes {
  /** Colours wanted or not; absent where it depends on the stream. */
  colours?: boolean;
  /** A terminal that cannot move its cursor. */
  dumb: boolean;
}

const NARROWEST = 40;
const STANDARD_WIDTH = 80;
const PROSE_WIDTH = 100;

export function createOutput(stream: OutputStream, wishes: TerminalWishes, onFailure: (error: Error) => void): Output {
  const terminal = stream.isTTY === true;
  const colours = wishes.colours ?? (terminal && stream.hasColors?.() === true);
  // Whoever reads us may stop at any time (`| head`): what is left to say is then said to nobody.
  stream.on('error', (error) => {
    if (!('code' in error) || error.code !== 'EPIPE') onFailure(error);
  });
  return {
    ...(terminal ? { width: Math.max(NARROWEST, stream.columns || STANDARD_WIDTH) } : {}),
    live: terminal && !wishes.dumb,
    paint: (style, text) => (colours && text !== '' ? styleText(style, text, { validateStream: false }) : text),
    write: (text) => void stream.write(text),
    flushed: () => new Promise((resolve) => stream.write('', () => resolve())),
  };
}

/** Columns for sentences: lines much longer than this are hard to read. */
export function proseWidth({ width = PROSE_WIDTH }: Output): number {
  return Math.min(width, PROSE_WIDTH);
}
