import type { Probe } from '../probe.ts';
import { endpointOf, pinsOf } from '../ssh/settings.ts';
import { cdcSteps } from './cdc.ts';
import { readSession } from './read.ts';
import { Session, type SqlServerConfig } from './session.ts';
import { sqlServerSteps } from './steps.ts';

/**
 * The probe of everything that speaks TDS 7.4 or 8. It speaks it itself: the driver weighs 77 MB, makes TLS before it
 * says what was offered, follows the server to any host, and reports neither certificate nor version where it fails.
 * `server` is the product's name in sentences.
 */
export function sqlServerProbe(server: string): Probe<SqlServerConfig> {
  return {
    plan: (config, context, { checks }) => {
      const session = new Session(config, context, server);
      const steps = sqlServerSteps(session);
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
