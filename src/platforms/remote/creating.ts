import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadwaterError } from '../../errors.ts';
import { ENDED } from '../../net/api-client.ts';
import type { CreateIntent, RemoteRecords } from '../../sources/remote-records.ts';
import { nameTaken } from '../failures.ts';
import type { Vendor, VendorCall, VendorDraft, VendorSource } from './vendor.ts';

/** A process that takes longer than this over one create is taken to be gone. */
const LEASE_MS = 60_000;
/** A platform that was sent a create may show the source a little later: until so long after it was sent. */
const SHOWS_WITHIN_MS = 8_000;
const LOOK_EVERY_MS = 750;
/** Longer than this no call waits for a source that may still come. */
const PATIENCE_MS = 30_000;
/** For one look at a platform that has just failed. */
const LOOK_MS = 5_000;

export interface Creating {
  vendor: Vendor;
  records: RemoteRecords;
  now: () => Date;
  /** Creates whose answer was lost here, and that are over at the platform all the same: when each was sent. */
  ended: Map<string, string>;
}

/** `found`: the source of a create that was sent before, by us, and whose answer nobody got. */
export interface Created {
  source: VendorSource;
  found: boolean;
}

/** Which process this is. */
export function ownerHere(): string {
  return `${hostname()}:${process.pid}`;
}

/**
 * Makes a source there once, whatever happens in between: that it is about to be sent is kept first, and whoever finds
 * that without an end looks before sending. A source of the name that we did not send is never taken for ours.
 * @throws HeadwaterError NAME_TAKEN, OUTCOME_UNKNOWN, and whatever the platform says
 */
export async function createOnce(
  creating: Creating,
  intent: CreateIntent,
  draft: VendorDraft,
  call: VendorCall,
): Promise<Created> {
  const { vendor, records, now } = creating;
  const before = await records.intent(intent);
  const there = await vendor.named(draft.name, call);
  const ours = before && (await cameOf(creating, before, { intent, draft, there }, call));
  if (ours) return { source: ours, found: true };
  if (!before && there.length > 0) throw nameTaken(draft.name, intent.platform);
  const other = await records.begin(intent, before);
  if (other) throw beingCreated(draft.name, other, now());
  try {
    return { source: await vendor.create(draft, call), found: false };
  } catch (error) {
    const code = error instanceof HeadwaterError ? error.code : undefined;
    if (code === 'PLATFORM_UNAVAILABLE') return await afterFailure(creating, intent, draft, call, error);
    if (!(error instanceof HeadwaterError) || code !== 'OUTCOME_UNKNOWN') {
      await records.abandon(intent);
      throw error;
    }
    if (error.cause === ENDED) creating.ended.set(keyOf(intent), intent.startedAt);
    call.progress('The answer was lost; looking whether the source is there.');
    const made = await lookFor(creating, draft, intent, call, SHOWS_WITHIN_MS).catch(() => undefined);
    if (made) return { source: made, found: true };
    throw error;
  }
}

/**
 * What came of a create that was sent before; undefined where nothing did, nor can any more.
 * @throws HeadwaterError NAME_TAKEN, OUTCOME_UNKNOWN
 */
async function cameOf(
  creating: Creating,
  before: CreateIntent,
  { intent, draft, there }: { intent: CreateIntent; draft: VendorDraft; there: readonly VendorSource[] },
  call: VendorCall,
): Promise<VendorSource | undefined> {
  const ours = oursAmong(there, before, intent, draft);
  if (ours) return ours;
  if (there.length > 0) throw nameTaken(draft.name, intent.platform);
  if (isAlive(before, creating.now())) throw beingCreated(draft.name, before, creating.now());
  const withinMs = lateMs(creating, before);
  const late = await lookFor(creating, draft, before, call, withinMs);
  if (late && before.digest !== intent.digest) throw nameTaken(draft.name, intent.platform);
  if (!late && leftOf(before, withinMs, creating.now()) > 0) throw mayStillCome(creating, draft.name, before);
  return late;
}

/** A platform that failed may have made the source before it did. */
async function afterFailure(
  { vendor, records }: Creating,
  intent: CreateIntent,
  draft: VendorDraft,
  call: VendorCall,
  error: unknown,
): Promise<Created> {
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(LOOK_MS)]);
  const there = await vendor.named(draft.name, { ...call, signal }).catch(() => undefined);
  const ours = there?.filter((source) => isFrom(source, intent, draft)) ?? [];
  if (ours.length === 1 && ours[0]) return { source: ours[0], found: true };
  // Where it cannot be looked, whoever comes next looks.
  if (there) await records.abandon(intent);
  throw error;
}

const keyOf = ({ tenant, name }: CreateIntent) => `${tenant}/${name}`;

/** How long after it was sent a create may still come to something. */
function lateMs({ vendor, ended }: Creating, intent: CreateIntent): number {
  const isOver = ended.get(keyOf(intent)) === intent.startedAt;
  return isOver ? SHOWS_WITHIN_MS : Math.max(SHOWS_WITHIN_MS, vendor.createMs ?? 0);
}

const leftOf = ({ startedAt }: CreateIntent, ms: number, now: Date) => ms - (now.getTime() - Date.parse(startedAt));

function mayStillCome(creating: Creating, name: string, before: CreateIntent): HeadwaterError {
  const waitMs = leftOf(before, lateMs(creating, before), creating.now());
  return new HeadwaterError('OUTCOME_UNKNOWN', `${JSON.stringify(name)} was sent a moment ago, and may still come.`, {
    hint: 'Wait a little and repeat the call: it takes what has come, and sends again only what cannot come any more.',
    retry_after_ms: Math.max(1_000, waitMs),
  });
}

/** What whoever asked for it should know of how it was made. */
export function saidOf(name: string, { source, found }: Created): { warnings?: readonly string[] } {
  const late = found ? [`${name} had made it before its answer was lost; this is that source.`] : [];
  const warnings = [...late, ...(source.warnings ?? [])];
  return warnings.length > 0 ? { warnings } : {};
}

/** The one source there that this intent can have made. */
function oursAmong(
  there: readonly VendorSource[],
  before: CreateIntent,
  intent: CreateIntent,
  draft: VendorDraft,
): VendorSource | undefined {
  if (before.digest !== intent.digest) return undefined;
  const fitting = there.filter((source) => isFrom(source, before, draft));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Clocks differ. */
const SKEW_MS = 120_000;

function isFrom(source: VendorSource, { startedAt }: CreateIntent, { connector }: VendorDraft): boolean {
  if (source.connector !== (connector.vendorCode ?? connector.code)) return false;
  return source.createdAt === null || Date.parse(source.createdAt) >= Date.parse(startedAt) - SKEW_MS;
}

async function lookFor(
  { vendor, now }: Creating,
  draft: VendorDraft,
  intent: CreateIntent,
  call: VendorCall,
  withinMs: number,
): Promise<VendorSource | undefined> {
  const patience = now().getTime() + PATIENCE_MS;
  for (;;) {
    const there = await vendor.named(draft.name, call);
    const ours = there.filter((source) => isFrom(source, intent, draft));
    if (ours.length === 1) return ours[0];
    if (leftOf(intent, withinMs, now()) <= 0 || now().getTime() > patience) return undefined;
    await delay(LOOK_EVERY_MS, undefined, { signal: call.signal }).catch(() => {
      throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
    });
  }
}

/** Whether the process that began it may still be at it. */
function isAlive({ owner, startedAt }: CreateIntent, now: Date): boolean {
  if (now.getTime() - Date.parse(startedAt) > LEASE_MS) return false;
  const [host, pid] = [owner.slice(0, owner.lastIndexOf(':')), Number(owner.slice(owner.lastIndexOf(':') + 1))];
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function beingCreated(name: string, { startedAt }: CreateIntent, now: Date): HeadwaterError {
  const waitMs = Math.max(1_000, LEASE_MS - (now.getTime() - Date.parse(startedAt)));
  return new HeadwaterError('OUTCOME_UNKNOWN', `Another call is creating ${JSON.stringify(name)} right now.`, {
    hint: 'Wait a little and repeat the call: it finds what the other one made.',
    retry_after_ms: waitMs,
  });
}
