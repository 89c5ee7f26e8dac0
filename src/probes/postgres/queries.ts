import type { StreamPosition } from '../probe.ts';
import { literal, textArray } from './sql.ts';
import { SURPLUS } from './surplus.ts';

/**
 * Catalogue queries. All are read-only, and none enumerates what it can answer with one row.
 * `schemas` are the selected ones, or NULL for all but system schemas.
 */

type Schemas = readonly string[] | null;

export const SERVER = `
SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS version_number,
  current_database() AS database, current_setting('server_encoding') AS encoding, pg_catalog.pg_backend_pid()::text AS pid`;

/** For each selected schema: whether it exists and may be used. */
export const SCHEMAS = (schemas: readonly string[]) => `
SELECT w.name, (n.oid IS NOT NULL)::text AS found,
       COALESCE(pg_catalog.has_schema_privilege(n.oid, 'USAGE'), false)::text AS usable
FROM unnest(${textArray(schemas)}) AS w(name) LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = w.name`;

const selected = (schemas: Schemas) =>
  `n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'${schemas ? ` AND n.nspname = ANY (${textArray(schemas)})` : ''}`;
const FROM = 'FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace';
const READABLE = `pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND (pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))`;

/**
 * In the order in which they were made, so that an index leads past the catalogue's own straight to the first that fits,
 * however many there are.
 */
const FIRST = (schemas: Schemas, limit: number) => `
  AND c.oid >= ${FIRST_OF_USERS} AND c.relpersistence <> 't'${schemas ? ` AND n.nspname = ANY (${textArray(schemas)})` : ''}
  AND ${READABLE} ORDER BY c.oid LIMIT ${limit}`;
/** What is below is the server's own (FirstNormalObjectId). */
const FIRST_OF_USERS = 16_384;

/** How many tables are looked at where none are selected. */
export const LOOKED_AT = 25;

const PRIMARY = `, c.relreplident AS identity,
  (SELECT true FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate) AS has_primary`;

/**
 * The first tables that may be read, and what else may be done with them; of keys no EXISTS, which would read those of all
 * tables at once. Views come second: a view can be slow.
 */
export const READABLE_TABLES = (schemas: Schemas, limit: number, withKeys: boolean) => `
SELECT n.nspname AS namespace, c.relname AS name, ${SURPLUS} ${withKeys ? PRIMARY : ''} ${FROM}
WHERE c.relkind IN ('r', 'p') ${FIRST(schemas, limit)}`;

export const READABLE_VIEW = (schemas: Schemas) => `
SELECT n.nspname AS namespace, c.relname AS name ${FROM}
WHERE c.relkind IN ('m', 'v') ${FIRST(schemas, 1)}`;

/** Schemas with tables of which none may be read. */
export const DENIED_SCHEMAS = (schemas: Schemas) => `
SELECT DISTINCT n.nspname AS namespace ${FROM}
WHERE c.relkind IN ('r', 'p', 'm', 'v') AND ${selected(schemas)} ORDER BY 1 LIMIT 20`;

const KEYS = `(SELECT string_agg(a.attname, E'\\x1f' ORDER BY array_position(i.indkey::int2[], a.attnum))
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
  WHERE i.indrelid = s.oid AND i.indisprimary)`;

/** A page of streams by name: those after `after`, whose name fits a LIKE pattern. */
export const STREAMS = (
  schemas: Schemas,
  { pattern, after, limit }: { pattern?: string | undefined; after?: StreamPosition | undefined; limit: number },
) => `
SELECT s.namespace, s.name, s.kind, s.estimate, ${KEYS} AS keys FROM (
  SELECT c.oid, n.nspname AS namespace, c.relname AS name, c.relkind AS kind, c.reltuples::int8 AS estimate ${FROM}
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND ${selected(schemas)} AND ${READABLE}
    ${pattern === undefined ? '' : `AND n.nspname || '.' || c.relname ILIKE ${literal(pattern)}`}
    ${after ? `AND (n.nspname, c.relname) > (${literal(after.namespace)}::name, ${literal(after.name)}::name)` : ''}
  ORDER BY n.nspname, c.relname LIMIT ${limit}
) s ORDER BY s.namespace, s.name`;

/** One stream by `schema.name`, or by name alone where that is enough. */
export const STREAM = (schemas: Schemas, stream: string) => `
SELECT s.oid, s.namespace, s.name, s.kind, s.estimate, ${KEYS} AS keys FROM (
  SELECT c.oid, n.nspname AS namespace, c.relname AS name, c.relkind AS kind, c.reltuples::int8 AS estimate ${FROM}
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND ${selected(schemas)} AND ${READABLE}
    AND (n.nspname || '.' || c.relname = ${literal(stream)} OR c.relname = ${literal(stream)})
  ORDER BY n.nspname || '.' || c.relname = ${literal(stream)} DESC, n.nspname LIMIT 1
) s`;

export const COLUMNS = (oid: string) => `
SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type, (NOT a.attnotnull)::text AS nullable
FROM pg_catalog.pg_attribute a WHERE a.attrelid = ${literal(oid)}::oid AND a.attnum > 0 AND NOT a.attisdropped
  AND pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum`;
