import { CsvFault, CsvParser, type Dialect } from './parser.ts';

/** Of two that fit alike, the one that is rarer inside cells comes first. */
const CANDIDATES = ['\t', ';', '|', ',', '^', '~'];
const ENOUGH = 200;

/** How well a text falls apart into columns with a delimiter. */
export interface Fit {
  delimiter: string;
  /** Columns that most rows have. */
  width: number;
  /** Share of the rows that have as many, 0 to 1. */
  share: number;
}

export function quoteOf(text: string): string {
  if (text.includes('"')) return '"';
  // An apostrophe is a quote where it encloses whole cells, not where somebody is called O'Brien.
  return /(^|[\n,;\t|])'[^'\n]*'(?=[\r\n,;\t|]|$)/.test(text) ? "'" : '"';
}

/** Fits of all usual delimiters, best first; those with one column are left out. */
export function fits(text: string, quote: string | undefined): Fit[] {
  return CANDIDATES.map((delimiter) => fitOf(text, { delimiter, quote }))
    .filter(({ width, share }) => width > 1 && share >= 0.5)
    .sort((a, b) => b.share - a.share);
}

/** The rows of a text, complete ones only; a text that breaks off may have half a row at its end. */
export function fitOf(text: string, dialect: Dialect): Fit {
  const widths: number[] = [];
  const parser = new CsvParser({ dialect, keep: false, onRecord: (width) => widths.push(width) });
  try {
    parser.push(text);
    if (widths.length < 2) parser.end();
  } catch (error) {
    if (!(error instanceof CsvFault)) throw error;
  }
  const counts = new Map<number, number>();
  for (const width of widths.slice(0, ENOUGH)) counts.set(width, (counts.get(width) ?? 0) + 1);
  const [width, count] = [...counts].reduce((best, each) => (each[1] > best[1] ? each : best), [0, 0]);
  return { delimiter: dialect.delimiter, width, share: count / Math.max(1, Math.min(widths.length, ENOUGH)) };
}

/** Excel's own first line: `sep=;`. */
export function statedDelimiter(text: string): { delimiter: string; skip: number } | undefined {
  const stated = /^sep=([\x20-\x7e\t])(\r\n|\r|\n|$)/i.exec(text);
  return stated ? { delimiter: stated[1] ?? ',', skip: stated[0].length } : undefined;
}

const NAMES: Readonly<Record<string, string>> = {
  '\t': 'tab',
  ',': 'comma',
  ';': 'semicolon',
  '|': 'pipe',
  ' ': 'space',
};

/** What a delimiter is called in a config. */
export function delimiterName(delimiter: string): string {
  return NAMES[delimiter] ?? delimiter;
}

/** The character of a delimiter as people write it: itself, its name, or `\t`. */
export function delimiterOf(text: string): string {
  if (text === '\\t') return '\t';
  return Object.entries(NAMES).find(([, name]) => name === text.toLowerCase())?.[0] ?? text;
}
