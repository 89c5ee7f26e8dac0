/**
 * Catalogue queries. All only read, none enumerates what it can answer with a few rows, and every column is text. They
 * run on Oracle Database 12.1 and newer. `:1`, `:2` … are binds.
 */

export const SERVER = `SELECT SYS_CONTEXT('USERENV', 'CON_NAME') AS container, SYS_CONTEXT('USERENV', 'SESSION_USER') AS session_user,
  SYS_CONTEXT('USERENV', 'DB_NAME') AS db_name FROM dual`;

const binds = (count: number, from = 1) => Array.from({ length: count }, (_, i) => `:${from + i}`).join(', ');

/** Tables of the user's own: of the selected schemas, or of all that Oracle has not made. */
const own = (schemas: readonly string[] | undefined, owner = 't.owner') =>
  schemas
    ? `${owner} IN (${binds(schemas.length)})`
    : `${owner} IN (SELECT u.username FROM all_users u WHERE u.oracle_maintained = 'N')`;

export function schemasNamed(count: number): string {
  return `SELECT u.username AS name FROM all_users u WHERE u.username IN (${binds(count)})`;
}

/** A few tables that the user has some right on. */
export function someTables(schemas: readonly string[] | undefined, limit: number): string {
  return `SELECT t.owner AS namespace, t.table_name AS name FROM all_tables t
WHERE ${own(schemas)} AND t.nested = 'NO' AND t.secondary = 'N' AND t.temporary = 'N' FETCH FIRST ${limit} ROWS ONLY`;
}

/** Each table by its whole name. */
export function tablesNamed(count: number): string {
  return `SELECT t.owner AS namespace, t.table_name AS name FROM all_tables t
WHERE t.owner || '.' || t.table_name IN (${binds(count)})`;
}

/** What the user may do beyond reading, and when its password ends. */
export const PRIVILEGES = `SELECT (SELECT MIN(r.role) FROM session_roles r WHERE r.role IN ('DBA', 'SYSDBA', 'PDB_DBA')) AS dba,
  (SELECT MIN(p.privilege) FROM session_privs p WHERE p.privilege IN ('INSERT ANY TABLE', 'UPDATE ANY TABLE', 'DELETE ANY TABLE', 'DROP ANY TABLE', 'ALTER ANY TABLE')) AS writes,
  (SELECT TO_CHAR(FLOOR(u.expiry_date - SYSDATE)) FROM user_users u) AS days FROM dual`;

const STREAM = `t.owner AS namespace, t.name, t.kind, TO_CHAR(t.num_rows) AS estimate`;
const STREAMS = `(SELECT x.owner, x.table_name AS name, 'table' AS kind, x.num_rows FROM all_tables x WHERE x.nested = 'NO' AND x.secondary = 'N'
  UNION ALL SELECT v.owner, v.view_name, 'view', CAST(NULL AS NUMBER) FROM all_views v) t`;

/** A page of streams by name; behind the schemas come: part of a name (LIKE, in capitals), and twice where it goes on. */
export function streamPage(
  schemas: readonly string[] | undefined,
  part: boolean,
  after: boolean,
  limit: number,
): string {
  let next = (schemas?.length ?? 0) + 1;
  const bind = () => `:${next++}`;
  const conditions = [own(schemas)];
  if (part) conditions.push(`UPPER(t.owner || '.' || t.name) LIKE ${bind()} ESCAPE '|'`);
  if (after) conditions.push(`(t.owner > ${bind()} OR (t.owner = ${bind()} AND t.name > ${bind()}))`);
  return `SELECT ${STREAM} FROM ${STREAMS} WHERE ${conditions.join(' AND ')}
ORDER BY t.owner, t.name FETCH FIRST ${limit} ROWS ONLY`;
}

/** The stream of exactly this name, which is bound twice behind the schemas: `SCHEMA.TABLE`, or the table's alone. */
export function streamNamed(schemas: readonly string[] | undefined): string {
  const at = (schemas?.length ?? 0) + 1;
  return `SELECT ${STREAM} FROM ${STREAMS} WHERE ${own(schemas)} AND (t.owner || '.' || t.name = :${at} OR t.name = :${at + 1})
ORDER BY CASE WHEN t.owner || '.' || t.name = :${at + 2} THEN 0 ELSE 1 END, t.owner FETCH FIRST 1 ROWS ONLY`;
}

/** Columns of primary keys; binds: names as \`SCHEMA.TABLE\`. */
export function primaryKeys(count: number): string {
  return `SELECT c.owner AS namespace, c.table_name AS name, k.column_name AS key FROM all_constraints c
JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name
WHERE c.constraint_type = 'P' AND c.owner || '.' || c.table_name IN (${binds(count)}) ORDER BY c.owner, c.table_name, k.position`;
}

export const COLUMNS = `SELECT c.column_name AS name, c.data_type AS type, TO_CHAR(c.data_length) AS length, TO_CHAR(c.data_precision) AS precision,
  TO_CHAR(c.data_scale) AS scale, c.nullable FROM all_tab_columns c WHERE c.owner = :1 AND c.table_name = :2 ORDER BY c.column_id`;

export const CDC_DATABASE = `SELECT d.log_mode, d.supplemental_log_data_min AS minimal, d.supplemental_log_data_all AS all_columns, d.cdb FROM v$database d`;

/** The age of the oldest archived log that is still there, in hours. */
export const CDC_OLDEST = `SELECT TO_CHAR(FLOOR((SYSDATE - MIN(l.first_time)) * 24)) AS hours FROM v$archived_log l WHERE l.name IS NOT NULL`;

export const CDC_PRIVILEGES = `SELECT p.privilege AS held FROM session_privs p
WHERE p.privilege IN ('LOGMINING', 'SELECT ANY TRANSACTION', 'SELECT ANY DICTIONARY', 'FLASHBACK ANY TABLE')
UNION ALL SELECT r.role FROM session_roles r WHERE r.role IN ('SELECT_CATALOG_ROLE', 'EXECUTE_CATALOG_ROLE', 'DBA')
UNION ALL SELECT t.table_name FROM all_tab_privs t WHERE t.table_schema = 'SYS' AND t.privilege IN ('SELECT', 'READ', 'EXECUTE')
  AND (t.table_name LIKE 'V\\_$%' ESCAPE '\\' OR t.table_name LIKE 'DBMS\\_LOGMNR%' ESCAPE '\\')`;

/** Tables all of whose columns are logged; binds: names as \`SCHEMA.TABLE\`. */
export function loggedTables(count: number): string {
  return `SELECT g.owner || '.' || g.table_name AS whole FROM all_log_groups g
WHERE g.log_group_type = 'ALL COLUMN LOGGING' AND g.owner || '.' || g.table_name IN (${binds(count)})`;
}

/** Names that are too long among these tables and their columns. */
export function longNames(count: number): string {
  return `SELECT DISTINCT c.owner || '.' || c.table_name AS whole FROM all_tab_columns c
WHERE c.owner || '.' || c.table_name IN (${binds(count)}) AND (LENGTHB(c.table_name) > 30 OR LENGTHB(c.column_name) > 30)`;
}
