/**
 * The circuit breaker: a destination that cannot be reached is left alone for a while, so that nobody waits for it and
 * it is not held down. Pure decisions over what is kept; times are milliseconds since the epoch.
 */

/** Failures in a row that open a circuit. */
export const FAILURES_TO_OPEN = 5;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 600_000;
/** Of a pause, to either side, so that processes and tenants do not come back all at once. */
const JITTER = 0.2;
/** A server that asks to be left alone for longer is asked again after this. */
const LONGEST_NOT_BEFORE_MS = 3_600_000;
/** Failures are in a row only when they are no further apart. Longer than any pause, so that one cannot end a row. */
const FORGOTTEN_MS = 3_600_000;
/** No test takes longer, so that a lease beyond it is from before the clock was put back. */
const LONGEST_LEASE_MS = 60_000;

/** Connectors differ in what they find wrong with one place, so each has a circuit of its own. */
export interface CircuitKey {
  tenant: string;
  connector: string;
  destination: string;
}

/** What failed last: a stable code, and the sentence that went with it. */
export interface LastFailure {
  code: string;
  message: string;
}

/** What is kept of a destination that failed. One that works has none. */
export interface Circuit {
  /** In a row. */
  failures: number;
  /** In a row; 0 while the circuit is closed. */
  openings: number;
  openUntil: number;
  /** Who may try while the circuit is half-open: one of all processes, until then. */
  leaseId: string;
  leaseUntil: number;
  /** The server asked to be left alone until then. */
  notBefore: number;
  failedAt: number;
  last: LastFailure;
}

export interface CircuitStore {
  find(key: CircuitKey): Promise<Circuit | undefined>;
  keep(key: CircuitKey, circuit: Circuit): Promise<void>;
  forget(key: CircuitKey): Promise<void>;
  /** Forgets those of all tenants that failed at `expired` or before. */
  sweep(expired: number): Promise<void>;
}

/** Circuits that failed at this time or before say nothing any more. */
export function expiredCircuits(now: number): number {
  return now - FORGOTTEN_MS;
}

/**
 * Milliseconds to wait before the destination may be tried, 0 where it may be now. A time further ahead than any can
 * be is from before the clock was put back, and over.
 */
export function waitForCircuit(circuit: Circuit, now: number): number {
  const { openUntil, notBefore, leaseUntil } = circuit;
  return Math.max(
    ahead(openUntil, now, LONGEST_PAUSE_MS * (1 + JITTER)),
    ahead(notBefore, now, LONGEST_NOT_BEFORE_MS),
    ahead(leaseUntil, now, LONGEST_LEASE_MS),
  );
}

function ahead(until: number, now: number, longest: number): number {
  const wait = until - now;
  return wait > longest ? 0 : Math.max(0, wait);
}

/** Has opened and not closed since: whoever may try is the only one, and takes the lease. */
export function hasOpened({ openings }: Circuit): boolean {
  return openings > 0;
}

export function leased(circuit: Circuit, leaseId: string, now: number, longestMs: number): Circuit {
  return { ...circuit, leaseId, leaseUntil: now + Math.min(longestMs, LONGEST_LEASE_MS) };
}

/** Gives back a lease that is still held; what was tried says nothing of the destination. */
export function released(circuit: Circuit, leaseId: string): Circuit {
  return circuit.leaseId === leaseId ? { ...circuit, leaseId: '', leaseUntil: 0 } : circuit;
}

/** After one more failure. `leaseId`: of the attempt that failed, where it had one. `random`: from 0 to below 1. */
export function afterFailure(
  circuit: Circuit | undefined,
  { last, leaseId, now, random }: { last: LastFailure; leaseId: string | undefined; now: number; random: number },
): Circuit {
  const before = circuit && Math.abs(now - circuit.failedAt) < FORGOTTEN_MS ? circuit : CLOSED;
  const failed = { ...before, failures: before.failures + 1, failedAt: now, last };
  if (before.openings === 0) return failed.failures < FAILURES_TO_OPEN ? failed : opened(failed, now, random);
  // What was under way when the circuit opened says no more than what opened it.
  return leaseId !== undefined && leaseId === before.leaseId ? opened(failed, now, random) : failed;
}

/** After the server asked to be left alone for `waitMs`. It was reached, so nothing else is held against it. */
export function afterRequestToWait(last: LastFailure, waitMs: number, now: number): Circuit {
  return { ...CLOSED, failedAt: now, last, notBefore: now + Math.min(waitMs, LONGEST_NOT_BEFORE_MS) };
}

function opened(circuit: Circuit, now: number, random: number): Circuit {
  const pause = Math.min(FIRST_PAUSE_MS * 2 ** circuit.openings, LONGEST_PAUSE_MS);
  const jittered = Math.round(pause * (1 - JITTER + 2 * JITTER * random));
  return { ...circuit, openings: circuit.openings + 1, openUntil: now + jittered, leaseId: '', leaseUntil: 0 };
}

const CLOSED: Circuit = {
  failures: 0,
  openings: 0,
  openUntil: 0,
  leaseId: '',
  leaseUntil: 0,
  notBefore: 0,
  failedAt: 0,
  last: { code: '', message: '' },
};
