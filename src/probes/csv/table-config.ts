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

/** A fault of the parser as the failure of a step. `looked`: how far it was looked for an end. */
export function parseFailure(error: unknown, looked = ''): unknown {
  if (!(error instanceof CsvFault)) return error;
  const details = { fields: ['quote'] };
  if (error.kind === 'row_too_long')
    return new StepFailure(
      'CSV_ROW_TOO_LONG',
      { what: `${error.line} does not end within ${looked || '1 MB'}` },
      details,
    );
  const what = `${error.line} is ${looked === '' ? 'never closed' : `not closed within ${looked}`}`;
  return new StepFailure('CSV_UNCLOSED_QUOTE', { what }, details);
}
