export interface Dialect {
  /** One ASCII character. */
  delimiter: string;
  /** One ASCII character; absent where nothing is quoted. */
  quote: string | undefined;
}

/** A file that cannot be taken apart: where its record, or the quote in it, begins. */
export class CsvFault extends Error {
  readonly kind: 'unclosed_quote' | 'row_too_long';
  readonly line: number;
  constructor(kind: CsvFault['kind'], line: number) {
    super(kind);
    this.name = 'CsvFault';
    this.kind = kind;
    this.line = line;
  }
}

/** `cells` only while they are kept. `line`: where the record begins, from 1. */
export type OnRecord = (width: number, line: number, cells: readonly string[] | undefined) => void;

export interface ParserOptions {
  dialect: Dialect;
  onRecord: OnRecord;
  /** Whether records are handed over with their cells; otherwise they are only measured, which costs less. */
  keep: boolean;
}

/** A record that is longer is no record: a quote that nobody closed, or no table at all. */
export const LONGEST_RECORD = 1024 * 1024;

const LF = 10;
const CR = 13;
/** At the start of a cell; in a bare one; in a quoted one; behind the quote that closed it, or is the first of two. */
const START = 0;
const BARE = 1;
const QUOTED = 2;
const CLOSED = 3;

/**
 * RFC 4180 in pieces: quotes, doubled quotes, line ends inside quotes; lines end with LF, CRLF or CR. Lenient as
 * spreadsheets are: a quote inside a bare cell is a character, and so is what follows a closing quote (`strays`).
 * Blank lines are no records. Holds one record at the most.
 */
export class CsvParser {
  /** Lines on which something stands behind a closing quote: the first few, and how many there are. */
  readonly strays = { count: 0, lines: [] as number[] };
  readonly #options: ParserOptions;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #quoteText: string;
  #state = START;
  #line = 1;
  #recordLine = 1;
  #quoteLine = 1;
  #width = 0;
  #cell = '';
  #cells: string[] = [];
  /** Characters of the record before this text, and where in the text it begins. */
  #length = 0;
  #began = 0;
  #afterCr = false;

  constructor(options: ParserOptions) {
    this.#options = options;
    this.#delimiter = options.dialect.delimiter.charCodeAt(0);
    this.#quoteText = options.dialect.quote ?? '';
    this.#quote = this.#quoteText === '' ? -1 : this.#quoteText.charCodeAt(0);
  }

  /** The line that is being read. */
  get line(): number {
    return this.#line;
  }

  /** @throws CsvFault for a record that does not end */
  push(text: string): void {
    this.#began = 0;
    for (let at = 0; at < text.length; ) {
      if (this.#state === QUOTED) at = this.#inQuotes(text, at);
      else if (this.#state === BARE) at = this.#inBare(text, at);
      else at = this.#between(text, at);
    }
    this.#length += text.length - this.#began;
    if (this.#length > LONGEST_RECORD) throw this.unended();
  }

  /** Ends the last record, which needs no line end. @throws CsvFault where a quote is still open */
  end(): void {
    if (this.#state === QUOTED) throw this.unended();
    this.#endRecord();
  }

  /** What is wrong with the record that is being read, if it never ends. */
  unended(): CsvFault {
    return this.#state === QUOTED
      ? new CsvFault('unclosed_quote', this.#quoteLine)
      : new CsvFault('row_too_long', this.#recordLine);
  }

  /** Up to behind the next quote, or to the end. Counts the lines on the way. */
  #inQuotes(text: string, from: number): number {
    const found = text.indexOf(this.#quoteText, from);
    const to = found === -1 ? text.length : found;
    // Not by indexOf: it would search far behind the quote, again for each of many quotes on one line.
    let afterCr = this.#afterCr;
    for (let at = from; at < to; at += 1) {
      const code = text.charCodeAt(at);
      if (code === CR || (code === LF && !afterCr)) this.#line += 1;
      afterCr = code === CR;
    }
    this.#afterCr = afterCr && found === -1;
    this.#take(text, from, to);
    if (found === -1) return to;
    this.#state = CLOSED;
    return to + 1;
  }

  #inBare(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code !== this.#delimiter && code !== LF && code !== CR) continue;
      this.#take(text, from, at);
      this.#separate(code, at);
      return at + 1;
    }
    this.#take(text, from, text.length);
    return text.length;
  }

  /** The character at the start of a cell, or behind a closing quote. */
  #between(text: string, at: number): number {
    const code = text.charCodeAt(at);
    const second = code === LF && this.#afterCr;
    this.#afterCr = false;
    if (second) this.#began = at + 1;
    else if (code === this.#delimiter || code === LF || code === CR) this.#separate(code, at);
    else if (code === this.#quote) {
      if (this.#state === START) this.#quoteLine = this.#line;
      else this.#take(text, at, at + 1);
      this.#state = QUOTED;
    } else {
      if (this.#state === CLOSED) this.#noteStray();
      this.#state = BARE;
      return at;
    }
    return at + 1;
  }

  #separate(code: number, at: number): void {
    if (code === this.#delimiter) {
      this.#endCell();
      return;
    }
    this.#endRecord();
    this.#afterCr = code === CR;
    this.#began = at + 1;
  }

  #take(text: string, from: number, to: number): void {
    if (this.#options.keep && to > from) this.#cell += text.slice(from, to);
  }

  #endCell(): void {
    this.#width += 1;
    if (this.#options.keep) this.#cells.push(this.#cell);
    this.#cell = '';
    this.#state = START;
  }

  #endRecord(): void {
    const blank = this.#width === 0 && this.#state === START;
    if (!blank) {
      this.#endCell();
      this.#options.onRecord(this.#width, this.#recordLine, this.#options.keep ? this.#cells : undefined);
      this.#cells = [];
      this.#width = 0;
    }
    this.#line += 1;
    this.#recordLine = this.#line;
    this.#length = 0;
  }

  #noteStray(): void {
    this.strays.count += 1;
    if (this.strays.lines.length < 5) this.strays.lines.push(this.#line);
  }
}
