import type { TestPostgres } from './postgres.ts';
import { SHOP_SQL } from './shop-sql.ts';

export const SHOP_DATABASE = 'shop';

/** Who can sign in to the shop, and what for. All but the superuser share one password. */
export const SHOP_ROLES = {
  /** Reads every table. */
  reader: 'shop_reader',
  /** May sign in, and that is all. */
  norights: 'shop_norights',
  /** Has every right to read, but may not sign in. */
  nologin: 'shop_nologin',
  /** Reads every table and may replicate. */
  replicator: 'shop_replicator',
} as const;

/** Creates the database `shop` with its tables, rows and roles. Once per server. */
export async function seedShop(
  server: Pick<TestPostgres, 'query'>,
  { readerPassword }: { readerPassword: string },
): Promise<void> {
  const { reader, norights, nologin, replicator } = SHOP_ROLES;
  const password = `PASSWORD '${readerPassword.replaceAll("'", "''")}'`;
  await server.query(`CREATE DATABASE ${SHOP_DATABASE}`);
  await server.query(SHOP_SQL, undefined, SHOP_DATABASE);
  await server.query(
    `
    CREATE ROLE ${reader} LOGIN ${password};
    CREATE ROLE ${norights} LOGIN ${password};
    CREATE ROLE ${nologin} NOLOGIN ${password};
    CREATE ROLE ${replicator} LOGIN REPLICATION ${password};
    GRANT USAGE ON SCHEMA public, analytics TO ${reader}, ${nologin}, ${replicator};
    GRANT SELECT ON ALL TABLES IN SCHEMA public, analytics TO ${reader}, ${nologin}, ${replicator};
    ALTER DEFAULT PRIVILEGES IN SCHEMA public, analytics GRANT SELECT ON TABLES TO ${reader}, ${nologin}, ${replicator};
    ANALYZE; -- so that row estimates are there from the start
    `,
    undefined,
    SHOP_DATABASE,
  );
}
