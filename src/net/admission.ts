import type { HeadwaterError } from '../errors.ts';
import { AddressRefused, mappedIPv4, normaliseHost } from './address.ts';
import type { Attempt, Endpoint, Finding, Kept, Ledger } from './attempt.ts';
import { circuitOpen, loginPaused, tooManyAttempts } from './attempt-refusals.ts';
import { type Circuit, hasOpened, leased, waitForCircuit } from './breaker.ts';
import { countedTry, isNew, loginPause, type Rejection } from './login-pause.ts';
import { type AttemptLimits, countAttempt, roomFor } from './rate-limit.ts';
import { type Login, type LoginPass, noteFinding, type Pass } from './settling.ts';

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

/** An attempt with what is kept of its destination and accounts. */
interface Case extends Pick<Pass, 'key'> {
  attempt: Attempt;
  tenant: string;
  /** The place that is dialled. Empty where nothing but a file is read. */
  dialled: string;
  /** The clock is read inside the transaction: what a process took for now before it waited for its turn is past. */
  at: number;
  circuit: Circuit | undefined;
  logins: readonly LoginCase[];
}

interface LoginCase extends Login {
  rejections: readonly Rejection[];
  /** How long the account is still left alone with credentials that were rejected. */
  pauseMs: number;
}

export function createAdmission({ ledger, limits, now, random, newId }: AdmissionParts): Admission {
  const judge = async (kept: Kept, attempt: Attempt, fingerprints?: readonly string[]): Promise<Verdict> => {
    const it = await caseOf(kept, attempt, now().getTime());
    const open = refusedByCircuit(it);
    if (open) return { refusal: open };
    if (fingerprints === undefined && it.logins.some(({ pauseMs }) => pauseMs > 0)) return 'which credentials?';
    const paused = it.logins.flatMap((login, i) => refusedByPause(login, it.at, fingerprints?.[i]) ?? [])[0];
    if (paused) return { refusal: paused };
    const { tenant, dialled, at } = it;
    const room = await roomFor(kept.attempts, tenant, dialled, limits, at);
    if (room.full) return { refusal: tooManyAttempts(room, limits, dialled) };
    await countAttempt(kept.attempts, tenant, dialled, room.view, at);
    return { pass: await take(kept, it, fingerprints, newId) };
  };

  return {
    async admit(attempt) {
      let fingerprints: readonly string[] | undefined;
      let verdict = await ledger.transact((kept) => judge(kept, attempt, fingerprints));
      while (verdict === 'which credentials?') {
        fingerprints = await Promise.all(loginsOf(attempt).map(({ fingerprint }) => fingerprint()));
        verdict = await ledger.transact((kept) => judge(kept, attempt, fingerprints));
      }
      if ('refusal' in verdict) throw verdict.refusal;
      const { pass } = verdict;
      return { settle: (finding) => noteFinding({ ledger, now, random }, pass, finding) };
    },
  };
}

async function caseOf(kept: Kept, attempt: Attempt, at: number): Promise<Case> {
  const { tenant, connector, endpoint } = attempt;
  if (endpoint === undefined) {
    return { attempt, tenant, dialled: '', at, key: undefined, circuit: undefined, logins: [] };
  }
  const key = { tenant, connector, destination: destinationOf(endpoint) };
  const circuit = await kept.circuits.find(key);
  const logins: LoginCase[] = [];
  for (const login of loginsOf(attempt)) {
    const rejections = await kept.rejections.list(login.account);
    logins.push({ ...login, rejections, pauseMs: attempt.insists ? 0 : loginPause(rejections, at) });
  }
  return { attempt, tenant, dialled: placeOf(endpoint.through ?? endpoint), at, key, circuit, logins };
}

/** The accounts that are logged in to, in this order. */
function loginsOf({ tenant, endpoint, username, fingerprint, throughFingerprint }: Attempt): Login[] {
  if (endpoint === undefined) return [];
  const { through } = endpoint;
  const logins: Login[] = [];
  if (through && throughFingerprint) {
    const account = { tenant, destination: placeOf(through), username: through.username };
    logins.push({ of: 'through', account, fingerprint: throughFingerprint });
  }
  if (username !== undefined) {
    logins.push({ of: 'endpoint', account: { tenant, destination: destinationOf(endpoint), username }, fingerprint });
  }
  return logins;
}

function refusedByCircuit({ key, circuit, at }: Case): HeadwaterError | undefined {
  const wait = circuit ? waitForCircuit(circuit, at) : 0;
  return key && circuit && wait > 0 ? circuitOpen(key.destination, circuit, wait) : undefined;
}

function refusedByPause(
  { account, rejections, pauseMs }: LoginCase,
  at: number,
  fingerprint = '',
): HeadwaterError | undefined {
  return pauseMs > 0 && !isNew(rejections, fingerprint, at) ? loginPaused(account, pauseMs) : undefined;
}

/** Takes what only one may have. */
async function take(
  kept: Kept,
  { attempt, key, circuit, logins, at }: Case,
  fingerprints: readonly string[] | undefined,
  newId: () => string,
): Promise<Pass> {
  const leaseId = circuit && hasOpened(circuit) ? newId() : undefined;
  if (key && circuit && leaseId !== undefined) {
    await kept.circuits.keep(key, leased(circuit, leaseId, at, attempt.longestMs));
  }
  const passes: LoginPass[] = [];
  for (const [i, { rejections, pauseMs, ...login }] of logins.entries()) {
    const triedAhead = pauseMs > 0 ? fingerprints?.[i] : undefined;
    if (triedAhead !== undefined) {
      const counted = countedTry(rejections, { fingerprint: triedAhead, now: at, by: 1 });
      await kept.rejections.keep(login.account, counted);
    }
    passes.push({ ...login, rejectionsKnown: rejections.length > 0, triedAhead });
  }
  return { key, leaseId, circuitKnown: circuit !== undefined, logins: passes };
}

/**
 * What is found out about: the place, and the server that it is reached through. A source behind a server that cannot
 * be reached says nothing of others behind the same.
 */
function destinationOf({ through, ...place }: Endpoint): string {
  return through ? `${placeOf(place)} through ${placeOf(through)}` : placeOf(place);
}

/** One spelling for one place. Names are not looked up: whoever owns a name decides where it leads. */
function placeOf({ host, port }: Pick<Endpoint, 'host' | 'port'>): string {
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
