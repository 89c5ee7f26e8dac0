import { literal } from './remedies.ts';

/** A column as the dictionary tells it: its name is the server's own, not yet fit to be shown. */
export interface TableColumn {
  name: string;
  /** `NUMBER`, `TIMESTAMP(6) WITH TIME ZONE`. */
  type: string;
  /** In bytes. */
  length: number;
  precision?: string | undefined;
  scale?: string | undefined;
  nullable: boolean;
}

const SIZED: ReadonlySet<string> = new Set(['CHAR', 'VARCHAR2', 'NCHAR', 'NVARCHAR2', 'RAW']);

/** How each type is read as a text of at most `longest` characters; `column` is quoted. */
const READERS: readonly { of: RegExp; read: (column: string, longest: number) => string }[] = [
  { of: /^N?(VAR)?CHAR2?$/, read: (column, longest) => `SUBSTR(${column}, 1, ${longest})` },
  { of: /^(NUMBER|FLOAT|BINARY_FLOAT|BINARY_DOUBLE)$/, read: (column) => `TO_CHAR(${column})` },
  { of: /^DATE$/, read: (column) => `TO_CHAR(${column}, 'YYYY-MM-DD"T"HH24:MI:SS')` },
  { of: /^TIMESTAMP.* TIME ZONE$/, read: (column) => `TO_CHAR(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.FF3TZH:TZM')` },
  { of: /^TIMESTAMP/, read: (column) => `TO_CHAR(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.FF3')` },
  { of: /^INTERVAL/, read: (column) => `TO_CHAR(${column})` },
  { of: /^N?CLOB$/, read: (column, longest) => `TO_CHAR(DBMS_LOB.SUBSTR(${column}, ${longest}, 1))` },
  { of: /^BLOB$/, read: (column, longest) => `RAWTOHEX(DBMS_LOB.SUBSTR(${column}, ${Math.floor(longest / 2)}, 1))` },
  { of: /^RAW$/, read: (column, longest) => `SUBSTR(RAWTOHEX(${column}), 1, ${longest})` },
  { of: /^U?ROWID$/, read: (column) => `ROWIDTOCHAR(${column})` },
];

/** What has no text is shown by its type. */
export function asText(column: string, { type }: TableColumn, longest: number): string {
  const reader = READERS.find(({ of }) => of.test(type));
  if (reader) return reader.read(column, longest);
  return literal(`(${type.replaceAll(/[^\w .()]/g, '')})`);
}

/** The type as it would be declared: `VARCHAR2(50)`, `NUMBER(10,2)`. */
export function shownType({ type, length, precision, scale }: TableColumn): string {
  if (SIZED.has(type)) return `${type}(${length})`;
  if (type !== 'NUMBER' || precision === undefined) return type;
  return scale === undefined || scale === '0' ? `NUMBER(${precision})` : `NUMBER(${precision},${scale})`;
}

export function shownValue(text: string | null, type: string, clean: (text: string) => string): unknown {
  if (text === null) return null;
  const shown = clean(text);
  // Longer ones stay text: a JavaScript number would lose digits.
  return type === 'NUMBER' && /^-?\d{1,15}$/.test(shown) ? Number(shown) : shown;
}
