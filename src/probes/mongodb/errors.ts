import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';
import { ServerError } from './server-error.ts';

/** What the server is asked by, when it refuses. */
export interface Asking {
  facts: Facts;
  context: ProbeContext;
  /** The config has no user. */
  anonymous: boolean;
}

const UNAUTHORIZED = 13;
const AUTHENTICATION_FAILED = 18;
/** Atlas says everything of its own by this number. */
const ATLAS = 8000;

/** Error number → problem (MongoDB, "Error Codes"). */
const PROBLEMS_BY_NUMBER: Readonly<Record<number, ProblemCode>> = {
  50: 'QUERY_TIMEOUT',
  262: 'QUERY_TIMEOUT',
  24: 'QUERY_TIMEOUT',
  91: 'SERVER_NOT_READY',
  94: 'SERVER_NOT_READY',
  189: 'SERVER_NOT_READY',
  10107: 'SERVER_NOT_READY',
  11600: 'SERVER_NOT_READY',
  11602: 'SERVER_NOT_READY',
  13435: 'SERVER_NOT_READY',
  13436: 'SERVER_NOT_READY',
  133: 'SERVER_NOT_READY',
};

/** Of a login alone. */
const LOGIN_BY_NUMBER: Readonly<Record<number, ProblemCode>> = {
  11: 'AUTH_REJECTED',
  [AUTHENTICATION_FAILED]: 'AUTH_REJECTED',
  2: 'AUTH_METHOD_UNSUPPORTED',
  17: 'AUTH_METHOD_UNSUPPORTED',
  59: 'AUTH_METHOD_UNSUPPORTED',
  334: 'AUTH_METHOD_UNSUPPORTED',
};

/** A failed login as a step failure. The server's words travel as evidence, cleaned; the number as `driver_code`. */
export function loginFailure(error: unknown, asking: Asking, details: ProblemDetails): StepFailure {
  if (!(error instanceof ServerError)) return otherFailure(error);
  const wrong = error.code === ATLAS && /bad auth|authentication failed/i.test(error.message);
  const code = wrong ? 'AUTH_REJECTED' : (LOGIN_BY_NUMBER[error.code] ?? PROBLEMS_BY_NUMBER[error.code]);
  return failure(error, code ?? 'LOGIN_REFUSED', asking, code === 'AUTH_REJECTED' ? details : {});
}

/** A refused command as a step failure: `code`, where the number does not know better. */
export function commandFailure(
  error: unknown,
  asking: Asking,
  code: ProblemCode,
  details: () => ProblemDetails = () => ({}),
): StepFailure {
  if (!(error instanceof ServerError)) return otherFailure(error);
  if (asking.anonymous && wantsLogin(error)) return failure(error, 'LOGIN_MISSING', asking, {});
  if (isDenial(error)) return failure(error, code, asking, details());
  return failure(error, PROBLEMS_BY_NUMBER[error.code] ?? code, asking, {});
}

/** Whether it was refused for lack of rights. */
export function isDenied(error: unknown): error is StepFailure {
  const number = error instanceof StepFailure ? error.problem.driver_code : undefined;
  return number === String(UNAUTHORIZED) || number === String(ATLAS);
}

/** The number of the server's refusal. */
export function refusalOf(error: unknown): number | undefined {
  const number = error instanceof StepFailure ? Number(error.problem.driver_code) : Number.NaN;
  return Number.isInteger(number) ? number : undefined;
}

function isDenial({ code, message }: ServerError): boolean {
  return code === UNAUTHORIZED || (code === ATLAS && /not allowed|not authorized|unauthorized/i.test(message));
}

function wantsLogin(error: ServerError): boolean {
  return isDenial(error) || error.code === AUTHENTICATION_FAILED;
}

function otherFailure(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  throw error;
}

function failure(
  error: ServerError,
  code: ProblemCode,
  { facts, context }: Asking,
  details: ProblemDetails,
): StepFailure {
  const method = code === 'AUTH_METHOD_UNSUPPORTED' ? METHOD : {};
  return new StepFailure(
    code,
    { ...facts, ...method },
    {
      evidence: context.redactor.clean(error.message, 300),
      driver_code: String(error.code),
      ...details,
    },
  );
}

const METHOD = {
  what: 'another than SCRAM and PLAIN',
  fix: 'Give this user a password by SCRAM-SHA-256, or name the mechanism that it has in auth_mechanism.',
};
