import type { Problem } from '../problems/index.ts';
import { BadBytes } from './encoding.ts';
import { type Format, Ragged, strayWarning } from './format.ts';
import { badBytes, type Head, LATE, soon } from './head.ts';
import type { Input } from './input.ts';
import { CsvParser } from './parser.ts';
import { parseFailure } from './table-config.ts';

const MOST_BYTES = 2 * 1024 * 1024 * 1024;
/** Who has sent nothing for so long has stopped. */
const STALLED_MS = 1000;
/** No timer fires while text is taken apart, so this is looked at between the chunks. */
const LONGEST_MS = 4000;

export interface Count {
  /** Without the header. */
  rows: number;
  bytes: number;
  /** False where there was more than there was time for. */
  exact: boolean;
  /** True where nothing came any more. */
  stalled: boolean;
  warning: Problem | undefined;
}

/**
 * Counts the rows of a table in one pass that holds one chunk at a time, up to a bound of time and bytes.
 * @throws StepFailure CSV_UNCLOSED_QUOTE, CSV_ROW_TOO_LONG, CSV_ENCODING with the line, HTTP_BROKEN
 */
export async function countRows(
  input: Input,
  head: Head,
  format: Format,
  { signal, limitMs }: { signal: AbortSignal; limitMs: number },
): Promise<Count> {
  const until = performance.now() + Math.min(LONGEST_MS, limitMs * 0.8);
  const ragged = new Ragged(format.width);
  let rows = format.header === undefined ? 0 : -1;
  const parser = new CsvParser({
    dialect: format.dialect,
    keep: false,
    onRecord: (width, line) => {
      rows += 1;
      ragged.add(width, line);
    },
  });
  const done = (bytes: number, exact: boolean, stalled = false): Count => ({
    rows: Math.max(0, rows),
    bytes,
    exact,
    stalled,
    warning: format.warning === undefined ? (ragged.warning() ?? strayWarning(parser.strays)) : undefined,
  });
  try {
    parser.push(head.text.slice(format.skip));
    if (head.whole) return finished(parser, () => done(head.bytes, true));
    for (let { bytes, pending } = head; ; pending = undefined) {
      const asked = performance.now();
      const chunk = await soon(pending ?? input.bytes.next(signal), until - asked);
      if (chunk === LATE) return done(bytes, false, performance.now() - asked >= STALLED_MS);
      if (chunk === undefined) {
        parser.push(head.decoder.end());
        return finished(parser, () => done(bytes, true));
      }
      bytes += chunk.length;
      parser.push(head.decoder.push(chunk));
      if (bytes >= MOST_BYTES || performance.now() >= until) return done(bytes, false);
    }
  } catch (error) {
    if (!(error instanceof BadBytes)) throw parseFailure(error);
    parser.push(error.before);
    throw badBytes(parser.line);
  }
}

function finished(parser: CsvParser, done: () => Count): Count {
  parser.end();
  return done();
}
