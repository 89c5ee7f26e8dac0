import { StepFailure } from '../problems/index.ts';
import type { Session } from './session.ts';

const NO_SUCH_TABLE = '1146';
/** By right on the table or on its columns. */
const DENIED: ReadonlySet<string | undefined> = new Set(['1142', '1143']);
/** A view that is read by the rights of an account that lost them, or is gone: 1045 says so to whom may not know that. */
const BROKEN: ReadonlySet<string | undefined> = new Set(['1356', '1449', '1045']);
const NEEDS_A_RIGHT = '1227';

export function isMissing(number: string | undefined): boolean {
  return number === NO_SUCH_TABLE;
}

export function isDenied(number: string | undefined): boolean {
  return DENIED.has(number);
}

/** No right of the reader's own mends it. */
export function isBroken(number: string | undefined): boolean {
  return BROKEN.has(number);
}

/** The number of the server's refusal to read something, where rights or the table are lacking. */
export async function refusalOf(session: Session, select: string): Promise<string | undefined> {
  try {
    await session.query(select);
    return undefined;
  } catch (error) {
    const number = numberOf(error);
    if (isMissing(number) || isDenied(number) || isBroken(number)) return number;
    throw error;
  }
}

/** Whether a statement was refused because the account lacks a right that is not on tables. */
export function lacksRight(error: unknown): boolean {
  return numberOf(error) === NEEDS_A_RIGHT;
}

export function numberOf(error: unknown): string | undefined {
  return error instanceof StepFailure ? error.problem.driver_code : undefined;
}
