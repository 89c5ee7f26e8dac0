import { networkFailure, systemCode } from '../network.ts';
import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';

interface ServerError {
  code: string;
  message: string;
  routine?: string;
}

/** SQLSTATE → problem (PostgreSQL, Appendix A "Error Codes"). */
const LOGIN_STATES: Readonly<Record<string, ProblemCode>> = {
  '28P01': 'AUTH_REJECTED',
  '28000': 'AUTH_REJECTED',
  '3D000': 'DATABASE_NOT_FOUND',
  '42501': 'DATABASE_DENIED',
  '53300': 'TOO_MANY_CONNECTIONS',
  '55000': 'DATABASE_DENIED',
  '57P03': 'SERVER_NOT_READY',
  '57P01': 'SERVER_NOT_READY',
};

/**
 * 28000 covers several causes; only the message tells them apart. Servers may speak other languages, so each pattern
 * is tried on the text and the state's own meaning holds where none fits. 08P01 is how poolers refuse.
 */
const LOGIN_MESSAGES: readonly { state: RegExp; pattern: RegExp; code: ProblemCode }[] = [
  { state: /^28000$/, pattern: /pg_hba\.conf.*no encryption/i, code: 'TLS_REQUIRED' },
  { state: /^28000$/, pattern: /pg_hba\.conf/i, code: 'HOST_NOT_PERMITTED' },
  { state: /^28000$/, pattern: /not permitted to log in/i, code: 'LOGIN_NOT_PERMITTED' },
  { state: /^28000$/, pattern: /role .* does not exist/i, code: 'USER_UNKNOWN' },
  { state: /^08P01$|^28/, pattern: /ssl|tls|encrypt|insecure/i, code: 'TLS_REQUIRED' },
  { state: /^08P01$/, pattern: /password|auth/i, code: 'AUTH_REJECTED' },
  { state: /^08P01$/, pattern: /database/i, code: 'DATABASE_NOT_FOUND' },
];

function serverError(error: unknown): ServerError | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? { code: error.code, message: error.message } : undefined;
}

/** A failed login as a step failure. The server's words travel as evidence, cleaned; the SQLSTATE as `driver_code`. */
export function loginFailure(error: unknown, facts: Facts, context: ProbeContext, tls: boolean): StepFailure {
  if (error instanceof StepFailure) return error;
  const refused = serverError(error);
  if (!refused) return clientFailure(error, facts);
  const special = LOGIN_MESSAGES.find(
    ({ state, pattern }) => state.test(refused.code) && pattern.test(refused.message),
  );
  const fallback = refused.code === '28000' && !tls ? 'HOST_NOT_PERMITTED' : 'QUERY_FAILED';
  const code = special?.code ?? LOGIN_STATES[refused.code] ?? fallback;
  const words = context.redactor.clean(refused.message, 300);
  const sql = code === 'LOGIN_NOT_PERMITTED' ? `ALTER ROLE ${quote(facts.username ?? '')} LOGIN;` : undefined;
  const grant =
    code === 'DATABASE_DENIED'
      ? `GRANT CONNECT ON DATABASE ${quote(facts.database ?? '')} TO ${quote(facts.username ?? '')};`
      : sql;
  return new StepFailure(
    code,
    { ...facts, what: words },
    { evidence: words, driver_code: refused.code, ...(grant === undefined ? {} : { sql: grant }) },
  );
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
  return new StepFailure(kind, { ...facts, what: words }, { evidence: words, driver_code: refused.code });
}

/** A PostgreSQL identifier, quoted. */
export function quote(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
