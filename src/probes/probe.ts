import type { FileAccess } from '../files/file-access.ts';
import type { JudgedAddress } from '../net/address.ts';
import type { Endpoint } from '../net/attempt.ts';
import type { Egress } from '../net/egress.ts';
import type { Redactor } from '../secrets/redact.ts';
import type { Secret } from '../secrets/secret.ts';
import type { Place } from './diagnosis/suspicion.ts';
import type { Facts, Problem, ProblemCode } from './problems/index.ts';
import type { Depth, Step } from './report.ts';

/** What a probe may use: the gates to the network and to files, a clock, and the scrubber for text from outside. */
export interface ProbeContext {
  egress: Egress;
  files: FileAccess;
  now: () => Date;
  redactor: Redactor;
}

/** What a test needs besides the config. */
export interface TestOptions {
  /** Extra checks by name: `cdc`. */
  checks: ReadonlySet<string>;
}

/** What a step that did not fail has to say. */
export interface StepOutcome {
  evidence?: string;
  /** Found wrong, but nothing that stops the source from working. */
  warning?: Problem;
  /** Nothing to check here, and why. */
  skip?: string;
  /** How many rows there are to read, as far as they were counted. */
  rowCount?: number;
}

/** One stage of a test, as data. Steps share state through the closure of the plan that lists them. */
export interface StepSpec {
  id: string;
  title: string;
  /** A failed gate skips everything after it. */
  gate?: boolean;
  /** Runs behind a failed gate as well: it does not need what the gate stands for. */
  always?: boolean;
  /** How far the test has got when this step has passed. */
  depth?: Depth;
  /** Longest it may take, and what it means when that runs out. */
  limitMs: number;
  timeout: { code: ProblemCode; facts: Facts; fields?: readonly string[] };
  /** `limitMs`: what is left for it, of its own time and of the whole test's. */
  run: (signal: AbortSignal, limitMs: number) => StepOutcome | undefined | Promise<StepOutcome | undefined>;
}

/** Where a plan leads, and what it has found on the way there. */
export interface Subject {
  place: Place;
  facts: Facts;
  /** What the host's name resolved to, once that was permitted. */
  addresses: () => readonly JudgedAddress[];
  password?: Secret | undefined;
}

/** A started probe: its steps in order, and what must be closed when they are done. Nothing is open before its steps. */
export interface TestPlan {
  /** What is tested: `PostgreSQL at db.example.com:5432`. */
  subject: string;
  /** Where its first connection goes; absent where it opens a file of this machine. */
  endpoint?: Endpoint | undefined;
  /** What a diagnosis of its failures starts from; absent where nothing is connected to. */
  about?: Subject;
  /**
   * After a test that passed: what later ones are to hold the other side to, by the role of the field to keep it in.
   * Where the config says it already it is the same.
   */
  pins?: () => Readonly<Record<string, string>>;
  /** What its remedies are written in; SQL where it says nothing. */
  script?: 'sql' | 'mongosh';
  steps: readonly StepSpec[];
  close: () => Promise<void>;
}

export interface Stream {
  namespace: string;
  name: string;
  kind: string;
  /** An estimate from the source's own statistics; absent where it has none. */
  row_estimate?: number;
  /** Columns of the primary key. */
  keys?: readonly string[];
  columns?: readonly Column[];
  /** How to sync it, where that was asked for. */
  advice?: SyncAdvice;
}

/** What there is to know of a table before it is synced. */
export interface SyncAdvice {
  /** The columns of its primary key, then of each unique one. */
  keys: readonly (readonly string[])[];
  /** Columns by which new and changed rows can be told, the best first; a few of them. */
  cursors: readonly CursorAdvice[];
  row_estimate?: number;
  /** With its indexes. */
  bytes?: number;
  /** Whether its changes can be captured; `why` not, or what to mind. */
  cdc: { possible: boolean; why?: string };
  suggested: 'cdc' | 'cursor' | 'full';
  /** Why that mode, in one sentence. */
  because: string;
}

export interface CursorAdvice {
  column: string;
  type: string;
  /** The index that begins with it; without one, every sync reads the whole table. */
  index?: string;
  why: string;
}

export interface Column {
  name: string;
  type: string;
  nullable: boolean;
}

export interface DiscoverQuery {
  /** Part of a name, case-insensitive. */
  query?: string;
  /** `namespace.name`: this stream alone, with its columns. */
  stream?: string;
  limit: number;
  /** Where the page before ended: its `next`. */
  after?: StreamPosition;
}

export interface StreamPosition {
  namespace: string;
  name: string;
}

export interface StreamPage {
  streams: readonly Stream[];
  /** Where this page ended, if there is more. */
  next?: StreamPosition;
}

export interface Preview {
  columns: readonly Column[];
  rows: readonly Readonly<Record<string, unknown>>[];
  truncated: boolean;
}

/** The session that discovery and preview read through. */
export interface ReadSession {
  discover: (query: DiscoverQuery) => Promise<StreamPage>;
  /** How to sync each of these, in their order; undefined where nothing is known of one, an empty list of none ever. */
  advise?: (streams: readonly StreamPosition[]) => Promise<readonly (SyncAdvice | undefined)[]>;
  /** @returns undefined where there is no such stream */
  preview: (stream: string, limit: number) => Promise<Preview | undefined>;
}

/**
 * The code that really connects, one per protocol. `plan` connects nothing: `probes/run.ts` runs its steps, and
 * `session` is for after the gates among them have passed.
 */
export interface Probe<C> {
  /** It gets as far without secrets as with them. */
  withoutSecrets?: true;
  plan: (config: C, context: ProbeContext, options: TestOptions) => TestPlan & { session: () => ReadSession };
}

export type OnStep = (step: Step, done: number, total: number) => void;
