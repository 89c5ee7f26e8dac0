import type { Output, Style } from './output.ts';
import { cut, pad, plain, widthOf, wrap } from './text.ts';

export interface Column<Row> {
  /** A table whose columns have no titles has no head. */
  title?: string;
  text: (row: Row) => string;
  style?: (row: Row) => Style | undefined;
  align?: 'right';
  /** How it gives way where the terminal is too narrow; a column without gives way last. */
  fit?: 'cut' | 'wrap';
}

interface Cell {
  text: string;
  style?: Style | undefined;
}

const GAP = '  ';
const NARROWEST_CELL = 8;

/** Rows as aligned lines that fit the output; whole where it is no terminal. */
export function table<Row>(
  output: Output,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { indent = 0 }: { indent?: number } = {},
): string[] {
  const texts = columns.map((column) => rows.map((row) => plain(column.text(row))));
  const natural = columns.map(({ title = '' }, at) => Math.max(...[title, ...(texts[at] ?? [])].map(widthOf)));
  const widths = output.width === undefined ? natural : shrink(natural, columns, output.width - indent);

  const line = (cells: readonly Cell[]) => {
    const padded = cells.map(({ text, style }, at) => {
      const painted = style ? output.paint(style, text) : text;
      return pad(text, widths[at] ?? 0, columns[at]?.align).replace(text, () => painted);
    });
    return (' '.repeat(indent) + padded.join(GAP)).trimEnd();
  };
  const titled = columns.some(({ title }) => title !== undefined);
  const head = columns.map(({ title = '' }, at): Cell => ({ text: cut(title, widths[at] ?? 0), style: 'dim' }));
  const body = rows.flatMap((row, index) => {
    const cells = columns.map(({ fit, style }, at) => {
      const [text = '', width = 0] = [texts[at]?.[index], widths[at]];
      return { lines: fit === 'wrap' ? wrap(text, width) : [cut(text, width)], style: style?.(row) };
    });
    const height = Math.max(...cells.map(({ lines }) => lines.length));
    return Array.from({ length: height }, (_, depth) =>
      line(cells.map(({ lines, style }) => ({ text: lines[depth] ?? '', style }))),
    );
  });
  return titled ? [line(head), ...body] : body;
}

/** Takes cells from the widest columns until all fit: first from those that may give way, then from every one. */
function shrink(natural: readonly number[], columns: readonly Column<never>[], room: number): number[] {
  const widths = [...natural];
  const excess = () => widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length) - room;
  const flexible = columns.map(({ fit }) => fit !== undefined);
  narrow(widths, flexible, NARROWEST_CELL, excess());
  narrow(widths, flexible.fill(true), 1, excess());
  return widths;
}

function narrow(widths: number[], may: readonly boolean[], least: number, by: number): void {
  for (let left = by; left > 0; left--) {
    const widest = Math.max(...widths.filter((_, at) => may[at]));
    if (widest <= least) return;
    widths[widths.findIndex((width, at) => may[at] && width === widest)] = widest - 1;
  }
}
