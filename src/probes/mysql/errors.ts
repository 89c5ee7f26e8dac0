import { isAddress } from '../../net/address.ts';
import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import { SUPPORTED } from './login.ts';
import { quote, quoteAccount } from './names.ts';
import { ServerError, withoutState } from './server-error.ts';

/** What the server is asked by, when it refuses. */
export interface Asking {
  facts: Facts;
  context: ProbeContext;
  /** The account that the login was matched to, `reader@%`, once it is known. */
  account?: string | undefined;
  /** Whether a password was given. */
  password: boolean;
  /** The config forbids TLS that the server offers. */
  shunsTls: boolean;
}

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
  return failure(error, PROBLEMS_BY_NUMBER[error.errno] ?? code, asking);
}

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
  const sql = SQL[code]?.(asking, error);
  return new StepFailure(code, code === 'AUTH_METHOD_UNSUPPORTED' ? { ...facts, ...METHOD } : facts, {
    evidence: withoutState(context.redactor.clean(error.message, 300)),
    driver_code: String(error.errno),
    ...(sql === undefined ? {} : { sql }),
  });
}

const METHOD = { what: 'not by a password', fix: SUPPORTED };

const SQL: Partial<Record<ProblemCode, (asking: Asking, error: ServerError) => string>> = {
  ADDRESS_NOT_PERMITTED: ({ facts }, { message }) => {
    const account = quoteAccount(`${facts.username}@${seenAs(message)}`);
    const grants = facts.database === undefined ? [] : [grant(facts.database, account)];
    return [`CREATE USER ${account} IDENTIFIED BY 'the password';`, ...grants].join('\n');
  },
  ADDRESS_BLOCKED: () => 'FLUSH HOSTS; -- MySQL 8.0.23 and newer: TRUNCATE TABLE performance_schema.host_cache;',
  PASSWORD_EXPIRED: (asking) => `ALTER USER ${accountOf(asking)} IDENTIFIED BY 'a new password';`,
  ACCOUNT_LOCKED: (asking, { errno }) =>
    errno === 4150 ? 'FLUSH PRIVILEGES;' : `ALTER USER ${accountOf(asking)} ACCOUNT UNLOCK;`,
  DATABASE_NOT_VISIBLE: (asking) => grant(asking.facts.database ?? '', accountOf(asking)),
};

/** The address that the server sees us come from, where it says so; the word is from outside. */
function seenAs(message: string): string {
  const seen = /Host '([0-9a-fA-F.:]{2,45})'/.exec(message)?.[1] ?? '';
  return isAddress(seen) ? seen : '%';
}

/** The account that SQL speaks of, quoted. Before the login is through, its host is not known. */
export function accountOf({ account, facts }: Pick<Asking, 'account' | 'facts'>): string {
  return quoteAccount(account ?? `${facts.username}@%`);
}

/** The least that lets an account read everything in a database, now and later. */
export function grant(database: string, account: string): string {
  return `GRANT SELECT ON ${quote(database)}.* TO ${account};`;
}
