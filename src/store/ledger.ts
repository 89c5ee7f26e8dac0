import type { Transaction } from 'kysely';
import type { Ledger } from '../net/attempt.ts';
import type { CircuitKey, CircuitStore } from '../net/breaker.ts';
import type { Account, Rejection, RejectionStore } from '../net/login-pause.ts';
import type { AttemptLog } from '../net/rate-limit.ts';
import type { Database } from './database.ts';
import { rawQuery } from './raw-query.ts';
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

/**
 * What every attempt runs, as text: building a statement takes longer than running it, and an attempt waits for these.
 */
const LOOK = `SELECT
  (SELECT min(at_ms) FROM attempts WHERE tenant = ?) AS oldest,
  (SELECT max(at_ms) FROM attempts WHERE tenant = ?) AS newest,
  (SELECT at_ms FROM attempts WHERE tenant = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?) AS of_tenant,
  (SELECT at_ms FROM attempts WHERE tenant = ? AND destination = ? ORDER BY at_ms DESC LIMIT 1 OFFSET ?) AS of_destination`;
const ADD = 'INSERT INTO attempts (tenant, destination, at_ms) VALUES (?, ?, ?)';
const CIRCUIT = 'SELECT * FROM circuits WHERE tenant = ? AND connector = ? AND destination = ?';
const REJECTIONS =
  'SELECT fingerprint, tries, at_ms AS at FROM login_rejections WHERE tenant = ? AND destination = ? AND username = ?';

type Look = Record<'oldest' | 'newest' | 'of_tenant' | 'of_destination', number | null>;
const NOTHING: Look = { oldest: null, newest: null, of_tenant: null, of_destination: null };

function attemptLog(tx: Tx): AttemptLog {
  return {
    async look(tenant, destination, limits) {
      const parameters = [tenant, tenant, tenant, limits.tenant - 1, tenant, destination, limits.destination - 1];
      const { rows } = await tx.executeQuery(rawQuery<Look>(LOOK, parameters));
      const { oldest, newest, of_tenant, of_destination } = rows[0] ?? NOTHING;
      return {
        oldest: oldest ?? undefined,
        newest: newest ?? undefined,
        filling: { tenant: of_tenant ?? undefined, destination: of_destination ?? undefined },
      };
    },
    async add(tenant, destination, at) {
      await tx.executeQuery(rawQuery(ADD, [tenant, destination, at]));
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
      const { rows } = await tx.executeQuery<CircuitRow>(
        rawQuery(CIRCUIT, [key.tenant, key.connector, key.destination]),
      );
      const [row] = rows;
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
      const { tenant, destination, username } = account;
      const { rows } = await tx.executeQuery(rawQuery<Rejection>(REJECTIONS, [tenant, destination, username]));
      return rows;
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
