import type { Actor, ProblemCode } from './problems/index.ts';

export type StepStatus = 'pass' | 'warn' | 'fail' | 'skip';

/** How far a test got, in order. */
export const DEPTHS = ['config', 'dns', 'tcp', 'tls', 'protocol', 'auth', 'query', 'read', 'cdc'] as const;
export type Depth = (typeof DEPTHS)[number];

export type Verdict = 'ok' | 'ok_with_warnings' | 'failed' | 'untested';

export interface Fix {
  text: string;
  sql?: string;
  command?: string;
}

/** One stage of a test. Everything after `evidence` is there only when the step is not a pass. */
export interface Step {
  id: string;
  title: string;
  status: StepStatus;
  ms: number;
  evidence?: string;
  code?: ProblemCode;
  /** What happened, in one sentence. */
  message?: string;
  driver_code?: string;
  /** Config keys to change. */
  fields?: readonly string[];
  actor?: Actor;
  retryable?: boolean;
  /** How long the server wants to be left alone. */
  retry_after_ms?: number;
  fix?: Fix;
  /** Why it was skipped: the id of the step that failed, or a sentence. */
  because?: string;
}

export type Likelihood = 'certain' | 'likely' | 'possible';

/** What may be behind the failure that ended a test. */
export interface Cause {
  cause: string;
  likelihood: Likelihood;
  /** What speaks for it. */
  evidence?: readonly string[];
  fix: string;
  /** Config keys to change. */
  fields?: readonly string[];
  actor: Actor;
  /** What would tell it from the others: something to look at, or a command. */
  tell_apart?: string;
}

/** Whoever runs the server, recognised by its name. */
export interface ProviderFacts {
  code: string;
  name: string;
  /** What is worth knowing of it. */
  note?: string;
}

/** A text ready to send to someone other than the user. */
export interface HandoffLetter {
  actor: Actor;
  /** A letter, or a script that may be run as it is, the letter in its comments. */
  format: 'text' | 'sql' | 'mongosh';
  text: string;
}

/** What a test found, but for `next`, which the use case adds. */
export interface Report {
  ok: boolean;
  verdict: Verdict;
  headline: string;
  depth: Depth;
  latency_ms: number;
  /** Rows that there are to read, where the test counts them. */
  row_count?: number;
  steps: readonly Step[];
  warnings: readonly string[];
  provider?: ProviderFacts;
  /** Most likely first; absent where the failed step leaves nothing to guess. */
  causes?: readonly Cause[];
  handoff?: readonly HandoffLetter[];
  tested_at: string;
}

export interface ReportFacts {
  /** What was tested: `PostgreSQL at db.example.com:5432`. */
  subject: string;
  steps: readonly Step[];
  depth: Depth;
  latencyMs: number;
  testedAt: Date;
  handoff: readonly HandoffLetter[];
  provider?: ProviderFacts | undefined;
  causes?: readonly Cause[];
  rowCount?: number | undefined;
}

export function buildReport(facts: ReportFacts): Report {
  const { subject, steps, depth, latencyMs, testedAt, handoff, provider, causes = [], rowCount } = facts;
  const failures = steps.filter((step) => step.status === 'fail');
  const warned = steps.filter((step) => step.status === 'warn');
  const verdict = failures.length > 0 ? 'failed' : warned.length > 0 ? 'ok_with_warnings' : 'ok';
  return {
    ok: verdict !== 'failed',
    verdict,
    headline: headline(subject, failures, warned),
    depth,
    latency_ms: Math.round(latencyMs),
    ...(rowCount === undefined ? {} : { row_count: rowCount }),
    steps,
    warnings: warned.map((step) => step.message ?? step.title),
    ...(provider ? { provider } : {}),
    ...(causes.length > 0 ? { causes } : {}),
    ...(handoff.length > 0 ? { handoff } : {}),
    tested_at: testedAt.toISOString(),
  };
}

const UNTOLD: ReadonlySet<string> = new Set(['TESTED_ELSEWHERE', 'CREDENTIALS_ELSEWHERE', 'LOGIN_UNTESTED']);

function headline(subject: string, failures: readonly Step[], warned: readonly Step[]): string {
  const [first, ...others] = failures;
  if (first) {
    const more = others.length > 0 ? ` (and ${others.length} more problem${others.length > 1 ? 's' : ''})` : '';
    return `${first.message}. ${first.fix?.text ?? ''}${more}`.trim();
  }
  // Where nothing was connected to, or nobody logged in, nobody knows that it works.
  const untold = warned.find(({ code }) => code !== undefined && UNTOLD.has(code));
  if (untold) return `Nothing wrong was found with ${subject}. ${untold.message}.`;
  if (warned.length > 0) return `${subject} works. Worth knowing: ${warned[0]?.message}.`;
  return `${subject} works.`;
}
