import type { StreamPosition } from '../probe.ts';
import { literal, qualified } from './names.ts';
import { NAME, READABLE, text } from './queries.ts';

/** What advice is made of. Each stream is known by its place in the list, and looked up by its whole name. */

type Streams = readonly StreamPosition[];

const NAMED = (streams: Streams) => `
FROM (VALUES ${streams.map(({ namespace, name }, at) => `(${at}, OBJECT_ID(${literal(qualified(namespace, name))}))`).join(', ')}) w(at, id)
JOIN sys.objects o ON o.object_id = w.id AND o.type IN ('U', 'V')
JOIN sys.schemas s ON s.schema_id = o.schema_id`;

const AT = `${text('w.at')} AS at`;

/** Columnstores that are the table itself, and tables in memory, are not captured. */
export const ADVISED_TABLES = (streams: Streams) => `SELECT ${AT}, ${text('o.type', 2)} AS kind,
  ${text('(SELECT t.is_tracked_by_cdc FROM sys.tables t WHERE t.object_id = o.object_id)')} AS tracked,
  ${text("OBJECTPROPERTY(o.object_id, N'TableIsMemoryOptimized')")} AS in_memory,
  ${text('(SELECT COUNT(*) FROM sys.indexes i WHERE i.object_id = o.object_id AND i.type = 5)')} AS columnstore,
  ${text('(SELECT d.is_cdc_enabled FROM sys.databases d WHERE d.database_id = DB_ID())')} AS captures,
  ${text("DATABASEPROPERTYEX(DB_NAME(), N'ServiceObjective')", 60)} AS tier ${NAMED(streams)}
WHERE ${READABLE} = 1`;

/** Rows, and bytes with all indexes: no right is needed for them but on the tables. */
export const ADVISED_SIZES = (streams: Streams) => `SELECT ${AT},
  ${text('(SELECT SUM(p.rows) FROM sys.partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1))')} AS estimate,
  ${text(`(SELECT SUM(a.total_pages) * 8192 FROM sys.partitions p
    JOIN sys.allocation_units a ON a.container_id = p.partition_id WHERE p.object_id = o.object_id)`)} AS bytes ${NAMED(streams)}
WHERE o.type = 'U' AND ${READABLE} = 1`;

/** A row for each column of each index in the order of its key, keys first: the primary one, then the unique ones. */
export const ADVISED_INDEXES = (streams: Streams) => `SELECT ${AT}, ${text('i.index_id')} AS id, i.name AS [index],
  ${text('i.is_unique')} AS is_key, c.name ${NAMED(streams)}
JOIN sys.indexes i ON i.object_id = o.object_id AND i.type IN (1, 2) AND i.has_filter = 0 AND i.is_disabled = 0 AND i.is_hypothetical = 0
JOIN sys.index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id AND k.key_ordinal > 0
JOIN sys.columns c ON c.object_id = k.object_id AND c.column_id = k.column_id
WHERE ${READABLE} = 1 ORDER BY w.at, i.is_primary_key DESC, i.is_unique DESC, i.index_id, k.key_ordinal`;

/** Columns by which rows could be told in order: times, identities and row versions. */
export const ADVISED_COLUMNS = (streams: Streams) => `SELECT ${AT}, c.name, TYPE_NAME(c.user_type_id) AS type,
  TYPE_NAME(c.system_type_id) AS base, ${text('c.max_length')} AS length, ${text('c.precision')} AS [precision],
  ${text('c.scale')} AS scale, ${text('c.is_nullable')} AS nullable, ${text('c.system_type_id')} AS code,
  ${text('c.is_identity')} AS grows ${NAMED(streams)}
JOIN sys.columns c ON c.object_id = o.object_id AND c.is_computed = 0 AND (c.is_identity = 1
  OR TYPE_NAME(c.system_type_id) IN (N'timestamp', N'datetime2', N'datetime', N'datetimeoffset', N'smalldatetime'))
WHERE HAS_PERMS_BY_NAME(${NAME}, N'OBJECT', N'SELECT', c.name, N'COLUMN') = 1 ORDER BY w.at, c.column_id`;
