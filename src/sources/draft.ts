import type { Config } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { parseOptions } from './options.ts';
import type { NewSource, Platform } from './platform.ts';
import { type DesiredState, type PlatformCode, untestedStatus } from './source.ts';

export interface CreateRequest {
  connector: string;
  config: Readonly<Record<string, unknown>>;
  name?: string;
  platform?: PlatformCode;
  description?: string;
  options?: Readonly<Record<string, unknown>>;
  desired_state?: DesiredState;
  tags?: readonly string[];
  schedule?: Readonly<Record<string, unknown>>;
  sync_immediately?: boolean;
  wait?: boolean;
  run_test?: boolean;
  dry_run?: boolean;
  idempotency_key?: string;
}

/** The source that a request is for, untested. */
export function draftOf(platform: Platform, connector: Connector, config: Config, request: CreateRequest): NewSource {
  const options = parseOptions(platform, request.options);
  const desiredState = request.desired_state ?? 'Active';
  return {
    name: request.name ?? `${connector.name} Connection`,
    connector,
    config,
    ...(request.description === undefined ? {} : { description: request.description }),
    tags: request.tags ?? [],
    desiredState,
    status: untestedStatus(desiredState),
    options,
    ...(request.schedule === undefined ? {} : { schedule: request.schedule }),
    ...(request.sync_immediately === undefined ? {} : { syncImmediately: request.sync_immediately }),
    wait: request.wait ?? true,
  };
}
