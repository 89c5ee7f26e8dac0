import type { StepSpec } from '../probe.ts';
import { reachSteps } from '../ssh/steps.ts';
import { databaseStage, loginStage } from '../stages.ts';
import { logIn } from './login.ts';
import { openingSteps } from './opening.ts';
import { database, readSteps } from './read-steps.ts';
import { seedSteps } from './seeds.ts';
import type { Session } from './session.ts';

/** From the host names to one document read. The CDC checks follow in `cdc.ts`. */
export function mongodbSteps(session: Session): StepSpec[] {
  const { config, facts, context, link } = session;
  const several = config.srv || config.members !== undefined;
  return [
    ...(several ? seedSteps(session) : reachSteps(facts, context, link, config)),
    ...openingSteps(session),
    loginStage(facts, () => logIn(session)),
    session.asks(databaseStage(facts, () => database(session))),
    ...readSteps(session),
  ];
}
