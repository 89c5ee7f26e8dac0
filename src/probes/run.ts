import { HeadwaterError } from '../errors.ts';
import type { Machine } from '../net/machine.ts';
import { diagnose, providerAt } from './diagnosis/index.ts';
import type { Found } from './found.ts';
import { handoffLetters, printed } from './handoff.ts';
import { networkFacts } from './network-letter.ts';
import type { OnStep, StepOutcome, StepSpec, TestPlan } from './probe.ts';
import { type Problem, problemKind, StepFailure } from './problems/index.ts';
import { buildReport, type Cause, DEPTHS, type Depth, type Report, type Step } from './report.ts';

export interface RunOptions {
  /** The whole test ends within this. */
  deadlineMs: number;
  signal: AbortSignal;
  now: () => Date;
  /** Config key of a role, on this connector. */
  fieldOf: (role: string) => string | undefined;
  onStep?: OnStep | undefined;
  machine: Machine;
}

/** By how much a timer may come before its time. */
const TIMER_EARLY_MS = 2;

/**
 * Runs a plan: each step within its own limit and the deadline of the whole; behind the gates everything runs, so that
 * all failures come back at once. The plan's connections are closed whatever happens.
 * @throws HeadwaterError CANCELLED when `signal` aborts
 */
export async function runPlan(plan: TestPlan, options: RunOptions): Promise<Report> {
  try {
    return await runSteps(plan, options);
  } finally {
    await plan.close();
  }
}

/** Like `runPlan`, for a plan whose connections are still needed: the caller closes it. */
export async function runSteps(plan: TestPlan, options: RunOptions): Promise<Report> {
  const started = performance.now();
  const steps: Step[] = [];
  const found: Found[] = [];
  let rowCount: number | undefined;
  let blockedBy: string | undefined;
  let depth: Depth = 'config';
  for (const spec of plan.steps) {
    if (options.signal.aborted) throw cancelled();
    const { step, problem, counted } =
      blockedBy === undefined || spec.always
        ? await runStep(spec, started, plan, options)
        : { step: skipped(spec, blockedBy) };
    rowCount = counted ?? rowCount;
    steps.push(step);
    if (problem) found.push({ step, problem });
    // Where the time of the whole is up, what has not begun is not at fault.
    const timeIsUp = performance.now() - started >= options.deadlineMs - TIMER_EARLY_MS;
    if (step.status === 'fail' && (spec.gate || timeIsUp)) blockedBy ??= spec.id;
    if (spec.depth && (step.status === 'pass' || step.status === 'warn')) depth = deeper(depth, spec.depth);
    options.onStep?.(step, steps.length, plan.steps.length);
  }
  const latencyMs = performance.now() - started;
  const causes = causesOf(plan, found, options);
  const [leading] = causes;
  if (leading && leading.likelihood !== 'possible') lead(leading, steps, found);
  return buildReport({
    subject: plan.subject,
    steps,
    depth,
    latencyMs,
    testedAt: options.now(),
    provider: plan.about && providerAt(plan.about.place),
    causes,
    handoff: handoffLetters(plan, found, await networkFacts(plan, found, options.machine)),
    rowCount,
  });
}

/** What may be behind the first failure. What is found behind the gates says itself what is wrong. */
function causesOf({ about }: TestPlan, found: readonly Found[], { machine, fieldOf }: RunOptions): Cause[] {
  const first = found.find(({ step }) => step.status === 'fail');
  if (!about || !first) return [];
  const { place, addresses, password } = about;
  const facts = { ...about.facts, ...first.problem.facts };
  const padded = password !== undefined && password.reveal().trim() !== password.reveal();
  return diagnose({ step: first.step, facts, place, addresses: addresses(), machine, padded }, fieldOf);
}

/** Where the evidence speaks for one cause, its fix is the one thing to do. */
function lead({ fix, fields, actor }: Cause, steps: Step[], found: Found[]): void {
  const at = found.findIndex(({ step }) => step.status === 'fail');
  const first = found[at];
  if (!first) return;
  const all = [...new Set([...(fields ?? []), ...(first.step.fields ?? [])])];
  const named = all.length > 0 ? { fields: all } : {};
  // What is printed to be run is for whom the step named, and mends what it had guessed.
  const printedToo = actor === first.step.actor ? first.step.fix : {};
  const step = { ...first.step, ...named, actor, fix: { ...printedToo, text: fix } };
  steps[steps.indexOf(first.step)] = step;
  found[at] = { ...first, step };
}

interface Ran {
  step: Step;
  /** What made it fail or warn. */
  problem?: Problem;
  counted?: number | undefined;
}

async function runStep(spec: StepSpec, started: number, plan: TestPlan, options: RunOptions): Promise<Ran> {
  const begun = performance.now();
  const left = options.deadlineMs - (begun - started);
  const limit = Math.max(1, Math.min(spec.limitMs, left));
  const stop = new AbortController();
  const onAbort = () => stop.abort(cancelled());
  const { code, facts, ...details } = spec.timeout;
  const timer = setTimeout(() => stop.abort(new StepFailure(code, facts, details)), limit);
  options.signal.addEventListener('abort', onAbort, { once: true });
  const base = { id: spec.id, title: spec.title };
  const ms = () => Math.round((performance.now() - begun) * 10) / 10;
  try {
    const outcome = (await Promise.race([spec.run(stop.signal, limit), rejection(stop.signal)])) ?? {};
    const { skip, warning: problem, rowCount: counted } = outcome;
    if (skip !== undefined) return { step: { ...base, status: 'skip', ms: ms(), because: skip }, counted };
    if (!problem) return { step: { ...base, status: 'pass', ms: ms(), ...evidence(outcome) }, counted };
    const told = { ...described(problem, plan, options), ...evidence(outcome) };
    return { step: { ...base, status: 'warn', ms: ms(), ...told }, problem, counted };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    const { problem } = error;
    return { step: { ...base, status: 'fail', ms: ms(), ...described(problem, plan, options) }, problem };
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', onAbort);
  }
}

function skipped(spec: StepSpec, because: string): Step {
  return { id: spec.id, title: spec.title, status: 'skip', ms: 0, because };
}

function evidence({ evidence }: StepOutcome): { evidence?: string } {
  return evidence === undefined ? {} : { evidence };
}

function described(problem: Problem, plan: TestPlan, { fieldOf }: RunOptions): Partial<Step> {
  const kind = problemKind(problem.code);
  const byRole = [...new Set((kind.roles ?? []).flatMap((role) => fieldOf(role) ?? []))];
  const fields = problem.fields ?? kind.fields ?? byRole;
  const actor = problem.actor ?? kind.actor;
  const { sql = printed(problem, actor, plan), command } = problem;
  return {
    ...(problem.evidence === undefined ? {} : { evidence: problem.evidence }),
    code: problem.code,
    message: kind.says(problem.facts),
    ...(problem.driver_code === undefined ? {} : { driver_code: problem.driver_code }),
    ...(fields.length > 0 ? { fields } : {}),
    actor,
    retryable: kind.retryable ?? false,
    ...(problem.retry_after_ms === undefined ? {} : { retry_after_ms: problem.retry_after_ms }),
    fix: {
      text: problem.advice ?? kind.fix(problem.facts),
      ...(sql === undefined ? {} : { sql }),
      ...(command === undefined ? {} : { command }),
    },
  };
}

function deeper(a: Depth, b: Depth): Depth {
  return DEPTHS.indexOf(b) > DEPTHS.indexOf(a) ? b : a;
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function cancelled(): HeadwaterError {
  return new HeadwaterError('CANCELLED', 'The test was cancelled.');
}
