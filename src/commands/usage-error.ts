import { HeadwaterError } from '../errors.ts';
import { nearest } from '../nearest.ts';

/** Something wrong with the command line itself: exit code 2. */
export function usageError(message: string, hint?: string): HeadwaterError {
  return new HeadwaterError('INVALID_ARGUMENTS', message, hint === undefined ? {} : { hint });
}

export function didYouMean(given: string, known: Iterable<string>): string {
  const meant = nearest(given, known);
  return meant === undefined ? '' : ` Did you mean ${meant}?`;
}
