import type { Redactor } from '../../secrets/redact.ts';
import type { ReadSession } from '../probe.ts';
import { columnNames, columnsOf } from './columns.ts';
import type { Format } from './format.ts';
import type { Head } from './head.ts';
import type { Input } from './input.ts';

const NAMESPACE = 'file';
const LONGEST_NAME = 100;
const LONGEST_VALUE = 200;
const MOST_BYTES = 48 * 1024;

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
        return { streams: isThis(stream) ? [{ ...found, columns: columnsOf(names, format.rows) }] : [] };
      const fits = query === undefined || name.toLowerCase().includes(query.toLowerCase());
      return { streams: fits ? [found] : [] };
    },
    preview: async (stream, limit) => {
      if (!isThis(stream)) return undefined;
      const rows: Record<string, unknown>[] = [];
      let bytes = 0;
      for (const cells of format.rows.slice(0, limit)) {
        const row = Object.fromEntries(names.map((column, at) => [column, shown(cells[at], redactor)]));
        bytes += JSON.stringify(row).length;
        if (bytes > MOST_BYTES) break;
        rows.push(row);
      }
      return { columns: columnsOf(names, format.rows), rows, truncated: rows.length < format.count || !head.whole };
    },
  };
}

/** Cells are text, as they are in the file; an empty one has no value. */
function shown(cell: string | undefined, { clean }: Redactor): string | null {
  return cell === undefined || cell === '' ? null : clean(cell, LONGEST_VALUE);
}

/** Exact for what was read whole; otherwise by the length of the rows seen. */
function rowEstimate({ size }: Input, { bytes, whole }: Head, { count }: Format): number | undefined {
  if (whole) return count;
  return size === undefined || count < 1 ? undefined : Math.round((count * size) / bytes);
}
