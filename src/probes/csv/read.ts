import type { Redactor } from '../../secrets/redact.ts';
import type { ReadSession } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { longestValue, shownColumns, shownRows } from '../shown.ts';
import { columnNames, columnsOf } from './columns.ts';
import { BadBytes } from './encoding.ts';
import type { Format } from './format.ts';
import { type Head, LATE, soon } from './head.ts';
import type { Input } from './input.ts';
import { CsvFault, CsvParser } from './parser.ts';

type Row = readonly string[];

const NAMESPACE = 'file';
const LONGEST_NAME = 100;
/** How long a preview waits for a row that is not in the head, and how far it looks for it. */
const PATIENCE_MS = 2500;
const MOST_AHEAD = 4 * 1024 * 1024;

/** A table as one stream, read from its beginning. */
export function readerOf(input: Input, head: Head, format: Format, redactor: Redactor): ReadSession {
  const { name } = input;
  const names = columnNames(format.header, format.width, (text) => redactor.clean(text, LONGEST_NAME));
  const isThis = (stream: string) => stream === name || stream === `${NAMESPACE}.${name}`;
  const estimate = rowEstimate(input, head, format);
  const found = {
    namespace: NAMESPACE,
    name,
    kind: 'file',
    ...(estimate === undefined ? {} : { row_estimate: estimate }),
  };
  return {
    discover: async ({ query, stream, after }) => {
      if (after !== undefined) return { streams: [] };
      if (stream !== undefined)
        return { streams: isThis(stream) ? [{ ...found, ...shownColumns(columnsOf(names, format.rows)) }] : [] };
      const fits = query === undefined || name.toLowerCase().includes(query.toLowerCase());
      return { streams: fits ? [found] : [] };
    },
    preview: async (stream, limit) => {
      if (!isThis(stream)) return undefined;
      const cells = await firstRows(input, head, format, limit);
      const { columns, columns_left_out } = shownColumns(
        columnsOf(names, format.rows.length > 0 ? format.rows : cells),
      );
      const longest = longestValue(columns.length);
      const rows = shownRows(
        cells.map((row) =>
          Object.fromEntries(columns.map(({ name: of }, at) => [of, shown(row[at], redactor, longest)])),
        ),
      );
      const isAll = head.whole && rows.length === format.count && columns_left_out === undefined;
      return { columns, rows, truncated: !isAll };
    },
  };
}

/** The rows of the head; where they are too few because one of them is long, those behind it, too. */
async function firstRows(input: Input, head: Head, format: Format, limit: number): Promise<readonly Row[]> {
  if (head.whole || format.rows.length >= limit) return format.rows.slice(0, limit);
  const rows: Row[] = [];
  const parser = new CsvParser({
    dialect: format.dialect,
    keep: true,
    onRecord: (_, __, cells) => void (cells && rows.push(cells)),
  });
  const header = format.header === undefined ? 0 : 1;
  const until = performance.now() + PATIENCE_MS;
  const { signal } = new AbortController();
  const isEnough = () => rows.length >= limit + header;
  try {
    parser.push(head.text.slice(format.skip));
    for (let ahead = 0, { pending } = head; !isEnough() && ahead < MOST_AHEAD; pending = undefined) {
      const chunk = await soon(pending ?? input.bytes.next(signal), until - performance.now());
      if (chunk === LATE) break;
      parser.push(chunk === undefined ? head.decoder.end() : head.decoder.push(chunk));
      ahead += chunk?.length ?? 0;
      if (chunk === undefined) {
        parser.end();
        break;
      }
    }
  } catch (error) {
    // What is wrong further down is the test's to say; the rows before it can be shown.
    if (!(error instanceof BadBytes || error instanceof CsvFault || error instanceof StepFailure)) throw error;
  }
  return rows.slice(header, header + limit);
}

/** Cells are text, as they are in the file; an empty one has no value. */
function shown(cell: string | undefined, { clean }: Redactor, longest: number): string | null {
  return cell === undefined || cell === '' ? null : clean(cell, longest);
}

/** Exact for what was read whole; otherwise by the length of the rows seen. */
function rowEstimate({ size }: Input, { bytes, whole }: Head, { count }: Format): number | undefined {
  if (whole) return count;
  return size === undefined || count < 1 ? undefined : Math.round((count * size) / bytes);
}
