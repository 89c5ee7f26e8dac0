import { type ProblemKind, place } from './kind.ts';

/** The database and what may be read in it. Sources: SQLSTATE classes and the catalogues of PostgreSQL. */
export const READING_PROBLEMS = {
  DATABASE_NOT_FOUND: {
    actor: 'user',
    roles: ['database'],
    says: ({ database }) => `The login is right, but there is no database ${database}`,
    fix: () => 'Check the name of the database; it is case-sensitive.',
  },
  DATABASE_DENIED: {
    actor: 'dba',
    roles: ['database'],
    says: ({ username, database }) => `${username} may not connect to the database ${database}`,
    fix: ({ username, database }) => `Grant ${username} the right to connect to ${database}.`,
  },
  DATABASE_CLOSED: {
    actor: 'dba',
    roles: ['database'],
    says: ({ database }) => `The database ${database} accepts no connections`,
    fix: () => 'Choose another database, or open this one to connections.',
  },
  SCHEMA_NOT_FOUND: {
    actor: 'user',
    roles: ['schemas'],
    says: ({ what }) => `There is no schema ${what}`,
    fix: () => 'Correct schemas, or leave it out to read all that the user may see.',
  },
  SCHEMA_DENIED: {
    actor: 'dba',
    roles: ['schemas'],
    says: ({ username, what }) => `${username} may not use the schema ${what}`,
    fix: ({ username, what }) => `Grant ${username} usage of ${what}.`,
  },
  TABLES_DENIED: {
    actor: 'dba',
    roles: ['username'],
    says: ({ username, what }) => `${username} may read none of the tables in ${what}`,
    fix: ({ username }) => `Grant ${username} the right to read them.`,
  },
  NO_TABLES: {
    actor: 'user',
    roles: ['database', 'schemas'],
    says: ({ what }) => `There are no tables in ${what}`,
    fix: () => 'Check that this is the database you mean.',
  },
  READ_FAILED: {
    actor: 'dba',
    says: ({ what }) => `Reading one row of ${what} failed`,
    fix: () => 'Read what the server said (the evidence of this step), and check the rights of the user.',
  },
  QUERY_TIMEOUT: {
    actor: 'dba',
    retryable: true,
    says: (facts) => `${place(facts)} took too long to answer a small query`,
    fix: () => 'Test again; if it stays, look at the load and the locks of the server.',
  },
  QUERY_FAILED: {
    actor: 'dba',
    says: ({ server }) => `${server} refused a catalogue query`,
    fix: () => 'Read what the server said (the evidence of this step), and its log.',
  },
  DATABASE_NOT_VISIBLE: {
    actor: 'dba',
    roles: ['database'],
    says: ({ username, database }) => `${username} sees no database ${database}: it is not there, or may not be read`,
    fix: () => 'Check the name (case may count). If it is right, grant the user the right to read it.',
  },
  SELECTION_NOT_VISIBLE: {
    actor: 'dba',
    roles: ['schemas'],
    says: ({ username, what }) => `${username} does not see ${what}: it is not there, or may not be read`,
    fix: () => 'Check the names (case may count). If they are right, grant the user the right to read them.',
  },
  TABLE_NOT_FOUND: {
    actor: 'user',
    roles: ['tables'],
    says: ({ what }) => `There is no table ${what}`,
    fix: () => 'Correct tables (case may count), or have them created.',
  },
  TABLE_DENIED: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ username, what }) => `${username} may not read ${what}`,
    fix: ({ username, what }) => `Grant ${username} the right to read ${what}.`,
  },
  COLUMNS_DENIED: {
    actor: 'dba',
    roles: ['tables'],
    says: ({ username, what }) => `${username} may read some columns of ${what} only`,
    fix: () => 'Grant the right to read the whole table, or leave the other columns out of the sync.',
  },
  OTHER_PRODUCT: {
    actor: 'user',
    says: ({ server, what }) => `This is ${what}, not ${server}`,
    fix: ({ what }) => `Use the connector of ${what}: platforms treat the two differently.`,
  },
} as const satisfies Record<string, ProblemKind>;
