import { isLike } from './like.ts';

/** What an account holds on one object, as the server prints it. */
export interface Grant {
  rights: readonly string[];
  /** `*.*`, `` `shop`.* ``, `` `shop`.`orders` ``: as it is printed, and as REVOKE wants it. */
  on: string;
  /** A pattern; undefined for every database. */
  database?: string;
  /** Undefined for every table. */
  table?: string;
  /** With the right to hand it on. */
  handsOn: boolean;
  /** Who holds it, itself or a role: as it is printed. */
  to: string;
}

/** The right to read the binary log, by its names. */
export const READS_THE_LOG = ['REPLICATION SLAVE', 'REPLICATION REPLICA'];

const NAME = '(?:`(?:[^`]|``)*`|"(?:[^"]|"")*"|\'(?:[^\']|\'\')*\')';
const OBJECT = new RegExp(`^(?:TABLE )?(\\*\\.\\*|(${NAME})\\.(\\*|${NAME})) TO (${NAME}(?:@${NAME})?)(.*)$`);
/** A line of SHOW GRANTS; none where it gives no rights on tables. */
export function grantFrom(line: string): Grant[] {
  const { rights, rest } = rightsOf(line);
  const [, on = '', database, table, to = '', options = ''] = OBJECT.exec(rest) ?? [];
  if (on === '') return [];
  return [
    {
      rights,
      on,
      ...(database === undefined ? {} : { database: bare(database) }),
      ...(table === undefined || table === '*' ? {} : { table: bare(table) }),
      handsOn: options.includes('GRANT OPTION'),
      to,
    },
  ];
}

const BEGIN = 'GRANT ';
const ON = ' ON ';

/** What stands between GRANT and ON. Columns, which may be called anything, stand in brackets behind their right. */
function rightsOf(line: string): { rights: string[]; rest: string } {
  const rights: string[] = [];
  let depth = 0;
  let from = BEGIN.length;
  for (let i = line.startsWith(BEGIN) ? from : line.length; i < line.length; i += 1) {
    const sign = line[i];
    if (sign === '`') i = endOfName(line, i);
    else if (sign === '(') depth += 1;
    else if (sign === ')') depth -= 1;
    else if (depth === 0 && (sign === ',' || line.startsWith(ON, i))) {
      rights.push(line.slice(from, i).trim());
      from = i + 1;
      if (sign !== ',') return { rights, rest: line.slice(i + ON.length) };
    }
  }
  return { rights: [], rest: '' };
}

function endOfName(line: string, start: number): number {
  const end = line.indexOf('`', start + 1);
  return end < 0 ? line.length : end;
}

/** Whether one of these rights is held on all databases, or on this one, or on this table of it. */
export function holds(grants: readonly Grant[], rights: readonly string[], database?: string, table?: string): boolean {
  return grants.some(
    (grant) =>
      (grant.database === undefined || (database !== undefined && fits(grant, database))) &&
      (grant.table === undefined || grant.table === table) &&
      !isShadowed(grant, grants, database) &&
      grant.rights.some((right) => right === 'ALL PRIVILEGES' || rights.includes(right)),
  );
}

const PATTERN = /(?<!\\)[%_]/;

/** Of what somebody holds on databases, the server reads one row: what is on the name itself hides what is on a pattern. */
function isShadowed(grant: Grant, grants: readonly Grant[], database: string | undefined): boolean {
  if (database === undefined || grant.table !== undefined || !PATTERN.test(grant.database ?? '')) return false;
  return grants.some(
    (other) =>
      other.to === grant.to &&
      other.table === undefined &&
      other.database !== undefined &&
      !PATTERN.test(other.database) &&
      fits(other, database),
  );
}

/** Whether a grant is on this database. */
export function fits({ database: pattern, table }: Grant, database: string): boolean {
  if (pattern === undefined) return true;
  return table === undefined ? isLike(database, pattern) : pattern === database;
}

function bare(name: string): string {
  const quote = name.slice(0, 1);
  return name.slice(1, -1).replaceAll(quote + quote, quote);
}
