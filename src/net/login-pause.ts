/**
 * Protection of accounts: servers lock one out after a few wrong passwords, often after three, and then nobody gets in.
 * After two rejected logins the same credentials are not sent again for a while. Logins that are under way at the same
 * time are not held back; of those the limit of the destination is the bound. Times are milliseconds since the epoch.
 */

export const REJECTIONS_TO_PAUSE = 2;
/** From the newest rejection; servers that count wrong passwords mostly do so over 15 to 30 minutes. */
export const LOGIN_PAUSE_MS = 15 * 60_000;

export interface Account {
  tenant: string;
  destination: string;
  username: string;
}

/** Rejected logins of an account with one set of credentials, which a keyed digest stands for. */
export interface Rejection {
  fingerprint: string;
  tries: number;
  /** Of the newest. */
  at: number;
}

export interface RejectionStore {
  list(account: Account): Promise<Rejection[]>;
  /** Keeps it in place of what was kept of these credentials; one without tries is forgotten. */
  keep(account: Account, rejection: Rejection): Promise<void>;
  /** Forgets all of an account. */
  forget(account: Account): Promise<void>;
  /** Forgets those of all tenants made at `expired` or before. */
  sweep(expired: number): Promise<void>;
}

/** Rejections made at this time or before say nothing any more: no row of them reaches that far back. */
export function expiredRejections(now: number): number {
  return now - 24 * 60 * 60_000;
}

/** Milliseconds that the account is still to be left alone with credentials that were tried; 0 where it is not. */
export function loginPause(rejections: readonly Rejection[], now: number): number {
  const [newest, ...others] = inARow(rejections, now);
  if (newest === undefined) return 0;
  const tries = [newest, ...others].reduce((sum, rejection) => sum + rejection.tries, 0);
  return tries < REJECTIONS_TO_PAUSE ? 0 : newest.at + LOGIN_PAUSE_MS - now;
}

/** Credentials that were not among those rejected get one try. */
export function isNew(rejections: readonly Rejection[], fingerprint: string, now: number): boolean {
  return !inARow(rejections, now).some((rejection) => rejection.fingerprint === fingerprint);
}

/** After one more rejection; or after one fewer, where a try that was counted ahead did not come to a login. */
export function countedTry(
  rejections: readonly Rejection[],
  { fingerprint, now, by }: { fingerprint: string; now: number; by: 1 | -1 },
): Rejection {
  const before = inARow(rejections, now).find((rejection) => rejection.fingerprint === fingerprint);
  return { fingerprint, tries: Math.max(0, (before?.tries ?? 0) + by), at: by === 1 ? now : (before?.at ?? now) };
}

/**
 * Newest first, as far back as each was made within a pause of the next. One that is further ahead of now than a pause
 * was made before the clock was put back, and does not count.
 */
function inARow(rejections: readonly Rejection[], now: number): Rejection[] {
  const row: Rejection[] = [];
  let next = now;
  for (const rejection of [...rejections].sort((a, b) => b.at - a.at)) {
    if (rejection.at > now + LOGIN_PAUSE_MS) continue;
    if (next - rejection.at >= LOGIN_PAUSE_MS) break;
    row.push(rejection);
    next = rejection.at;
  }
  return row;
}
