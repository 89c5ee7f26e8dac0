import type { HeadwaterError } from '../errors.ts';
import { AddressRefused, mappedIPv4, normaliseHost } from './address.ts';
import type { Attempt, Endpoint, Finding, Kept, Ledger } from './attempt.ts';
import { circuitOpen, loginPaused, tooManyAttempts } from './attempt-refusals.ts';
import { type Circuit, hasOpened, leased, waitForCircuit } from './breaker.ts';
import { countedTry, isNew, loginPause, type Rejection } from './login-pause.ts';
import { type AttemptLimits, countAttempt, roomFor } from './rate-limit.ts';
import { noteFinding, type Pass } from './settling.ts';

/** An attempt that may be made. */
export interface Admitted {
  /** To be called once, at its end. Writes only where there is something to keep or to forget. */
  settle: (finding: Finding) => Promise<void>;
}

/**
 * The one gate for attempts: limits, circuits and pauses, in one transaction before anything is dialled.
 *
 * Without a usable store nothing is attempted. A limit that goes away with a full disk is none, since whoever can fill
 * the disk could lift it; an account that was locked out helps nobody; and what is to be tested is to be stored next,
 * so the person hears at once, with the remedy, what would stop them a call later.
 */
export interface Admission {
  /** @throws HeadwaterError RATE_LIMITED, CIRCUIT_OPEN, LOGIN_PAUSED, STORE_UNAVAILABLE */
  admit(attempt: Attempt): Promise<Admitted>;
}

export interface AdmissionParts {
  ledger: Ledger;
  limits: AttemptLimits;
  now: () => Date;
  /** From 0 to below 1. */
  random: () => number;
  newId: () => string;
}

type Verdict = { pass: Pass } | { refusal: HeadwaterError } | 'which credentials?';

/** An attempt with what is kept of its destination and account. */
interface Case extends Pick<Pass, 'key' | 'account'> {
  attempt: Attempt;
  tenant: string;
  /** Empty where nothing but a file is read. */
  destination: string;
  /** The clock is read inside the transaction: what a process took for now before it waited for its turn is past. */
  at: number;
  circuit: Circuit | undefined;
  rejections: readonly Rejection[];
  /** How long the account is still left alone with credentials that were rejected. */
  pauseMs: number;
}

export function createAdmission({ ledger, limits, now, random, newId }: AdmissionParts): Admission {
  const judge = async (kept: Kept, attempt: Attempt, fingerprint: string | undefined): Promise<Verdict> => {
    const it = await caseOf(kept, attempt, now().getTime());
    const open = refusedByCircuit(it);
    if (open) return { refusal: open };
    if (it.pauseMs > 0 && fingerprint === undefined) return 'which credentials?';
    const paused = refusedByPause(it, fingerprint);
    if (paused) return { refusal: paused };
    const { tenant, destination, at } = it;
    const room = await roomFor(kept.attempts, tenant, destination, limits, at);
    if (room.full) return { refusal: tooManyAttempts(room, limits, destination) };
    await countAttempt(kept.attempts, tenant, destination, room.view, at);
    return { pass: await take(kept, it, fingerprint, newId) };
  };

  return {
    async admit(attempt) {
      let fingerprint: string | undefined;
      let verdict = await ledger.transact((kept) => judge(kept, attempt, fingerprint));
      while (verdict === 'which credentials?') {
        fingerprint = await attempt.fingerprint();
        verdict = await ledger.transact((kept) => judge(kept, attempt, fingerprint));
      }
      if ('refusal' in verdict) throw verdict.refusal;
      const { pass } = verdict;
      return { settle: (finding) => noteFinding({ ledger, now, random }, attempt, pass, finding) };
    },
  };
}

async function caseOf(kept: Kept, attempt: Attempt, at: number): Promise<Case> {
  const { tenant, connector, endpoint, username } = attempt;
  if (endpoint === undefined) {
    const nothing = { key: undefined, account: undefined, circuit: undefined, rejections: [], pauseMs: 0 };
    return { attempt, tenant, destination: '', at, ...nothing };
  }
  const destination = destinationOf(endpoint);
  const key = { tenant, connector, destination };
  const account = username === undefined ? undefined : { tenant, destination, username };
  const circuit = await kept.circuits.find(key);
  const rejections = account ? await kept.rejections.list(account) : [];
  const pauseMs = loginPause(rejections, at);
  return { attempt, tenant, destination, at, key, account, circuit, rejections, pauseMs };
}

function refusedByCircuit({ key, circuit, at }: Case): HeadwaterError | undefined {
  const wait = circuit ? waitForCircuit(circuit, at) : 0;
  return key && circuit && wait > 0 ? circuitOpen(key.destination, circuit, wait) : undefined;
}

function refusedByPause({ account, rejections, pauseMs, at }: Case, fingerprint = ''): HeadwaterError | undefined {
  return account && pauseMs > 0 && !isNew(rejections, fingerprint, at) ? loginPaused(account, pauseMs) : undefined;
}

/** Takes what only one may have. */
async function take(
  kept: Kept,
  { attempt, key, account, circuit, rejections, pauseMs, at }: Case,
  fingerprint: string | undefined,
  newId: () => string,
): Promise<Pass> {
  const leaseId = circuit && hasOpened(circuit) ? newId() : undefined;
  if (key && circuit && leaseId !== undefined) {
    await kept.circuits.keep(key, leased(circuit, leaseId, at, attempt.longestMs));
  }
  const triedAhead = pauseMs > 0 ? fingerprint : undefined;
  if (account && triedAhead !== undefined) {
    await kept.rejections.keep(account, countedTry(rejections, { fingerprint: triedAhead, now: at, by: 1 }));
  }
  const known = { circuitKnown: circuit !== undefined, rejectionsKnown: rejections.length > 0 };
  return { key, account, leaseId, triedAhead, ...known };
}

/** One spelling for one place. Names are not looked up: whoever owns a name decides where it leads. */
function destinationOf({ host, port }: Endpoint): string {
  try {
    const { host: name } = normaliseHost(host);
    const v4 = mappedIPv4(name);
    if (v4 !== undefined) return `${v4}:${port}`;
    return name.includes(':') ? `[${name}]:${port}` : `${name}:${port}`;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    return `${host}:${port}`;
  }
}
