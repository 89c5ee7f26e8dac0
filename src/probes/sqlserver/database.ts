import { reached } from '../network.ts';
import { type Problem, StepFailure } from '../problems/index.ts';
import { databaseNamed } from './queries.ts';
import { batch } from './query.ts';
import { newUser, readRights } from './remedies.ts';
import type { Row, Session } from './session.ts';
import { signInElsewhere } from './sign-in.ts';

const LIMIT_MS = 1500;

/**
 * Why a database cannot be opened: the refusal does not say. Another login, to the login's own database, may ask the
 * catalogue. @returns what was known before, where that cannot be had
 */
export async function unopened(session: Session, known: StepFailure, signal: AbortSignal): Promise<StepFailure> {
  if (known.problem.code !== 'DATABASE_NOT_VISIBLE') return known;
  const { facts, who } = session;
  const { evidence, driver_code } = known.problem;
  const details: Pick<Problem, 'evidence' | 'driver_code'> = {
    ...(evidence === undefined ? {} : { evidence }),
    ...(driver_code === undefined ? {} : { driver_code }),
  };
  const remedies = [newUser(who), ...readRights(who)];
  const found = await seenElsewhere(session, signal);
  if (found === 'unknown') return new StepFailure('DATABASE_NOT_VISIBLE', facts, { ...details, remedies });
  if (found === 'missing') return new StepFailure('DATABASE_NOT_FOUND', facts, details);
  const state = session.clean(found['state'], 60);
  if (state !== 'ONLINE')
    return new StepFailure('DATABASE_CLOSED', facts, { ...details, evidence: `${facts.database} is ${state}` });
  if (found['open_to_us'] === '1') return new StepFailure('DATABASE_CLOSED', facts, details);
  return new StepFailure('DATABASE_DENIED', facts, { ...details, remedies });
}

async function seenElsewhere(session: Session, signal: AbortSignal): Promise<Row | 'missing' | 'unknown'> {
  try {
    const messages = await signInElsewhere(session, signal);
    const [row] = reached(await batch(messages, databaseNamed(session.config.database), LIMIT_MS));
    if (row?.['name']) return row;
    return row?.['sees_all'] === '1' ? 'missing' : 'unknown';
  } catch {
    return 'unknown';
  }
}
