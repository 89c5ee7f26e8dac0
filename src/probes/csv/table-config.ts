import type { HttpConfig } from '../http/session.ts';
import { StepFailure } from '../problems/index.ts';
import type { Encoding } from './encoding.ts';
import type { Input } from './input.ts';
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
export function fileFields({ contentType, steps }: Pick<Input, 'contentType' | 'steps'>): string[] {
  return contentType !== undefined || steps.some(({ id }) => id === 'dns') ? ['url'] : ['path'];
}

/** A fault of the parser as the failure of a step. */
export function parseFailure(error: unknown): unknown {
  if (!(error instanceof CsvFault)) return error;
  const code = error.kind === 'unclosed_quote' ? 'CSV_UNCLOSED_QUOTE' : 'CSV_ROW_TOO_LONG';
  return new StepFailure(code, { what: String(error.line) }, { fields: ['quote'] });
}
