import type { Egress } from '../net/egress.ts';
import type { Redactor } from '../secrets/redact.ts';
import type { Step } from './report.ts';
import type { StepSpec } from './run.ts';

/** What a probe may use: the gate to the network, a clock, and the scrubber for text from outside. */
export interface ProbeContext {
  egress: Egress;
  now: () => Date;
  redactor: Redactor;
}

/** What a test needs besides the config. */
export interface TestOptions {
  /** Extra checks by name: `cdc`. */
  checks: ReadonlySet<string>;
}

/** A started probe: its steps in order, and what must be closed when they are done. */
export interface TestPlan {
  /** What is tested: `PostgreSQL at db.example.com:5432`. */
  subject: string;
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
  /** @returns undefined where there is no such stream */
  preview: (stream: string, limit: number) => Promise<Preview | undefined>;
}

/**
 * The code that really connects, one per protocol. `plan` connects nothing: `probes/run.ts` runs its steps, and
 * `session` is for after the gates among them have passed.
 */
export interface Probe<C> {
  plan: (config: C, context: ProbeContext, options: TestOptions) => TestPlan & { session: () => ReadSession };
}

export type OnStep = (step: Step, done: number, total: number) => void;
