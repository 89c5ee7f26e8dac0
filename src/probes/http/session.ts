import type { Socket } from 'node:net';
import { exchangeOver, type HttpAnswer, type HttpExchange, readBounded, UnknownCoding } from '../../net/http.ts';
import { type Link, networkFailure, reached, systemCode } from '../network.ts';
import type { ProbeContext, StepOutcome } from '../probe.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { upgrade } from '../tls.ts';
import { type Credentials, credentialsOf, type HttpAuth, refuseUnsendable } from './auth.ts';

/** What the HTTP probe needs of a connector. */
export interface HttpConfig {
  url: string;
  headers?: Record<string, string> | undefined;
  tls_ca?: string | undefined;
  auth: HttpAuth;
}

export interface HttpAsk {
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Path and query below the URL; empty for the URL itself. */
  path: string;
  /** Another address of the same origin, in place of the URL. */
  at?: URL | undefined;
  /** False: as a stranger would. */
  withCredentials: boolean;
  /** Over the usual ones and those of the config; lower case. */
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

const MOST_BYTES = 512 * 1024;
const NOTHING: Credentials = { headers: {}, query: {} };

/** One API under test: where it is, how to authenticate, and the one way to ask it. */
export class HttpSession {
  readonly config: HttpConfig;
  readonly context: ProbeContext;
  readonly facts: Required<Pick<Facts, 'host' | 'port' | 'server'>>;
  readonly link: Link = {};
  readonly url: URL;
  readonly isTls: boolean;
  /** The first connection, made by the steps; further requests make their own. */
  wire: Socket | undefined;
  readonly #open = new Set<Socket>();

  /** @throws HeadwaterError INVALID_CONFIG for credentials that no header can carry */
  constructor(config: HttpConfig, context: ProbeContext, server: string) {
    refuseUnsendable(config.auth);
    this.config = config;
    this.context = context;
    this.url = new URL(config.url);
    this.isTls = this.url.protocol === 'https:';
    const port = Number(this.url.port) || (this.isTls ? 443 : 80);
    this.facts = { host: this.url.hostname.replace(/^\[|\]$/g, ''), port, server };
  }

  /** TLS on the first connection. Certificates of APIs are always checked in full. */
  async secure(signal: AbortSignal): Promise<StepOutcome> {
    const { socket, outcome } = await this.#upgrade(reached(this.link.socket), signal);
    this.wire = socket;
    return outcome;
  }

  /** Asks, and reads what comes, within bounds. */
  async ask(request: HttpAsk, signal: AbortSignal): Promise<HttpAnswer> {
    return await readBounded(await this.open(request, signal), MOST_BYTES);
  }

  /** Asks, and leaves the reading to the caller, who closes the exchange. */
  async open(request: HttpAsk, signal: AbortSignal): Promise<HttpExchange> {
    const credentials = request.withCredentials ? credentialsOf(this.config.auth) : NOTHING;
    const socket = await this.#socket(signal);
    const headers = {
      accept: 'application/json, */*;q=0.5',
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'headwater',
      ...lowerCase(this.config.headers),
      ...credentials.headers,
      ...request.headers,
    };
    const { method, body } = request;
    const path = this.#path(request, credentials.query);
    const asked = { method, path, headers, ...(body === undefined ? {} : { body }) };
    const ended = () => {
      this.#open.delete(socket);
      socket.destroy();
    };
    this.#open.add(socket);
    try {
      const exchange = await exchangeOver(socket, this.url.origin, asked, signal);
      return {
        ...exchange,
        body: this.#mapped(exchange.body, signal),
        close: () => {
          exchange.close();
          ended();
        },
      };
    } catch (error) {
      ended();
      throw this.#failure(error, signal);
    }
  }

  /** Text from the server, fit to be shown. */
  clean(text: string | undefined, cap = 200): string {
    return this.context.redactor.clean(text ?? '', cap);
  }

  async close(): Promise<void> {
    for (const socket of [...this.#open, this.wire, this.link.socket]) socket?.destroy();
  }

  async #socket(signal: AbortSignal): Promise<Socket> {
    const { wire } = this;
    this.wire = undefined;
    if (wire && !wire.destroyed) return wire;
    const dialled = await reached(this.link.dial)(signal).catch((error: unknown) => {
      throw networkFailure(error, this.facts, 'TCP_UNREACHABLE');
    });
    this.#open.add(dialled);
    return this.isTls ? (await this.#upgrade(dialled, signal)).socket : dialled;
  }

  #upgrade(socket: Socket, signal: AbortSignal) {
    const { facts, context } = this;
    return upgrade(socket, reached(this.link.target), {
      mode: 'verify-full',
      ca: this.config.tls_ca,
      facts,
      context,
      signal,
    });
  }

  #path({ path: below, at }: HttpAsk, query: Readonly<Record<string, string>>): string {
    const whole = new URL(at ?? this.url);
    const { path, search } = partsOf(below);
    if (path !== '') whole.pathname = `${whole.pathname.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
    const own = Object.entries(query).map(([name, value]) => `${inQuery(name)}=${inQuery(value)}`);
    const parts = [whole.search.slice(1), asWritten(search), ...own].filter((part) => part !== '');
    return whole.pathname + (parts.length > 0 ? `?${parts.join('&')}` : '');
  }

  async *#mapped(body: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
    try {
      yield* body;
    } catch (error) {
      throw this.#failure(error, signal);
    }
  }

  #failure(error: unknown, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    // The parser of undici names some of its errors by their class alone.
    const code = systemCode(error) ?? (error instanceof Error && error.name === PARSER ? PARSER : undefined);
    const [, what] = NOT_HTTP.find(([pattern]) => pattern.test(code ?? '')) ?? [];
    const details = code === undefined ? {} : { driver_code: code };
    if (error instanceof UnknownCoding)
      return new StepFailure('HTTP_CODING', { ...this.facts, what: this.clean(error.coding, 40) });
    if (what !== undefined) return new StepFailure('WRONG_PROTOCOL', { ...this.facts, what }, details);
    return new StepFailure('HTTP_BROKEN', this.facts, details);
  }
}

function partsOf(below: string): { path: string; search: string } {
  const at = below.indexOf('?');
  return at === -1 ? { path: below, search: '' } : { path: below.slice(0, at), search: below.slice(at + 1) };
}

/** A query is the API's own language: names may stand twice, and only what no request line can carry is encoded. */
function asWritten(search: string): string {
  return search.toWellFormed().replace(/[^\x21-\x7e]|["<>]/gu, encodeURIComponent);
}

function inQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}

const PARSER = 'HTTPParserError';
/** Codes of undici, its parser, zlib and Brotli for answers that are no proper HTTP. */
const NOT_HTTP: readonly (readonly [RegExp, string])[] = [
  [/^HPE_|^HTTPParserError$/, 'its answer is not HTTP'],
  [/^UND_ERR_HEADERS_OVERFLOW$/, 'its answer has more than 32 KB of headers'],
  [/^(Z_|ERR__ERROR|ERR_BROTLI)/, 'its answer is not in the coding that it names'],
];

/** Header names in one spelling, so that what is said last holds alone. */
function lowerCase(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
