import { type Config, parseConfig } from '../connectors/config.ts';
import { withValues } from '../connectors/paths.ts';
import { HeadwaterError } from '../errors.ts';
import { describeReference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { type CreateRequest, draftOf } from './draft.ts';
import { refuseUnsupported, refuseWorkerReferences } from './options.ts';
import type { Asking, NewSource, Platform } from './platform.ts';
import { connectorFor, notForTenant, type Services } from './services.ts';
import type { ShownSecret } from './source.ts';

/** What a dry run says of a name that another source has. */
export async function takenNames(platform: Platform, asking: Asking, name: string): Promise<string[]> {
  if (platform.configured !== true) return [`${platform.name} is not configured here: ${platform.configured}`];
  try {
    const taken = await platform.sources.nameTaken(asking, name);
    return taken ? [`The name ${JSON.stringify(name)} is taken; this would be refused.`] : [];
  } catch (error) {
    if (!(error instanceof HeadwaterError) || error.code === 'CANCELLED') throw error;
    return [`Whether the name is free could not be asked: ${error.message}`];
  }
}

/**
 * What a create would send, and what the other platforms that have the connector would be sent for the same request:
 * each the exact requests, secrets masked, or the reason why it does not fit there.
 */
export async function planCreate(
  services: Services,
  platform: Platform,
  draft: NewSource,
  request: CreateRequest,
  { principal: { tenant } }: Asking,
): Promise<Record<string, unknown>> {
  // Where a platform of the operator's is, is for those to know who may use it.
  const isOpen = ({ openTo }: Platform) => openTo?.(tenant) !== false;
  if (!isOpen(platform)) throw notForTenant(platform);
  const others: Record<string, unknown> = {};
  for (const other of services.platforms.values()) {
    if (other !== platform && isOpen(other)) Object.assign(others, await plannedElsewhere(other, request));
  }
  return {
    ...(await requestsOf(platform, draft)),
    ...(Object.keys(others).length > 0 ? { elsewhere: others } : {}),
  };
}

async function requestsOf(platform: Platform, draft: NewSource): Promise<Record<string, unknown>> {
  const requests = await platform.sources.planCreate?.(draft);
  if (requests) return { platform: platform.code, requests };
  const { connector, config, outcome: _, status: __, desiredState, options, wait: ___, ...rest } = draft;
  const request = {
    platform: platform.code,
    connector: connector.code,
    ...rest,
    ...options,
    desired_state: desiredState,
    config: shownConfig(config),
  };
  return { platform: platform.code, request };
}

/** Nothing where the platform does not have the connector at all. */
async function plannedElsewhere(platform: Platform, request: CreateRequest): Promise<Record<string, unknown>> {
  try {
    const connector = await connectorFor(platform, request.connector, request.config);
    try {
      refuseUnsupported(platform, request);
      const config = parseConfig(connector, request.config);
      refuseWorkerReferences(platform, config);
      // Options are of the platform that was asked for; elsewhere they say nothing.
      const draft = draftOf(platform, connector, config, { ...request, options: {} });
      const { platform: _, ...planned } = await requestsOf(platform, draft);
      return { [platform.code]: planned };
    } catch (error) {
      if (!(error instanceof HeadwaterError)) throw error;
      const fields = error.details.fields?.map(({ field, message }) => `${field} ${message}`) ?? [];
      return { [platform.code]: { does_not_fit: [error.message, ...fields].join(' ') } };
    }
  } catch (error) {
    if (error instanceof HeadwaterError && error.code === 'CONNECTOR_NOT_FOUND') return {};
    throw error;
  }
}

/** A config as it may be shown: settings, and for each secret only that it is set and where it comes from. */
export function shownConfig({ settings, secrets }: Config): Record<string, unknown> {
  const shown = Object.entries(secrets).map(([name, value]): [string, ShownSecret] => [
    name,
    { set: true, from: value instanceof Secret ? 'vault' : describeReference(value) },
  ]);
  return withValues(settings, shown);
}
