import type { HttpAnswer } from '../../net/http.ts';
import { type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';
import type { HttpSession } from './session.ts';

const SHOWN_BODY = 300;
const SMALLER =
  'Set test_path so that it asks for a smaller page: many APIs take a number of records, such as ?limit=10.';
const AUTH_FIELDS = { fields: ['auth'] };

/** Refuses the answers that no request gets when all is well: credentials, redirects, limits, faults. */
export function judgeStatus(session: HttpSession, answer: HttpAnswer, path: string): void {
  const { facts, config } = session;
  const { status, headers } = answer;
  const evidence = evidenceOf(session, answer);
  const fail = (
    code: ProblemCode,
    what = String(status),
    more: Pick<ProblemDetails, 'fields' | 'retry_after_ms'> = {},
  ) => {
    throw new StepFailure(code, { ...facts, what }, { evidence, driver_code: `HTTP ${status}`, ...more });
  };
  if (status === 401 || status === 407)
    fail(config.auth.method === 'none' ? 'API_AUTH_MISSING' : 'API_AUTH_REJECTED', undefined, AUTH_FIELDS);
  if (status === 403)
    fail(config.auth.method === 'none' ? 'API_AUTH_MISSING' : 'API_FORBIDDEN', undefined, AUTH_FIELDS);
  if (isRedirect(answer)) fail('HTTP_REDIRECT', redirectTarget(session, headers['location']));
  if (status >= 300 && status < 400) fail('HTTP_UNEXPECTED');
  if (status === 404 || status === 410) fail('HTTP_NOT_FOUND', session.clean(path, 120));
  if (status === 429) {
    const wait = waitOf(headers['retry-after'], session.context.now());
    fail('HTTP_RATE_LIMITED', wait.words, wait.details);
  }
  if (status >= 500) fail('HTTP_SERVER_ERROR');
}

/** Refuses what is left of the answers that are not a success. */
export function judgeSuccess(session: HttpSession, answer: HttpAnswer): void {
  if (answer.status >= 200 && answer.status < 300) return;
  const details = { evidence: evidenceOf(session, answer), driver_code: `HTTP ${answer.status}` };
  throw new StepFailure('HTTP_UNEXPECTED', { ...session.facts, what: String(answer.status) }, details);
}

/** The JSON of an answer. @throws StepFailure HTTP_NOT_JSON, saying what it is instead */
export function jsonOf(session: HttpSession, answer: HttpAnswer): unknown {
  const type = session.clean(answer.headers['content-type'], 60);
  const refuse = (what: string, fix = '', fields?: readonly string[]) => {
    const details = { evidence: evidenceOf(session, answer), ...(fields ? { fields } : {}) };
    return new StepFailure('HTTP_NOT_JSON', { ...session.facts, what, fix }, details);
  };
  if (/html/i.test(type)) throw refuse('it sends a web page');
  try {
    return JSON.parse(withoutMark(answer.body.toString('utf8')));
  } catch {
    if (answer.truncated) throw refuse('its answer is too large to be looked at', SMALLER, ['test_path']);
    throw refuse(`it sends ${type || 'something without a type'}, not JSON`);
  }
}

/** A byte order mark before JSON may be ignored (RFC 8259 §8.1). */
export function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

export function evidenceOf(session: HttpSession, { status, headers, body }: HttpAnswer): string {
  const type = session.clean(headers['content-type'], 60) || 'no type';
  const text = session.clean(body.toString('utf8'), SHOWN_BODY);
  return `status ${status}, ${type}${text === '' ? '' : `: ${text}`}`;
}

/** 304 and others between 300 and 400 lead nowhere (RFC 9110 §15.4). */
export function isRedirect({ status, headers }: Pick<HttpAnswer, 'status' | 'headers'>): boolean {
  return [301, 302, 303, 307, 308].includes(status) && headers['location'] !== undefined;
}

export function redirectTarget(session: HttpSession, location: string | undefined): string {
  try {
    // Cleaned before it is taken apart, which changes what is in it: hosts lose their capitals.
    const { origin, pathname } = new URL(session.clean(location, 2000), session.url);
    return session.clean(origin + pathname, 200);
  } catch {
    return 'an address that it does not say';
  }
}

/** What Retry-After says (RFC 9110 §10.2.3: seconds or a date), in words and in milliseconds; empty where it says nothing. */
export function waitOf(
  text: string | undefined,
  now: Date,
): { words: string; details: Pick<ProblemDetails, 'retry_after_ms'> } {
  const seconds = /^\d{1,6}$/.test(text ?? '') ? Number(text) : (Date.parse(text ?? '') - now.getTime()) / 1000;
  if (!(seconds > 0) || seconds > 999_999) return { words: '', details: {} };
  const whole = Math.ceil(seconds);
  return { words: `${whole} seconds`, details: { retry_after_ms: whole * 1000 } };
}
