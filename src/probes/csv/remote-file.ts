import { posix } from 'node:path';
import type { Endpoint } from '../../net/attempt.ts';
import { type HttpAnswer, type HttpExchange, readBounded } from '../../net/http.ts';
import { judgeStatus, judgeSuccess } from '../http/judge.ts';
import { type HttpConfig, HttpSession } from '../http/session.ts';
import { connectSteps, httpStep } from '../http/steps.ts';
import { type Answered, compared, type Met, metBy, proofOf, SILENCE } from '../http/stranger.ts';
import { reached } from '../network.ts';
import type { ProbeContext, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import type { Input } from './input.ts';
import { MOST_REDIRECTS, redirectTarget, refused } from './redirects.ts';

const ASKED = {
  method: 'GET',
  path: '',
  withCredentials: true,
  headers: { accept: 'text/csv, text/tab-separated-values, text/plain;q=0.9, */*;q=0.5' },
} as const;
const SHOWN_BODY = 2048;
const OPEN = 'If the file is open to everybody, leave auth out; else ask whoever shares it who may read it.';

/** A file that is downloaded: each hop through the egress, credentials to the first origin only. */
export function remoteFile(config: HttpConfig, context: ProbeContext): Input {
  return new RemoteFile(config, context);
}

class RemoteFile implements Input {
  readonly subject: string;
  readonly endpoint: Endpoint;
  readonly name: string;
  readonly #first: HttpSession;
  readonly #hops: HttpSession[];
  readonly #context: ProbeContext;
  /** Who was given the credentials last, and what came of it: the file, or where it is. */
  #answered: (Answered & { session: HttpSession; ms: number }) | undefined;
  #stream: HttpExchange | undefined;
  #iterator: AsyncIterator<Buffer> | undefined;
  #closed = false;

  constructor(config: HttpConfig, context: ProbeContext) {
    this.#context = context;
    this.#first = new HttpSession(config, context, 'HTTP');
    this.#hops = [this.#first];
    this.name = this.#first.clean(nameOf(this.#first.url), 120);
    this.endpoint = this.#first.facts;
    this.subject = `The file at ${this.#first.url.host}`;
  }

  get steps(): StepSpec[] {
    return [
      ...connectSteps(this.#first, (signal) => this.#ask(this.#first, signal)),
      {
        ...httpStep('redirects', 'Redirects', this.#first),
        run: async (signal, limitMs) => {
          const hops = await this.#follow(signal, limitMs);
          return hops.length === 0 ? { skip: 'there are none' } : { evidence: hops.join(' → ') };
        },
      },
      {
        ...httpStep('auth', 'Credentials and status', this.#first),
        depth: 'auth',
        run: async (signal, limitMs) => {
          const last = this.#hops.at(-1) ?? this.#first;
          const answer = await this.#judged();
          judgeStatus(last, answer, last.url.pathname);
          judgeSuccess(last, answer);
          const said = `status ${answer.status}, ${last.clean(this.contentType, 60) || 'no type'}`;
          if (this.#first.config.auth.method === 'none') return { evidence: said };
          const { evidence, ...proof } = proofOf(this.#first, await this.#asStranger({ signal, limitMs }), {
            fix: OPEN,
          });
          return { evidence: evidence === undefined ? said : `${said}; ${evidence}`, ...proof };
        },
      },
    ];
  }

  get contentType(): string | undefined {
    return this.#stream?.headers['content-type'];
  }

  get size(): number | undefined {
    const { 'content-length': length, 'content-encoding': encoding } = this.#stream?.headers ?? {};
    return length !== undefined && encoding === undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
  }

  get bytes() {
    return {
      next: async (signal: AbortSignal): Promise<Buffer | undefined> => {
        this.#iterator ??= reached(this.#stream).body[Symbol.asyncIterator]();
        try {
          const { value, done } = await this.#iterator.next();
          return done === true ? undefined : value;
        } catch (error) {
          throw signal.aborted ? signal.reason : error;
        }
      },
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stream?.close();
    await Promise.all(this.#hops.map((hop) => hop.close()));
  }

  async #ask(session: HttpSession, signal: AbortSignal): Promise<HttpExchange> {
    const began = performance.now();
    const stream = await session.open(ASKED, signal);
    if (session.config.auth.method !== 'none') this.#answered = { ...stream, session, ms: performance.now() - began };
    // The time may have run out meanwhile, and then nobody else would close it.
    if (this.#closed) stream.close();
    this.#stream = stream;
    return stream;
  }

  /** @returns the hosts that it led to */
  async #follow(signal: AbortSignal, limitMs: number): Promise<string[]> {
    const led: string[] = [];
    for (let from = this.#first; ; ) {
      const { status, headers } = reached(this.#stream);
      if (![301, 302, 303, 307, 308].includes(status)) return led;
      if (led.length === MOST_REDIRECTS) throw refused(`there are more than ${MOST_REDIRECTS} in a row`);
      const location = headers['location'];
      const to = redirectTarget(from.url, location);
      if (namesSecret(from, location)) throw refused('the name of its host holds the credentials');
      await this.#leave(from);
      from = this.#hopTo(to, from);
      await this.#reach(from, signal, limitMs);
      led.push(from.clean(to.host, 120));
    }
  }

  async #leave(from: HttpSession): Promise<void> {
    this.#stream?.close();
    await from.close();
  }

  /** What went with the request goes on within the origin only; once it was left, also not on the way back. */
  #hopTo(to: URL, from: HttpSession): HttpSession {
    const { tls_ca, auth, headers } = from.config;
    const config: HttpConfig =
      to.origin === from.url.origin
        ? { url: to.href, tls_ca, auth, headers }
        : { url: to.href, tls_ca, auth: { method: 'none' } };
    const hop = new HttpSession(config, this.#context, 'HTTP');
    this.#hops.push(hop);
    return hop;
  }

  async #reach(hop: HttpSession, signal: AbortSignal, limitMs: number): Promise<void> {
    try {
      for (const { run } of connectSteps(hop, (aborted) => this.#ask(hop, aborted))) {
        signal.throwIfAborted();
        await run(signal, limitMs);
      }
    } catch (error) {
      if (error instanceof StepFailure && error.problem.code === 'HOST_REFUSED')
        throw refused(`${error.problem.facts.host} is not permitted`);
      throw error;
    }
  }

  /** Only where the credentials go is asked again, and nothing is downloaded twice. */
  async #asStranger(limits: { signal: AbortSignal; limitMs: number }): Promise<Met> {
    const own = reached(this.#answered);
    const ask = async (signal: AbortSignal) => {
      const exchange = await own.session.open({ ...ASKED, withCredentials: false }, signal);
      exchange.close();
      return compared(own.session, own, exchange);
    };
    const met = await metBy(ask, own.ms, limits);
    // Some servers answer one request at a time, and the file is still being sent.
    return 'other' in met && met.other === SILENCE ? { unclear: 'it answers no second request meanwhile' } : met;
  }

  /** The answer as far as a judgement needs it: the body of a refusal says why, that of a success is the file. */
  async #judged(): Promise<HttpAnswer> {
    const stream = reached(this.#stream);
    const { status, headers } = stream;
    if (status >= 200 && status < 300) return { status, headers, body: Buffer.alloc(0), truncated: true };
    return await readBounded(stream, SHOWN_BODY);
  }
}

function nameOf(url: URL): string {
  const last = posix.basename(url.pathname);
  try {
    return decodeURIComponent(last) || url.host;
  } catch {
    return last;
  }
}

/** Whether the host of a redirect is made of what was sent along: its name would go to name servers, and into the report. */
function namesSecret(from: HttpSession, location: string | undefined): boolean {
  const host = /^(?:[a-z]+:)?\/\/([^/?#]*)/i.exec(location ?? '')?.[1] ?? '';
  return from.clean(host, 8192) !== host;
}
