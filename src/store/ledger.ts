import type { Transaction } from 'kysely';
import type { Ledger } from '../net/attempt.ts';
import type { CircuitKey, CircuitStore } from '../net/breaker.ts';
import type { Account, RejectionStore } from '../net/login-pause.ts';
import type { AttemptLog } from '../net/rate-limit.ts';
import type { Database } from './database.ts';
import type { AttemptTables, CircuitRow } from './tables.ts';

/** Attempts, circuits and rejected logins in the store, so that all processes on it share them. */
export function createLedger(database: Database<AttemptTables>): Ledger {
  return {
    transact: (work) =>
      database.write((tx) =>
        work({ attempts: attemptLog(tx), circuits: circuitStore(tx), rejections: rejectionStore(tx) }),
      ),
  };
}

type Tx = Transaction<AttemptTables>;

function attemptLog(tx: Tx): AttemptLog {
  return {
    async look(tenant, destination, limits) {
      const row = await tx
        .selectNoFrom((eb) => {
          const ofTenant = eb.selectFrom('attempts').where('tenant', '=', tenant);
          const nth = (attempts: typeof ofTenant, n: number) =>
            attempts
              .select('at_ms')
              .orderBy('at_ms', 'desc')
              .limit(1)
              .offset(n - 1);
          return [
            ofTenant.select((of) => of.fn.min('at_ms').as('at')).as('oldest'),
            ofTenant.select((of) => of.fn.max('at_ms').as('at')).as('newest'),
            nth(ofTenant, limits.tenant).as('tenant'),
            nth(ofTenant.where('destination', '=', destination), limits.destination).as('destination'),
          ];
        })
        .executeTakeFirstOrThrow();
      return {
        oldest: row.oldest ?? undefined,
        newest: row.newest ?? undefined,
        filling: { tenant: row.tenant ?? undefined, destination: row.destination ?? undefined },
      };
    },
    async add(tenant, destination, at) {
      await tx.insertInto('attempts').values({ tenant, destination, at_ms: at }).execute();
    },
    async forget(tenant, expired) {
      await tx.deleteFrom('attempts').where('tenant', '=', tenant).where('at_ms', '<=', expired).execute();
    },
    async pullBack(tenant, now) {
      const later = tx
        .updateTable('attempts')
        .set({ at_ms: now })
        .where('tenant', '=', tenant)
        .where('at_ms', '>', now);
      await later.execute();
    },
  };
}

function circuitStore(tx: Tx): CircuitStore {
  const isOf = ({ tenant, connector, destination }: CircuitKey) => ({ tenant, connector, destination });
  return {
    async find(key) {
      const row = await tx
        .selectFrom('circuits')
        .selectAll()
        .where((eb) => eb.and(isOf(key)))
        .executeTakeFirst();
      return row && circuitOf(row);
    },
    async keep(key, circuit) {
      const columns = {
        failures: circuit.failures,
        openings: circuit.openings,
        open_until_ms: circuit.openUntil,
        lease_id: circuit.leaseId,
        lease_until_ms: circuit.leaseUntil,
        not_before_ms: circuit.notBefore,
        failed_ms: circuit.failedAt,
        last_code: circuit.last.code,
        last_message: circuit.last.message,
      };
      await tx
        .insertInto('circuits')
        .values({ ...isOf(key), ...columns })
        .onConflict((conflict) => conflict.columns(['tenant', 'connector', 'destination']).doUpdateSet(columns))
        .execute();
    },
    async forget(key) {
      await tx
        .deleteFrom('circuits')
        .where((eb) => eb.and(isOf(key)))
        .execute();
    },
    async sweep(expired) {
      await tx.deleteFrom('circuits').where('failed_ms', '<=', expired).execute();
    },
  };
}

function circuitOf(row: CircuitRow) {
  return {
    failures: row.failures,
    openings: row.openings,
    openUntil: row.open_until_ms,
    leaseId: row.lease_id,
    leaseUntil: row.lease_until_ms,
    notBefore: row.not_before_ms,
    failedAt: row.failed_ms,
    last: { code: row.last_code, message: row.last_message },
  };
}

function rejectionStore(tx: Tx): RejectionStore {
  const isOf = ({ tenant, destination, username }: Account) => ({ tenant, destination, username });
  return {
    async list(account) {
      return await tx
        .selectFrom('login_rejections')
        .select(['fingerprint', 'tries', 'at_ms as at'])
        .where((eb) => eb.and(isOf(account)))
        .execute();
    },
    async keep(account, { fingerprint, tries, at }) {
      if (tries === 0) {
        await tx
          .deleteFrom('login_rejections')
          .where((eb) => eb.and({ ...isOf(account), fingerprint }))
          .execute();
        return;
      }
      await tx
        .insertInto('login_rejections')
        .values({ ...isOf(account), fingerprint, tries, at_ms: at })
        .onConflict((conflict) =>
          conflict.columns(['tenant', 'destination', 'username', 'fingerprint']).doUpdateSet({ tries, at_ms: at }),
        )
        .execute();
    },
    async forget(account) {
      await tx
        .deleteFrom('login_rejections')
        .where((eb) => eb.and(isOf(account)))
        .execute();
    },
    async sweep(expired) {
      await tx.deleteFrom('login_rejections').where('at_ms', '<=', expired).execute();
    },
  };
}
