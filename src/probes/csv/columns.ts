import type { Column } from '../probe.ts';

/** Types that a cell's text can show, narrowest first. */
const TYPES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['integer', /^[+-]?(0|[1-9]\d*)$/],
  ['number', /^[+-]?((0|[1-9]\d*)([.,]\d+)?|[.,]\d+)([eE][+-]?\d+)?$/],
  ['boolean', /^(true|false|yes|no)$/i],
  ['date', /^(\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})$/],
  ['timestamp', /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?(Z|[+-]\d{2}:?\d{2}))?$/],
];

type Row = readonly string[];

function typeOf(cell: string): string {
  const text = cell.trim();
  return TYPES.find(([, pattern]) => pattern.test(text))?.[0] ?? 'string';
}

/**
 * Whether the first row names the columns: it is all text, at least half of it is there, and no name stands twice,
 * unless the rows below are so unlike it that it can be nothing else. Where all rows are text nothing speaks against
 * it, and most files have one.
 */
export function looksLikeHeader(row: Row, below: readonly Row[] = []): boolean {
  const names = row.map((cell) => cell.trim()).filter((cell) => cell !== '');
  if (names.length * 2 < row.length || !names.every((cell) => typeOf(cell) === 'string')) return false;
  const isTyped = ({ type }: Column) => type !== 'string';
  return new Set(names).size === names.length || columnsOf(row, below).some(isTyped);
}

/** Every column has a name, and no two the same. */
export function columnNames(header: Row | undefined, width: number, clean: (text: string) => string): string[] {
  const used = new Set<string>();
  return Array.from({ length: width }, (_, at) => {
    const own = clean(header?.[at] ?? '').trim() || `column_${at + 1}`;
    let name = own;
    for (let n = 2; used.has(name); n += 1) name = `${own}_${n}`;
    used.add(name);
    return name;
  });
}

/** Columns with the type that all their cells show; `nullable` where a cell is empty or missing. */
export function columnsOf(names: readonly string[], rows: readonly Row[]): Column[] {
  return names.map((name, at) => {
    const cells = rows.map((row) => row[at] ?? '');
    const seen = new Set(cells.filter((cell) => cell.trim() !== '').map(typeOf));
    return { name, type: commonType(seen), nullable: cells.some((cell) => cell === '') };
  });
}

function commonType(seen: ReadonlySet<string>): string {
  const [only = 'string', ...others] = seen;
  if (others.length === 0) return only;
  return [...seen].every((type) => type === 'integer' || type === 'number') ? 'number' : 'string';
}
