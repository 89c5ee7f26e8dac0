import type { Config } from '../connectors/config.ts';
import { HeadwaterError } from '../errors.ts';
import { fieldProblems } from '../issues.ts';
import { Secret } from '../secrets/secret.ts';
import { type Platform, reasonOf } from './platform.ts';
import type { DesiredState } from './source.ts';

/** @throws HeadwaterError INVALID_ARGUMENTS with a field problem for each option that the platform does not have */
export function parseOptions(
  platform: Platform,
  options: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
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
  wishes: { schedule?: unknown; sync_immediately?: boolean; tags?: readonly string[]; desired_state?: DesiredState },
): void {
  const refuse = (field: string, reason: true | string) => {
    if (reason === true) return;
    throw new HeadwaterError('UNSUPPORTED', `${field} cannot be used on the platform ${platform.code}. ${reason}`, {
      fields: [{ field: `/${field}`, message: 'leave it out' }],
    });
  };
  if (wishes.schedule !== undefined) refuse('schedule', platform.abilities.schedule);
  if (wishes.sync_immediately) refuse('sync_immediately', reasonOf(platform, 'sync'));
  if (wishes.tags?.length) refuse('tags', platform.abilities.tags);
  if (wishes.desired_state === 'Paused') refuse('desired_state', platform.abilities.pause);
  if (wishes.desired_state === 'Stopped') refuse('desired_state', platform.abilities.stop);
  if (wishes.desired_state === 'Pending') refuse('desired_state', platform.abilities.draft);
}

/** @throws HeadwaterError INVALID_CONFIG for a reference that only a Kafka Connect worker can read, anywhere else */
export function refuseWorkerReferences(platform: Platform, { secrets }: Config): void {
  if (platform.code === 'kafka_connect') return;
  const names = Object.keys(secrets).filter((path) => {
    const value = secrets[path];
    return !(value instanceof Secret) && value?.scheme === 'worker';
  });
  if (names.length === 0) return;
  throw new HeadwaterError(
    'INVALID_CONFIG',
    `A \${worker:…} reference is for Kafka Connect, not for ${platform.name}.`,
    {
      fields: names.map((name) => ({ field: `/config/${name}`, message: 'cannot be read by this platform' })),
    },
  );
}
