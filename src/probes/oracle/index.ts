import type { Probe } from '../probe.ts';
import { endpointOf, pinsOf } from '../ssh/settings.ts';
import { cdcSteps } from './cdc.ts';
import { type Driver, loadDriver } from './driver.ts';
import { readSession } from './read.ts';
import { type OracleConfig, Session } from './session.ts';
import { oracleSteps } from './steps.ts';

/**
 * The probe of Oracle Database 12.1 and newer. What a listener says is asked in its own protocol; logging in takes a
 * driver, which whoever wants it installs. `server` is the product's name in sentences.
 */
export function oracleProbe(server: string, load: () => Promise<Driver | undefined> = loadDriver): Probe<OracleConfig> {
  return {
    plan: (config, context, { checks }) => {
      const session = new Session(config, context, server);
      const steps = oracleSteps(session, load);
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
