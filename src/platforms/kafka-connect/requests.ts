import type { Connector } from '../../connectors/define-connector.ts';
import type { ApiRequest } from '../../net/api-client.ts';
import type { VendorChange, VendorDraft, VendorSource } from '../remote/vendor.ts';
import { madeFor } from './made.ts';
import { toWorker } from './worker-config.ts';

type Config = Readonly<Record<string, unknown>>;

export const TO_STATE = { Active: 'resume', Paused: 'pause', Stopped: 'stop' } as const;

export const pathOf = (name: string) => `/connectors/${encodeURIComponent(name)}`;

/** Everything that a connector of this name and config is sent, what Headwater adds included. */
export function sentConfig(name: string, connector: Connector, config: Config): Record<string, unknown> {
  return {
    name,
    'connector.class': connector.vendorCode,
    ...toWorker({ ...config, ...madeFor(name, connector, config) }),
  };
}

/** @param startsAsleep false where the worker cannot be told the state to begin in */
export function createRequest(
  { name, connector, config, desiredState }: VendorDraft,
  startsAsleep: boolean,
): ApiRequest {
  const body = sentConfig(name, connector, config);
  const isAwake = desiredState === 'Active' || desiredState === 'Pending';
  if (isAwake || !startsAsleep) return { method: 'PUT', path: `${pathOf(name)}/config`, body };
  return {
    method: 'POST',
    path: '/connectors',
    body: { name, initial_state: desiredState.toUpperCase(), config: body },
  };
}

export function updateRequests(before: VendorSource, change: VendorChange): ApiRequest[] {
  const { id, config } = before;
  const { desiredState } = change;
  const body = change.config && changedConfig(toWorker({ ...config, ...change.config }), config ?? {}, change);
  const moves = desiredState !== undefined && desiredState !== 'Pending' && desiredState !== before.desiredState;
  return [
    ...(body ? [{ method: 'PUT', path: `${pathOf(id)}/config`, body } as const] : []),
    ...(moves ? [{ method: 'PUT', path: `${pathOf(id)}/${TO_STATE[desiredState]}` } as const] : []),
  ];
}

/**
 * A worker's own settings with what was touched changed in them: what nobody here has seen stays, and so do secrets that
 * were not given again.
 */
export function changedConfig(raw: Config, shown: Config, { config = {}, changedFields }: VendorChange): Config {
  const [before, after] = [toWorker(shown), toWorker(config)];
  const body: Record<string, unknown> = { ...raw };
  for (const key of Object.keys(before)) if (after[key] === undefined) delete body[key];
  for (const [key, value] of Object.entries(after)) {
    const isSecret = typeof config[key] === 'object';
    if (isSecret ? changedFields.includes(key) : value !== before[key]) body[key] = value;
  }
  // A secret that was taken away.
  for (const key of changedFields) if (after[key] === undefined) delete body[key];
  return body;
}
