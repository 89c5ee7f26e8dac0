import type { Readable } from 'node:stream';

export interface LineReader {
  /** Every line so far without its end; the last one also where its end is missing. */
  lines(): string[];
  onLine(listener: (line: string) => void): void;
}

/** Splits a stream at line feeds alone: `node:readline` also splits at U+2028, which JSON may hold. */
export function readLines(stream: Readable): LineReader {
  const whole: string[] = [];
  const listeners: ((line: string) => void)[] = [];
  let rest = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      whole.push(line);
      for (const listener of listeners) listener(line);
    }
  });
  return {
    lines: () => (rest === '' ? [...whole] : [...whole, rest]),
    onLine: (listener) => void listeners.push(listener),
  };
}
