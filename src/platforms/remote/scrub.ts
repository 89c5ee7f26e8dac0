import { HeadwaterError } from '../../errors.ts';
import { createRedactor, type Redactor } from '../../secrets/redact.ts';
import { isElsewhere, type Reference } from '../../secrets/references.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Source } from '../../sources/source.ts';

/** Vendors repeat in task traces, errors and details what they were once sent: what is known of a source is taken out. */
export async function redactorOf(
  secrets: Readonly<Record<string, Secret | Reference>>,
  resolve: (reference: Reference) => Promise<Secret>,
  inClear: readonly Secret[] = [],
): Promise<Redactor | undefined> {
  const here = Object.values(secrets).filter((value) => value instanceof Secret || !isElsewhere(value));
  // What cannot be read now cannot be looked for either.
  const known = await Promise.all(
    here.map(async (value) => (value instanceof Secret ? value : await resolve(value).catch(() => undefined))),
  );
  const values = [...known.filter((value) => value !== undefined), ...inClear];
  return values.length > 0 ? createRedactor(values) : undefined;
}

/** So many of anything tell what there is; more fill whoever reads them. */
const MOST = 500;

/** Long lists cut, with how many there were. */
function bounded(source: Source): Source {
  const { topics, streams, details } = source;
  const counts = {
    ...(topics && topics.length > MOST ? { topics_total: topics.length } : {}),
    ...(streams && streams.length > MOST ? { streams_total: streams.length } : {}),
  };
  const all = { ...(details && (cut(details) as object)), ...counts };
  return {
    ...source,
    ...(topics ? { topics: topics.slice(0, MOST) } : {}),
    ...(streams ? { streams: streams.slice(0, MOST) } : {}),
    ...(Object.keys(all).length > 0 ? { details: all } : {}),
  };
}

function cut(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const more = value.length > MOST ? [`… and ${value.length - MOST} more`] : [];
    return [...value.slice(0, MOST).map(cut), ...more];
  }
  const entries = Object.entries(value);
  const kept = entries.slice(0, MOST).map(([name, each]) => [name, cut(each)] as const);
  return { ...Object.fromEntries(kept), ...(entries.length > MOST ? { '…': `${entries.length - MOST} more` } : {}) };
}

/** A source without secrets in what the vendor says of it. Its names, and what people have written, are left as they are. */
export function scrubbed(whole: Source, redactor: Redactor | undefined): Source {
  const source = bounded(whole);
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
