import { Timestamp } from 'bson';
import { reached } from '../network.ts';
import type { StepOutcome } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { ASK_MS } from './collections.ts';
import { docOf } from './documents.ts';
import { batchOf } from './hello.ts';
import { keepOplog } from './remedies.ts';
import type { Session } from './session.ts';

const HOUR_S = 3600;
const SHORTEST_S = 24 * HOUR_S;
const GOOD_HOURS = 48;

/** For how long a consumer may be down before it must begin anew: from the oldest change that is kept to the newest. */
export async function oplogWindow(session: Session): Promise<StepOutcome> {
  const { facts, provider } = session;
  if (reached(session.hello).kind === 'router') return { skip: 'each shard has its own; a router does not show them' };
  const seconds = await windowOf(session);
  if (seconds === undefined)
    return { skip: 'the user may not see the oplog (the role read on local, or clusterMonitor, would show it)' };
  const evidence = `a consumer may be down for ${duration(seconds)}`;
  if (seconds >= SHORTEST_S) return { evidence };
  const change = provider?.setting?.('the minimum oplog window', `${GOOD_HOURS} hours`, {
    engine: 'mongodb',
    host: facts.host,
  });
  const mended = change
    ? { actor: provider?.settingsBy ?? 'dba', advice: change.text }
    : { remedies: keepOplog(GOOD_HOURS) };
  return { evidence, warning: { code: 'CDC_OPLOG_WINDOW', facts: { ...facts, what: duration(seconds) }, ...mended } };
}

async function windowOf(session: Session): Promise<number | undefined> {
  return (await fromOplog(session)) ?? (await fromStatus(session));
}

/** Its first and its last entry, each found without looking at others. */
async function fromOplog(session: Session): Promise<number | undefined> {
  const end = async (order: 1 | -1) => {
    const find = { find: 'oplog.rs', sort: { $natural: order }, limit: 1, singleBatch: true };
    const answer = await refusable(session.ask('local', { ...find, projection: { ts: 1 }, maxTimeMS: ASK_MS }));
    return secondsOf(answer && batchOf(answer)[0]?.['ts']);
  };
  const first = await end(1);
  return first === undefined ? undefined : between(first, await end(-1));
}

/** Who may not read the oplog may be told its ends. */
async function fromStatus(session: Session): Promise<number | undefined> {
  const answer = await refusable(session.ask('admin', { serverStatus: 1, oplog: 1, maxTimeMS: ASK_MS }));
  const { earliestOptime, latestOptime } = docOf(answer?.['oplog']);
  const [first, last] = [earliestOptime, latestOptime].map((time) => secondsOf(docOf(time)['ts'] ?? time));
  return first === undefined ? undefined : between(first, last);
}

async function refusable<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StepFailure && error.problem.driver_code !== undefined) return undefined;
    throw error;
  }
}

function secondsOf(value: unknown): number | undefined {
  return value instanceof Timestamp ? value.getHighBitsUnsigned() : undefined;
}

function between(first: number, last: number | undefined): number | undefined {
  return last === undefined ? undefined : Math.max(0, last - first);
}

function duration(seconds: number): string {
  const hours = Math.floor(seconds / HOUR_S);
  if (hours < 1) return 'less than an hour';
  return hours < GOOD_HOURS ? `${hours} hour${hours === 1 ? '' : 's'}` : `${Math.floor(hours / 24)} days`;
}
