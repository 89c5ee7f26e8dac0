import { networkFailure, systemCode } from '../network.ts';
import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';

export interface ServerError {
  code: string;
  message: string;
  /** The server's function that refused: the same in every language. */
  routine: string | undefined;
}

/** SQLSTATE → problem (PostgreSQL, Appendix A "Error Codes"). */
const LOGIN_STATES: Readonly<Record<string, ProblemCode>> = {
  '28P01': 'AUTH_REJECTED',
  '28000': 'AUTH_REJECTED',
  '3D000': 'DATABASE_NOT_FOUND',
  '42501': 'DATABASE_DENIED',
  '53300': 'TOO_MANY_CONNECTIONS',
  '55000': 'DATABASE_CLOSED',
  '57P03': 'SERVER_NOT_READY',
  '57P01': 'SERVER_NOT_READY',
};

/**
 * 28000 covers several causes; the routine or the message tells them apart. Servers may speak other languages, so the
 * state's own meaning holds where none fits. 08P01 is how poolers refuse.
 */
const LOGIN_MESSAGES: readonly { state: RegExp; pattern: RegExp; code: ProblemCode }[] = [
  { state: /^28000$/, pattern: /client certificate/i, code: 'CLIENT_CERTIFICATE_REQUIRED' },
  // The name of the file stands in the message in every language.
  { state: /^28000$/, pattern: /pg_hba/i, code: 'HOST_NOT_PERMITTED' },
  { state: /^28000$/, pattern: /not permitted to log in/i, code: 'LOGIN_NOT_PERMITTED' },
  { state: /^28000$/, pattern: /role .* does not exist/i, code: 'USER_UNKNOWN' },
  { state: /^53300$/, pattern: /connections for role/i, code: 'ROLE_CONNECTION_LIMIT' },
  { state: /^08P01$|^28000$/, pattern: /ssl|tls|encrypt|insecure/i, code: 'TLS_REQUIRED' },
  { state: /^08P01$/, pattern: /no such user/i, code: 'USER_UNKNOWN' },
  { state: /^08P01$/, pattern: /password|auth/i, code: 'AUTH_REJECTED' },
  { state: /^08P01$/, pattern: /database/i, code: 'DATABASE_NOT_FOUND' },
];

export function serverError(error: unknown): ServerError | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  const routine = 'routine' in error && typeof error.routine === 'string' ? error.routine : undefined;
  return typeof error.code === 'string' ? { code: error.code, message: error.message, routine } : undefined;
}

/** How far a login had come when it was refused. */
export interface LoginState {
  /** The login went over TLS. */
  tls: boolean;
  /** The config forbids TLS, so a rule that asks for it cannot be told from no rule at all. */
  tlsIsOff: boolean;
  /** The server asked for a password, so what it refused after that was not the password. */
  passwordAccepted: boolean;
}

/** What mends a refused login, by its code; `said` is the server's own text. */
export type LoginFixes = (code: ProblemCode, said: string) => ProblemDetails;

/** A failed login as a step failure. The server's words travel as evidence, cleaned; the SQLSTATE as `driver_code`. */
export function loginFailure(
  error: unknown,
  facts: Facts,
  context: ProbeContext,
  state: LoginState,
  fixes: LoginFixes,
): StepFailure {
  if (error instanceof StepFailure) return error;
  const refused = serverError(error);
  if (!refused) return clientFailure(error, facts);
  const kind = loginProblem(refused, facts, state);
  const code = kind === 'HOST_NOT_PERMITTED' && state.tlsIsOff ? 'TLS_REQUIRED' : kind;
  const said = { evidence: context.redactor.clean(refused.message, 300), ...stateOf(refused) };
  return new StepFailure(code, facts, { ...said, ...fixes(code, refused.message) });
}

function loginProblem(
  { code, message, routine }: ServerError,
  { username, database }: Facts,
  state: LoginState,
): ProblemCode {
  // Names in the message are not ours to read meaning into: a user may be called `tls`.
  const names = [username, database].filter((name): name is string => !!name);
  const words = names.reduce((rest, name) => rest.replaceAll(name, ''), message.replaceAll(/"[^"]*"/g, '""'));
  const special = LOGIN_MESSAGES.find((each) => each.state.test(code) && each.pattern.test(words))?.code;
  if (special !== undefined && !(special === 'TLS_REQUIRED' && state.tls)) return special;
  // The routine that looks the role up refuses it where it is missing or may not log in, in any language.
  if (code === '28000' && routine === 'InitializeSessionUserId')
    return state.passwordAccepted ? 'LOGIN_NOT_PERMITTED' : 'USER_UNKNOWN';
  if (code === '53300' && routine === 'InitializeSessionUserId') return 'ROLE_CONNECTION_LIMIT';
  return LOGIN_STATES[code] ?? 'LOGIN_REFUSED';
}

/** The SQLSTATE, if it is one: five characters. Anything else a server calls so is not passed on. */
export function stateOf({ code }: ServerError): { driver_code?: string } {
  return /^[0-9A-Z]{5}$/.test(code) ? { driver_code: code } : {};
}

/** Errors that the client library makes itself: the connection ended, or it cannot do what the server asks. */
export function clientFailure(error: unknown, facts: Facts): StepFailure {
  if (error instanceof StepFailure) return error;
  if (systemCode(error) !== undefined) return networkFailure(error, facts, 'CONNECTION_LOST');
  const message = error instanceof Error ? error.message : '';
  if (/SASL|SCRAM|authentication/i.test(message)) {
    return new StepFailure('AUTH_METHOD_UNSUPPORTED', { ...facts, what: 'its SCRAM exchange failed' });
  }
  return new StepFailure('CONNECTION_LOST', facts);
}

/** A failed catalogue query or read as a step failure. */
export function queryFailure(error: unknown, facts: Facts, context: ProbeContext, code: ProblemCode): StepFailure {
  if (error instanceof StepFailure) return error;
  const refused = serverError(error);
  if (!refused) return clientFailure(error, facts);
  const words = context.redactor.clean(refused.message, 300);
  const kind = refused.code === '57014' ? 'QUERY_TIMEOUT' : code;
  return new StepFailure(kind, facts, { evidence: words, ...stateOf(refused) });
}
