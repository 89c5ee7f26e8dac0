import { setTimeout as sleep } from 'node:timers/promises';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { isBusy } from './failures.ts';

/** One connection to the store's file. Nothing it throws may go out raw. */
export interface Connection extends SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  /** Runs statements without parameters or results. */
  exec(sql: string): void;
  /** The first column of the first row. */
  value(sql: string): unknown;
  /** Begins a transaction that holds its lock from the beginning: no statement in it meets another process. */
  begin(kind: 'read' | 'write'): Promise<void>;
  commit(): Promise<void>;
  /** Ends the transaction if there still is one. */
  rollback(): void;
}

const BUSY_TIMEOUT_MS = 5_000;
const MOST_STATEMENTS = 100;

// DELETE and EXTRA because libsql's SQLite has the WAL-reset bug (sqlite.org/wal.html). Without spilling, a
// transaction takes the exclusive lock at its end only.
const SETTINGS = `
  PRAGMA journal_mode = DELETE;
  PRAGMA synchronous = EXTRA;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA secure_delete = ON;
  PRAGMA cache_spill = OFF;
`;

/**
 * What a power cut may cost. `nothing` that was acknowledged; or `all`, the file itself included, which is then not
 * written through to the disk: a commit is no slower than memory, and survives the end of the process all the same.
 */
export type PowerCutCosts = 'nothing' | 'all';

/** Opens the file, which must be there. @throws what libsql throws */
export async function connect(file: string, costs: PowerCutCosts = 'nothing'): Promise<Connection> {
  const { default: Libsql } = await import('libsql');
  // Milliseconds, set before any statement runs: without it a lock of another process is an error at once.
  const database = new Libsql(file, { timeout: BUSY_TIMEOUT_MS });
  const statements = new Map<string, SqliteStatement>();

  // Statements are kept because libsql frees one only when it is garbage collected, and its connection after that.
  const prepare = (sql: string): SqliteStatement => {
    const kept = statements.get(sql);
    if (kept !== undefined) return kept;
    const statement = checked(database.prepare(sql));
    const [oldest] = statements.keys();
    if (statements.size >= MOST_STATEMENTS && oldest !== undefined) statements.delete(oldest);
    statements.set(sql, statement);
    return statement;
  };

  // `exec`, because a prepared statement that failed stays unfinished in libsql (libsql-js #237), and from then on no
  // transaction of the connection can end. And without SQLite's own waiting, which blocks this whole process and grows
  // so slow that a busy writer in another process starves us.
  const lock = async (sql: string): Promise<void> => {
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (;;) {
      try {
        database.exec(`PRAGMA busy_timeout = 0; ${sql}`);
        return;
      } catch (error) {
        if (!isBusy(error) || performance.now() >= deadline) throw error;
      } finally {
        database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
      await sleep(1 + Math.random() * 4);
    }
  };

  const rollback = () => {
    // SQLite rolls back by itself when the disk fails or is full.
    if (database.inTransaction) database.exec('ROLLBACK');
  };

  const connection: Connection = {
    prepare,
    exec: (sql) => void database.exec(sql),
    async begin(kind) {
      if (kind === 'write') return await lock('BEGIN IMMEDIATE');
      database.exec('BEGIN');
      await lock('SELECT 1 FROM sqlite_schema LIMIT 1');
    },
    commit: () => lock('COMMIT'),
    rollback,
    value: (sql) => {
      const [row] = prepare(sql).all([]);
      return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
    },
    close() {
      if (!database.open) return;
      statements.clear();
      try {
        rollback();
      } finally {
        database.close();
      }
    },
  };
  try {
    database.exec(SETTINGS);
    if (costs === 'all') database.exec('PRAGMA synchronous = OFF');
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

interface Statement {
  readonly reader: boolean;
  all(parameters: unknown[]): unknown[];
  run(parameters: unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
}

function checked(statement: Statement): SqliteStatement {
  return {
    reader: statement.reader,
    all: (parameters) => statement.all(bindable(parameters)),
    run: (parameters) => statement.run(bindable(parameters)),
    iterate: () => {
      throw new TypeError('a statement that is not read to its end would hold a lock');
    },
  };
}

/** libsql aborts the whole process on a boolean, and takes `undefined` for NULL. */
function bindable(parameters: readonly unknown[]): unknown[] {
  for (const value of parameters) {
    if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
      throw new TypeError(`a ${typeof value} cannot be stored`);
    }
  }
  return [...parameters];
}
