import { type DatabaseConnection, type Driver, Kysely, SqliteDialect, SqliteDriver } from 'kysely';
import type { Connection } from './connection.ts';

/** Kysely over an open connection. */
export function kyselyOver<T>(connection: Connection): Kysely<T> {
  return new Kysely<T>({ dialect: new ImmediateDialect(connection) });
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

/** Kysely begins deferred transactions, which fail where another process writes between their first read and write. */
class ImmediateDriver extends SqliteDriver {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    super({ database: connection });
    this.#connection = connection;
  }

  override beginTransaction(_: DatabaseConnection): Promise<void> {
    return this.#connection.begin('write');
  }

  override commitTransaction(_: DatabaseConnection): Promise<void> {
    return this.#connection.commit();
  }

  override async rollbackTransaction(_: DatabaseConnection): Promise<void> {
    this.#connection.rollback();
  }
}
