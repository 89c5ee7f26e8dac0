import { setTimeout as delay } from 'node:timers/promises';
import { HeadwaterError } from '../errors.ts';
import { Secret } from '../secrets/secret.ts';
import { type ApiAnswer, answerOf } from './api-answer.ts';
import type { Lookup } from './egress.ts';
import {
  failureOf,
  type NoAnswer,
  type OperatorServer,
  openerOf,
  type ServerFailure,
  whyNoAnswer,
} from './operator-http.ts';

export type { ApiAnswer } from './api-answer.ts';

/** One request to an API that the operator has set. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the first slash; what stands in the URL of the API comes before it. Variable parts are encoded already. */
  path: string;
  /** Lists become repeated parameters; what is undefined is left out. */
  query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  headers?: Readonly<Record<string, string | Secret>>;
  /** Sent as JSON. `Secret`s inside it are opened on their way out and nowhere else. */
  body?: unknown;
}

/** Cause of an OUTCOME_UNKNOWN where whatever was done is done: nobody is at it any more. */
export const ENDED: unique symbol = Symbol('ended');

export interface SendOptions {
  signal: AbortSignal;
  /** Sending it twice does what sending it once does: it is tried again where the first try may have failed. */
  repeats?: boolean;
  /** Longest for one try. Default 30,000. */
  deadlineMs?: number;
  /** A 500 is an answer too: of APIs that explain with it what the caller did wrong. */
  explains500?: boolean;
}

export interface ApiClient {
  /**
   * Sends a request; every status below 500 but 429 is an answer.
   * @throws HeadwaterError PLATFORM_UNAVAILABLE, RATE_LIMITED, CANCELLED; OUTCOME_UNKNOWN where a request that does not
   * repeat was sent and not answered
   */
  send(request: ApiRequest, options: SendOptions): Promise<ApiAnswer>;
  /** The URL that a request goes to, for plans. */
  urlOf(request: ApiRequest): string;
}

export interface ApiParts {
  /** In sentences: `Streamkap`. */
  name: string;
  server: OperatorServer;
  /** Sent with every request, after `authorization`'s. */
  headers?: Readonly<Record<string, string | Secret>>;
  /** Headers that tell who we are. `renew` is called after a 401; where it returns true the request is sent once more. */
  authorization?: {
    headers: (signal: AbortSignal) => Promise<Readonly<Record<string, string | Secret>>>;
    renew?: () => boolean;
  };
  now: () => Date;
  lookup?: Lookup;
}

const LIMIT_MS = 30_000;
const MOST_BYTES = 8 * 1024 * 1024;
const TRIES = 4;
const FIRST_PAUSE_MS = 300;
/** Longer than this nobody waits inside a call; the caller is told when to come again. */
const LONGEST_PAUSE_MS = 10_000;
const BUSY: ReadonlySet<number> = new Set([502, 503, 504]);

/** A client of one API: one connection a request, through the egress guard, answers bounded, retries where they are safe. */
export function createApiClient({ name, server, headers, authorization, now, lookup }: ApiParts): ApiClient {
  const open = openerOf(server, now, lookup);
  const { url } = server;
  const base = url.pathname.replace(/\/+$/, '');
  const pathOf = (request: ApiRequest) => base + request.path + queryOf(request.query);

  const once = async (request: ApiRequest, { signal, repeats, deadlineMs = LIMIT_MS }: SendOptions): Promise<Sent> => {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
    const own = (await authorization?.headers(limit)) ?? {};
    const body = request.body === undefined ? undefined : opened(request.body);
    const all = {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...own,
      ...headers,
      ...request.headers,
    };
    let isSent = false;
    try {
      const socket = await open(limit);
      try {
        const { exchangeOver, readBounded } = await import('./http.ts');
        isSent = true;
        const wire = {
          method: request.method,
          path: pathOf(request),
          headers: all,
          ...(body === undefined ? {} : { body }),
        };
        const answer = await readBounded(await exchangeOver(socket, url.origin, wire, limit), MOST_BYTES);
        return { answer: await answerOf(answer, request.body, all) };
      } finally {
        socket.destroy();
      }
    } catch (error) {
      if (signal.aborted && !isSent) throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
      const failure = failureOf(error, limit);
      return { failure, unknown: isSent && !repeats };
    }
  };

  return {
    urlOf: (request) => url.origin + pathOf(request),
    async send(request, options) {
      let sent = await once(request, options);
      if (sent.answer?.status === 401 && authorization?.renew?.()) sent = await once(request, options);
      for (let attempt = 1; attempt < TRIES; attempt++) {
        // After a 429 nothing was done, whatever the method.
        const mayRepeat = options.repeats || sent.answer?.status === 429;
        const pauseMs = mayRepeat ? pauseOf(sent, attempt, now()) : undefined;
        if (pauseMs === undefined || pauseMs > LONGEST_PAUSE_MS) break;
        await delay(pauseMs, undefined, { signal: options.signal }).catch(() => {
          throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
        });
        sent = await once(request, options);
      }
      if (options.explains500 && sent.answer?.status === 500) return sent.answer;
      return usable(name, sent, !options.repeats && request.method !== 'GET', now());
    },
  };
}

/** @throws HeadwaterError for what is no answer of the API itself */
function usable(name: string, { answer, failure, unknown }: Sent, mayHaveDone: boolean, now: Date): ApiAnswer {
  if (failure) throw unknown ? outcomeUnknown(name, failure.reason) : unreachable(name, failure.reason);
  if (answer === undefined) throw new TypeError('neither an answer nor a failure');
  if (answer.status === 429) throw rateLimited(name, waitOf(answer, now));
  if (answer.status >= 500) throw broken(name, answer, mayHaveDone);
  return answer;
}

interface Sent {
  answer?: ApiAnswer;
  failure?: ServerFailure;
  unknown?: boolean;
}

function queryOf(query: ApiRequest['query'] = {}): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of value === undefined ? [] : Array.isArray(value) ? value : [value])
      search.append(key, String(each));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

function opened(body: unknown): string {
  return JSON.stringify(body, function (this: Record<string, unknown>, key, value) {
    const raw = this[key];
    return raw instanceof Secret ? raw.reveal() : value;
  });
}

/** How long to wait before the next try; undefined where there is nothing to try again. */
function pauseOf({ answer, failure }: Sent, attempt: number, now: Date): number | undefined {
  const pause = FIRST_PAUSE_MS * 2 ** (attempt - 1);
  if (failure) return PASSING.has(failure.reason) ? pause : undefined;
  if (answer?.status === 429) return waitOf(answer, now) ?? pause;
  return answer && BUSY.has(answer.status) ? (waitOf(answer, now) ?? pause) : undefined;
}

const PASSING: ReadonlySet<NoAnswer> = new Set<NoAnswer>(['lost', 'unreachable', 'refused']);

/** `Retry-After`, in seconds or as a date. */
function waitOf({ headers }: ApiAnswer, now: Date): number | undefined {
  const said = headers['retry-after'];
  if (said === undefined) return undefined;
  const ms = /^\d{1,9}$/.test(said.trim()) ? Number(said) * 1000 : Date.parse(said) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function rateLimited(name: string, waitMs = 60_000): HeadwaterError {
  return new HeadwaterError('RATE_LIMITED', `${name} permits no more requests now.`, {
    hint: 'Wait, then repeat the call: nothing was done.',
    retry_after_ms: waitMs,
  });
}

function broken(name: string, answer: ApiAnswer, isUnknown: boolean): HeadwaterError {
  // A gateway that gave up says nothing of what happened behind it.
  if (isUnknown && BUSY.has(answer.status)) return outcomeUnknown(name, answer.status);
  const id = answer.headers['x-request-id'];
  return new HeadwaterError('PLATFORM_UNAVAILABLE', `${name} failed on its side (HTTP ${answer.status}).`, {
    hint: `Try again later.${id ? ` ${name} knows the request as ${answer.clean(id).slice(0, 80)}.` : ''}`,
    ...upstream(answer),
  });
}

function upstream(answer: ApiAnswer): { upstream_message?: string } {
  const text = answer.json === undefined ? answer.text : JSON.stringify(answer.json);
  // A secret may look like a tag: it goes first.
  const plain = answer
    .clean(text)
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? {} : { upstream_message: plain.slice(0, 300) };
}

function outcomeUnknown(name: string, why: number | NoAnswer): HeadwaterError {
  const how = typeof why === 'string' ? 'The connection ended' : `A gateway answered (HTTP ${why})`;
  return new HeadwaterError('OUTCOME_UNKNOWN', `${how} before ${name} said what it did.`, {
    hint: 'Repeat the same call: Headwater looks first, and makes nothing twice.',
    // One that does not answer in time may still be at it.
    ...(why === 'timeout' || why === 504 ? {} : { cause: ENDED }),
  });
}

function unreachable(name: string, reason: NoAnswer): HeadwaterError {
  return new HeadwaterError('PLATFORM_UNAVAILABLE', `${name} cannot be reached: ${whyNoAnswer(reason)}.`, {
    hint: 'Nothing was done there. An operator can check its URL with `headwater doctor`.',
  });
}
