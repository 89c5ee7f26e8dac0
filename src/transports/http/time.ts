import { HeadwaterError } from '../../errors.ts';

/** What the work ends with, within the time. @throws HeadwaterError DEADLINE_EXCEEDED */
export function withLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HeadwaterError('DEADLINE_EXCEEDED', 'It took too long.')), ms);
    timer.unref();
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
