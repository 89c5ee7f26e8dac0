import type { Config } from '../../connectors/config.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { withValues } from '../../connectors/paths.ts';
import type { ApiClient, ApiRequest } from '../../net/api-client.ts';
import { describeReference, isElsewhere, type Reference } from '../../secrets/references.ts';
import { PlannedSecret, Secret } from '../../secrets/secret.ts';
import type { NewSource, PlannedRequest, SourceChange } from '../../sources/platform.ts';
import type { VendorChange, VendorDraft } from './vendor.ts';

type Values = Readonly<Record<string, unknown>>;

/** A config as its platform is sent it: references resolved, those apart that only the platform can read. */
export async function sendable(
  connector: Connector,
  config: Config,
  resolve: (reference: Reference) => Promise<Secret>,
): Promise<Values> {
  const secrets: [string, unknown][] = [];
  for (const [path, value] of Object.entries(config.secrets)) {
    const isReady = value instanceof Secret || isElsewhere(value);
    secrets.push([path, isReady ? value : await resolve(value)]);
  }
  return composedBy(connector, withValues(config.settings, secrets));
}

/** The same to be shown: every secret stands there as where it comes from. */
export function showable(connector: Connector, { settings, secrets }: Config): Values {
  const shown = Object.entries(secrets).map(([path, value]): [string, unknown] => {
    if (value instanceof Secret) return [path, new PlannedSecret('[secret]')];
    return [path, value.scheme === 'worker' ? value : new PlannedSecret(`[secret from ${describeReference(value)}]`)];
  });
  return composedBy(connector, withValues(settings, shown));
}

/** Without the fields that are there for portability alone: they are in others by now. */
function composedBy(connector: Connector, values: Values): Values {
  const made = connector.compose?.(values) ?? values;
  return Object.fromEntries(
    Object.entries(made).filter(([name, value]) => value !== undefined && !connector.fields[name]?.facts.virtual),
  );
}

export function draftFor(draft: NewSource, config: Values): VendorDraft {
  const { name, connector, description, options, desiredState, tags, schedule, syncImmediately } = draft;
  return {
    name,
    connector,
    config,
    options,
    desiredState,
    tags,
    ...(description === undefined ? {} : { description }),
    ...(schedule === undefined ? {} : { schedule }),
    ...(syncImmediately === undefined ? {} : { syncImmediately }),
  };
}

export function changeFor(change: SourceChange, config: Values | undefined): VendorChange {
  const { name, description, changedFields, options, desiredState, tags, schedule } = change;
  return {
    changedFields,
    options,
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    ...(config === undefined ? {} : { config }),
    ...(desiredState === undefined ? {} : { desiredState }),
    ...(tags === undefined ? {} : { tags }),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** Requests as a plan shows them: plain JSON, secrets masked. */
export function planned(client: Pick<ApiClient, 'urlOf'>, requests: readonly ApiRequest[]): PlannedRequest[] {
  return requests.map((request) => ({
    method: request.method,
    url: client.urlOf(request),
    ...(request.body === undefined ? {} : { body: JSON.parse(JSON.stringify(request.body)) as unknown }),
  }));
}
