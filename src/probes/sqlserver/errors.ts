import { isAddress } from '../../net/address.ts';
import type { ProbeContext } from '../probe.ts';
import { type Facts, type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';
import { enableLogin, newLogin, newPassword, unlockLogin, type Who } from './remedies.ts';
import { ServerError } from './server-error.ts';

/** What the server is asked by, when it refuses. */
export interface Asking {
  facts: Facts;
  context: ProbeContext;
  who: Who;
  /** Whether a password was given. */
  password: boolean;
}

/** Error number → problem ("Database Engine events and errors"; from 40000 on Azure's own). */
const PROBLEMS_BY_NUMBER: Readonly<Record<number, ProblemCode>> = {
  911: 'DATABASE_NOT_FOUND',
  916: 'DATABASE_DENIED',
  4060: 'DATABASE_NOT_VISIBLE',
  4064: 'DATABASE_NOT_VISIBLE',
  ...all([921, 922, 923, 924, 926, 927, 942, 945, 976, 978, 983], 'DATABASE_CLOSED'),
  1222: 'QUERY_TIMEOUT',
  17142: 'SERVER_NOT_READY',
  ...all([17809, 10928, 10929], 'TOO_MANY_CONNECTIONS'),
  17835: 'TLS_REQUIRED',
  18452: 'AUTH_METHOD_UNSUPPORTED',
  18456: 'AUTH_REJECTED',
  18470: 'LOGIN_NOT_PERMITTED',
  18486: 'ACCOUNT_LOCKED',
  18487: 'PASSWORD_EXPIRED',
  18488: 'PASSWORD_EXPIRED',
  ...all([18451, 18461, 40143, 40197, 40501, 40613, 49918, 49919, 49920], 'SERVER_NOT_READY'),
  40532: 'SERVER_UNKNOWN',
  ...all([40615, 40914], 'FIREWALL_REFUSED'),
  47073: 'PUBLIC_ACCESS_DENIED',
};

/** What some servers say with a refused login, where most keep it to themselves (state 1). */
const LOGIN_STATES: Readonly<Record<number, ProblemCode>> = {
  5: 'USER_UNKNOWN',
  7: 'LOGIN_NOT_PERMITTED',
  11: 'LOGIN_NOT_PERMITTED',
  12: 'LOGIN_NOT_PERMITTED',
};

function all(numbers: readonly number[], code: ProblemCode): Record<number, ProblemCode> {
  return Object.fromEntries(numbers.map((number) => [number, code]));
}

/** The error that says most: behind another one, that of the failed login only repeats that it failed. */
export function telling(errors: readonly ServerError[]): ServerError | undefined {
  return errors.find(({ number }) => number !== 18456 && number in PROBLEMS_BY_NUMBER) ?? errors[0];
}

/** A failed login as a step failure. The server's words travel as evidence, cleaned; the number as `driver_code`. */
export function loginFailure(error: unknown, asking: Asking): StepFailure {
  if (!(error instanceof ServerError)) return otherFailure(error);
  return failure(error, loginProblem(error, asking), asking);
}

/** A failed statement as a step failure: `code`, where the number does not know better. */
export function queryFailure(error: unknown, asking: Asking, code: ProblemCode): StepFailure {
  if (!(error instanceof ServerError)) return otherFailure(error);
  return failure(error, PROBLEMS_BY_NUMBER[error.number] ?? code, asking);
}

function otherFailure(error: unknown): StepFailure {
  if (error instanceof StepFailure) return error;
  throw error;
}

function loginProblem({ number, state }: ServerError, { password }: Asking): ProblemCode {
  if (number !== 18456) return PROBLEMS_BY_NUMBER[number] ?? 'LOGIN_REFUSED';
  return password ? (LOGIN_STATES[state] ?? 'AUTH_REJECTED') : 'PASSWORD_MISSING';
}

function failure(error: ServerError, code: ProblemCode, asking: Asking): StepFailure {
  const { facts, context } = asking;
  const evidence = context.redactor.clean(error.message, 300);
  const { facts: more, ...details } = DETAILS[code]?.(asking, error) ?? {};
  return new StepFailure(code, { ...facts, ...more }, { evidence, driver_code: String(error.number), ...details });
}

type More = Partial<ProblemDetails> & { facts?: Facts };

const DETAILS: Partial<Record<ProblemCode, (asking: Asking, error: ServerError) => More>> = {
  AUTH_REJECTED: ({ who }) => ({ remedies: newLogin(who) }),
  USER_UNKNOWN: ({ who }) => ({ remedies: newLogin(who) }),
  LOGIN_NOT_PERMITTED: ({ who }) => ({ remedies: [enableLogin(who)] }),
  ACCOUNT_LOCKED: ({ who }) => ({ remedies: [unlockLogin(who)] }),
  PASSWORD_EXPIRED: ({ who }) => ({ remedies: [newPassword(who)] }),
  AUTH_METHOD_UNSUPPORTED: () => ({
    facts: {
      what: 'Windows authentication',
      fix: 'Turn on "SQL Server and Windows Authentication mode" (Server Properties, Security), restart, and use a SQL login.',
    },
  }),
  SERVER_NOT_READY: (_, { number }) =>
    number === 40613
      ? { advice: 'Test again in a minute: a serverless database that has paused wakes up with the first login.' }
      : {},
  DATABASE_CLOSED: (_, { number }) =>
    SECONDARY.has(number)
      ? { advice: 'This is a secondary replica that takes no readers. Connect to the primary, or to the listener.' }
      : {},
  FIREWALL_REFUSED: (_, { message }) => firewall(seenAs(message)),
};

const SECONDARY: ReadonlySet<number> = new Set([976, 978, 983]);

/** The address that the server sees us come from, where it says so; the word is from outside. */
function seenAs(message: string): string | undefined {
  const seen = /'([0-9a-fA-F.:]{2,45})'/.exec(message)?.[1];
  return seen !== undefined && isAddress(seen) ? seen : undefined;
}

function firewall(address: string | undefined): More {
  if (address === undefined) return {};
  return {
    facts: { what: address },
    command:
      'az sql server firewall-rule create --resource-group GROUP --server SERVER --name headwater ' +
      `--start-ip-address ${address} --end-ip-address ${address}`,
  };
}
