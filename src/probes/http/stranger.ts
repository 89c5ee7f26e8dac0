import type { HttpAnswer } from '../../net/http.ts';
import { reached } from '../network.ts';
import { withPatience } from '../patience.ts';
import type { StepOutcome } from '../probe.ts';
import { type ProblemCode, StepFailure } from '../problems/index.ts';
import { redirectTarget } from './judge.ts';
import type { HttpAsk, HttpSession } from './session.ts';

const SHORTEST_MS = 1500;
/** How much longer than the accepted request a stranger's may take before its silence means something. */
const SLOWER = 3;
const OF_THE_STEP = 0.6;

/** The head of an answer. */
export interface Answered {
  status: number;
  headers: Readonly<Record<string, string>>;
}

/** What a stranger met: something else than those who have credentials, the same, or what says nothing of them. */
export type Met = { other: string } | { same: true } | { unclear: string };

/** Limits and faults, which say nothing of what a stranger would be told otherwise. */
const BUSY: readonly string[] = ['HTTP_RATE_LIMITED', 'HTTP_SERVER_ERROR'];
/** A server that hangs up once it has seen that there are no credentials. */
const DROPPED: readonly string[] = ['HTTP_BROKEN', 'CONNECTION_LOST'];
/** What a stranger met who was left without an answer. */
export const SILENCE = 'no answer';

/**
 * Asks once more, as a stranger would, within a time of its own: whoever leaves strangers without an answer treats them
 * differently, too. `ownMs`: how long the accepted request took.
 */
export async function metBy(
  ask: (signal: AbortSignal) => Promise<Met>,
  ownMs: number,
  { signal, limitMs }: { signal: AbortSignal; limitMs: number },
): Promise<Met> {
  const wanted = Math.max(SHORTEST_MS, ownMs * SLOWER);
  const patience = Math.min(wanted, limitMs * OF_THE_STEP);
  try {
    const met = await withPatience(patience, signal, ask);
    if (met !== undefined) return met;
    return patience < wanted ? { unclear: 'it is too slow to be asked without them as well' } : { other: SILENCE };
  } catch (error) {
    if (signal.aborted || !(error instanceof StepFailure)) throw error;
    const { code, driver_code = code } = error.problem;
    if (DROPPED.includes(code)) return { other: 'the connection is dropped' };
    if (/^(TCP|TLS|DNS)_/.test(code)) return { unclear: 'it could not be reached a second time' };
    return BUSY.includes(code) ? { unclear: busy(driver_code.replace('HTTP ', 'status ')) } : { other: driver_code };
  }
}

/** Two answers to the same request, with credentials and without. */
export function compared(session: HttpSession, own: Answered, stranger: Answered): Met {
  const { status } = stranger;
  if (status === own.status && placeOf(session, own) === placeOf(session, stranger)) return { same: true };
  return metStatus(status);
}

/** An answer that is not the one to those who have credentials. */
export function metStatus(status: number): Met {
  return status === 429 || status >= 500 ? { unclear: busy(`status ${status}`) } : { other: `status ${status}` };
}

/** A login page is another place than the one that the credentials lead to. */
function placeOf(session: HttpSession, { status, headers }: Answered): string {
  return status >= 300 && status < 400 ? redirectTarget(session, headers['location']) : '';
}

function busy(what: string): string {
  return `without them it answers with ${what}`;
}

/** The outcome of a step that asked with credentials and without. `code`, `fix`: of the warning, where they are not the usual ones. */
export function proofOf(
  { config, facts }: HttpSession,
  met: Met,
  { code = 'AUTH_UNPROVEN', fix = '' }: { code?: ProblemCode; fix?: string } = {},
): StepOutcome {
  if ('other' in met) return { evidence: `${config.auth.method}; without credentials: ${met.other}` };
  const said =
    'same' in met
      ? { what: 'it answers the same without them', fix }
      : { what: met.unclear, fix: 'Test again in a moment.' };
  return { warning: { code, facts: { ...facts, ...said } } };
}

/** One request with credentials, which may be made again without. */
export class Asked {
  answer: HttpAnswer | undefined;
  #tookMs = 0;
  readonly #session: HttpSession;

  constructor(session: HttpSession) {
    this.#session = session;
  }

  async ask(request: Pick<HttpAsk, 'method' | 'path'>, signal: AbortSignal): Promise<HttpAnswer> {
    const began = performance.now();
    this.answer = await this.#session.ask({ ...request, withCredentials: true }, signal);
    this.#tookMs = performance.now() - began;
    return this.answer;
  }

  asStranger(request: Pick<HttpAsk, 'method' | 'path'>, limits: { signal: AbortSignal; limitMs: number }) {
    const ask = async (signal: AbortSignal) => {
      const exchange = await this.#session.open({ ...request, withCredentials: false }, signal);
      exchange.close();
      return compared(this.#session, reached(this.answer), exchange);
    };
    return metBy(ask, this.#tookMs, limits);
  }
}
