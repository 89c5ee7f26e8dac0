import { type Problem, StepFailure } from '../problems/index.ts';
import { looksLikeHeader } from './columns.ts';
import { delimiterName, delimiterOf, fitOf, fits, quoteOf, statedDelimiter } from './dialect.ts';
import type { Head } from './head.ts';
import { CsvParser, type Dialect } from './parser.ts';
import { type CsvConfig, fileFields, parseFailure, tooSlow } from './table-config.ts';

const MOST_COLUMNS = 2000;
const SAMPLE_ROWS = 1000;
const DETECTED_IN = 64 * 1024;

/** How a table is written, and its first rows. */
export interface Format {
  dialect: Dialect;
  /** Characters before the first row: the line `sep=;`. */
  skip: number;
  width: number;
  header: readonly string[] | undefined;
  /** Rows without the header. */
  rows: readonly (readonly string[])[];
  /** Rows of the head in all, without the header; more than `rows` where those are many. */
  count: number;
  warning: Problem | undefined;
}

/** Finds out how the beginning of a table is written. @throws StepFailure where it is none */
export function formatOf(head: Head, config: CsvConfig): Format {
  const { text } = head;
  const stated = config.delimiter === undefined ? statedDelimiter(text) : undefined;
  const skip = stated?.skip ?? 0;
  const body = text.slice(skip);
  const dialect = dialectOf(body, stated?.delimiter, config);
  const sample = sampleOf(body, head, dialect);
  const [first] = sample.rows;
  if (!first) throw withoutRow(head, config, sample.parser);
  const hasHeader =
    config.header === undefined || config.header === 'auto'
      ? looksLikeHeader(first, sample.rows.slice(1))
      : config.header === 'yes';
  const width = hasHeader ? first.length : fitOf(body.slice(0, DETECTED_IN), dialect).width;
  const widest = sample.widths.reduce((most, each) => Math.max(most, each), 0);
  if (widest > MOST_COLUMNS) throw new StepFailure('CSV_TOO_WIDE', { what: String(widest) }, { fields: ['delimiter'] });
  const ragged = new Ragged(width);
  sample.widths.forEach((each, at) => {
    ragged.add(each, sample.lines[at] ?? 0);
  });
  return {
    dialect,
    skip,
    width,
    header: hasHeader ? first : undefined,
    rows: hasHeader ? sample.rows.slice(1) : sample.rows,
    count: sample.widths.length - (hasHeader ? 1 : 0),
    warning: wrongDelimiter(body, dialect, width) ?? ragged.warning() ?? strayWarning(sample.parser.strays),
  };
}

/** A beginning without a whole row: no more came, there is none, or it is longer than what is looked at. */
function withoutRow({ pending, whole, text }: Head, config: CsvConfig, parser: CsvParser): unknown {
  if (pending) return tooSlow(config);
  if (whole) return new StepFailure('FILE_EMPTY', {}, { fields: fileFields(config) });
  return parseFailure(parser.unended(), `${Math.floor(text.length / 1024)} KB`);
}

function dialectOf(text: string, stated: string | undefined, config: CsvConfig): Dialect {
  const sample = text.slice(0, DETECTED_IN);
  const quote = config.quote === 'none' ? undefined : (config.quote ?? quoteOf(sample));
  const given = config.delimiter === undefined ? stated : delimiterOf(config.delimiter);
  return { delimiter: given ?? fits(sample, quote)[0]?.delimiter ?? ',', quote };
}

function sampleOf(text: string, { whole }: Head, dialect: Dialect) {
  const rows: (readonly string[])[] = [];
  const widths: number[] = [];
  const lines: number[] = [];
  const parser = new CsvParser({
    dialect,
    keep: true,
    onRecord: (width, line, cells) => {
      widths.push(width);
      lines.push(line);
      if (cells && rows.length <= SAMPLE_ROWS) rows.push(cells);
    },
  });
  try {
    parser.push(text);
    if (whole) parser.end();
  } catch (error) {
    throw parseFailure(error);
  }
  return { rows, widths, lines, parser };
}

/** Rows with more or fewer cells than the others: the first few lines, and how many there are. */
export class Ragged {
  readonly #width: number;
  readonly #examples: string[] = [];
  #count = 0;

  constructor(width: number) {
    this.#width = width;
  }

  add(width: number, line: number): void {
    if (width === this.#width) return;
    this.#count += 1;
    if (this.#examples.length < 5) this.#examples.push(`line ${line} has ${width}`);
  }

  warning(): Problem | undefined {
    if (this.#count === 0) return undefined;
    const more = this.#count > this.#examples.length ? `, and ${this.#count - this.#examples.length} more` : '';
    const what = `${this.#width} expected; ${this.#examples.join(', ')}${more}`;
    return { code: 'CSV_RAGGED', facts: { what }, fields: ['delimiter', 'quote'] };
  }
}

export function strayWarning({ count, lines }: CsvParser['strays']): Problem | undefined {
  if (count === 0) return undefined;
  const more = count > lines.length ? `, and ${count - lines.length} more` : '';
  const what = `line${lines.length > 1 ? 's' : ''} ${lines.join(', ')}${more}`;
  return { code: 'CSV_STRAY_QUOTE', facts: { what }, fields: ['quote'] };
}

/** A delimiter that was given and never occurs, where another one fits. */
function wrongDelimiter(text: string, { delimiter, quote }: Dialect, width: number): Problem | undefined {
  if (width > 1) return undefined;
  const [better] = fits(text.slice(0, DETECTED_IN), quote).filter(
    (fit) => fit.delimiter !== delimiter && fit.share > 0.9,
  );
  if (!better) return undefined;
  const what = `${delimiterName(better.delimiter)} would give ${better.width}`;
  return { code: 'CSV_DELIMITER', facts: { what }, fields: ['delimiter'] };
}
