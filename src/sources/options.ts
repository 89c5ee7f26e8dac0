import { HeadwaterError } from '../errors.ts';
import { fieldProblems } from '../issues.ts';
import type { Platform } from './platform.ts';

/** @throws HeadwaterError INVALID_ARGUMENTS with a field problem for each option that the platform does not have */
export function parseOptions(
  platform: Platform,
  options: Readonly<Record<string, unknown>> | undefined,
): { collection?: string } {
  const schema = platform.options();
  const result = schema.safeParse(options ?? {});
  if (result.success) return result.data;
  const known = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, name]));
  throw new HeadwaterError('INVALID_ARGUMENTS', `The options do not fit the platform ${platform.code}.`, {
    fields: fieldProblems(result.error, { base: '/options', known }),
    hint: 'get_connector_schema shows them as options_schema.',
  });
}

/** @throws HeadwaterError UNSUPPORTED where a wish is beyond the platform, with the platform's reason */
export function refuseUnsupported(
  platform: Platform,
  wishes: { schedule?: unknown; sync_immediately?: boolean },
): void {
  const refuse = (field: string, reason: true | string) => {
    if (reason === true) return;
    throw new HeadwaterError('UNSUPPORTED', `${field} cannot be used on the platform ${platform.code}. ${reason}`, {
      fields: [{ field: `/${field}`, message: 'leave it out' }],
    });
  };
  if (wishes.schedule !== undefined) refuse('schedule', platform.abilities.schedule);
  if (wishes.sync_immediately) refuse('sync_immediately', platform.abilities.sync);
}
