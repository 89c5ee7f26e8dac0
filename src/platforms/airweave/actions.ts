import { setTimeout as delay } from 'node:timers/promises';
import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../net/api-client.ts';
import type { RunRequest } from '../../sources/platform.ts';
import type { Vendor, VendorCall, VendorRun, VendorSource } from '../remote/vendor.ts';
import { rhythmOf } from './catalog/index.ts';
import { connectionIn } from './connection.ts';
import { isRunning, type Job, jobOf } from './job.ts';
import { rejected } from './refusals.ts';
import { neverSynced } from './schedule.ts';
import { sourceOf } from './source.ts';
import { connectionPath, isBrowser, methodOf } from './wire.ts';

const FIRST_LOOK_MS = 300;
const LONGEST_LOOK_MS = 3_000;

/** What `run_source` has of Airweave. */
export function actionsOf(client: ApiClient): Vendor['actions'] {
  const jobsOf = async (id: string, signal: AbortSignal): Promise<readonly Job[] | undefined> => {
    const request: ApiRequest = { method: 'GET', path: connectionPath(id, '/jobs'), query: { limit: 20 } };
    const answer = await client.send(request, { signal, repeats: true });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200 || !Array.isArray(answer.json)) throw rejected(answer);
    return answer.json.flatMap((each) => jobOf(each, answer.clean) ?? []);
  };

  /** Until the job is over, nobody waits any longer, or whoever waits goes away. */
  const awaited = async (source: VendorSource, job: Job, waitS: number, call: VendorCall): Promise<Job> => {
    const until = performance.now() + waitS * 1000;
    let seen = job;
    for (let pause = FIRST_LOOK_MS; isRunning(seen); pause = Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
      if (performance.now() + pause > until) return seen;
      const isCancelled = await delay(pause, false, { signal: call.signal }).catch(() => true);
      if (isCancelled) return seen;
      const now = (await jobsOf(source.id, call.signal).catch(() => []))?.find(({ id }) => id === seen.id) ?? seen;
      if (now.status !== seen.status) call.progress(`Airweave says the job is ${now.status}.`);
      seen = now;
    }
    return seen;
  };

  const sync =
    (isFull: boolean) =>
    async (source: VendorSource, request: RunRequest, call: VendorCall): Promise<VendorRun> => {
      refuseStreams(request);
      if (rhythmOf(source.connector).isFederated) throw neverSynced();
      const query = isFull ? { force_full_sync: true } : {};
      const asked: ApiRequest = { method: 'POST', path: connectionPath(source.id, '/run'), query };
      const answer = await client.send(asked, { signal: call.signal });
      if (answer.status >= 400) throw await notRun(answer, source, () => jobsOf(source.id, call.signal));
      const begun = jobOf(answer.json, answer.clean) ?? { status: 'pending' };
      const job = begun.id === undefined ? begun : await awaited(source, begun, request.waitS, call);
      const isIdle = isFull && !rhythmOf(source.connector).isContinuous;
      return { ...shown(job), ...(isIdle ? { warnings: ['This source reads everything with every sync.'] } : {}) };
    };

  return {
    sync: sync(false),
    snapshot: sync(true),
    async cancel(source, request, call) {
      const running = (await jobsOf(source.id, call.signal))?.find(isRunning);
      if (!running?.id) {
        throw new HeadwaterError('PLATFORM_REJECTED', 'No job of this source is running at Airweave.', {
          hint: 'There is nothing to cancel.',
        });
      }
      if (running.status === 'cancelling') return shown(await awaited(source, running, request.waitS, call));
      const path = connectionPath(source.id, `/jobs/${encodeURIComponent(running.id)}/cancel`);
      const answer = await client.send({ method: 'POST', path }, { signal: call.signal, repeats: true });
      if (answer.status >= 400 && answer.status !== 400) throw rejected(answer);
      // It ended, or was cancelled by the first of two tries, before it was cancelled by this one.
      const after = answer.status === 400 ? running : (jobOf(answer.json, answer.clean) ?? running);
      return shown(await awaited(source, after, request.waitS, call));
    },
    async verify(source, request, call) {
      refuseWithoutBrowser(source, 'verify');
      const { claim_token: claim } = await call.kept();
      if (!claim) {
        throw new HeadwaterError('PLATFORM_REJECTED', 'Headwater holds no claim token of this source.', {
          hint: 'Whoever began its sign-in verifies it; or run_source with action reauthenticate begins another.',
        });
      }
      const path = connectionPath(source.id, '/verify-oauth');
      const answer = await client.send({ method: 'POST', path, body: { claim_token: claim } }, { signal: call.signal });
      if (answer.status >= 400) throw notVerified(answer);
      const job = (await jobsOf(source.id, call.signal))?.[0];
      return job ? shown(await awaited(source, job, request.waitS, call)) : {};
    },
    async reauthenticate(source, _, call) {
      if (['direct', 'auth_provider'].includes(methodOf(source.config) ?? '')) {
        refuseWithoutBrowser(source, 'reauthenticate');
      }
      const path = connectionPath(source.id, '/reinitiate-oauth');
      const answer = await client.send({ method: 'POST', path }, { signal: call.signal });
      const connection = answer.status < 300 ? connectionIn(answer.json) : undefined;
      if (!connection) throw notBegun(answer);
      const { keep, todo } = sourceOf(connection, answer.clean);
      return { ...(keep ? { keep } : {}), ...(todo ? { todo } : {}) };
    },
  };
}

function shown({ category: _, ...run }: Job): VendorRun {
  return { run };
}

function refuseStreams({ streams }: RunRequest): void {
  if (!streams?.length) return;
  throw new HeadwaterError('UNSUPPORTED', 'Airweave syncs a source as a whole.', {
    fields: [{ field: '/streams', message: 'leave it out' }],
  });
}

function refuseWithoutBrowser(source: VendorSource, action: string): void {
  if (isBrowser(source.config)) return;
  throw new HeadwaterError(
    'UNSUPPORTED',
    `There is nothing to ${action}: this source does not sign in through a browser.`,
    {
      hint: 'Give new credentials with update_source, or mend the account at its auth provider.',
      fields: [{ field: '/action', message: 'is for sources that sign in through a browser' }],
    },
  );
}

async function notRun(
  answer: ApiAnswer,
  { status, schedule }: VendorSource,
  jobs: () => Promise<readonly Job[] | undefined>,
): Promise<HeadwaterError> {
  const error = rejected(answer);
  const because = (message: string, hint: string) =>
    new HeadwaterError('PLATFORM_REJECTED', message, { ...error.details, hint });
  if (answer.status === 404) {
    if (status === 'Pending')
      return because('Nobody has signed in to this source yet.', 'Have somebody open the link in `todo`.');
    return because(
      'Airweave keeps no sync of this source.',
      schedule ? 'Look again with get_source: it may be gone.' : 'Give it a schedule with update_source first.',
    );
  }
  if (answer.status === 409) {
    return because('Airweave has paused the sync of this source.', 'See last_error: new credentials resume it.');
  }
  if (answer.status !== 400) return error;
  const running = (await jobs().catch(() => undefined))?.find(isRunning);
  if (!running && !/running|pending|already|progress/i.test(error.details.upstream_message ?? '')) return error;
  const which = running?.id ? ` (${running.id}, ${running.status})` : '';
  return because(`A job of this source is running already${which}.`, 'Wait for it, or run_source with action cancel.');
}

function notVerified(answer: ApiAnswer): HeadwaterError {
  const { details } = rejected(answer);
  const [message, hint] =
    answer.status === 403
      ? [
          'Airweave does not take the claim token: another sign-in was begun since.',
          'run_source with action reauthenticate.',
        ]
      : [
          'Airweave has nothing to verify: nobody has signed in through the link yet, or it was verified already.',
          'Have somebody open the link in `todo`; where it has expired, run_source with action reauthenticate.',
        ];
  return new HeadwaterError('PLATFORM_REJECTED', message, { ...details, hint });
}

function notBegun(answer: ApiAnswer): HeadwaterError {
  const error = rejected(answer);
  if (answer.status !== 400) return error;
  return new HeadwaterError(
    'PLATFORM_REJECTED',
    'This source is signed in, and its last sync found nothing wrong with that.',
    {
      ...error.details,
      hint: 'There is nothing to sign in for; run_source with action sync reads it.',
    },
  );
}
