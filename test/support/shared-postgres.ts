import { inject } from 'vitest';
import { type PostgresServer, postgresServer } from './postgres-server.ts';

/** What global-setup.ts tells the test files of the server they share. `user` is the superuser. */
export interface SharedPostgres {
  host: string;
  port: number;
  user: string;
  password: string;
  readerPassword: string;
  caPem: string;
}

/** The server that all test files share, with the shop in it: read it as you like, change nothing others look at. */
export function sharedPostgres(): PostgresServer & SharedPostgres {
  const address = inject('postgres');
  return { ...address, ...postgresServer(address) };
}
