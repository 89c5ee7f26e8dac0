import type { Row } from './tokens.ts';

/** A column as the catalogue tells it: its name is the server's own, not yet fit to be shown. */
export interface TableColumn {
  name: string;
  type: string;
  /** The system's type that it is made of, in lower case. */
  base: string;
  /** Geography, hierarchies and types that users have programmed. */
  isClr: boolean;
  /** In bytes; -1 for no limit. */
  length: number;
  precision: number;
  scale: number;
  nullable: boolean;
}

export function columnOf(row: Row): TableColumn {
  return {
    name: row['name'] ?? '',
    type: row['type'] ?? '',
    // What users have named is another's type; what it is made of tells how it is read.
    base: (row['base'] ?? row['type'] ?? '').toLowerCase(),
    isClr: row['code'] === '240',
    length: Number(row['length']),
    precision: Number(row['precision']),
    scale: Number(row['scale']),
    nullable: row['nullable'] === '1',
  };
}

const BINARY: ReadonlySet<string> = new Set(['binary', 'varbinary', 'image', 'timestamp', 'rowversion']);
const WIDE: ReadonlySet<string> = new Set(['nchar', 'nvarchar']);
const SIZED: ReadonlySet<string> = new Set(['char', 'varchar', 'nchar', 'nvarchar', 'binary', 'varbinary']);
const NUMERIC: ReadonlySet<string> = new Set(['decimal', 'numeric']);
const TIMES: ReadonlySet<string> = new Set(['time', 'datetime2', 'datetimeoffset']);
const DATES: ReadonlySet<string> = new Set([...TIMES, 'date', 'datetime', 'smalldatetime']);
/** They turn into short text only by way of a long one. */
const LONG: ReadonlySet<string> = new Set(['xml', 'text', 'ntext', 'json', 'vector']);
const EXACT: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'int', 'real', 'float']);
const ISO_8601 = 126;
const ALL_DIGITS = 2;
const HEX = 1;

/** A column's value as a text of at most `longest` characters, whatever its type. `column` is quoted. */
export function asText(column: string, { base, isClr }: TableColumn, longest: number): string {
  if (isClr) return `CAST(CAST(${column}.ToString() AS nvarchar(max)) AS nvarchar(${longest}))`;
  if (BINARY.has(base))
    return `CONVERT(nvarchar(${longest}), CONVERT(varbinary(${Math.floor(longest / 2) - 1}), ${column}), ${HEX})`;
  if (LONG.has(base)) return `CAST(CAST(${column} AS nvarchar(max)) AS nvarchar(${longest}))`;
  if (DATES.has(base)) return `CONVERT(nvarchar(40), ${column}, ${ISO_8601})`;
  if (base === 'real' || base === 'float' || base === 'money' || base === 'smallmoney')
    return `CONVERT(nvarchar(40), ${column}, ${ALL_DIGITS})`;
  // A number that is too long for its text would be refused, where a text is cut.
  if (NUMERIC.has(base) || EXACT.has(base) || base === 'bigint' || base === 'uniqueidentifier')
    return `CAST(${column} AS nvarchar(50))`;
  return `CAST(${column} AS nvarchar(${longest}))`;
}

/** The type as it would be declared: `nvarchar(50)`, `decimal(10,2)`. */
export function shownType({ type, length, precision, scale }: TableColumn): string {
  if (SIZED.has(type)) return `${type}(${length < 0 ? 'max' : WIDE.has(type) ? length / 2 : length})`;
  if (NUMERIC.has(type)) return `${type}(${precision},${scale})`;
  return TIMES.has(type) ? `${type}(${scale})` : type;
}

export function shownValue(text: string | null, base: string, clean: (text: string) => string): unknown {
  if (text === null) return null;
  const shown = clean(text);
  if (base === 'bit') return text === '1';
  // Wider types stay text: a JavaScript number would lose digits.
  return EXACT.has(base) && Number.isFinite(Number(shown)) ? Number(shown) : shown;
}
