import { StepFailure } from '../problems/index.ts';
import type { Row, Session } from './session.ts';

/** What a user without rights cannot ask. */
export async function optional(session: Session, statement: string): Promise<Row[] | undefined> {
  try {
    return await session.query(statement);
  } catch (error) {
    if (error instanceof StepFailure && error.problem.code === 'QUERY_FAILED') return undefined;
    throw error;
  }
}
