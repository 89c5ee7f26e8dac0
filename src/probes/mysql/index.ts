import type { Probe } from '../probe.ts';
import { endpointOf, pinsOf } from '../ssh/settings.ts';
import { cdcSteps } from './cdc/index.ts';
import { readSession } from './read.ts';
import { roleSteps } from './role-steps.ts';
import { type MysqlConfig, Session } from './session.ts';
import { mysqlSteps } from './steps.ts';

/**
 * The probe of everything that speaks MySQL's protocol. It speaks it itself: a driver would want to read the greeting
 * and to make TLS on its own, fetches keys over clear lines, and parses what a server sends without bounds.
 * `server` is the product's name in sentences.
 */
export function mysqlProbe(server: 'MySQL' | 'MariaDB'): Probe<MysqlConfig> {
  return {
    plan: (config, context, { checks }) => {
      const cdc = checks.has('cdc');
      const session = new Session(config, context, server, { cdc });
      const steps = [...mysqlSteps(session), ...roleSteps(session)];
      return {
        subject: `${server} at ${config.host}:${config.port}`,
        endpoint: endpointOf(config),
        about: session.about,
        pins: () => pinsOf(session.link),
        steps: cdc ? [...steps, ...cdcSteps(session)] : steps,
        close: () => session.close(),
        session: () => readSession(session),
      };
    },
  };
}
