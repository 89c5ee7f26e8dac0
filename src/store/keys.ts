import type { ExpressionBuilder, Kysely, Transaction } from 'kysely';
import { keyIdOf } from '../secrets/envelope.ts';
import type { BatchPlace, KeyState, Rewrap, RewrapBatch, RotationStore } from '../secrets/key-store.ts';
import { DIGEST_PLACE } from '../secrets/key-store.ts';
import { namedPlace } from '../secrets/named-secrets.ts';
import type { Database } from './database.ts';
import type { Tables } from './tables.ts';

export interface KeyStoreParts {
  database: Database;
  exclusively: RotationStore['exclusively'];
  now: () => Date;
}

const AT_ONCE = 200;

/** Where sealed credentials are. */
const SEALED_TABLES = ['sources', 'remote_sources', 'named_secrets'] as const;
type SealedTable = (typeof SEALED_TABLES)[number];
/** Those that hold few values: they go with the last batch of the others. */
const SMALL_TABLES = SEALED_TABLES.filter((table) => table !== 'sources');

/** The vault's key checks and keys, in the file that holds what they guard. */
export function createKeyStore({ database, exclusively, now }: KeyStoreParts): RotationStore {
  return {
    exclusively,
    state: () => database.read(stateOf),
    begin: (first, digestKey) =>
      database.write(async (tx) => {
        const kept = await stateOf(tx);
        if (kept.keys.length > 0) return kept;
        await tx
          .insertInto('key_checks')
          .values({ key_id: first.keyId, proof: first.check, retired_at: null })
          .execute();
        await keepDigestKey(tx, digestKey);
        return await stateOf(tx);
      }),
    addDigestKey: (sealed) => database.write((tx) => keepDigestKey(tx, sealed)),
    add: ({ keyId, check }) =>
      database.write(async (tx) => {
        const values = { proof: check, retired_at: null };
        await tx
          .insertInto('key_checks')
          .values({ key_id: keyId, ...values })
          .onConflict((conflict) => conflict.column('key_id').doUpdateSet(values))
          .execute();
      }),
    counts: () => database.read(countsOf),
    rewrap: (keyId, rewrap, from) =>
      database.write(async (tx) => {
        const own = from === undefined ? await rewrapDigestKey(tx, keyId, rewrap) : 0;
        const local = await rewrapIn(tx, 'sources', keyId, rewrap, from);
        const damaged = [...local.damaged];
        let rewrapped = own + local.rewrapped;
        for (const table of local.next === undefined ? SMALL_TABLES : []) {
          const more = await rewrapIn(tx, table, keyId, rewrap);
          damaged.push(...more.damaged);
          rewrapped += more.rewrapped;
        }
        const batch = { ...local, damaged };
        // In one transaction with the last values: none can come between the count and the refusal of more.
        const last = batch.next === undefined && !(await countsOf(tx)).has(keyId);
        if (last) {
          const retired_at = now().toISOString();
          await tx
            .updateTable('key_checks')
            .set({ retired_at })
            .where('key_id', '=', keyId)
            .where('retired_at', 'is', null)
            .execute();
        }
        return { ...batch, rewrapped, retired: last };
      }),
  };
}

/** Whether the store takes what is sealed with a key: not any more once the key is retired. */
export async function takesSealed(tx: Transaction<Tables>, sealed: string | null): Promise<boolean> {
  const keyId = sealed === null ? undefined : keyIdOf(sealed);
  if (keyId === undefined) return true;
  const found = await tx
    .selectFrom('key_checks')
    .select('key_id')
    .where('key_id', '=', keyId)
    .where('retired_at', 'is', null)
    .executeTakeFirst();
  return found !== undefined;
}

async function stateOf(db: Kysely<Tables>): Promise<KeyState> {
  const keys = await db
    .selectFrom('key_checks')
    .select(['key_id as keyId', 'proof as check', 'retired_at as retiredAt'])
    .execute();
  const digestKey = await digestKeyOf(db);
  let holdsSealed = keys.length > 0;
  for (const table of SEALED_TABLES) holdsSealed ||= await anySealed(db, table);
  return { keys, ...(digestKey === undefined ? {} : { digestKey }), holdsSealed };
}

async function anySealed(db: Kysely<Tables>, table: SealedTable): Promise<boolean> {
  return (await db.selectFrom(table).select('id').where('sealed', 'is not', null).limit(1).execute()).length > 0;
}

async function digestKeyOf(db: Kysely<Tables>): Promise<string | undefined> {
  const found = await db.selectFrom('vault_keys').select('sealed').where('purpose', '=', 'digest').executeTakeFirst();
  return found?.sealed;
}

async function keepDigestKey(tx: Transaction<Tables>, sealed: string): Promise<string> {
  await tx
    .insertInto('vault_keys')
    .values({ purpose: 'digest', sealed })
    .onConflict((conflict) => conflict.column('purpose').doNothing())
    .execute();
  return (await digestKeyOf(tx)) ?? sealed;
}

async function countsOf(db: Kysely<Tables>): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const table of SEALED_TABLES) {
    const rows = await db
      .selectFrom(table)
      .select((eb) => [wrappedBy(eb).as('keyId'), eb.fn.countAll<number>().as('count')])
      .where('sealed', 'is not', null)
      .groupBy((eb) => wrappedBy(eb))
      .execute();
    for (const { keyId, count } of rows) counts.set(keyId, (counts.get(keyId) ?? 0) + count);
  }
  const own = keyIdOf((await digestKeyOf(db)) ?? '');
  if (own !== undefined) counts.set(own, (counts.get(own) ?? 0) + 1);
  return counts;
}

async function rewrapDigestKey(tx: Transaction<Tables>, keyId: string, rewrap: Rewrap): Promise<number> {
  const sealed = await digestKeyOf(tx);
  const again = sealed !== undefined && keyIdOf(sealed) === keyId ? rewrap(sealed, DIGEST_PLACE) : undefined;
  if (again === undefined) return 0;
  await tx.updateTable('vault_keys').set({ sealed: again }).where('purpose', '=', 'digest').execute();
  return 1;
}

async function rewrapIn(
  tx: Transaction<Tables>,
  table: SealedTable,
  keyId: string,
  rewrap: Rewrap,
  from?: BatchPlace,
): Promise<Omit<RewrapBatch, 'retired'>> {
  const most = table === 'sources' ? AT_ONCE : Number.MAX_SAFE_INTEGER;
  const rows = await tx
    .selectFrom(table)
    .select(['tenant', 'id', 'sealed', 'credential_version'])
    .where('sealed', 'is not', null)
    .where((eb) => eb(wrappedBy(eb), '=', keyId))
    .$if(from !== undefined, (query) =>
      query.where((eb) => eb(eb.refTuple('tenant', 'id'), '>', eb.tuple(from?.tenant ?? '', from?.id ?? ''))),
    )
    .orderBy('tenant')
    .orderBy('id')
    .limit(most)
    .execute();
  const damaged: string[] = [];
  for (const { tenant, id, sealed, credential_version } of rows) {
    const place =
      table === 'named_secrets'
        ? namedPlace(tenant, id, credential_version)
        : { tenant, sourceId: id, credentialVersion: credential_version };
    const again = rewrap(sealed ?? '', place);
    if (again === undefined) damaged.push(place.sourceId);
    else {
      await tx.updateTable(table).set({ sealed: again }).where('tenant', '=', tenant).where('id', '=', id).execute();
    }
  }
  const last = rows.length < most ? undefined : rows.at(-1);
  return {
    rewrapped: rows.length - damaged.length,
    damaged,
    ...(last ? { next: { tenant: last.tenant, id: last.id } } : {}),
  };
}

/**
 * The id of the key that wraps a source's credentials: it stands behind the `hw1.` of the sealed value. No index has it,
 * since rotations are rare and every source would pay for it: batches go along the table.
 */
function wrappedBy(eb: ExpressionBuilder<Tables, SealedTable>) {
  return eb.fn<string>('substr', ['sealed', eb.lit(5), eb.lit(16)]);
}
