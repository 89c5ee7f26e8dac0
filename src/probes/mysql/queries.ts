import type { StreamPosition } from '../probe.ts';
import { literal, literals } from './names.ts';

/**
 * Catalogue queries. All are read-only. MariaDB and MySQL 5.7 open every table for most columns of information_schema,
 * so pages are made of names alone, and the rest is asked for the tables of one page.
 */

export const SERVER = 'SELECT VERSION() AS version, CURRENT_USER() AS account';

/** Databases that belong to the server (MySQL, MariaDB, TiDB, SingleStore), in the spellings they have. */
const SYSTEM = [
  'mysql',
  'information_schema',
  'performance_schema',
  'sys',
  'ndbinfo',
  'mysql_innodb_cluster_metadata',
  'INFORMATION_SCHEMA',
  'PERFORMANCE_SCHEMA',
  'METRICS_SCHEMA',
  'memsql',
];

/** What is kept of a table's place in the order of names: bytes, so that every server orders alike. */
const PLACE = 'CAST(TABLE_SCHEMA AS BINARY), CAST(TABLE_NAME AS BINARY)';
const bytes = (text: string) => `0x${Buffer.from(text, 'utf8').toString('hex')}`;

/** Selected databases, or all but the system's. One alone is looked up; more are looked for. */
function selection(scope: readonly string[] | undefined, column = 'TABLE_SCHEMA'): string {
  const own = `${column} NOT IN (${literals(SYSTEM)})`;
  if (scope === undefined) return own;
  const [only = '', ...more] = scope;
  if (scope.length === 0) return '1 = 0';
  return `${more.length === 0 ? `${column} = ${literal(only)}` : `${column} IN (${literals(scope)})`} AND ${own}`;
}

/** The databases that the user sees. */
export function databases(scope: readonly string[] | undefined, limit: number): string {
  return `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE ${selection(scope, 'SCHEMA_NAME')} LIMIT ${limit}`;
}

/** Names of a few tables, whichever the server finds first. */
export function someTables(scope: readonly string[] | undefined, limit: number): string {
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name FROM information_schema.TABLES
WHERE ${selection(scope)} LIMIT ${limit}`;
}

/** A page of names. `part` is looked for anywhere in `database.table`, in any case. */
export function tablePage(
  scope: readonly string[] | undefined,
  { part, after, limit }: { part?: string | undefined; after?: StreamPosition | undefined; limit: number },
): string {
  const conditions = [selection(scope)];
  if (part !== undefined) {
    const pattern = `%${part.replace(/[|%_]/g, (char) => `|${char}`)}%`;
    conditions.push(`LOWER(CONCAT(TABLE_SCHEMA, '.', TABLE_NAME)) LIKE LOWER(${literal(pattern)}) ESCAPE '|'`);
  }
  if (after) {
    const [schema, name] = [bytes(after.namespace), bytes(after.name)];
    conditions.push(
      `(CAST(TABLE_SCHEMA AS BINARY) > ${schema} OR (CAST(TABLE_SCHEMA AS BINARY) = ${schema} AND CAST(TABLE_NAME AS BINARY) > ${name}))`,
    );
  }
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name FROM information_schema.TABLES
WHERE ${conditions.join(' AND ')} ORDER BY ${PLACE} LIMIT ${limit}`;
}

/** The table of exactly this name: `database.table`, or the table's alone where that is enough. */
export function tableNamed(scope: readonly string[] | undefined, name: string): string {
  const full = `CAST(CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS BINARY) = ${bytes(name)}`;
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name FROM information_schema.TABLES
WHERE ${selection(scope)} AND (${full} OR CAST(TABLE_NAME AS BINARY) = ${bytes(name)}) ORDER BY ${full} DESC, ${PLACE} LIMIT 1`;
}

/** These tables and no others, so that no others are opened. */
function among(tables: readonly StreamPosition[]): string {
  const byDatabase = new Map<string, string[]>();
  for (const { namespace, name } of tables) byDatabase.set(namespace, [...(byDatabase.get(namespace) ?? []), name]);
  const each = [...byDatabase].map(
    ([namespace, names]) => `(TABLE_SCHEMA = ${literal(namespace)} AND ${oneOf(names)})`,
  );
  return `(${each.join(' OR ')})`;
}

function oneOf(names: readonly string[]): string {
  const [only = ''] = names;
  return names.length === 1 ? `TABLE_NAME = ${literal(only)}` : `TABLE_NAME IN (${literals(names)})`;
}

export function tableKinds(tables: readonly StreamPosition[]): string {
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name, TABLE_TYPE AS kind FROM information_schema.TABLES WHERE ${among(tables)}`;
}

export function tableFacts(tables: readonly StreamPosition[]): string {
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name, TABLE_TYPE AS kind, TABLE_ROWS AS estimate, ENGINE AS engine,
DATA_LENGTH + INDEX_LENGTH AS bytes FROM information_schema.TABLES WHERE ${among(tables)}`;
}

export function primaryKeys(tables: readonly StreamPosition[]): string {
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name, COLUMN_NAME AS column_name FROM information_schema.STATISTICS
WHERE INDEX_NAME = 'PRIMARY' AND ${among(tables)} ORDER BY SEQ_IN_INDEX`;
}

/** Every index of these tables, column by column. */
export function indexColumns(tables: readonly StreamPosition[]): string {
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name, INDEX_NAME AS index_name, NON_UNIQUE AS is_not_unique,
COLUMN_NAME AS column_name, NULLABLE AS nullable FROM information_schema.STATISTICS
WHERE ${among(tables)} ORDER BY INDEX_NAME, SEQ_IN_INDEX`;
}

/** Columns that may tell what is new. */
export function cursorColumns(tables: readonly StreamPosition[]): string {
  return `SELECT TABLE_SCHEMA AS namespace, TABLE_NAME AS name, COLUMN_NAME AS column_name, COLUMN_TYPE AS type,
DATA_TYPE AS kind, EXTRA AS extra FROM information_schema.COLUMNS
WHERE ${among(tables)} AND (EXTRA LIKE '%auto_increment%' OR DATA_TYPE IN ('timestamp', 'datetime')) ORDER BY ORDINAL_POSITION`;
}

export function oneDatetime(tables: readonly StreamPosition[]): string {
  return `SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS WHERE ${among(tables)} AND DATA_TYPE = 'datetime' LIMIT 1`;
}

export function columns(table: StreamPosition): string {
  return `SELECT COLUMN_NAME AS name, COLUMN_TYPE AS type, DATA_TYPE AS kind, IS_NULLABLE AS nullable
FROM information_schema.COLUMNS WHERE ${among([table])} ORDER BY ORDINAL_POSITION`;
}

/** Everything the CDC checks look at but rights and tables; what a server lacks is left out of the answer. */
export const CDC_VARIABLES = `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${literals([
  'log_bin',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_value_options',
  'binlog_transaction_compression',
  'log_bin_compress',
  'server_id',
  'binlog_expire_logs_seconds',
  'expire_logs_days',
  'log_replica_updates',
  'log_slave_updates',
  'binlog_expire_logs_auto_purge',
  'max_binlog_total_size',
  'binlog_space_limit',
  'gtid_mode',
  'gtid_domain_id',
  'time_zone',
  'system_time_zone',
])})`;

/** How much was written to the log, and in how many seconds. */
export const WRITTEN = "SHOW GLOBAL STATUS WHERE Variable_name IN ('Binlog_bytes_written', 'Uptime')";

export const RDS_RETENTION = "SELECT value FROM mysql.rds_configuration WHERE name = 'binlog retention hours'";
