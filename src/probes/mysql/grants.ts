import { type Grant, grantFrom } from './privileges.ts';
import type { Session } from './session.ts';

const ROLES = /^`[^`]*`@`[^`]*`(,`[^`]*`@`[^`]*`)*$/;

/** What the user may do, itself or by an active role. Asked once. */
export async function grantsOf(session: Session): Promise<readonly Grant[]> {
  session.grants ??= (await grantLines(session)).flatMap(grantFrom);
  return session.grants;
}

async function grantLines(session: Session): Promise<string[]> {
  // MariaDB shows the rights of the active role as well; MySQL is told which roles to count in.
  const roles = session.isMariadb ? '' : await activeRoles(session);
  const statement = `SHOW GRANTS FOR CURRENT_USER()${roles === '' ? '' : ` USING ${roles}`}`;
  const rows = await session.query(session.isMariadb ? 'SHOW GRANTS' : statement);
  return rows.flatMap((row) => Object.values(row)).filter((line) => line !== null);
}

/** The active roles, quoted by the server; none where it knows no roles (before 8.0). */
async function activeRoles(session: Session): Promise<string> {
  const [row] = await session.query('SELECT CURRENT_ROLE() AS roles').catch(() => []);
  const roles = row?.['roles'] ?? '';
  return ROLES.test(roles) ? roles : '';
}
