import type { ProblemCode, Remedy } from '../problems/index.ts';
import { captureRights, missingAccount, newAccount, onAccount } from './accounts.ts';
import type { Asking } from './asking.ts';
import { legible } from './names.ts';
import { readingRights, right } from './remedies.ts';
import type { ServerError } from './server-error.ts';

/** What mends a refusal, by its code. All but the connection limits are for before the login. */
export const LOGIN_REMEDIES: Partial<Record<ProblemCode, (asking: Asking, error: ServerError) => readonly Remedy[]>> = {
  AUTH_REJECTED: (asking, { message }) => missingAccount(asking, message),
  AUTH_REJECTED_WITHOUT_TLS: (asking, { message }) => missingAccount(asking, message),
  ADDRESS_NOT_PERMITTED: (asking, { message }) => newAccount(asking, message),
  ADDRESS_BLOCKED: (asking, { message }) => [unblocked(asking, message)],
  PASSWORD_EXPIRED: newPassword,
  ACCOUNT_LOCKED: (asking, { errno }) => (errno === TOO_MANY_ERRORS ? [FORGIVEN] : unlocked(asking)),
  TOO_MANY_CONNECTIONS: moreConnections,
  DATABASE_NOT_VISIBLE: (asking) => [...readingRights(asking, [asking.facts.database ?? '']), ...capturing(asking)],
};

/** Whether it may capture changes is seen only from inside. */
function capturing(asking: Asking): Remedy[] {
  if (!asking.wanted.cdc) return [];
  const why = 'Capturing changes, where it may not yet: that is seen only once the database is.';
  return right(asking, captureRights(asking.product).join(', '), '*.*', why).map((remedy) => ({
    ...remedy,
    undo: `-- Where it had none of these before:\n${remedy.undo}`,
  }));
}

const TOO_MANY_ERRORS = 4150;

function unblocked({ product: { mariadb } }: Asking, message: string): Remedy {
  // What refuses at the door has not said what it is, but names its own tool.
  const isMaria = mariadb || /mariadb-admin/.test(message);
  return {
    stage: 'setting',
    why: 'Forgets the failed connections for which the address of Headwater was blocked.',
    script: isMaria ? 'FLUSH HOSTS;' : 'TRUNCATE TABLE performance_schema.host_cache;',
  };
}

const FORGIVEN: Remedy = {
  stage: 'account',
  why: 'Forgets the wrong passwords for which the account was closed.',
  script: 'FLUSH PRIVILEGES;',
};

function unlocked(asking: Asking): Remedy[] {
  const script = onAccount(asking, 'ALTER USER ', ' ACCOUNT UNLOCK');
  const undo = onAccount(asking, 'ALTER USER ', ' ACCOUNT LOCK');
  if (script === undefined || undo === undefined) return [];
  return [{ stage: 'account', why: 'The account is locked. One that has no password yet stays so.', script, undo }];
}

/** A password is a person's to choose: the script says what to run with it. */
function newPassword({ facts, context }: Asking): Remedy[] {
  if (context.redactor.clean(facts.username) !== facts.username) return [];
  return [
    {
      stage: 'account',
      why: 'The password has expired. This prints what to run, with a new password of your choice in place of the dots.',
      script: `SELECT CONCAT('ALTER USER ', QUOTE(User), '@', QUOTE(Host), ' IDENTIFIED BY ''...'';') AS statement
  FROM mysql.user WHERE User = ${legible(facts.username)};`,
    },
  ];
}

const RESOURCES: Readonly<Record<string, string>> = {
  max_user_connections: 'MAX_USER_CONNECTIONS',
  max_connections_per_hour: 'MAX_CONNECTIONS_PER_HOUR',
  max_connections: 'MAX_CONNECTIONS_PER_HOUR',
  max_queries_per_hour: 'MAX_QUERIES_PER_HOUR',
  max_questions: 'MAX_QUERIES_PER_HOUR',
};
/** What a source and its tests take at once, with room to spare. */
const ENOUGH_CONNECTIONS = 10;

/** More for this account alone, where it is the account's own limit that is reached. */
function moreConnections(asking: Asking, { errno, message }: ServerError): Remedy[] {
  const [, resource = '', now = '0'] = /'(max_\w+)' resource \(current value: (\d{1,9})\)/.exec(message) ?? [];
  const name = errno === OF_ALL_ACCOUNTS ? 'MAX_USER_CONNECTIONS' : RESOURCES[resource];
  if (name === undefined) return [];
  const wanted = Math.max(ENOUGH_CONNECTIONS, Number(now) * 2);
  const script = onAccount(asking, 'ALTER USER ', ` WITH ${name} ${wanted}`);
  const undo = onAccount(asking, 'ALTER USER ', ` WITH ${name} ${now}`);
  if (script === undefined || undo === undefined) return [];
  return [{ stage: 'account', why: `The account may not do more than its ${name} ${now} allows.`, script, undo }];
}

const OF_ALL_ACCOUNTS = 1203;
