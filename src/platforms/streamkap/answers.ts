import { setTimeout as delay } from 'node:timers/promises';
import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../net/api-client.ts';
import { readRefusal, refusalOf } from '../remote/refusal.ts';
import type { VendorCall } from '../remote/vendor.ts';

type Json = Readonly<Record<string, unknown>>;

/** Kafka Connect behind Streamkap being slow or busy, in words that come with all sorts of statuses. */
const BUSY_INSIDE =
  /KafkaConnectTimeout|request timed out|timed out on all nodes|SocketTimeoutException|rebalance_in_progress|rebalance is expected|leader_not_available|not_leader_for_partition|Kafka Connect API call failed with status code (404|409)/i;
const GONE = /not found|does not exist|no such/i;
const TAKEN = /already exist/i;
const PAUSES_MS = [1_000, 2_000, 4_000];
/** Streamkap asks node after node of Kafka Connect, 15 s each. */
const WRITE_MS = 45_000;

/** What a refusal means, where it may mean something of its own. */
type Explain = (answer: ApiAnswer) => HeadwaterError;

export const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a refusal says, in one text. */
export const saidBy = (answer: ApiAnswer) => readRefusal(answer).text;

export function isGone(answer: ApiAnswer): boolean {
  return answer.status === 404 || (answer.status >= 400 && answer.status < 500 && GONE.test(saidBy(answer)));
}

/**
 * A read; `undefined` where what was asked for is not there. A page of somebody else's, or an answer that is too long to
 * be read, says nothing of what is there.
 */
export async function read(client: Pick<ApiClient, 'send'>, request: ApiRequest, call: Pick<VendorCall, 'signal'>) {
  const answer = await client.send(request, { signal: call.signal, repeats: true });
  if (answer.status < 300 && typeof answer.json === 'object' && answer.json !== null) return answer;
  if (isGone(answer)) return undefined;
  throw refusal(answer);
}

/** A write that does the same when it is sent twice. Where Kafka Connect is busy it is sent again, a few times. */
export async function write(
  client: Pick<ApiClient, 'send'>,
  request: ApiRequest,
  { signal, progress }: VendorCall,
  explain: Explain = refusal,
): Promise<ApiAnswer> {
  for (let at = 0; ; at++) {
    const answer = await client.send(request, { signal, repeats: true, deadlineMs: WRITE_MS });
    if (answer.status < 300) return answer;
    const pause = PAUSES_MS[at];
    if (pause === undefined || !BUSY_INSIDE.test(saidBy(answer))) throw explain(answer);
    progress('Kafka Connect at Streamkap is busy; trying again.');
    await delay(pause, undefined, { signal }).catch(() => {
      throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
    });
  }
}

/** A write that must not be sent twice. */
export async function writeOnce(
  client: Pick<ApiClient, 'send'>,
  request: ApiRequest,
  { signal }: Pick<VendorCall, 'signal'>,
  explain: Explain = refusal,
): Promise<ApiAnswer> {
  try {
    const answer = await client.send(request, { signal, deadlineMs: WRITE_MS });
    if (answer.status < 300) return answer;
    // The record comes first at Streamkap, then Kafka Connect: it may be there.
    if (BUSY_INSIDE.test(saidBy(answer))) throw unknownOutcome(saidBy(answer));
    throw explain(answer);
  } catch (error) {
    if (!(error instanceof HeadwaterError) || error.code !== 'PLATFORM_UNAVAILABLE') throw error;
    const said = error.details.upstream_message ?? '';
    throw BUSY_INSIDE.test(said) ? unknownOutcome(said) : error;
  }
}

function unknownOutcome(said: string): HeadwaterError {
  return new HeadwaterError('OUTCOME_UNKNOWN', 'Kafka Connect at Streamkap did not answer in time.', {
    hint: 'Repeat the same call: Headwater looks first, and makes nothing twice.',
    upstream_message: said,
  });
}

export function refusal(answer: ApiAnswer): HeadwaterError {
  const text = saidBy(answer);
  if (BUSY_INSIDE.test(text)) {
    return refusalOf(answer, {
      platform: 'Streamkap',
      code: 'PLATFORM_UNAVAILABLE',
      hint: 'Kafka Connect at Streamkap is busy: repeat the call in half a minute.',
    });
  }
  if (/replication slot name/i.test(text) && TAKEN.test(text)) return slotTaken(answer);
  return refusalOf(answer, { platform: 'Streamkap' });
}

const SLOT_FIELDS = ['slot.name', 'publication.name'];

function slotTaken(answer: ApiAnswer): HeadwaterError {
  const error = refusalOf(answer, {
    platform: 'Streamkap',
    code: 'PLATFORM_REJECTED',
    hint: 'Another source reads this database through that slot and publication. Make others in the database, and name them.',
  });
  return new HeadwaterError(error.code, error.message, {
    ...error.details,
    fields: SLOT_FIELDS.map((name) => ({ field: `/config/${name}`, message: 'is in use by another source' })),
  });
}

/** Of a create or a rename: the name may be taken, by a source that the list does not show. */
export const refusalOfName =
  (name: string): Explain =>
  (answer) =>
    isNameTaken(answer) ? hiddenNameTaken(name, answer) : refusal(answer);

function isNameTaken(answer: ApiAnswer): boolean {
  const text = saidBy(answer);
  return [409, 422].includes(answer.status) && TAKEN.test(text) && !/slot/i.test(text);
}

/** Of a source that the list did not show: it is of another project, or was made a moment ago. */
function hiddenNameTaken(name: string, answer: ApiAnswer): HeadwaterError {
  const error = refusalOf(answer, {
    platform: 'Streamkap',
    code: 'NAME_TAKEN',
    hint: `Streamkap has a source named ${JSON.stringify(name)} already, in another project or one that these credentials do not see. Choose another name: that source is left alone.`,
  });
  return new HeadwaterError(error.code, `There is a source named ${JSON.stringify(name)} at Streamkap already.`, {
    ...error.details,
    fields: [{ field: '/name', message: 'is taken' }],
  });
}
