import type { Probe } from '../probe.ts';
import { endpointOf, pinsOf } from '../ssh/settings.ts';
import { cdcSteps } from './cdc.ts';
import { readSession } from './read.ts';
import { type PostgresConfig, Session } from './session.ts';
import { postgresSteps } from './steps.ts';

/**
 * The probe of everything that speaks PostgreSQL's protocol. `server` is the product's name in sentences.
 */
export function postgresProbe(server: string): Probe<PostgresConfig> {
  return {
    plan: (config, context, { checks }) => {
      const session = new Session(config, context, server);
      const steps = postgresSteps(session);
      return {
        subject: `${server} at ${config.host}:${config.port}`,
        endpoint: endpointOf(config),
        about: session.about,
        pins: () => pinsOf(session.link),
        steps: checks.has('cdc') ? [...steps, ...cdcSteps(session)] : steps,
        close: () => session.close(),
        session: () => readSession(session),
      };
    },
  };
}
