import type { Kysely } from 'kysely';
import type { NamedSecret, NamedSecretStore } from '../secrets/named-secrets.ts';
import { shownReference } from '../secrets/references.ts';
import type { Database } from './database.ts';
import { takesSealed } from './keys.ts';
import type { NamedSecretRow, Tables } from './tables.ts';

/** Secrets that somebody at this machine has stored under names. */
export function createNamedSecretStore(database: Database): NamedSecretStore {
  return {
    async find(tenant, name) {
      const row = await database.read((db) =>
        db
          .selectFrom('named_secrets')
          .selectAll()
          .where('tenant', '=', tenant)
          .where('id', '=', name)
          .executeTakeFirst(),
      );
      return row && secretOf(row);
    },
    async list(tenant) {
      const rows = await database.read((db) =>
        db.selectFrom('named_secrets').selectAll().where('tenant', '=', tenant).orderBy('id').execute(),
      );
      return rows.map(secretOf);
    },
    async put(secret) {
      return await database.write(async (tx) => {
        if (!(await takesSealed(tx, secret.sealed))) return 'key_retired';
        const { tenant, id, ...columns } = rowOf(secret);
        const found = await tx
          .selectFrom('named_secrets')
          .select('credential_version')
          .where('tenant', '=', tenant)
          .where('id', '=', id)
          .executeTakeFirst();
        if ((found?.credential_version ?? 0) !== secret.version - 1) return 'stale';
        await tx
          .insertInto('named_secrets')
          .values({ tenant, id, ...columns })
          .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet(columns))
          .execute();
        return 'kept';
      });
    },
    async remove(tenant, name) {
      return await database.write(async (tx) => {
        const { numDeletedRows } = await tx
          .deleteFrom('named_secrets')
          .where('tenant', '=', tenant)
          .where('id', '=', name)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      });
    },
    async users(tenant) {
      const rows = await database.read(async (db) => [
        ...(await referring(db, 'sources', tenant)),
        ...(await referring(db, 'remote_sources', tenant)),
      ]);
      const users = new Map<string, string[]>();
      for (const { id, secret_sources } of rows) {
        for (const name of namesIn(secret_sources)) users.set(name, [...(users.get(name) ?? []), id]);
      }
      return users;
    },
  };
}

async function referring(db: Kysely<Tables>, table: 'sources' | 'remote_sources', tenant: string) {
  return await db
    .selectFrom(table)
    .select(['id', 'secret_sources'])
    .where('tenant', '=', tenant)
    .where('secret_sources', 'like', '%"credential:%')
    .orderBy('id')
    .execute();
}

/** Names of the secrets that a config refers to, each once. */
function namesIn(secretSources: string): Set<string> {
  const references = Object.values(JSON.parse(secretSources) as Record<string, string>).map(shownReference);
  return new Set(references.flatMap((found) => (found?.scheme === 'credential' ? [found.target] : [])));
}

function rowOf({ tenant, name, sealed, version, fingerprint, createdAt, updatedAt }: NamedSecret): NamedSecretRow {
  return {
    tenant,
    id: name,
    sealed,
    credential_version: version,
    fingerprint,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}

function secretOf(row: NamedSecretRow): NamedSecret {
  return {
    tenant: row.tenant,
    name: row.id,
    sealed: row.sealed,
    version: row.credential_version,
    fingerprint: row.fingerprint,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
