import type { StepOutcome } from '../probe.ts';
import type { Remedy } from '../problems/index.ts';
import { literal } from './names.ts';
import { accountOf } from './remedies.ts';
import type { Session } from './session.ts';

const SOON_DAYS = 30;
const DAY_S = 24 * 3600;

interface Lifetime {
  days: number;
  /** Days left, where the account may see when the password was set. */
  left: number | undefined;
}

/** Whether the account's password ends, and when, as far as the account may know. */
export async function expiry(session: Session): Promise<StepOutcome> {
  const lifetime = await lifetimeOf(session);
  if (lifetime === undefined) return { skip: 'the server does not say' };
  const { days, left } = lifetime;
  if (days === 0) return { evidence: 'it does not expire' };
  if (left !== undefined && left >= SOON_DAYS) return { evidence: `${left} days left` };
  const what =
    left === undefined ? `lasts ${days} days, and from here it cannot be seen since when` : `expires in ${left} days`;
  return { warning: { code: 'ROLE_EXPIRES', facts: { ...session.facts, what }, remedies: lasting(session, days) } };
}

const NEVER = /PASSWORD EXPIRE NEVER/;
const INTERVAL = /PASSWORD EXPIRE INTERVAL (\d{1,6}) DAY/;

/** The statement holds a proof of the password: nothing of it may be shown. */
async function lifetimeOf(session: Session): Promise<Lifetime | undefined> {
  const own = session.isMariadb ? 'SHOW CREATE USER' : 'SHOW CREATE USER CURRENT_USER()';
  const [row] = await session.query(own).catch(() => []);
  if (!row) return undefined;
  const text = Object.values(row).join(' ');
  if (NEVER.test(text)) return { days: 0, left: undefined };
  const days = Number(INTERVAL.exec(text)?.[1] ?? (await standardLifetime(session)));
  if (!(days > 0)) return { days: 0, left: undefined };
  return { days, left: await daysLeft(session, days) };
}

async function standardLifetime(session: Session): Promise<string> {
  const [row] = await session.query("SHOW GLOBAL VARIABLES LIKE 'default_password_lifetime'");
  return Object.values(row ?? {})[1] ?? '0';
}

async function daysLeft(session: Session, days: number): Promise<number | undefined> {
  const account = session.server?.account ?? '';
  const at = account.lastIndexOf('@');
  const where = `WHERE User = ${literal(account.slice(0, at))} AND Host = ${literal(account.slice(at + 1))}`;
  const statement = session.isMariadb
    ? `SELECT UNIX_TIMESTAMP() - JSON_VALUE(Priv, '$.password_last_changed') AS age FROM mysql.global_priv ${where}`
    : `SELECT UNIX_TIMESTAMP() - UNIX_TIMESTAMP(password_last_changed) AS age FROM mysql.user ${where}`;
  const [row] = await session.query(statement).catch(() => []);
  const age = Number(row?.['age'] ?? Number.NaN);
  return Number.isFinite(age) ? Math.max(0, Math.floor(days - age / DAY_S)) : undefined;
}

function lasting({ asking }: Session, days: number): Remedy[] {
  const account = accountOf(asking);
  if (account === undefined) return [];
  return [
    {
      stage: 'account',
      why: 'For an account that no person logs in to, where your rules permit it; else set a new password in time.',
      script: `ALTER USER ${account} PASSWORD EXPIRE NEVER;`,
      undo: `ALTER USER ${account} PASSWORD EXPIRE INTERVAL ${days} DAY;`,
    },
  ];
}
