import type { Session } from './session.ts';

/** What change data capture reads with, and what each right is called where it is shown (MariaDB 10.5 renamed one). */
const NEEDED: readonly { right: string; alsoCalled: readonly string[] }[] = [
  { right: 'REPLICATION SLAVE', alsoCalled: ['REPLICATION REPLICA'] },
  { right: 'REPLICATION CLIENT', alsoCalled: ['BINLOG MONITOR'] },
  // A snapshot locks tables for a moment; where RELOAD cannot be had (RDS), LOCK TABLES does.
  { right: 'RELOAD', alsoCalled: ['LOCK TABLES'] },
];

const GLOBAL = /^GRANT (.+) ON \*\.\* TO /;
const ROLES = /^`[^`]*`@`[^`]*`(,`[^`]*`@`[^`]*`)*$/;

/** Rights for change data capture that the user has neither itself nor by an active role. */
export async function missingRights(session: Session): Promise<string[]> {
  const lines = await grantLines(session);
  const held = new Set(lines.flatMap((line) => GLOBAL.exec(line)?.[1]?.split(', ') ?? []));
  if (held.has('ALL PRIVILEGES')) return [];
  // A right to lock may be held on single databases.
  const locks = lines.some((line) => /^GRANT .*\b(LOCK TABLES|ALL PRIVILEGES)\b.* ON /.test(line));
  return NEEDED.filter(({ right, alsoCalled }) => ![right, ...alsoCalled].some((name) => held.has(name)))
    .map(({ right }) => right)
    .filter((right) => !(right === 'RELOAD' && locks));
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
