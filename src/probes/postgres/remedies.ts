import type { Facts, Remedy } from '../problems/index.ts';
import { literal, onlyIf, quote, relation, type TableName } from './sql.ts';

/** What mends the gaps that the probe finds, each idempotent and no wider than it must be. */

type Who = Pick<Facts, 'username' | 'database'>;

/** What of a database is to be read. */
export interface Selection {
  tables?: readonly TableName[] | undefined;
  schemas?: readonly string[] | undefined;
}

const role = ({ username = '' }: Who) => quote(username);

export function mayLogIn(who: Who): Remedy {
  return {
    stage: 'account',
    why: `${who.username} may not log in.`,
    script: `ALTER ROLE ${role(who)} LOGIN;`,
    undo: `ALTER ROLE ${role(who)} NOLOGIN;`,
  };
}

export function mayConnect(who: Who): Remedy {
  const on = `CONNECT ON DATABASE ${quote(who.database ?? '')}`;
  return {
    stage: 'right',
    why: `${who.username} may not connect to the database ${who.database}.`,
    script: `GRANT ${on} TO ${role(who)};`,
    undo: `REVOKE ${on} FROM ${role(who)};`,
  };
}

export function opened(who: Who): Remedy {
  const database = quote(who.database ?? '');
  return {
    stage: 'right',
    why: `The database ${who.database} accepts no connections.`,
    script: `ALTER DATABASE ${database} ALLOW_CONNECTIONS true;`,
    undo: `ALTER DATABASE ${database} ALLOW_CONNECTIONS false;`,
  };
}

/** Enough for a test, a reader and a change stream side by side; a higher limit is left as it is. */
const CONNECTIONS = 10;

export function mayOpenSessions(who: Who): Remedy {
  return {
    stage: 'account',
    why: `${who.username} has used up its connection limit; a test, a reader and a change stream need some each.`,
    script: onlyIf(
      `EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(who.username ?? '')} AND rolconnlimit BETWEEN 0 AND ${CONNECTIONS - 1})`,
      `ALTER ROLE ${role(who)} CONNECTION LIMIT ${CONNECTIONS};`,
    ),
  };
}

/** The least that lets a user read everything in some schemas, now and later; one remedy per schema. */
export function mayReadSchemas(schemas: readonly string[], who: Who): Remedy[] {
  return schemas.map((schema) => {
    const [name, user] = [quote(schema), role(who)];
    return {
      stage: 'right',
      why: `${who.username} reads the schema ${schema}; in the database ${who.database}.`,
      script:
        `GRANT USAGE ON SCHEMA ${name} TO ${user};\n` +
        `GRANT SELECT ON ALL TABLES IN SCHEMA ${name} TO ${user};\n` +
        `ALTER DEFAULT PRIVILEGES IN SCHEMA ${name} GRANT SELECT ON TABLES TO ${user};`,
      undo:
        `ALTER DEFAULT PRIVILEGES IN SCHEMA ${name} REVOKE SELECT ON TABLES FROM ${user};\n` +
        '-- Not the next line where the role had been granted some of these before: it takes them all.\n' +
        `REVOKE SELECT ON ALL TABLES IN SCHEMA ${name} FROM ${user};\n` +
        `REVOKE USAGE ON SCHEMA ${name} FROM ${user};`,
    };
  });
}

/** The least that lets a user read some tables: nothing that it has, or the way back would take that from it as well. */
export function mayReadTables(
  tables: readonly (TableName & { usable?: boolean; readable?: boolean })[],
  who: Who,
): Remedy[] {
  const closed = [...new Set(tables.filter(({ usable }) => !usable).map(({ namespace }) => namespace))];
  const unread = tables.filter(({ readable }) => !readable);
  return [...closed.map((schema) => mayUse(schema, who)), ...unread.map((table) => maySelect(table, who))];
}

export function mayUse(schema: string, who: Who): Remedy {
  return {
    stage: 'right',
    why: `${who.username} may not use the schema ${schema}; in the database ${who.database}.`,
    script: `GRANT USAGE ON SCHEMA ${quote(schema)} TO ${role(who)};`,
    undo: `REVOKE USAGE ON SCHEMA ${quote(schema)} FROM ${role(who)};`,
  };
}

function maySelect(table: TableName, who: Who): Remedy {
  const name = relation(table);
  return {
    stage: 'right',
    why: `${who.username} may not read ${name}; in the database ${who.database}.`,
    script: `GRANT SELECT ON TABLE ${name} TO ${role(who)};`,
    undo: `REVOKE SELECT ON TABLE ${name} FROM ${role(who)};`,
  };
}

/** How a role that a script has made is known again, by the way back. */
const MADE_HERE = 'Made for Headwater';

/**
 * A role is made, or one that could not log in is let in. Whether it was there, the server does not tell a stranger: so
 * the way back ends a role that the script has made, and takes nothing from one that may have had it before.
 */
export function account(who: Who, { tables, schemas }: Selection, replication: readonly Remedy[]): Remedy[] {
  const name = who.username ?? '';
  const found = `SELECT FROM pg_catalog.pg_roles WHERE rolname = ${literal(name)}`;
  const ours = `pg_catalog.shobj_description(oid, 'pg_authid') = ${literal(MADE_HERE)}`;
  const made: Remedy = {
    stage: 'account',
    why: `The role ${name}, where there is none. A role that there is may have another password, or one that has expired.`,
    script: [
      onlyIf(
        `NOT EXISTS (${found})`,
        `CREATE ROLE ${quote(name)} LOGIN;\n    COMMENT ON ROLE ${quote(name)} IS ${literal(MADE_HERE)};`,
      ),
      onlyIf(`EXISTS (${found} AND rolvaliduntil <= now())`, `ALTER ROLE ${quote(name)} VALID UNTIL 'infinity';`),
      `-- Set its password, and hand it over by a way that is not this one: \\password ${quote(name)}`,
    ].join('\n'),
    undo: [
      '-- If the role was made here; one that was there before keeps what it has.',
      onlyIf(`EXISTS (${found} AND ${ours})`, `DROP OWNED BY ${quote(name)};\n    DROP ROLE ${quote(name)};`),
    ].join('\n'),
  };
  const reading = tables ? mayReadTables(tables, who) : mayReadSchemas(schemas ?? ['public'], who);
  const given = [mayConnect(who), ...reading, ...replication].map(({ undo: _, ...remedy }) => remedy);
  return [made, ...given].map((remedy) => ({ ...remedy, actor: 'dba' }));
}

/** The right to replicate; `grant` is how a provider gives it, where that is not by an attribute of the role. */
export function mayReplicate(who: Who, grant?: (role: string) => string): Remedy {
  const script = grant?.(role(who)) ?? `ALTER ROLE ${role(who)} REPLICATION;`;
  const [, group] = /^GRANT (\w+) TO /.exec(script) ?? [];
  const undo = group === undefined ? `ALTER ROLE ${role(who)} NOREPLICATION;` : `REVOKE ${group} FROM ${role(who)};`;
  const why = `${who.username} may not replicate; changes are read through a replication session.`;
  return { stage: 'account', why, script, undo };
}

/** A server setting that holds after a restart. */
export function restarted(name: string, value: string, why: string): Remedy {
  return {
    stage: 'restart',
    why,
    script: `ALTER SYSTEM SET ${name} = ${value};`,
    undo: `ALTER SYSTEM RESET ${name};`,
    // biome-ignore lint/suspicious/noThenProperty: the field of a remedy, which nobody awaits
    then: 'restart',
  };
}
