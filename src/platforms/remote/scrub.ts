import { HeadwaterError } from '../../errors.ts';
import { createRedactor, type Redactor } from '../../secrets/redact.ts';
import { isElsewhere, type Reference } from '../../secrets/references.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Source } from '../../sources/source.ts';

/** Vendors repeat in task traces, errors and details what they were once sent: what is known of a source is taken out. */
export async function redactorOf(
  secrets: Readonly<Record<string, Secret | Reference>>,
  resolve: (reference: Reference) => Promise<Secret>,
): Promise<Redactor | undefined> {
  const here = Object.values(secrets).filter((value) => value instanceof Secret || !isElsewhere(value));
  // What cannot be read now cannot be looked for either.
  const known = await Promise.all(
    here.map(async (value) => (value instanceof Secret ? value : await resolve(value).catch(() => undefined))),
  );
  const values = known.filter((value) => value !== undefined);
  return values.length > 0 ? createRedactor(values) : undefined;
}

/** A source without secrets in what the vendor says of it. Its names, and what people have written, are left as they are. */
export function scrubbed(source: Source, redactor: Redactor | undefined): Source {
  if (!redactor) return source;
  const clean = <T>(value: T) => redactor.cleanValue(value) as T;
  const { last_error, error_category, platform_status, tasks, details } = source;
  return {
    ...source,
    last_error: clean(last_error),
    ...(error_category === undefined ? {} : { error_category: clean(error_category) }),
    ...(platform_status === undefined ? {} : { platform_status: clean(platform_status) }),
    ...(tasks === undefined ? {} : { tasks: clean(tasks) }),
    ...(details === undefined ? {} : { details: clean(details) }),
  };
}

/** What a vendor says as it refuses, likewise. */
export function scrubbedError(error: unknown, redactor: Redactor | undefined): unknown {
  if (!(error instanceof HeadwaterError) || !redactor) return error;
  const { upstream_message: said, fields } = error.details;
  if (said === undefined && !fields) return error;
  return new HeadwaterError(error.code, error.message, {
    ...error.details,
    ...(said === undefined ? {} : { upstream_message: redactor.clean(said) }),
    ...(fields ? { fields: fields.map((each) => ({ ...each, message: redactor.clean(each.message) })) } : {}),
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}
