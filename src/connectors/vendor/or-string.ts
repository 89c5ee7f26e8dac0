import type { Probe } from '../../probes/probe.ts';
import { parseConnectionString } from '../../secrets/connection-string.ts';
import { isReferenceText } from '../../secrets/references.ts';
import { Secret } from '../../secrets/secret.ts';
import { CONNECTORS } from '../index.ts';
import { completeConfig, exampleConfig } from '../resolved-config.ts';
import { findConnector } from '../search.ts';
import { inOwnWords } from '../through.ts';
import type { MakeProbe } from './probed-as.ts';

type Config = Readonly<Record<string, unknown>>;

/**
 * The probe of a connector that comes with Headwater, for a platform's config that may hold a connection string in place
 * of single fields: it is taken apart for the test, and sent as it stands. `parts` probes the single fields.
 * @throws HeadwaterError INVALID_CONFIG at the test for a string that cannot be taken apart, never quoting it
 */
export function orString(code: string, key: string, parts: MakeProbe): MakeProbe {
  return (fields, defaults) => async () => {
    const connector = findConnector(CONNECTORS, code);
    const probe = (await connector.probe()) as Probe<unknown>;
    const single = (await parts(fields, defaults)()) as Probe<unknown>;
    return {
      plan: (own: Config, context, options) => {
        const text = own[key];
        if (!(text instanceof Secret) || !connector.connectionString) return single.plan(own, context, options);
        const config = isReferenceText(text)
          ? exampleConfig(connector)
          : completeConfig(connector, withSecret(parseConnectionString(text, connector.connectionString)));
        const plan = probe.plan(config, context, options);
        return { ...plan, steps: plan.steps.map((step) => inOwnWords(step, connector, () => [key])) };
      },
    } as Probe<never>;
  };
}

function withSecret({ password, ...rest }: Config): Config {
  return typeof password === 'string' ? { ...rest, password: new Secret(password) } : rest;
}
