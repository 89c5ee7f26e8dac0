import { networkFailure, systemCode } from '../network.ts';
import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';

interface ServerError {
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
const LOGIN_MESSAGES: readonly { state: RegExp; routine?: string; pattern: RegExp; code: ProblemCode }[] = [
  { state: /^28000$/, routine: 'ClientAuthentication', pattern: /pg_hba\.conf/i, code: 'HOST_NOT_PERMITTED' },
  { state: /^28000$/, pattern: /not permitted to log in/i, code: 'LOGIN_NOT_PERMITTED' },
  { state: /^28000$/, pattern: /role .* does not exist/i, code: 'USER_UNKNOWN' },
  { state: /^08P01$|^28000$/, pattern: /ssl|tls|encrypt|insecure/i, code: 'TLS_REQUIRED' },
  { state: /^08P01$/, pattern: /no such user/i, code: 'USER_UNKNOWN' },
  { state: /^08P01$/, pattern: /password|auth/i, code: 'AUTH_REJECTED' },
  { state: /^08P01$/, pattern: /database/i, code: 'DATABASE_NOT_FOUND' },
];

const LOGIN_SQL: Partial<Record<ProblemCode, (facts: Facts) => string>> = {
  LOGIN_NOT_PERMITTED: ({ username }) => `ALTER ROLE ${quote(username ?? '')} LOGIN;`,
  DATABASE_DENIED: ({ database, username }) =>
    `GRANT CONNECT ON DATABASE ${quote(database ?? '')} TO ${quote(username ?? '')};`,
  DATABASE_CLOSED: ({ database }) => `ALTER DATABASE ${quote(database ?? '')} ALLOW_CONNECTIONS true;`,
};

function serverError(error: unknown): ServerError | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  const routine = 'routine' in error && typeof error.routine === 'string' ? error.routine : undefined;
  return typeof error.code === 'string' ? { code: error.code, message: error.message, routine } : undefined;
}

/**
 * A failed login as a step failure. The server's words travel as evidence, cleaned; the SQLSTATE as `driver_code`.
 * `tlsIsOff`: the config forbids TLS, so a rule that asks for it cannot be told from no rule at all.
 */
export function loginFailure(error: unknown, facts: Facts, context: ProbeContext, tlsIsOff: boolean): StepFailure {
  if (error instanceof StepFailure) return error;
  const refused = serverError(error);
  if (!refused) return clientFailure(error, facts);
  const kind = loginProblem(refused);
  const code = kind === 'HOST_NOT_PERMITTED' && tlsIsOff ? 'TLS_REQUIRED' : kind;
  const sql = LOGIN_SQL[code]?.(facts);
  const said = { evidence: context.redactor.clean(refused.message, 300), driver_code: refused.code };
  return new StepFailure(code, facts, sql === undefined ? said : { ...said, sql });
}

function loginProblem({ code, message, routine }: ServerError): ProblemCode {
  // Names in the message are not ours to read meaning into: a user may be called `tls`.
  const words = message.replaceAll(/"[^"]*"/g, '""');
  const special = LOGIN_MESSAGES.find(
    (each) =>
      each.state.test(code) && ((routine !== undefined && each.routine === routine) || each.pattern.test(words)),
  );
  return special?.code ?? LOGIN_STATES[code] ?? 'LOGIN_REFUSED';
}

/** Errors that the client library makes itself: the connection ended, or it cannot do what the server asks. */
function clientFailure(error: unknown, facts: Facts): StepFailure {
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
  return new StepFailure(kind, facts, { evidence: words, driver_code: refused.code });
}

/** A PostgreSQL identifier, quoted. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
