import { type ProblemCode, StepFailure } from '../problems/index.ts';
import type { Asking } from './asking.ts';
import { SUPPORTED } from './login.ts';
import { LOGIN_REMEDIES } from './login-remedies.ts';
import { ServerError, withoutState } from './server-error.ts';

/** Error number → problem (MySQL 8.4 "Server Error Message Reference"; MariaDB "Error Codes", from 1900 its own). */
const PROBLEMS_BY_NUMBER: Readonly<Record<number, ProblemCode>> = {
  1040: 'TOO_MANY_CONNECTIONS',
  1203: 'TOO_MANY_CONNECTIONS',
  1226: 'TOO_MANY_CONNECTIONS',
  1045: 'AUTH_REJECTED',
  1698: 'AUTH_METHOD_UNSUPPORTED',
  1251: 'AUTH_METHOD_UNSUPPORTED',
  1275: 'AUTH_METHOD_UNSUPPORTED',
  1524: 'AUTH_METHOD_UNSUPPORTED',
  1396: 'USER_UNKNOWN',
  1044: 'DATABASE_NOT_VISIBLE',
  1049: 'DATABASE_NOT_FOUND',
  1129: 'ADDRESS_BLOCKED',
  1130: 'ADDRESS_NOT_PERMITTED',
  1820: 'PASSWORD_EXPIRED',
  1862: 'PASSWORD_EXPIRED',
  3118: 'ACCOUNT_LOCKED',
  3955: 'ACCOUNT_LOCKED',
  4150: 'ACCOUNT_LOCKED',
  4151: 'ACCOUNT_LOCKED',
  3159: 'TLS_REQUIRED',
  9002: 'TLS_REQUIRED',
  1053: 'SERVER_NOT_READY',
  1927: 'CONNECTION_LOST',
  3032: 'SERVER_NOT_READY',
  3024: 'QUERY_TIMEOUT',
  1205: 'QUERY_TIMEOUT',
  1969: 'QUERY_TIMEOUT',
};

/** A failed login as a step failure. The server's words travel as evidence, cleaned; the number as `driver_code`. */
export function loginFailure(error: unknown, asking: Asking): StepFailure {
  if (!(error instanceof ServerError)) return otherFailure(error);
  return failure(error, loginProblem(error, asking), asking);
}

/** A failed statement as a step failure: `code`, where the number does not know better. */
export function queryFailure(error: unknown, asking: Asking, code: ProblemCode): StepFailure {
  if (!(error instanceof ServerError)) return otherFailure(error);
  return failure(error, (error.errno === DENIED ? undefined : PROBLEMS_BY_NUMBER[error.errno]) ?? code, asking);
}

/** Behind the login it is not the login: so answers a view whose definer is gone. */
const DENIED = 1045;

function otherFailure(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  throw error;
}

function loginProblem({ errno, message }: ServerError, { password, shunsTls }: Asking): ProblemCode {
  // MariaDB and proxies have no number of their own for it.
  if (/secure.?transport|\b(ssl|tls)\b.*\brequired?\b|insecure/i.test(withoutNames(message))) return 'TLS_REQUIRED';
  if (errno === 1045 && !password) return 'PASSWORD_MISSING';
  // The same number is used where an account demands TLS.
  if (errno === 1045 && shunsTls) return 'AUTH_REJECTED_WITHOUT_TLS';
  return PROBLEMS_BY_NUMBER[errno] ?? 'LOGIN_REFUSED';
}

/** Names in the message are not ours to read meaning into: a user may be called `tls`. */
function withoutNames(message: string): string {
  return message.replaceAll(/'[^']*'/g, "''");
}

function failure(error: ServerError, code: ProblemCode, asking: Asking): StepFailure {
  const { facts, context } = asking;
  const remedies = LOGIN_REMEDIES[code]?.(asking, error) ?? [];
  return new StepFailure(code, code === 'AUTH_METHOD_UNSUPPORTED' ? { ...facts, ...METHOD } : facts, {
    evidence: withoutState(context.redactor.clean(error.message, 300)),
    driver_code: String(error.errno),
    ...(remedies.length > 0 ? { remedies } : {}),
  });
}

const METHOD = { what: 'not by a password', fix: SUPPORTED };
