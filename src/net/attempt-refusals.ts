import { HeadwaterError } from '../errors.ts';
import { type Circuit, hasOpened } from './breaker.ts';
import { type Account, REJECTIONS_TO_PAUSE } from './login-pause.ts';
import { type AttemptLimits, WINDOW_MS } from './rate-limit.ts';

/** What is said where an attempt is not made. Each names how long to wait, and what can be done instead of waiting. */

export function tooManyAttempts(
  { full, waitMs }: { full: keyof AttemptLimits; waitMs: number },
  limits: AttemptLimits,
  destination: string,
): HeadwaterError {
  const often = `${times(limits[full])} within ${seconds(WINDOW_MS)}`;
  const message =
    full === 'tenant'
      ? `Connections were attempted ${often}, which is the limit.`
      : `Connections to ${destination} were attempted ${often}, which is the limit for one destination.`;
  return new HeadwaterError('RATE_LIMITED', message, {
    hint: `Go on in ${seconds(waitMs)}. A person who operates Headwater can raise HEADWATER_TEST_LIMIT.`,
    retry_after_ms: waitMs,
  });
}

export function circuitOpen(destination: string, circuit: Circuit, waitMs: number): HeadwaterError {
  const { failures, last } = circuit;
  const message = hasOpened(circuit)
    ? `${destination} failed ${times(failures)} in a row, so it is left alone for ${seconds(waitMs)}.`
    : `${destination} asked to be left alone, which it is for ${seconds(waitMs)}.`;
  return new HeadwaterError('CIRCUIT_OPEN', message, {
    hint: `Mend what failed last (last_error), or have it mended, and go on in ${seconds(waitMs)}. Another host or port can be tested at once.`,
    retry_after_ms: waitMs,
    last_error: last,
  });
}

export function loginPaused({ destination, username }: Account, waitMs: number): HeadwaterError {
  return new HeadwaterError(
    'LOGIN_PAUSED',
    `${destination} rejected the login of ${username} ${times(REJECTIONS_TO_PAUSE)}, so the same credentials are not sent again for ${seconds(waitMs)}: more could lock the account.`,
    {
      hint: 'Have a person check user name and password, and correct them: credentials that changed are tried at once. Where the account was mended at its server instead, that person can try it at once: headwater test … --again.',
      retry_after_ms: waitMs,
    },
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

function seconds(ms: number): string {
  return ms < 120_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} minutes`;
}
