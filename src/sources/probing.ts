import { type Config, fieldWithRole, type ResolvedConfig, resolveConfig } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import type { Role } from '../connectors/fields.ts';
import { AUTH, valueAt } from '../connectors/paths.ts';
import { HeadwaterError } from '../errors.ts';
import type { ReadSession, StepSpec, TestPlan } from '../probes/probe.ts';
import { problemKind, StepFailure } from '../probes/problems/index.ts';
import type { Report } from '../probes/report.ts';
import { runPlan, runSteps } from '../probes/run.ts';
import { createRedactor } from '../secrets/redact.ts';
import { describeReference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import type { Call, Services } from './services.ts';

export const DEFAULT_TEST_S = 10;
export const LONGEST_TEST_S = 25;

export interface TestRequest {
  checks?: readonly string[];
  timeoutS?: number;
}

type Planned = TestPlan & { session?: () => ReadSession; resolved?: Readonly<Record<string, Secret>> };

/** Tests a config for real. A failed test is a normal result. @throws HeadwaterError CANCELLED */
export async function testConfig(
  services: Services,
  connector: Connector,
  config: Config,
  request: TestRequest,
  call: Call,
): Promise<Report> {
  return (await testWithSecrets(services, connector, config, request, call)).report;
}

/** As `testConfig`; says as well what secrets a passed test was made with, by path. @throws HeadwaterError CANCELLED */
export async function testWithSecrets(
  services: Services,
  connector: Connector,
  config: Config,
  request: TestRequest,
  call: Call,
): Promise<{ report: Report; resolved: Readonly<Record<string, Secret>> }> {
  const plan = await planTest(services, connector, config, new Set(request.checks));
  const report = await runPlan(plan, options(services, connector, request.timeoutS, call));
  return { report, resolved: plan.resolved ?? {} };
}

/**
 * Passes the gates of a test and reads through the session behind them.
 * @throws HeadwaterError CONNECTION_FAILED with the report when a gate fails
 */
export async function reading<T>(
  services: Services,
  connector: Connector,
  config: Config,
  call: Call,
  read: (session: ReadSession) => Promise<T>,
): Promise<T> {
  const plan = await planTest(services, connector, config, new Set());
  try {
    const gates = { ...plan, steps: plan.steps.filter((step) => step.gate) };
    const report = await runSteps(gates, options(services, connector, undefined, call));
    if (!report.ok || !plan.session) throw new HeadwaterError('CONNECTION_FAILED', report.headline, { report });
    return await within(call.signal, read(plan.session()));
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    throw readFailure(error);
  } finally {
    await plan.close();
  }
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
    // What is reached by a URL has its host and port in there.
    fieldOf: (role: string) =>
      fieldWithRole(connector, role as Role) ??
      (role === 'host' || role === 'port' ? fieldWithRole(connector, 'url') : undefined),
    onStep,
  };
}

/** The steps of a test of this connector, for the catalog. Nothing is connected. */
export async function testSteps(services: Services, connector: Connector): Promise<{ id: string; title: string }[]> {
  const probe = await connector.probe();
  const plan = probe.plan(connector.example as never, probeContext(services, []), { checks: new Set(['cdc']) });
  return [CONFIG_STEP, ...plan.steps].map(({ id, title }) => ({ id, title }));
}

const CONFIG_STEP = { id: 'config', title: 'Config and references' };

async function planTest(
  services: Services,
  connector: Connector,
  config: Config,
  checks: ReadonlySet<string>,
): Promise<Planned> {
  const probe = await connector.probe();
  try {
    const { values, secrets, resolved } = await resolveConfig(connector, config, services.resolveReference);
    // What `connector.schema()` has validated is what its own probe was typed for.
    const plan = probe.plan(values as never, probeContext(services, secrets, userNames(values)), { checks });
    return { ...plan, steps: [configStep(() => ({ evidence: origins(config) })), ...plan.steps], resolved };
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    // Behind a failed gate nothing runs, so the example's steps can say what there would have been.
    const { steps } = probe.plan(connector.example as never, probeContext(services, []), { checks });
    return { subject: connector.name, steps: [brokenConfig(error), ...steps], close: async () => {} };
  }
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

/** A config that cannot be used is a failed first step, with a fix, like any other failure. */
function brokenConfig({ code, message, details }: HeadwaterError): StepSpec {
  const fields = (details.fields ?? []).map(({ field }) => field.replace(/^\/config\//, ''));
  return configStep(() => {
    throw new StepFailure(
      'CONFIG_UNUSABLE',
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
