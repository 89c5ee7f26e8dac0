import pg from 'pg';

export interface Login {
  user: string;
  password: string;
}

/** A PostgreSQL server that runs, seen by its superuser. */
export interface PostgresServer extends Login {
  readonly host: string;
  readonly port: number;
  /** A connection string; of the superuser unless told otherwise. */
  url(database?: string, login?: Login): string;
  /**
   * Runs SQL as the superuser over a connection of its own, so that no idle one is left on the server.
   * Several statements may be given where there are no parameters; the rows of the last come back.
   */
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    params?: unknown[],
    database?: string,
  ): Promise<Row[]>;
}

/** Describes a server from its address and its superuser; opens no connection. */
export function postgresServer(address: Login & { host: string; port: number }): PostgresServer {
  const { host, port, user, password } = address;
  const url: PostgresServer['url'] = (database = 'postgres', login = address) => {
    const [name, secret, path] = [login.user, login.password, database].map(encodeURIComponent);
    return `postgresql://${name}:${secret}@${host}:${port}/${path}`;
  };
  return {
    host,
    port,
    user,
    password,
    url,
    async query<Row extends pg.QueryResultRow>(sql: string, params?: unknown[], database = 'postgres') {
      const client = new pg.Client({ host, port, user, password, database, connectionTimeoutMillis: 5000 });
      await client.connect();
      try {
        const result: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await client.query<Row>(sql, params);
        const last = Array.isArray(result) ? result.at(-1) : result;
        return last?.rows ?? [];
      } finally {
        await client.end();
      }
    },
  };
}
