import { HeadwaterError } from '../errors.ts';
import type { Probe } from '../probes/probe.ts';
import { CONNECTORS } from './index.ts';
import { completeConfig } from './resolved-config.ts';
import { findConnector } from './search.ts';

/**
 * The probe of a connector that comes with Headwater, for another config: `config` makes the one that it takes, secrets
 * passed on as they are. What has a default there may be left out.
 * @throws HeadwaterError CONNECTOR_NOT_FOUND where no connector of that code comes with Headwater
 */
export function through<C>(code: string, config: (own: C) => Record<string, unknown>): () => Promise<Probe<C>> {
  const connector = findConnector(CONNECTORS, code);
  return async () => {
    const probe = (await connector.probe()) as Probe<unknown>;
    return {
      plan: (own, context, options) => probe.plan(completeConfig(connector, made(config, own)), context, options),
    };
  };
}

function made<C>(config: (own: C) => Record<string, unknown>, own: C): Record<string, unknown> {
  try {
    return config(own);
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    throw new HeadwaterError('INVALID_CONFIG', `The connector itself is at fault: making its config threw ${name}.`, {
      hint: 'Whoever wrote the connector must mend it.',
    });
  }
}
