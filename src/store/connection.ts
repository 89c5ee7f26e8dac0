import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** One connection to the store's file. Everything it does is synchronous; nothing it throws may go out raw. */
export interface Connection extends SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  /** Runs statements without parameters or results. */
  exec(sql: string): void;
  inTransaction(): boolean;
  /** The first column of the first row. */
  value(sql: string): unknown;
}

const BUSY_TIMEOUT_MS = 5_000;
const MOST_STATEMENTS = 100;

// DELETE and EXTRA because libsql's SQLite has the WAL-reset bug (facts/security.md §4.1). Without spilling, a
// transaction takes the exclusive lock at its end only.
const SETTINGS = `
  PRAGMA synchronous = EXTRA;
  PRAGMA foreign_keys = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA secure_delete = ON;
  PRAGMA cache_spill = OFF;
`;

/** Opens the file, which must be there. @throws what libsql throws */
export async function connect(file: string): Promise<Connection> {
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

  const connection: Connection = {
    prepare,
    exec: (sql) => void database.exec(sql),
    inTransaction: () => database.inTransaction,
    value: (sql) => {
      const [row] = prepare(sql).all([]);
      return typeof row === 'object' && row !== null ? Object.values(row)[0] : undefined;
    },
    close() {
      if (!database.open) return;
      statements.clear();
      try {
        if (database.inTransaction) database.exec('ROLLBACK');
      } finally {
        database.close();
      }
    },
  };
  try {
    database.exec(SETTINGS);
    const mode = connection.value('PRAGMA journal_mode = DELETE');
    // SQLite tells so, not with an error, where another process keeps it from leaving WAL.
    if (mode !== 'delete') throw Object.assign(new Error('the journal mode cannot be set'), { code: 'SQLITE_BUSY' });
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
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
