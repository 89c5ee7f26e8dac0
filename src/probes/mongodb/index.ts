import type { Probe } from '../probe.ts';
import { endpointOf, pinsOf } from '../ssh/settings.ts';
import { cdcSteps } from './cdc.ts';
import { readSession } from './read.ts';
import { type MongoConfig, Session } from './session.ts';
import { mongodbSteps } from './steps.ts';

/**
 * The probe of everything that speaks MongoDB's protocol. It speaks it itself, with BSON alone from a library: the
 * driver opens its own sockets, dials what servers name, and watches them in the background.
 */
export const mongodbProbe: Probe<MongoConfig> = {
  plan: (config, context, { checks }) => {
    const session = new Session(config, context);
    const steps = mongodbSteps(session);
    return {
      subject: `MongoDB at ${config.host}${config.srv ? '' : `:${config.port}`}`,
      endpoint: endpointOf(config),
      about: session.about,
      pins: () => pinsOf(session.link),
      script: 'mongosh',
      steps: checks.has('cdc') ? [...steps, ...cdcSteps(session)] : steps,
      close: () => session.close(),
      session: () => readSession(session),
    };
  },
};
