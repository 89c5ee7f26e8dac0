import { setTimeout as delay } from 'node:timers/promises';
import type { Vendor, VendorCall, VendorSource } from './vendor.ts';

const FIRST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 3_000;

/**
 * Looks at a source until nothing more is about to happen by itself, or the time is over; says each new status. What it
 * was last is what it is: to stop waiting, a call that is cancelled included, undoes nothing.
 */
export async function followed(
  { vendor, name }: { vendor: Vendor; name: string },
  source: VendorSource,
  waitMs: number,
  call: VendorCall,
): Promise<VendorSource> {
  const until = performance.now() + waitMs;
  let seen = source;
  for (let pause = FIRST_LOOK_MS; !isSettled(vendor, seen); pause = Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
    if (performance.now() + pause > until) return seen;
    const isCancelled = await delay(pause, false, { signal: call.signal }).catch(() => true);
    if (isCancelled) return seen;
    const now = await vendor.get(seen.id, call).catch(() => seen);
    if (now === undefined) return seen;
    const words = now.platformStatus ?? now.status;
    if (words !== (seen.platformStatus ?? seen.status)) call.progress(`${name} says ${words}.`);
    // What only the answer to a create says, a later look does not take away.
    seen = {
      ...now,
      ...(now.todo === undefined && seen.todo ? { todo: seen.todo } : {}),
      ...(seen.keep ? { keep: seen.keep } : {}),
    };
  }
  return seen;
}

export function isSettled(vendor: Vendor, source: VendorSource): boolean {
  return vendor.isSettled?.(source) ?? true;
}
