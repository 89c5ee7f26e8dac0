import type { Row } from './session.ts';

/** What a user may do with a table besides reading it. */
export interface Surplus {
  /** Rights to change rows that are granted to the user itself, so that they can be taken from it: `INSERT, UPDATE`. */
  writes: string;
  /** By whatever way. */
  mayWrite: boolean;
  /** CREATE in the schema, granted to the user itself. */
  creates: boolean;
}

/** What `surplusRights` needs of the table `c` and its schema `n`. The lists are read here: there it takes more functions. */
export const SURPLUS = `c.relacl AS table_rights, n.nspacl AS schema_rights,
  pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') AS may_write`;

/** The letters of rights in an access control list (PostgreSQL, "Privileges"). */
const CHANGES: Readonly<Record<string, string>> = { a: 'INSERT', w: 'UPDATE', d: 'DELETE', D: 'TRUNCATE' };

export function surplusRights(row: Row, username: string): Surplus {
  const granted = lettersOf(row['table_rights'], username);
  return {
    writes: Object.entries(CHANGES)
      .flatMap(([letter, right]) => (granted.includes(letter) ? [right] : []))
      .join(', '),
    mayWrite: row['may_write'] === 't',
    creates: lettersOf(row['schema_rights'], username).includes('C'),
  };
}

/** What a list (`{postgres=arwd/postgres,"\"odd one\"=r/postgres"}`) grants to one role. */
function lettersOf(list: string | null | undefined, role: string): string {
  const items = [...(list ?? '').matchAll(/"((?:[^"\\]|\\.)*)"|([^{},"]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
  );
  const grantee = /^[a-z0-9_]+$/i.test(role) ? role : `"${role.replaceAll('"', '""')}"`;
  return items
    .filter((item) => item.startsWith(`${grantee}=`))
    .map((item) => item.slice(grantee.length + 1).split('/')[0] ?? '')
    .join('');
}
