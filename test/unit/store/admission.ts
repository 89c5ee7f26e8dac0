import { HeadwaterError } from '../../../src/errors.ts';
import { type Admission, type Admitted, createAdmission } from '../../../src/net/admission.ts';
import type { Attempt } from '../../../src/net/attempt.ts';
import { attemptLimits } from '../../../src/net/rate-limit.ts';
import type { Store } from '../../../src/store/sqlite.ts';

/** The gate of attempts on a store, without jitter. */
export function admissionOn(store: Pick<Store, 'ledger'>, now: () => Date, testLimit = 100): Admission {
  let ids = 0;
  return createAdmission({
    ledger: store.ledger,
    limits: attemptLimits(testLimit),
    now,
    random: () => 0.5,
    newId: () => {
      ids += 1;
      return `${process.pid}-${ids}`;
    },
  });
}

/** An attempt at one database, with some facts changed. */
export function attempt(changes: Partial<Attempt> = {}): Attempt {
  return {
    tenant: 'acme',
    connector: 'postgresql',
    endpoint: { host: 'db.example.com', port: 5432 },
    username: 'shop',
    fingerprint: async () => 'credentials',
    longestMs: 15_000,
    ...changes,
  };
}

/** What was admitted, or the error in place of it. */
export async function tryAdmit(
  admission: Admission,
  changes: Partial<Attempt> = {},
): Promise<{ code: 'admitted'; admitted: Admitted } | { code: string; retry_after_ms?: number; message: string }> {
  try {
    return { code: 'admitted', admitted: await admission.admit(attempt(changes)) };
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return { ...error.details, code: error.code, message: error.message };
  }
}
