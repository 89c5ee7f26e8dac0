import type { Socket } from 'node:net';
import { HeadwaterError } from '../errors.ts';
import type { TlsMode } from '../net/tls.ts';
import type { Redactor } from '../secrets/redact.ts';
import { hangUp, type Link, networkFailure, reached, systemCode } from './network.ts';
import type {
  Preview,
  Probe,
  ProbeContext,
  ReadSession,
  StepOutcome,
  StepSpec,
  StreamPage,
  SyncAdvice,
} from './probe.ts';
import { type Facts, type Problem, type ProblemDetails, StepFailure } from './problems/index.ts';
import type { Depth } from './report.ts';
import { endpointOf, pinsOf, type SshSettings } from './ssh/settings.ts';
import { reachSteps } from './ssh/steps.ts';
import { inTheClear, tlsStage } from './stages.ts';
import { upgrade } from './tls.ts';

/** Where a server is. TLS, where there is any, begins with the first byte; without a mode there is none. */
export interface StagedTarget {
  host: string;
  port: number;
  tls?: Exclude<TlsMode, 'prefer'> | undefined;
  /** PEM text of an authority to trust besides the public ones. */
  ca?: string | undefined;
  /** An SSH server to go through, as the fields of `sshTunnel()` give it. */
  ssh?: SshSettings;
}

/** What a check works with. */
export interface CheckIo<C> {
  config: C;
  /** The connection: judged, dialled, and encrypted where the target says so. Closed by whoever runs the test. */
  socket: Socket;
  /** Another connection to the same place. */
  connect: () => Promise<Socket>;
  /** Aborts when the step's time is up or nobody wants the answer any more. */
  signal: AbortSignal;
  /** Extra checks that were asked for: `cdc`. */
  wanted: ReadonlySet<string>;
}

/** What a check found wrong, as its report tells it. */
export interface CheckFault extends Omit<ProblemDetails, 'driver_code'> {
  /** What happened, in one sentence without a full stop. */
  what: string;
  /** The one thing to do, in one sentence. */
  fix: string;
  /** A stable code of the connector's own, or the server's. */
  code?: string;
}

export interface CheckOutcome {
  evidence?: string;
  /** Nothing that stops the source from working. */
  warning?: CheckFault;
  /** Nothing to check here, and why. */
  skip?: string;
}

/** One step of a test, behind the network's. */
export interface Check<C> {
  id: string;
  title: string;
  /** A failed gate skips what comes after it; true where it is left out. */
  gate?: boolean;
  /** How far the test has got when this has passed. */
  depth?: Depth;
  /** 5000 where it is left out. */
  limitMs?: number;
  /** Throws what `checkFailed` makes. */
  run: (io: CheckIo<C>) => Promise<CheckOutcome | undefined> | CheckOutcome | undefined;
}

/** A probe of an own protocol: where the server is, what to check there, and how to read from it. */
export interface StagedDefinition<C> {
  /** The product's name in sentences. */
  server: string;
  target: (config: C) => StagedTarget;
  /** Without any, the test ends at the connection and says that the login was not tested. */
  checks?: readonly Check<C>[];
  read?: (io: CheckIo<C>) => ReadSession;
}

/** What a check throws to fail its step. */
export function checkFailed({ what, fix, code, ...details }: CheckFault): StepFailure {
  return new StepFailure('CHECK_FAILED', { what, fix }, withCode(details, code));
}

const withCode = (details: Omit<ProblemDetails, 'driver_code'>, code: string | undefined): ProblemDetails =>
  code === undefined ? details : { ...details, driver_code: code };

/** A probe of the network's steps, TLS, and checks of one's own. What checks say is scrubbed of the secrets in use. */
export function stagedProbe<C>({ server, target, checks = [], read }: StagedDefinition<C>): Probe<C> {
  return {
    plan: (config, context, { checks: wanted }) => {
      const place = target(config);
      const facts = { host: place.host, port: place.port, server };
      const line = new Line(place, facts, context);
      const io = (signal: AbortSignal): CheckIo<C> => ({
        config,
        socket: reached(line.socket),
        connect: () => line.another(signal),
        signal,
        wanted,
      });
      const own = checks.map((check) => stepOf(check, facts, context, io));
      return {
        subject: `${server} at ${place.host}:${place.port}`,
        endpoint: endpointOf({ ...place.ssh, host: place.host, port: place.port }),
        pins: () => line.pins,
        steps: [...line.steps(), ...(own.length > 0 ? own : [loginUntested(facts)])],
        close: async () => line.close(),
        session: () => (read ? cleaned(() => read(io(line.open)), facts, context.redactor) : NOTHING_TO_READ),
      };
    },
  };
}

/** The connections of one test. */
class Line {
  socket: Socket | undefined;
  readonly #link: Link = {};
  readonly #closed = new AbortController();
  readonly #others = new Set<Socket>();
  readonly #place: StagedTarget;
  readonly #facts: Required<Pick<Facts, 'host' | 'port' | 'server'>>;
  readonly #context: ProbeContext;

  constructor(place: StagedTarget, facts: Required<Pick<Facts, 'host' | 'port' | 'server'>>, context: ProbeContext) {
    this.#place = place;
    this.#facts = facts;
    this.#context = context;
  }

  /** Aborts when the line is closed. */
  get open(): AbortSignal {
    return this.#closed.signal;
  }

  get pins(): Readonly<Record<string, string>> {
    return pinsOf(this.#link);
  }

  steps(): StepSpec[] {
    const { tls = 'disable' } = this.#place;
    return [
      ...reachSteps(this.#facts, this.#context, this.#link, this.#place.ssh ?? {}),
      tlsStage(this.#facts, async (signal) => {
        const socket = reached(this.#link.socket);
        if (tls === 'disable') {
          this.socket = socket;
          return inTheClear(this.#link, this.#facts, 'TLS is off');
        }
        const { socket: secured, outcome } = await this.#secure(socket, tls, signal);
        this.socket = secured;
        return outcome;
      }),
    ];
  }

  async another(signal: AbortSignal): Promise<Socket> {
    const { tls = 'disable' } = this.#place;
    const socket = await reached(this.#link.dial)(signal);
    this.#others.add(socket);
    return tls === 'disable' ? socket : (await this.#secure(socket, tls, signal)).socket;
  }

  close(): void {
    this.#closed.abort();
    for (const socket of [this.socket, ...this.#others]) socket?.destroy();
    hangUp(this.#link);
  }

  #secure(socket: Socket, mode: TlsMode, signal: AbortSignal) {
    const context = this.#context;
    return upgrade(socket, reached(this.#link.target), {
      mode,
      ca: this.#place.ca,
      facts: this.#facts,
      context,
      signal,
    });
  }
}

function stepOf<C>(
  { id, title, gate = true, depth, limitMs = 5000, run }: Check<C>,
  facts: Facts,
  { redactor }: ProbeContext,
  io: (signal: AbortSignal) => CheckIo<C>,
): StepSpec {
  return {
    id,
    title,
    gate,
    ...(depth === undefined ? {} : { depth }),
    limitMs,
    timeout: { code: 'CHECK_TIMEOUT', facts: { ...facts, what: title } },
    run: async (signal) => {
      try {
        return outcomeOf((await run(io(signal))) ?? {}, redactor);
      } catch (error) {
        throw failureOf(error, title, facts, redactor);
      }
    },
  };
}

function outcomeOf({ evidence, warning, skip }: CheckOutcome, redactor: Redactor): StepOutcome {
  return {
    ...(evidence === undefined ? {} : { evidence: redactor.clean(evidence) }),
    ...(skip === undefined ? {} : { skip: redactor.clean(skip) }),
    ...(warning === undefined ? {} : { warning: scrubbed(checkFailed(warning).problem, redactor) }),
  };
}

/** A check's own failure, a network error, or a fault of the connector; never text that was not scrubbed. */
function failureOf(error: unknown, title: string, facts: Facts, redactor: Redactor): unknown {
  if (error instanceof HeadwaterError) return error;
  if (error instanceof StepFailure) {
    const { code, facts: said, ...details } = scrubbed(error.problem, redactor);
    return new StepFailure(code, said, details);
  }
  if (/^E[A-Z]+$/.test(systemCode(error) ?? '')) return networkFailure(error, facts, 'CONNECTION_LOST');
  const evidence = redactor.clean(error instanceof Error ? `${error.name}: ${error.message}` : typeof error);
  return new StepFailure('CHECK_BROKEN', { ...facts, what: `its step ${JSON.stringify(title)} threw` }, { evidence });
}

function scrubbed({ code, facts, ...details }: Problem, { clean, cleanValue }: Redactor): Problem {
  return {
    code,
    facts: cleanValue(facts) as Facts,
    ...(cleanValue(details) as ProblemDetails),
    ...(details.evidence === undefined ? {} : { evidence: clean(details.evidence) }),
  };
}

function loginUntested(facts: Facts): StepSpec {
  return {
    id: 'auth',
    title: 'Login',
    limitMs: 1000,
    timeout: { code: 'CHECK_TIMEOUT', facts: { ...facts, what: 'Login' } },
    run: () => ({ warning: { code: 'LOGIN_UNTESTED', facts } }),
  };
}

const LONGEST_VALUE = 200;

function cleaned(session: () => ReadSession, facts: Facts, redactor: Redactor): ReadSession {
  const told = async <T>(work: (open: ReadSession) => Promise<T>): Promise<T> => {
    try {
      return await work(session());
    } catch (error) {
      throw failureOf(error, 'Reading', facts, redactor);
    }
  };
  return {
    discover: (query) => told(async (open) => redactor.cleanValue(await open.discover(query)) as StreamPage),
    advise: (streams) =>
      told(async (open) => redactor.cleanValue((await open.advise?.(streams)) ?? []) as (SyncAdvice | undefined)[]),
    preview: (stream, limit) =>
      told(async (open) => {
        const preview = await open.preview(stream, limit);
        if (!preview) return undefined;
        const { columns, rows, truncated } = preview;
        return {
          columns: redactor.cleanValue(columns) as Preview['columns'],
          rows: rows.slice(0, limit).map(shown),
          truncated: truncated || rows.length > limit,
        };
      }),
  };
  function shown(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [redactor.clean(name), cut(value)]));
  }
  function cut(value: unknown): unknown {
    if (typeof value === 'object' && value !== null) return redactor.clean(JSON.stringify(value), LONGEST_VALUE);
    return typeof value === 'string' ? redactor.clean(value, LONGEST_VALUE) : value;
  }
}

const NOTHING_TO_READ: ReadSession = { discover: async () => ({ streams: [] }), preview: async () => undefined };
