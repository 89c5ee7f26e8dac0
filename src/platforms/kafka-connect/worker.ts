import { setTimeout as delay } from 'node:timers/promises';
import { isObject } from '../../connectors/paths.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiRequest, SendOptions } from '../../net/api-client.ts';

export const NAME = 'Kafka Connect';

export interface AskOptions extends Omit<SendOptions, 'explains500'> {
  /** It makes or changes a connector: no answer does not mean that nothing was done. */
  writes?: boolean;
}

export type Ask = (request: ApiRequest, options: AskOptions) => Promise<ApiAnswer>;

/** A worker validates before it writes, which connects to the database; it gives that 90 s. */
const WRITE_LIMIT_MS = 95_000;

const PAUSES_MS = [300, 700, 1000, 2000, 2000, 3000, 3000, 4000, 4000];
const TIMED_OUT = /request timed out/i;
const STALE =
  /stale configuration|rebalance|conflicting operation|not the leader|could not be (?:fulfilled|completed)/i;

/**
 * Requests to a worker. What it answers while the workers of a group come to terms with each other (409) is waited out;
 * what is no answer of Kafka Connect at all (a worker that still starts answers 404 in HTML) is no answer.
 * @throws HeadwaterError PLATFORM_UNAVAILABLE, PLATFORM_AUTH_FAILED and what the client throws
 */
export function workerOf(client: ApiClient): Ask {
  return async (request, options) => {
    for (let attempt = 0; ; attempt++) {
      const answer = await sent(client, request, options);
      if (answer.status === 401 || answer.status === 403) throw unauthorized(answer);
      const waits = isRebalancing(answer);
      if (!waits && !isForeign(answer)) return answer;
      const pause = PAUSES_MS[attempt];
      if (pause === undefined) throw waits ? rebalancing(answer) : starting(answer);
      await delay(pause, undefined, { signal: options.signal }).catch(() => {
        throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
      });
    }
  };
}

async function sent(client: ApiClient, request: ApiRequest, { writes, ...options }: AskOptions): Promise<ApiAnswer> {
  const limits = { ...options, ...(writes ? { deadlineMs: WRITE_LIMIT_MS } : {}), explains500: true };
  try {
    const answer = await client.send(request, limits);
    if (answer.status === 500 && TIMED_OUT.test(saidBy(answer))) throw tooSlow(answer);
    return answer;
  } catch (error) {
    const isLost = error instanceof HeadwaterError && error.code === 'PLATFORM_UNAVAILABLE';
    if (writes && isLost) throw outcomeUnknown(error);
    throw error;
  }
}

/** What a worker says of a failure, without what stands there only for programmers. */
export function saidBy(answer: ApiAnswer): string {
  const { json } = answer;
  const text =
    isObject(json) && typeof json['message'] === 'string' ? json['message'] : answer.text.replace(/<[^>]*>/g, ' ');
  const plain = answer
    .clean(text)
    .split('\n')
    .filter((line) => !/^\s+at |^You can also find the above|^ at \[Source:/.test(line))
    .join(' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain.slice(0, 600);
}

/** Mostly 409; while a rebalance is only expected, 500. */
function isRebalancing(answer: ApiAnswer): boolean {
  return answer.status === 409 ? !alreadyThere(answer) : answer.status === 500 && STALE.test(saidBy(answer));
}

export function alreadyThere(answer: ApiAnswer): boolean {
  return answer.status === 409 && !STALE.test(saidBy(answer)) && /already exists/i.test(saidBy(answer));
}

/** 404 of anything but Kafka Connect's own API. */
function isForeign({ status, json }: ApiAnswer): boolean {
  return status === 404 && !(isObject(json) && 'error_code' in json);
}

function unauthorized(answer: ApiAnswer): HeadwaterError {
  const what = answer.status === 401 ? 'does not accept the login' : 'does not permit this with the login it has';
  return new HeadwaterError('PLATFORM_AUTH_FAILED', `${NAME} ${what}.`, {
    hint: 'An operator sets KAFKA_CONNECT_USERNAME and KAFKA_CONNECT_PASSWORD.',
  });
}

function tooSlow(answer: ApiAnswer): HeadwaterError {
  return new HeadwaterError('PLATFORM_UNAVAILABLE', `${NAME} did not come to an end in its own time.`, {
    hint: 'Repeat the call in a minute. Where a database does not answer the workers, its validation takes that long.',
    upstream_message: saidBy(answer),
  });
}

function outcomeUnknown(cause: HeadwaterError): HeadwaterError {
  const { upstream_message } = cause.details;
  return new HeadwaterError('OUTCOME_UNKNOWN', `${NAME} did not say what it did.`, {
    hint: 'Repeat the same call: Headwater looks first, and makes nothing twice.',
    ...(upstream_message === undefined ? {} : { upstream_message }),
  });
}

function rebalancing(answer: ApiAnswer): HeadwaterError {
  return new HeadwaterError('PLATFORM_UNAVAILABLE', `${NAME} is still rebalancing, and takes no changes meanwhile.`, {
    hint: 'Nothing was done. Repeat the call in a minute; where it stays so, the workers keep losing each other.',
    retry_after_ms: 60_000,
    upstream_message: saidBy(answer),
  });
}

function starting(answer: ApiAnswer): HeadwaterError {
  return new HeadwaterError('PLATFORM_UNAVAILABLE', `What answers at the URL of ${NAME} is not its API.`, {
    hint: 'A worker that is just starting does so: repeat the call in a minute. Otherwise KAFKA_CONNECT_URL leads elsewhere.',
    ...(saidBy(answer) === '' ? {} : { upstream_message: saidBy(answer).slice(0, 300) }),
  });
}
