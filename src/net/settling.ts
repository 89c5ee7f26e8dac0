import type { Finding, Kept, Ledger } from './attempt.ts';
import {
  afterFailure,
  afterRequestToWait,
  type CircuitKey,
  expiredCircuits,
  type LastFailure,
  released,
} from './breaker.ts';
import { type Account, countedTry, expiredRejections } from './login-pause.ts';

/** An account that an attempt logs in to: at its endpoint, or at the server on the way. */
export interface Login {
  of: 'endpoint' | 'through';
  account: Account;
  fingerprint: () => Promise<string>;
}

export interface LoginPass extends Login {
  /** Something is kept of the account. */
  rejectionsKnown: boolean;
  /** Credentials whose one try was counted ahead. */
  triedAhead: string | undefined;
}

/** What was found and taken when an attempt was admitted. */
export interface Pass {
  key: CircuitKey | undefined;
  /** Something is kept of the destination. */
  circuitKnown: boolean;
  /** Of the one attempt that a circuit lets through. */
  leaseId: string | undefined;
  logins: readonly LoginPass[];
}

/** Keeps what an attempt has shown; writes only where that changes anything. @throws HeadwaterError STORE_UNAVAILABLE */
export async function noteFinding(
  { ledger, now, random }: { ledger: Ledger; now: () => Date; random: () => number },
  pass: Pass,
  finding: Finding,
): Promise<void> {
  const notes = [circuitNote(pass, finding, random)];
  for (const login of pass.logins) {
    const outcome = login.of === 'endpoint' ? finding.outcome : finding.through;
    const isRejection = outcome === 'rejected' && login.triedAhead === undefined;
    notes.push(loginNote(login, outcome, isRejection ? await login.fingerprint() : undefined));
  }
  if (notes.every((note) => note === undefined)) return;
  await ledger.transact(async (kept) => {
    const at = now().getTime();
    for (const note of notes) await note?.(kept, at);
  });
}

/** What is to be written; undefined where nothing is. */
type Note = ((kept: Kept, at: number) => Promise<void>) | undefined;

function circuitNote({ key, circuitKnown, leaseId }: Pass, finding: Finding, random: () => number): Note {
  if (key === undefined) return undefined;
  if (finding.outcome === 'unreachable') return failureNote(key, finding.last, leaseId, random());
  if (finding.outcome === 'asked_to_wait' && finding.waitMs !== undefined) {
    const { last, waitMs } = finding;
    return ({ circuits }, at) => circuits.keep(key, afterRequestToWait(last, waitMs, at));
  }
  if (finding.outcome !== 'unknown') return circuitKnown ? ({ circuits }) => circuits.forget(key) : undefined;
  if (leaseId === undefined) return undefined;
  return async ({ circuits }) => {
    const circuit = await circuits.find(key);
    if (circuit) await circuits.keep(key, released(circuit, leaseId));
  };
}

function failureNote(key: CircuitKey, last: LastFailure, leaseId: string | undefined, random: number): Note {
  return async ({ circuits }, at) => {
    await circuits.sweep(expiredCircuits(at));
    const circuit = await circuits.find(key);
    await circuits.keep(key, afterFailure(circuit, { last, leaseId, now: at, random }));
  };
}

/** `rejected`: the fingerprint of credentials that were rejected and not counted ahead. */
function loginNote(
  { account, rejectionsKnown, triedAhead }: LoginPass,
  outcome: Finding['outcome'] | undefined,
  rejected: string | undefined,
): Note {
  if (outcome === 'accepted') return rejectionsKnown ? ({ rejections }) => rejections.forget(account) : undefined;
  const fingerprint = outcome === 'rejected' ? rejected : triedAhead;
  if (fingerprint === undefined) return undefined;
  const by = outcome === 'rejected' ? 1 : -1;
  return async ({ rejections }, now) => {
    await rejections.sweep(expiredRejections(now));
    await rejections.keep(account, countedTry(await rejections.list(account), { fingerprint, now, by }));
  };
}
