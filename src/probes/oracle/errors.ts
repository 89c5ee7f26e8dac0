import { networkFailure, systemCode } from '../network.ts';
import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';
import { newUser, openSession, unlockUser, type Who } from './remedies.ts';

/** What the server is asked by, when it refuses. */
export interface Asking {
  facts: Facts;
  context: ProbeContext;
  who: Who;
}

/** Codes of the server (ORA) and of the driver (NJS) → problem. */
const PROBLEMS_BY_CODE: Readonly<Record<string, ProblemCode>> = {
  'ORA-01017': 'AUTH_REJECTED',
  'ORA-01005': 'PASSWORD_MISSING',
  'ORA-01045': 'LOGIN_NOT_PERMITTED',
  'ORA-28000': 'ACCOUNT_LOCKED',
  'ORA-28001': 'PASSWORD_EXPIRED',
  'ORA-28040': 'AUTH_METHOD_UNSUPPORTED',
  'NJS-116': 'AUTH_METHOD_UNSUPPORTED',
  'NJS-533': 'NATIVE_ENCRYPTION',
  'ORA-12660': 'NATIVE_ENCRYPTION',
  'NJS-138': 'ORACLE_TOO_OLD',
  'NJS-518': 'SERVICE_UNKNOWN',
  'NJS-519': 'SERVICE_UNKNOWN',
  'NJS-510': 'AUTH_TIMEOUT',
  'NJS-511': 'LISTENER_REFUSED',
  'NJS-123': 'QUERY_TIMEOUT',
  ...all(['NJS-500', 'NJS-501', 'NJS-503', 'NJS-521'], 'CONNECTION_LOST'),
  ...all(['ORA-01033', 'ORA-01034', 'ORA-01035', 'ORA-01089', 'ORA-01109', 'ORA-01219'], 'SERVER_NOT_READY'),
  ...all(['ORA-00018', 'ORA-00020', 'ORA-02391', 'ORA-12516', 'ORA-12519', 'ORA-12520'], 'TOO_MANY_CONNECTIONS'),
};

function all(codes: readonly string[], code: ProblemCode): Record<string, ProblemCode> {
  return Object.fromEntries(codes.map((each) => [each, code]));
}

/** A failed login as a step failure. The server's words travel as evidence, cleaned. */
export function loginFailure(error: unknown, asking: Asking): StepFailure {
  return failure(error, asking, 'LOGIN_REFUSED');
}

/** A failed statement as a step failure: `code`, where the server's does not know better. */
export function queryFailure(error: unknown, asking: Asking, code: ProblemCode): StepFailure {
  return failure(error, asking, code);
}

function failure(error: unknown, { facts, context, who }: Asking, otherwise: ProblemCode): StepFailure {
  if (error instanceof StepFailure) return error;
  const message = error instanceof Error ? error.message : '';
  const code = codeOf(systemCode(error) ?? '', message);
  if (code === undefined) return networkFailure(error, facts, otherwise);
  const problem = PROBLEMS_BY_CODE[code] ?? otherwise;
  const { facts: more, ...details } = DETAILS[problem]?.(who) ?? {};
  // Behind the first line is help for whoever calls the driver.
  const evidence = context.redactor.clean(message.split('\n')[0] ?? '', 300);
  return new StepFailure(problem, { ...facts, ...more }, { evidence, driver_code: code, ...details });
}

/** The server's code, where the driver only passes it on. */
function codeOf(given: string, message: string): string | undefined {
  const named = /\bORA-\d{5}\b/.exec(message)?.[0];
  if (given === REFUSED_BY_LISTENER && named !== undefined) return named;
  return /^(ORA|NJS)-\d+$/.test(given) ? given : (named ?? /\bNJS-\d{3}\b/.exec(message)?.[0]);
}

const REFUSED_BY_LISTENER = 'NJS-511';

type More = Partial<ProblemDetails> & { facts?: Facts };

const DETAILS: Partial<Record<ProblemCode, (who: Who) => More>> = {
  AUTH_REJECTED: (who) => ({ remedies: newUser(who) }),
  LOGIN_NOT_PERMITTED: (who) => ({ remedies: [openSession(who)] }),
  ACCOUNT_LOCKED: (who) => ({ remedies: [unlockUser(who)] }),
  AUTH_METHOD_UNSUPPORTED: () => ({
    facts: {
      what: 'a password verifier of Oracle 10g, or a protocol before 12c',
      fix: 'Set the password of the user anew, with 12C or 11G among its PASSWORD_VERSIONS (SQLNET.ALLOWED_LOGON_VERSION_SERVER).',
    },
  }),
};
