import { type HttpExchange, readBounded } from '../../net/http.ts';
import type { HttpSession } from '../http/session.ts';
import { StepFailure } from '../problems/index.ts';
import { type Channel, MOST_BYTES, type Reply } from './channel.ts';
import { answerIn, MODERN, paramsIn, type RpcAnswer } from './messages.ts';
import { StreamTooLong, sseEvents } from './sse.ts';

const ACCEPT = 'application/json, text/event-stream';

/** Streamable HTTP: each message is a POST, and its answer is JSON or a stream of events. */
export class StreamableChannel implements Channel {
  readonly transport = 'streamable_http';
  revision: string | undefined;
  #sessionId: string | undefined;
  #lastId = 0;
  readonly #session: HttpSession;
  readonly #withCredentials: boolean;

  constructor(session: HttpSession, withCredentials: boolean) {
    this.#session = session;
    this.#withCredentials = withCredentials;
  }

  async request(method: string, params: Record<string, unknown>, signal: AbortSignal): Promise<Reply> {
    this.#lastId += 1;
    const id = this.#lastId;
    const message = { jsonrpc: '2.0', id, method, params: paramsIn(this.revision ?? '', params) };
    const exchange = await this.#post(method, message, signal);
    const reply = await readReply(exchange, id).catch((error: unknown) => {
      throw tooLarge(this.#session, error);
    });
    if (reply.truncated) throw tooLarge(this.#session, new StreamTooLong());
    this.#sessionId ??= method === 'initialize' ? reply.headers['mcp-session-id'] : undefined;
    return reply;
  }

  async notify(method: string, signal: AbortSignal): Promise<void> {
    const exchange = await this.#post(method, { jsonrpc: '2.0', method }, signal);
    exchange.close();
  }

  async end(signal: AbortSignal): Promise<void> {
    if (this.#sessionId === undefined) return;
    const exchange = await this.#session.open(
      { method: 'DELETE', path: '', withCredentials: this.#withCredentials, headers: this.#headers() },
      signal,
    );
    this.#sessionId = undefined;
    exchange.close();
  }

  #post(method: string, message: object, signal: AbortSignal): Promise<HttpExchange> {
    const headers = {
      ...this.#headers(),
      'content-type': 'application/json',
      ...(this.revision === MODERN ? { 'mcp-method': method } : {}),
    };
    const body = JSON.stringify(message);
    return this.#session.open(
      { method: 'POST', path: '', withCredentials: this.#withCredentials, headers, body },
      signal,
    );
  }

  #headers(): Record<string, string> {
    return {
      accept: ACCEPT,
      // A compressor between would hold back events that a stream has sent.
      'accept-encoding': 'identity',
      ...(this.revision === undefined ? {} : { 'mcp-protocol-version': this.revision }),
      ...(this.#sessionId === undefined ? {} : { 'mcp-session-id': this.#sessionId }),
    };
  }
}

async function readReply(exchange: HttpExchange, id: number): Promise<Reply> {
  if (!isEventStream(exchange)) {
    const answer = await readBounded(exchange, MOST_BYTES);
    return { ...answer, rpc: answerIn(answer.body.toString('utf8'), id) };
  }
  const { status, headers } = exchange;
  let rpc: RpcAnswer | undefined;
  try {
    for await (const { data } of sseEvents(exchange.body, MOST_BYTES)) {
      rpc = answerIn(data, id);
      // The server may keep its stream open; there is nothing more to wait for.
      if (rpc) break;
    }
  } finally {
    exchange.close();
  }
  return { status, headers, body: Buffer.alloc(0), truncated: false, rpc };
}

export function isEventStream({ headers }: { headers: Readonly<Record<string, string>> }): boolean {
  return /^text\/event-stream\b/i.test(headers['content-type'] ?? '');
}

/** An answer over its bound as a failure of the step; anything else is as it was. */
export function tooLarge({ facts }: HttpSession, error: unknown): unknown {
  if (!(error instanceof StreamTooLong)) return error;
  return new StepFailure('MCP_TOO_LARGE', { ...facts, what: `an answer of more than ${MOST_BYTES / 1024 / 1024} MB` });
}
