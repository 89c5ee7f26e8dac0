import type { Config } from '../connectors/config.ts';
import { withValues } from '../connectors/paths.ts';
import { describeReference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import type { Platform } from './platform.ts';
import type { Principal } from './principal.ts';
import type { ShownSecret } from './source.ts';

/** What a dry run says of a name that another source has. */
export async function takenNames(platform: Platform, principal: Principal, name: string): Promise<string[]> {
  const taken = await platform.sources.nameTaken(principal, name);
  return taken ? [`The name ${JSON.stringify(name)} is taken; this would be refused.`] : [];
}

/** A config as it may be shown: settings, and for each secret only that it is set and where it comes from. */
export function shownConfig({ settings, secrets }: Config): Record<string, unknown> {
  const shown = Object.entries(secrets).map(([name, value]): [string, ShownSecret] => [
    name,
    { set: true, from: value instanceof Secret ? 'vault' : describeReference(value) },
  ]);
  return withValues(settings, shown);
}
