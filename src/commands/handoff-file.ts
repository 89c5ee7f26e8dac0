import { lstat, readFile, writeFile } from 'node:fs/promises';
import { HeadwaterError } from '../errors.ts';
import type { HandoffLetter } from '../probes/report.ts';

const ENDINGS: Readonly<Record<HandoffLetter['format'], string>> = { sql: 'sql', mongosh: 'js', text: 'txt' };
/** How every letter and script begins. */
const OURS = /^(-- |\/\/ )?To the [a-z ]+: we are connecting /;

/**
 * Writes a letter or script to a file of its own; one of an earlier test is written over, anything else is left alone.
 * @returns where it is
 * @throws HeadwaterError INVALID_ARGUMENTS where the file holds something else or cannot be written
 */
export async function writeHandoff({ actor, format, text }: HandoffLetter, given?: string): Promise<string> {
  const file = given ?? `handoff-${actor.replaceAll('_', '-')}.${ENDINGS[format]}`;
  const there = await contentOf(file);
  if (there !== undefined && there !== '' && !OURS.test(there)) {
    throw new HeadwaterError('INVALID_ARGUMENTS', `${file} exists and is no hand-off.`, {
      hint: 'Name another with --out.',
    });
  }
  // What was not there is made anew, and is nothing that somebody has put there meanwhile.
  const flag = there === undefined ? 'wx' : 'w';
  await writeFile(file, text.endsWith('\n') ? text : `${text}\n`, { flag }).catch((error: NodeJS.ErrnoException) => {
    throw unwritable(file, error);
  });
  return file;
}

/** Nothing where there is no file. A link would have another one written over. */
async function contentOf(file: string): Promise<string | undefined> {
  try {
    if (!(await lstat(file)).isFile()) throw Object.assign(new Error('no plain file'), { code: 'no plain file' });
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unwritable(file, error as NodeJS.ErrnoException);
  }
}

function unwritable(file: string, { code = 'unknown' }: NodeJS.ErrnoException): HeadwaterError {
  return new HeadwaterError('INVALID_ARGUMENTS', `${file} cannot be written (${code}).`, {
    hint: 'Name another with --out.',
  });
}
