import type { Kysely, Transaction } from 'kysely';
import type { CreateIntent, RemoteRecord, RemoteRecords } from '../sources/remote-records.ts';
import type { Append } from './audit.ts';
import type { Database } from './database.ts';
import { findEntry, keepEntry } from './idempotency.ts';
import { takesSealed } from './keys.ts';
import type { CreateIntentRow, RemoteSourceRow, Tables } from './tables.ts';

export interface RemoteParts {
  database: Database;
  append: Append;
  now: () => Date;
}

type IntentKey = Pick<CreateIntent, 'tenant' | 'platform' | 'name'>;

/** What we keep of sources on other platforms. */
export function createRemoteRecords({ database, append, now }: RemoteParts): RemoteRecords {
  return {
    async find(tenant, id) {
      const row = await database.read((db) => rowOf(db, tenant, id));
      return row && recordOf(row);
    },
    async findIdempotent(tenant, entry) {
      return await database.read((db) => findEntry(db, tenant, entry, now()));
    },
    async intent(key) {
      const row = await database.read((db) => intentOf(db, key));
      return row && fromRow(row);
    },
    async begin(intent, before) {
      return await database.write(async (tx) => {
        const row = await intentOf(tx, intent);
        if (row && !(before && row.owner === before.owner && row.started_at === before.startedAt)) return fromRow(row);
        if (row) await endIntent(tx, intent);
        await tx.insertInto('create_intents').values(toRow(intent)).execute();
        return undefined;
      });
    },
    async abandon(intent) {
      await database.write((tx) => endIntent(tx, intent));
    },
    async keep(record, audit, { intent, idempotency } = {}) {
      return await database.write(async (tx) => {
        if (!(await takesSealed(tx, record.sealed))) return 'key_retired';
        const { tenant, id, ...columns } = columnsOf(record);
        await tx
          .insertInto('remote_sources')
          .values({ tenant, id, ...columns })
          .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet(columns))
          .execute();
        if (intent) await endIntent(tx, intent);
        if (idempotency) await keepEntry(tx, tenant, id, idempotency, now());
        await append(tx, audit);
        return 'inserted';
      });
    },
    async noteTest(tenant, id, connector, test, audit) {
      await database.write(async (tx) => {
        const last_test = JSON.stringify(test);
        const fresh = { connector, settings: '{}', secret_sources: '{}', sealed: null, fingerprints: '{}' };
        await tx
          .insertInto('remote_sources')
          .values({ tenant, id, ...fresh, credential_version: 0, last_test })
          .onConflict((conflict) => conflict.columns(['tenant', 'id']).doUpdateSet({ last_test }))
          .execute();
        await append(tx, audit);
      });
    },
    async remove(tenant, id, audit) {
      await database.write(async (tx) => {
        await tx.deleteFrom('remote_sources').where('tenant', '=', tenant).where('id', '=', id).execute();
        await append(tx, audit);
      });
    },
  };
}

async function rowOf(db: Kysely<Tables>, tenant: string, id: string): Promise<RemoteSourceRow | undefined> {
  return await db
    .selectFrom('remote_sources')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('id', '=', id)
    .executeTakeFirst();
}

async function intentOf(
  db: Kysely<Tables>,
  { tenant, platform, name }: IntentKey,
): Promise<CreateIntentRow | undefined> {
  return await db
    .selectFrom('create_intents')
    .selectAll()
    .where('tenant', '=', tenant)
    .where('platform', '=', platform)
    .where('name', '=', name)
    .executeTakeFirst();
}

async function endIntent(tx: Transaction<Tables>, { tenant, platform, name }: IntentKey): Promise<void> {
  await tx
    .deleteFrom('create_intents')
    .where('tenant', '=', tenant)
    .where('platform', '=', platform)
    .where('name', '=', name)
    .execute();
}

function columnsOf(record: RemoteRecord): RemoteSourceRow {
  return {
    tenant: record.tenant,
    id: record.id,
    connector: record.connector,
    settings: JSON.stringify(record.settings),
    secret_sources: JSON.stringify(record.secretSources),
    sealed: record.sealed,
    fingerprints: JSON.stringify(record.fingerprints),
    credential_version: record.credentialVersion,
    last_test: record.lastTest === null ? null : JSON.stringify(record.lastTest),
  };
}

function recordOf(row: RemoteSourceRow): RemoteRecord {
  return {
    tenant: row.tenant,
    id: row.id,
    connector: row.connector,
    settings: JSON.parse(row.settings),
    secretSources: JSON.parse(row.secret_sources),
    sealed: row.sealed,
    fingerprints: JSON.parse(row.fingerprints),
    credentialVersion: row.credential_version,
    lastTest: row.last_test === null ? null : JSON.parse(row.last_test),
  };
}

function toRow({ startedAt, ...rest }: CreateIntent): CreateIntentRow {
  return { ...rest, started_at: startedAt };
}

function fromRow({ started_at, ...rest }: CreateIntentRow): CreateIntent {
  return { ...rest, startedAt: started_at };
}
