import type { StepOutcome } from '../probe.ts';
import { PRIVILEGES } from './queries.ts';
import type { Session } from './session.ts';

const SOON_DAYS = 14;

const MORE_THAN_NEEDED: readonly { column: string; what: string }[] = [
  { column: 'sysadmin', what: 'all on the server (sysadmin)' },
  { column: 'control_server', what: 'all on the server (CONTROL SERVER)' },
  { column: 'db_owner', what: 'all in the database (db_owner)' },
  { column: 'db_ddladmin', what: 'change tables (db_ddladmin)' },
  { column: 'db_datawriter', what: 'write (db_datawriter)' },
];

/** Whether the user is more than a reader, and its password is about to expire: nothing that stops a source. */
export async function privileges(session: Session): Promise<StepOutcome> {
  const { facts } = session;
  const [row] = await session.query(PRIVILEGES);
  const days = Number(row?.['days'] ?? Number.NaN);
  const more = MORE_THAN_NEEDED.find(({ column }) => row?.[column] === '1');
  if (days >= 0 && days <= SOON_DAYS) {
    const what = `expires ${days === 0 ? 'today' : `in ${days} day${days === 1 ? '' : 's'}`}`;
    return { warning: { code: 'ROLE_EXPIRES', facts: { ...facts, what } } };
  }
  if (more) return { warning: { code: 'ROLE_TOO_POWERFUL', facts: { ...facts, what: more.what } } };
  return {};
}
