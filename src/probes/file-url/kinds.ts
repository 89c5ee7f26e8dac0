import { otherBytes, otherText } from '../csv/content.ts';

/** Kinds of files that hold tables: what their names end in, and how they begin. */
export const KINDS = ['csv', 'tsv', 'xls', 'xlsx', 'sqlite', 'parquet'] as const;
export type Kind = (typeof KINDS)[number];

const ENDINGS: Readonly<Record<string, Kind>> = {
  csv: 'csv',
  tsv: 'tsv',
  xls: 'xls',
  xlsx: 'xlsx',
  sqlite: 'sqlite',
  db: 'sqlite',
  sqlite3: 'sqlite',
  parquet: 'parquet',
};

export const FILE_ENDINGS: readonly string[] = Object.keys(ENDINGS);

/** What a file's name says that it is; undefined where its ending is none of these. */
export function kindByName(name: string): Kind | undefined {
  const ending = /\.([A-Za-z0-9]+)$/.exec(name.trim())?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : undefined;
}

/** Sources: the formats' own specifications. Before 1995 Excel wrote BIFF without a container. */
const BEGINNINGS: Readonly<Record<Exclude<Kind, 'csv' | 'tsv'>, RegExp>> = {
  xls: /^(d0cf11e0a1b11ae1|0908[01]0000600050)/,
  xlsx: /^504b0304/,
  sqlite: /^53514c69746520666f726d6174203300/,
  parquet: /^50415231/,
};

/** Whether the beginning of a file is that of its kind; where not, what it is instead, as far as that shows. */
export function seenAs(kind: Kind, head: Buffer): { is: true } | { is: false; instead: string } {
  const hex = head.subarray(0, 16).toString('hex');
  if (kind === 'csv' || kind === 'tsv') {
    // UTF-16 is text, although it holds bytes of zero.
    const text = /^(fffe|feff)/.test(hex) ? '' : head.toString('utf8');
    const other = otherBytes(head) ?? otherText(text);
    return other ? { is: false, instead: other.what } : { is: true };
  }
  const other = otherBytes(head);
  // A zip archive says what it is in its list of contents, and that may stand at its end.
  const isArchive = kind === 'xlsx' && (other === undefined || /xlsx|zip/.test(other.what));
  if (BEGINNINGS[kind].test(hex) && (kind !== 'xlsx' || isArchive)) return { is: true };
  const instead = other?.what ?? otherText(head.toString('utf8'))?.what;
  return { is: false, instead: instead ?? 'something else' };
}
