/**
 * How often connections may be attempted: a sliding log of every attempt, kept where all processes see it. A token
 * bucket would let nearly twice as many through in its first minute.
 */

/** An attempt counts for this long, in milliseconds. */
export const WINDOW_MS = 60_000;

/**
 * What one destination gets of a tenant's limit: 30 attempts of the standard 100. A person or an agent who mends a
 * config tests every few seconds, and ten sources in databases of one host are ten tests, ten discoveries and ten
 * previews; a server that takes half a login a second from one tenant is not hammered. It is a share and no figure of
 * its own, so that whoever raises the limit raises both.
 */
const DESTINATION_SHARE = 0.3;

export interface AttemptLimits {
  tenant: number;
  destination: number;
}

/** @param testLimit attempts of one tenant within the window */
export function attemptLimits(testLimit: number): AttemptLimits {
  return { tenant: testLimit, destination: Math.ceil(testLimit * DESTINATION_SHARE) };
}

/** One look at the attempts of a tenant. Times are milliseconds since the epoch; absent where there is none such. */
export interface AttemptView {
  oldest: number | undefined;
  newest: number | undefined;
  /** As many as the limit ago: there is no room until that one has left the window. */
  filling: { [S in keyof AttemptLimits]: number | undefined };
}

/** What must be kept of attempts. Where nothing but a file is read, `destination` is empty. */
export interface AttemptLog {
  look(tenant: string, destination: string, limits: AttemptLimits): Promise<AttemptView>;
  add(tenant: string, destination: string, at: number): Promise<void>;
  /** Forgets those made at `expired` or before. */
  forget(tenant: string, expired: number): Promise<void>;
  /** Those made after `now` count as made now. */
  pullBack(tenant: string, now: number): Promise<void>;
}

export type Room = { full: keyof AttemptLimits; waitMs: number } | { full: undefined; view: AttemptView };

/** Whether there is room for one more, and else the exact time until there is. */
export async function roomFor(
  log: AttemptLog,
  tenant: string,
  destination: string,
  limits: AttemptLimits,
  now: number,
): Promise<Room> {
  let view = await log.look(tenant, destination, limits);
  if (view.newest !== undefined && view.newest > now) {
    // The clock was put back. What was attempted before may neither lock anybody for longer nor be forgotten.
    await log.pullBack(tenant, now);
    view = await log.look(tenant, destination, limits);
  }
  for (const full of ['tenant', 'destination'] as const) {
    const filling = view.filling[full];
    const waitMs = filling === undefined ? 0 : filling + WINDOW_MS - now;
    if (waitMs > 0 && (full === 'tenant' || destination !== '')) return { full, waitMs };
  }
  return { full: undefined, view };
}

/** Counts an attempt that there is room for. */
export async function countAttempt(
  log: AttemptLog,
  tenant: string,
  destination: string,
  { oldest }: AttemptView,
  now: number,
): Promise<void> {
  if (oldest !== undefined && oldest <= now - WINDOW_MS) await log.forget(tenant, now - WINDOW_MS);
  await log.add(tenant, destination, now);
}
