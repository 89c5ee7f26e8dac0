import type { HttpConfig } from '../http/session.ts';
import { StepFailure } from '../problems/index.ts';
import type { Encoding } from './encoding.ts';
import { CsvFault } from './parser.ts';

/** What the CSV probe needs of a connector. */
export interface CsvConfig extends Omit<HttpConfig, 'url'> {
  path?: string | undefined;
  url?: string | undefined;
  delimiter?: string | undefined;
  quote?: '"' | "'" | 'none' | undefined;
  encoding?: Encoding | undefined;
  header?: 'auto' | 'yes' | 'no' | undefined;
}

/** The config field that says which file it is. */
export function fileFields({ url }: CsvConfig): string[] {
  return url === undefined ? ['path'] : ['url'];
}

/** What stopped coming before there was enough of it to judge. */
export function tooSlow(config: CsvConfig): StepFailure {
  return new StepFailure('FILE_SLOW', {}, { fields: fileFields(config) });
}

/** A fault of the parser as the failure of a step. */
export function parseFailure(error: unknown): unknown {
  if (!(error instanceof CsvFault)) return error;
  const code = error.kind === 'unclosed_quote' ? 'CSV_UNCLOSED_QUOTE' : 'CSV_ROW_TOO_LONG';
  return new StepFailure(code, { what: String(error.line) }, { fields: ['quote'] });
}
