import { type Config, fieldOfRole, isWhole } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { AUTH, valueAt, withValues } from '../connectors/paths.ts';
import { exampleConfig, type ResolvedConfig, resolveConfig } from '../connectors/resolved-config.ts';
import { notReached, reachOnly } from '../connectors/vendor/probed-as.ts';
import { type ErrorCode, HeadwaterError } from '../errors.ts';
import type { Attempt } from '../net/attempt.ts';
import type { ReadSession, StepSpec, TestPlan } from '../probes/probe.ts';
import { type ProblemCode, problemKind, StepFailure } from '../probes/problems/index.ts';
import type { Report } from '../probes/report.ts';
import { type RunOptions, runPlan, runSteps } from '../probes/run.ts';
import { createRedactor } from '../secrets/redact.ts';
import { describeReference, isElsewhere, type Reference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { findingOf } from './finding.ts';
import { withLiveToken } from './live-tokens.ts';
import { credentialsOf } from './login-identity.ts';
import { platformChecks, type TestedAt } from './platform-checks.ts';
import type { Call, Services } from './services.ts';

export const DEFAULT_TEST_S = 10;
export const LONGEST_TEST_S = 25;

export interface TestRequest {
  checks?: readonly string[];
  timeoutS?: number;
}

interface Planned {
  plan: TestPlan & { session?: () => ReadSession };
  /** What it will attempt; absent where a broken config leaves nothing to attempt. */
  attempt?: Pick<Attempt, 'endpoint' | 'username' | 'fingerprint' | 'throughFingerprint'>;
  /** The secrets of the config itself, by path. */
  resolved?: Readonly<Record<string, Secret>>;
}

export interface TestResult {
  report: Report;
  /** The secrets that a passed test was made with, by path. */
  resolved: Readonly<Record<string, Secret>>;
  /** The config with what a passed test has seen and later ones are to hold to, where it does not say it yet. */
  pinned?: Config;
}

/**
 * Tests a config for real. A failed test is a normal result.
 * @throws HeadwaterError CANCELLED; RATE_LIMITED, CIRCUIT_OPEN, LOGIN_PAUSED before anything is dialled
 */
export async function testConfig(
  services: Services,
  connector: Connector,
  config: Config,
  request: TestRequest,
  call: Call,
  at?: TestedAt,
): Promise<TestResult> {
  const planned = await planTest(services, connector, config, new Set(request.checks), call, at);
  const limits = options(services, connector, request.timeoutS, call);
  const run = () => services.egress.guarded(() => runPlan(planned.plan, limits));
  const report = await admitted(services, connector, planned, limits, call, run);
  const pinned = report.ok ? withPins(connector, config, planned.plan.pins?.() ?? {}) : undefined;
  return { report, resolved: planned.resolved ?? {}, ...(pinned ? { pinned } : {}) };
}

/**
 * Passes the gates of a test and reads through the session behind them.
 * @throws HeadwaterError CONNECTION_FAILED with the report when a gate fails; RATE_LIMITED, CIRCUIT_OPEN, LOGIN_PAUSED
 */
export async function reading<T>(
  services: Services,
  connector: Connector,
  config: Config,
  call: Call,
  read: (session: ReadSession) => Promise<T>,
): Promise<T> {
  const planned = await planTest(services, connector, config, new Set(), call);
  const { plan } = planned;
  const readThrough = async () => {
    const gates = { ...plan, steps: plan.steps.filter((step) => step.gate) };
    const limits = options(services, connector, undefined, call);
    const report = await admitted(services, connector, planned, limits, call, () => runSteps(gates, limits));
    if (!report.ok || !plan.session) throw new HeadwaterError('CONNECTION_FAILED', report.headline, { report });
    return await within(call.signal, read(plan.session()));
  };
  try {
    return await services.egress.guarded(readThrough);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw readFailure(error);
  } finally {
    await plan.close();
  }
}

/** The config with pins added; nothing where there is none to add. */
function withPins(connector: Connector, config: Config, pins: Readonly<Record<string, string>>): Config | undefined {
  const added = Object.entries(pins).flatMap(([role, value]) => {
    const name = fieldOfRole(connector, role);
    return name === undefined || config.settings[name] !== undefined ? [] : [[name, value] as const];
  });
  if (added.length === 0) return undefined;
  return { ...config, settings: { ...config.settings, ...Object.fromEntries(added) } };
}

/** Beyond the deadline of the steps, until what they found is noted. */
const SETTLING_MS = 5_000;

/** Runs what connects, if it may, and notes for the next attempts what came of it. */
async function admitted(
  services: Services,
  connector: Connector,
  { attempt }: Planned,
  { deadlineMs }: Pick<RunOptions, 'deadlineMs'>,
  { principal: { tenant }, insists = false }: Call,
  run: () => Promise<Report>,
): Promise<Report> {
  if (!attempt) return await run();
  const longestMs = deadlineMs + SETTLING_MS;
  const { settle } = await services.admission.admit({
    ...attempt,
    tenant,
    connector: connector.code,
    longestMs,
    insists,
  });
  let report: Report;
  try {
    report = await run();
  } catch (error) {
    // What ended it says more than a store that fails now; what was taken for it runs out by itself.
    await settle({ outcome: 'unknown' }).catch(() => {});
    throw error;
  }
  await settle(findingOf(report));
  return report;
}

function readFailure({ problem }: StepFailure): HeadwaterError {
  const kind = problemKind(problem.code);
  const code = problem.code === 'QUERY_TIMEOUT' ? 'DEADLINE_EXCEEDED' : 'CONNECTION_FAILED';
  return new HeadwaterError(code, `${kind.says(problem.facts)}.`, {
    ...(problem.evidence === undefined ? {} : { upstream_message: problem.evidence }),
    hint: kind.fix(problem.facts),
    retryable: kind.retryable ?? false,
  });
}

const READ_LIMIT_MS = 15_000;

/** Ends a read that takes too long or is no longer wanted; closing the plan's connection ends it at the source. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () =>
      reject(new HeadwaterError('DEADLINE_EXCEEDED', `Reading took longer than ${READ_LIMIT_MS / 1000} s.`));
    const stopped = () => reject(new HeadwaterError('CANCELLED', 'Reading was cancelled.'));
    const timer = setTimeout(late, READ_LIMIT_MS);
    signal.addEventListener('abort', stopped, { once: true });
    if (signal.aborted) stopped();
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stopped);
    });
  });
}

function options(services: Services, connector: Connector, timeoutS: number | undefined, { signal, onStep }: Call) {
  return {
    deadlineMs: Math.min(timeoutS ?? DEFAULT_TEST_S, LONGEST_TEST_S) * 1000,
    signal,
    now: services.now,
    fieldOf: (role: string) => fieldOfRole(connector, role),
    machine: services.machine,
    onStep,
  };
}

/** The steps of a test of this connector, for the catalog. Nothing is connected. */
export async function testSteps(services: Services, connector: Connector): Promise<{ id: string; title: string }[]> {
  const probe = await connector.probe();
  const plan = probe.plan(exampleConfig(connector) as never, probeContext(services, []), { checks: new Set(['cdc']) });
  return [CONFIG_STEP, ...plan.steps].map(({ id, title }) => ({ id, title }));
}

const CONFIG_STEP = { id: 'config', title: 'Config and references' };

async function planTest(
  services: Services,
  connector: Connector,
  config: Config,
  checks: ReadonlySet<string>,
  { signal, principal: { tenant } }: Call,
  at?: TestedAt,
): Promise<Planned> {
  const { here, elsewhere } = whereSecretsAre(config);
  const probe = await probeFor(connector, config, elsewhere.length > 0, at);
  try {
    if (at?.refused) throw at.refused;
    const resolve = (reference: Reference) => services.resolveReference(reference, tenant);
    const { values: found, secrets, resolved } = await resolveConfig(connector, here, resolve);
    const { values, renewed } = await withLiveToken(services, config, found, signal);
    const own = at ? await platformChecks(at, connector, withValues(values, elsewhere), tenant) : [];
    const users = userNames(values);
    // What `connector.schema()` has validated is what its own probe was typed for.
    const plan = probe.plan(
      values as never,
      probeContext(services, [...secrets, ...renewed], [...users, ...sshUser(values)]),
      {
        checks,
      },
    );
    return {
      plan: { ...plan, steps: [configStep(() => ({ evidence: origins(config) })), ...plan.steps, ...own] },
      attempt: {
        endpoint: plan.endpoint,
        username: users[0],
        fingerprint: () => credentialsOf(services, connector, values, 'endpoint'),
        throughFingerprint: () => credentialsOf(services, connector, values, 'through'),
      },
      resolved,
    };
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    // Behind a failed gate nothing runs, so the example's steps can say what there would have been.
    const { steps } = probe.plan(exampleConfig(connector) as never, probeContext(services, []), { checks });
    return { plan: { subject: connector.name, steps: [brokenConfig(error), ...steps], close: async () => {} } };
  }
}

async function probeFor(connector: Connector, config: Config, isHeld: boolean, at: TestedAt | undefined) {
  // A platform that shows none of its configs says nothing against the source by that.
  const isShown = !at?.source || at.platform.code === 'local' || isWhole(connector, config);
  if (!isShown) return await notReached(connector.name, `${at.platform.name} does not show its whole config`)({}, {})();
  return await (isHeld ? reachOnly(connector) : connector.probe());
}

/** What Headwater can read of a config, and the secrets that only somebody else can. */
function whereSecretsAre(config: Config) {
  const isThere = ([, value]: [string, unknown]) => !(value instanceof Secret) && isElsewhere(value as Reference);
  const entries = Object.entries(config.secrets);
  const here = { ...config, secrets: Object.fromEntries(entries.filter((entry) => !isThere(entry))) };
  return { here, elsewhere: entries.filter(isThere) };
}

function probeContext(services: Services, secrets: readonly Secret[], companions: readonly string[] = []) {
  return {
    egress: services.egress,
    files: services.files,
    now: services.now,
    redactor: createRedactor(secrets, companions),
  };
}

/** What travels together with a password in one encoding, as in HTTP basic authentication. */
function userNames(values: ResolvedConfig): string[] {
  return ['username', `${AUTH}/username`].flatMap((path) => {
    const name = valueAt(values, path);
    return typeof name === 'string' ? [name] : [];
  });
}

function sshUser({ ssh_username: name }: ResolvedConfig): string[] {
  return typeof name === 'string' ? [name] : [];
}

const OF_SIGN_IN: Partial<Record<ErrorCode, ProblemCode>> = {
  NEEDS_AUTH: 'OAUTH_SIGN_IN_NEEDED',
  PROVIDER_UNAVAILABLE: 'OAUTH_UNREACHABLE',
};

/** A config that cannot be used is a failed first step, with a fix, like any other failure. */
function brokenConfig({ code, message, details }: HeadwaterError): StepSpec {
  const fields = (details.fields ?? []).map(({ field }) => field.replace(/^\/config\//, ''));
  return configStep(() => {
    throw new StepFailure(
      OF_SIGN_IN[code] ?? 'CONFIG_UNUSABLE',
      { what: message, fix: details.hint ?? '' },
      { driver_code: code, ...(fields.length > 0 ? { fields } : {}) },
    );
  });
}

function configStep(run: StepSpec['run']): StepSpec {
  return { ...CONFIG_STEP, gate: true, limitMs: 5000, timeout: { code: 'CONFIG_UNUSABLE', facts: {} }, run };
}

function origins(config: Config): string {
  const secrets = Object.entries(config.secrets).map(
    ([name, value]) => `${name} from ${value instanceof Secret ? 'the given value' : describeReference(value)}`,
  );
  return secrets.join(', ') || 'no secret is set';
}
