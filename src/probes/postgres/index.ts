import type { Probe } from '../probe.ts';
import { endpointOf, pinsOf } from '../ssh/settings.ts';
import { Catalogue } from './catalogue.ts';
import { cdcSteps, ReplicationTrial } from './cdc/index.ts';
import { readSession } from './read.ts';
import { readSteps } from './read-steps.ts';
import { roleSteps } from './role.ts';
import { type PostgresConfig, Session } from './session.ts';
import { gateSteps } from './steps.ts';

/**
 * The probe of everything that speaks PostgreSQL's protocol. `server` is the product's name in sentences.
 */
export function postgresProbe(server: string): Probe<PostgresConfig> {
  return {
    plan: (config, context, { checks }) => {
      const session = new Session(config, context, server);
      const wantsCdc = checks.has('cdc');
      const catalogue = new Catalogue(session, wantsCdc);
      const trial = new ReplicationTrial(session);
      // Whatever later steps look at is on its way while earlier ones work.
      const begin = () => {
        if (wantsCdc) void trial.result();
        catalogue.begin();
      };
      const steps = [
        ...gateSteps(session, wantsCdc),
        ...readSteps(session, catalogue, begin),
        ...roleSteps(session, catalogue),
        ...(wantsCdc ? cdcSteps(session, catalogue, trial) : []),
      ];
      return {
        subject: `${server} at ${config.host}:${config.port}`,
        endpoint: endpointOf(config),
        about: session.about,
        pins: () => pinsOf(session.link),
        steps,
        close: () => session.close(),
        session: () => readSession(session),
      };
    },
  };
}
