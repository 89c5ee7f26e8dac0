import type { StreamPosition } from '../probe.ts';
import { literal, qualified, readings } from './names.ts';

/**
 * Catalogue queries. All only read, none enumerates what it can answer with one row, and every column is text: there is
 * one type to read off the wire. They run on SQL Server 2012 and newer, on Azure SQL and on Babelfish as far as it goes.
 */

export const text = (expression: string, length = 40) => `CAST(${expression} AS nvarchar(${length}))`;
const list = (texts: readonly string[]) => texts.map(literal).join(', ');

/** What is kept of a table's place in the order of names: code points, so that every collation orders alike. */
const BINARY = 'COLLATE Latin1_General_BIN2';

/** Nobody waits for a lock for long. What is asked are single SELECTs, which cannot write. */
export const SERVER = `SET NOCOUNT ON; SET LOCK_TIMEOUT 2000; SET DEADLOCK_PRIORITY LOW;
SELECT ${text("SERVERPROPERTY('ProductVersion')", 128)} AS version, ${text("SERVERPROPERTY('EngineEdition')")} AS engine,
  ${text("SERVERPROPERTY('Edition')", 128)} AS edition, DB_NAME() AS [database], USER_NAME() AS [user]`;

/** What the user may do beyond reading, and how long its password holds. */
export const PRIVILEGES = `SELECT ${text("IS_SRVROLEMEMBER(N'sysadmin')")} AS sysadmin,
  ${text("HAS_PERMS_BY_NAME(NULL, NULL, N'CONTROL SERVER')")} AS control_server,
  ${text("IS_ROLEMEMBER(N'db_owner')")} AS db_owner, ${text("IS_ROLEMEMBER(N'db_ddladmin')")} AS db_ddladmin,
  ${text("IS_ROLEMEMBER(N'db_datawriter')")} AS db_datawriter,
  ${text("LOGINPROPERTY(ORIGINAL_LOGIN(), N'DaysUntilExpiration')")} AS days`;

/** A database as another one sees it, for a login that was not let into it. */
export function databaseNamed(name: string): string {
  return `SELECT d.name, ${text('d.state_desc', 60)} AS state, ${text('HAS_DBACCESS(d.name)')} AS open_to_us,
  ${text("HAS_PERMS_BY_NAME(NULL, NULL, N'VIEW ANY DATABASE')")} AS sees_all
FROM (VALUES (${literal(name)})) w(name) LEFT JOIN sys.databases d ON d.name = w.name`;
}

/** Tables and views of the user's own; the tables that changes are captured in are not among them. */
function own(schemas: readonly string[] | undefined): string {
  const selected = schemas ? `s.name IN (${list(schemas)})` : "s.name <> N'cdc'";
  return `o.is_ms_shipped = 0 AND ${selected}`;
}

const OBJECTS = 'FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id';
export const NAME = "QUOTENAME(s.name) + N'.' + QUOTENAME(o.name)";
export const READABLE = `HAS_PERMS_BY_NAME(${NAME}, N'OBJECT', N'SELECT')`;
const KEYED = '(SELECT COUNT(*) FROM sys.indexes i WHERE i.object_id = o.object_id AND i.is_primary_key = 1)';
const TRACKED = '(SELECT t.is_tracked_by_cdc FROM sys.tables t WHERE t.object_id = o.object_id)';
const FACTS = `${text('o.object_id')} AS id, s.name AS namespace, o.name AS name, ${text('o.type', 2)} AS kind,
  ${text(READABLE)} AS readable, ${text(TRACKED)} AS tracked, ${text(KEYED)} AS keyed`;

/** Which of the schemas are seen, and whether all in them may be read. */
export function schemasNamed(schemas: readonly string[]): string {
  const rows = schemas.map((name) => `(${literal(name)})`).join(', ');
  return `SELECT w.name, ${text('SCHEMA_ID(w.name)')} AS id,
  ${text("HAS_PERMS_BY_NAME(QUOTENAME(w.name), N'SCHEMA', N'SELECT')")} AS readable FROM (VALUES ${rows}) w(name)`;
}

/** Whether all of the database may be read. */
export const READS_DATABASE = `SELECT ${text("HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'SELECT')")} AS readable`;

/** One table or view that may be read, among the first few hundred. Tables first: a view can be slow. */
export function readable(schemas: readonly string[] | undefined, kind: 'U' | 'V'): string {
  return `SELECT TOP (1) s.namespace, s.name FROM (
  SELECT TOP (300) s.name AS namespace, o.name, ${NAME} AS whole ${OBJECTS} WHERE o.type = '${kind}' AND ${own(schemas)}
) s WHERE HAS_PERMS_BY_NAME(s.whole, N'OBJECT', N'SELECT') = 1`;
}

/** A few schemas with tables that are seen, none of which may be read. */
export function seenSchemas(schemas: readonly string[] | undefined): string {
  return `SELECT DISTINCT TOP (20) s.name ${OBJECTS} WHERE o.type IN ('U', 'V') AND ${own(schemas)}`;
}

/** Each table by its whole name, looked up and not looked for: what there is besides costs nothing. */
export function tablesNamed(names: readonly string[]): string {
  const rows = names.map((whole) => `(${literal(whole)}, ${idOf(whole)})`).join(', ');
  return `SELECT w.whole, ${FACTS} FROM (VALUES ${rows}) w(whole, id)
LEFT JOIN sys.objects o ON o.object_id = w.id LEFT JOIN sys.schemas s ON s.schema_id = o.schema_id`;
}

function idOf(whole: string): string {
  const ids = readings(whole).map(({ namespace, name }) => `OBJECT_ID(${literal(qualified(namespace, name))})`);
  return ids.length > 1 ? `COALESCE(${ids.join(', ')})` : (ids[0] ?? 'CAST(NULL AS int)');
}

/** A few tables whose changes are captured, or are not. */
export function someTables(schemas: readonly string[] | undefined, tracked: boolean, limit: number): string {
  return `SELECT TOP (${limit}) ${FACTS} ${OBJECTS} JOIN sys.tables t ON t.object_id = o.object_id
WHERE t.is_tracked_by_cdc = ${tracked ? 1 : 0} AND ${own(schemas)} ORDER BY o.object_id`;
}

const ESTIMATE = `(SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1))`;
const STREAM = `${text('o.object_id')} AS id, s.name AS namespace, o.name AS name, ${text('o.type', 2)} AS kind, ${text(ESTIMATE)} AS estimate`;

/** A page of streams by name. `part` is looked for anywhere in `schema.table`, in any case. */
export function streamPage(
  schemas: readonly string[] | undefined,
  { part, after, limit }: { part?: string | undefined; after?: StreamPosition | undefined; limit: number },
): string {
  const conditions = [`o.type IN ('U', 'V')`, own(schemas), `${READABLE} = 1`];
  if (part !== undefined) {
    const pattern = `%${part.replace(/[|%_[]/g, (char) => `|${char}`)}%`;
    conditions.push(`(s.name + N'.' + o.name) COLLATE Latin1_General_CI_AS LIKE ${literal(pattern)} ESCAPE N'|'`);
  }
  if (after) {
    const [schema, name] = [literal(after.namespace), literal(after.name)];
    conditions.push(`(s.name ${BINARY} > ${schema} OR (s.name ${BINARY} = ${schema} AND o.name ${BINARY} > ${name}))`);
  }
  return `SELECT TOP (${limit}) ${STREAM} ${OBJECTS} WHERE ${conditions.join(' AND ')}
ORDER BY s.name ${BINARY}, o.name ${BINARY}`;
}

/** The stream of exactly this name: `schema.table`, or the table's alone where that is enough. */
export function streamNamed(schemas: readonly string[] | undefined, name: string): string {
  const whole = `o.object_id = ${idOf(name)}`;
  return `SELECT TOP (1) ${STREAM} ${OBJECTS}
WHERE o.type IN ('U', 'V') AND ${own(schemas)} AND ${READABLE} = 1 AND (${whole} OR o.name = ${literal(name)})
ORDER BY CASE WHEN ${whole} THEN 0 ELSE 1 END, s.name`;
}

export function primaryKeys(ids: readonly string[]): string {
  return `SELECT ${text('i.object_id')} AS id, c.name FROM sys.indexes i
JOIN sys.index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id
JOIN sys.columns c ON c.object_id = ic.object_id AND c.column_id = ic.column_id
WHERE i.is_primary_key = 1 AND i.object_id IN (${ids.map(number).join(', ')}) ORDER BY i.object_id, ic.key_ordinal`;
}

/** The columns that may be read. */
export function columns(id: string, table: StreamPosition): string {
  const whole = literal(qualified(table.namespace, table.name));
  return `SELECT c.name, TYPE_NAME(c.user_type_id) AS type, TYPE_NAME(c.system_type_id) AS base,
  ${text('c.max_length')} AS length, ${text('c.precision')} AS [precision], ${text('c.scale')} AS scale,
  ${text('c.is_nullable')} AS nullable, ${text('c.system_type_id')} AS code
FROM sys.columns c WHERE c.object_id = ${number(id)} AND HAS_PERMS_BY_NAME(${whole}, N'OBJECT', N'SELECT', c.name, N'COLUMN') = 1
ORDER BY c.column_id`;
}

/** An object's id comes from the server, and goes back as the number that it must be. */
function number(id: string): string {
  return /^-?\d{1,10}$/.test(id) ? id : '0';
}

/** Everything the CDC checks look at but the agent, tables, what was captured, and retention. */
export const CDC_FACTS = `SELECT ${text('d.is_cdc_enabled')} AS enabled, ${text('d.snapshot_isolation_state_desc', 60)} AS snapshots,
  ${text("DATABASEPROPERTYEX(d.name, N'ServiceObjective')", 60)} AS tier,
  ${text("HAS_PERMS_BY_NAME(N'cdc', N'SCHEMA', N'SELECT')")} AS reads_changes,
  ${text("CASE WHEN IS_ROLEMEMBER(N'db_owner') = 1 OR IS_SRVROLEMEMBER(N'sysadmin') = 1 THEN 1 ELSE 0 END")} AS owner
FROM sys.databases d WHERE d.database_id = DB_ID()`;

export const CDC_AGENT = `SELECT TOP (1) ${text('a.status')} AS status, ${text('a.status_desc', 60)} AS state
FROM sys.dm_server_services a WHERE a.servicename LIKE N'SQL Server Agent (%'`;

export const CDC_LAST = `SELECT CONVERT(nvarchar(42), sys.fn_cdc_get_max_lsn(), 1) AS lsn`;

/** How long changes are kept, in minutes; Azure SQL Database has its jobs in the database itself. */
export function cdcRetention(azure: boolean): string {
  return azure
    ? `SELECT ${text('j.retention')} AS minutes FROM cdc.cdc_jobs j WHERE j.job_type = N'cleanup'`
    : `SELECT ${text('j.retention')} AS minutes FROM msdb.dbo.cdc_jobs j WHERE j.job_type = N'cleanup' AND j.database_id = DB_ID()`;
}

/** The age of the oldest change that is still there, in minutes. */
export const CDC_OLDEST = `SELECT TOP (1) ${text('DATEDIFF(minute, m.tran_end_time, GETDATE())')} AS minutes
FROM cdc.lsn_time_mapping m WHERE m.tran_end_time IS NOT NULL ORDER BY m.start_lsn`;

/** What captures these tables, and whether the user may read it. */
export function captureInstances(ids: readonly string[]): string {
  return `SELECT ${text('c.source_object_id')} AS id, c.role_name AS role, ${text('IS_ROLEMEMBER(c.role_name)')} AS member
FROM cdc.change_tables c WHERE c.source_object_id IN (${ids.map(number).join(', ')})`;
}
