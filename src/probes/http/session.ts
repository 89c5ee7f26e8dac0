import type { Socket } from 'node:net';
import type { Target } from '../../net/egress.ts';
import { type HttpAnswer, type HttpStream, requestOver, streamOver } from '../../net/http.ts';
import { type Link, reached, systemCode } from '../network.ts';
import type { ProbeContext, StepOutcome } from '../probe.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { upgrade } from '../tls.ts';
import { type Credentials, credentialsOf, type HttpAuth } from './auth.ts';

/** What the HTTP probe needs of a connector. */
export interface HttpConfig {
  url: string;
  headers?: Record<string, string> | undefined;
  tls_ca?: string | undefined;
  auth: HttpAuth;
}

interface Asked {
  method: 'GET' | 'HEAD';
  /** Below the URL; empty for the URL itself. */
  path: string;
  withCredentials: boolean;
  accept?: string;
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

  constructor(config: HttpConfig, context: ProbeContext, server: string) {
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

  /** Asks for a path below the URL. `withCredentials` false: as a stranger would. */
  async ask(request: Asked, signal: AbortSignal): Promise<HttpAnswer> {
    const socket = await this.#socket(signal);
    try {
      const whole = { ...this.#request(request), mostBytes: MOST_BYTES };
      return await requestOver(socket, this.url.origin, whole, signal);
    } catch (error) {
      throw this.failure(error, signal);
    } finally {
      this.#open.delete(socket);
    }
  }

  /** Like `ask`, with the body still to be read: whoever reads it gives its errors to `failure`. */
  async stream(request: Asked, signal: AbortSignal): Promise<HttpStream> {
    const socket = await this.#socket(signal);
    this.#open.add(socket);
    try {
      return await streamOver(socket, this.url.origin, this.#request(request), signal);
    } catch (error) {
      throw this.failure(error, signal);
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
    const dialled = await this.context.egress.connect(this.#target, signal);
    this.#open.add(dialled);
    return this.isTls ? (await this.#upgrade(dialled, signal)).socket : dialled;
  }

  #upgrade(socket: Socket, signal: AbortSignal) {
    const { facts, context } = this;
    return upgrade(socket, this.#target, { mode: 'verify-full', ca: this.config.tls_ca, facts, context, signal });
  }

  get #target(): Target {
    return reached(this.link.target);
  }

  #request({ method, path, withCredentials, accept = 'application/json, */*;q=0.5' }: Asked) {
    const credentials = withCredentials ? credentialsOf(this.config.auth) : NOTHING;
    const headers = {
      accept,
      'accept-encoding': 'gzip, deflate, br',
      'user-agent': 'headwater',
      ...this.config.headers,
      ...credentials.headers,
    };
    return { method, path: this.#path(path, credentials.query), headers };
  }

  #path(below: string, query: Readonly<Record<string, string>>): string {
    const whole = new URL(this.url);
    const [path = '', search = ''] = below.split('?');
    if (path !== '') whole.pathname = `${whole.pathname.replace(/\/$/, '')}/${path.replace(/^\//, '')}`;
    for (const [name, value] of new URLSearchParams(search)) whole.searchParams.set(name, value);
    for (const [name, value] of Object.entries(query)) whole.searchParams.set(name, value);
    return whole.pathname + whole.search;
  }

  /** What an error of a request, or of the body of its answer, means. */
  failure(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof StepFailure) return error;
    if (signal.aborted) return signal.reason;
    const code = systemCode(error);
    // A server of another protocol does not parse as HTTP; undici and its parser say so in their own codes.
    if (code?.startsWith('HPE_'))
      return new StepFailure(
        'WRONG_PROTOCOL',
        { ...this.facts, what: 'its answer is not HTTP' },
        { driver_code: code },
      );
    return new StepFailure('HTTP_BROKEN', this.facts, code === undefined ? {} : { driver_code: code });
  }
}
