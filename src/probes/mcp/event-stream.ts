import { type HttpExchange, readBounded } from '../../net/http.ts';
import type { HttpSession } from '../http/session.ts';
import { withPatience } from '../patience.ts';
import { StepFailure } from '../problems/index.ts';
import { type Channel, MOST_BYTES, type Reply } from './channel.ts';
import { answerIn } from './messages.ts';
import { type SseEvent, sseEvents } from './sse.ts';
import { isEventStream, tooLarge } from './streamable.ts';

/** How long a server may take to name the address for its messages, which it does at once. */
const ENDPOINT_MS = 2500;
const MOST_REFUSAL_BYTES = 64 * 1024;

/**
 * The transport before 2025-03-26: one long GET answers with a stream of events, the first names the address to which
 * messages are posted, and their answers come over the stream.
 * @returns the answer instead, where it is no such stream; undefined where the stream names no address
 */
export async function openEventStream(
  session: HttpSession,
  withCredentials: boolean,
  signal: AbortSignal,
): Promise<EventStreamChannel | Reply | undefined> {
  const headers = { accept: 'text/event-stream', 'accept-encoding': 'identity' };
  // A stream of another kind says nothing for as long as it is let.
  return await withPatience(ENDPOINT_MS, signal, async (patient) => {
    const exchange = await session.open({ method: 'GET', path: '', withCredentials, headers }, patient);
    if (exchange.status !== 200 || !isEventStream(exchange)) return await readBounded(exchange, MOST_REFUSAL_BYTES);
    const events = sseEvents(exchange.body, MOST_BYTES);
    const first = await events.next().catch((error: unknown) => {
      throw tooLarge(session, error);
    });
    if (!first.done && first.value.event === 'endpoint')
      return new EventStreamChannel(session, withCredentials, { exchange, events, endpoint: first.value.data });
    exchange.close();
    return undefined;
  });
}

interface OpenStream {
  exchange: HttpExchange;
  events: AsyncGenerator<SseEvent>;
  endpoint: string;
}

export class EventStreamChannel implements Channel {
  readonly transport = 'sse';
  revision: string | undefined;
  #lastId = 0;
  readonly #endpoint: URL;
  readonly #stream: OpenStream;
  readonly #session: HttpSession;
  readonly #withCredentials: boolean;

  constructor(session: HttpSession, withCredentials: boolean, stream: OpenStream) {
    this.#session = session;
    this.#withCredentials = withCredentials;
    this.#stream = stream;
    this.#endpoint = this.#ownEndpoint(stream);
  }

  async request(method: string, params: Record<string, unknown>, signal: AbortSignal): Promise<Reply> {
    this.#lastId += 1;
    const id = this.#lastId;
    const reply = await this.#post({ jsonrpc: '2.0', id, method, params }, signal);
    if (reply.status >= 300) return reply;
    return { ...reply, rpc: await this.#answer(id) };
  }

  async notify(method: string, signal: AbortSignal): Promise<void> {
    await this.#post({ jsonrpc: '2.0', method }, signal);
  }

  async end(): Promise<void> {
    this.#stream.exchange.close();
  }

  async #post(message: object, signal: AbortSignal): Promise<Reply> {
    const exchange = await this.#session.open(
      {
        method: 'POST',
        path: '',
        at: this.#endpoint,
        withCredentials: this.#withCredentials,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(message),
      },
      signal,
    );
    return await readBounded(exchange, MOST_REFUSAL_BYTES);
  }

  async #answer(id: number): Promise<Reply['rpc']> {
    try {
      for (;;) {
        const next = await this.#stream.events.next();
        if (next.done) return undefined;
        const rpc = answerIn(next.value.data, id);
        if (rpc) return rpc;
      }
    } catch (error) {
      throw tooLarge(this.#session, error);
    }
  }

  #ownEndpoint({ endpoint, exchange }: OpenStream): URL {
    const { url, facts } = this.#session;
    const place = URL.canParse(endpoint, url.href) ? new URL(endpoint, url) : undefined;
    if (place?.origin === url.origin) return place;
    exchange.close();
    const what = this.#session.clean(place ? place.origin : endpoint, 120);
    throw new StepFailure('MCP_FOREIGN_ENDPOINT', { ...facts, what });
  }
}
