import { type DatabaseConnection, type Driver, Kysely, SqliteDialect, SqliteDriver } from 'kysely';
import type { Connection } from './connection.ts';
import type { Tables } from './tables.ts';

/** Kysely over an open connection. */
export function kyselyOver(connection: Connection): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new ImmediateDialect(connection) });
}

class ImmediateDialect extends SqliteDialect {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super({ database: connection });
    this.#connection = connection;
  }

  override createDriver(): Driver {
    return new ImmediateDriver(this.#connection);
  }
}

/**
 * Kysely begins deferred transactions, which fail at once where another process writes between their first read and
 * their first write. And it runs BEGIN and COMMIT as prepared statements, which libsql leaves unfinished when they
 * fail (libsql-js #237): from then on no transaction of this connection could end. `exec` always finishes its own.
 */
class ImmediateDriver extends SqliteDriver {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super({ database: connection });
    this.#connection = connection;
  }

  override async beginTransaction(_: DatabaseConnection): Promise<void> {
    this.#connection.exec('BEGIN IMMEDIATE');
  }

  override async commitTransaction(_: DatabaseConnection): Promise<void> {
    this.#connection.exec('COMMIT');
  }

  override async rollbackTransaction(_: DatabaseConnection): Promise<void> {
    // SQLite rolls back by itself when the disk fails or is full.
    if (this.#connection.inTransaction()) this.#connection.exec('ROLLBACK');
  }
}
