import { type ErrorCode, HeadwaterError } from '../errors.ts';
import { SettingsError } from '../settings.ts';
import { type Output, proseWidth } from './output/output.ts';
import { toReader } from './output/reader.ts';
import { table } from './output/table.ts';
import { plain, wrap } from './output/text.ts';
import { usageError } from './usage-error.ts';

const CONFIG = '/config/';
const USAGE: readonly ErrorCode[] = ['INVALID_ARGUMENTS', 'INVALID_CURSOR'];

/** Whatever ended a command, as an error that may be shown. */
export function shown(thrown: unknown): HeadwaterError {
  if (thrown instanceof HeadwaterError) return thrown;
  if (thrown instanceof SettingsError) return usageError(thrown.message);
  // Its message may hold anything, so only its kind and place are shown.
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  const place = thrown instanceof Error ? thrown.stack?.split('\n').find((line) => /^\s+at /.test(line)) : undefined;
  return new HeadwaterError('INTERNAL', `A fault in Headwater (${kind}${place ? ` ${place.trim()}` : ''}).`, {
    hint: 'Please report it with this line and what you did.',
  });
}

export function exitCodeOf({ code }: HeadwaterError): 1 | 2 {
  return USAGE.includes(code) ? 2 : 1;
}

/** An error for a person: one line, each field's problem, and what to do. */
export function errorLines(out: Output, { message, details }: HeadwaterError): string[] {
  // Of other arguments than the config the message itself speaks.
  const problems = (details.fields ?? []).filter(({ field }) => field.startsWith(CONFIG));
  const columns = [
    { text: ({ field }: Problem) => fieldName(field), style: () => 'bold' as const },
    { text: ({ message: problem }: Problem) => problem, fit: 'wrap' as const },
  ];
  return [
    `${out.paint('red', 'headwater:')} ${toReader(plain(message))}`,
    ...table(out, columns, problems, { indent: 2 }),
    ...(details.hint ? wrap(toReader(plain(details.hint)), proseWidth(out) - 2).map((line) => `  ${line}`) : []),
  ];
}

type Problem = NonNullable<HeadwaterError['details']['fields']>[number];

/** `/config/tls/mode`: in a config file that is `tls.mode`. */
function fieldName(pointer: string): string {
  return pointer
    .slice(CONFIG.length)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .join('.');
}
