import { HeadwaterError } from '../../errors.ts';
import type { Probe, ReadSession, StepSpec, TestPlan } from '../../probes/probe.ts';
import { StepFailure } from '../../probes/problems/index.ts';
import type { Connector } from '../define-connector.ts';
import { exampleConfig } from '../resolved-config.ts';

type Plan = ReturnType<Probe<never>['plan']>;

/**
 * The connector, whose probe's own faults are failed tests that say whose they are, not faults of Headwater. Only the
 * kind of such an error is told: its text may hold anything, secrets too. What it reads has the bounds of every reading.
 */
export function guarded(connector: Connector): Connector {
  const whole: Connector = {
    ...connector,
    probe: async () => {
      try {
        const probe = await connector.probe();
        return { plan: (...args) => planOf(whole, probe, args) };
      } catch (error) {
        return { plan: () => broken(connector.name, error) };
      }
    },
  };
  return whole;
}

function planOf(connector: Connector, probe: Probe<never>, args: Parameters<Probe<never>['plan']>): Plan {
  try {
    const plan = probe.plan(...args);
    return { ...plan, steps: plan.steps.map(guardedStep), session: () => guardedSession(plan.session()) };
  } catch (error) {
    // A config that cannot be used is for its giver to mend, but the example is the connector's own.
    if (error instanceof HeadwaterError && (args[0] as unknown) !== exampleConfig(connector)) throw error;
    return broken(connector.name, error);
  }
}

function guardedStep(step: StepSpec): StepSpec {
  return { ...step, run: (...args) => told(async () => await step.run(...args)) };
}

const MOST_BYTES = 48 * 1024;

function guardedSession(session: ReadSession): ReadSession {
  return {
    discover: (query) =>
      told(async () => {
        const page = await session.discover(query);
        const streams = page.streams.slice(0, query.limit);
        const last = streams.at(-1);
        const more = page.streams.length > streams.length && last ? { next: last } : {};
        return { ...page, streams, ...more };
      }),
    advise: (streams) => told(async () => (await session.advise?.(streams)) ?? []),
    preview: (stream, limit) =>
      told(async () => {
        const preview = await session.preview(stream, limit);
        if (!preview) return undefined;
        const rows: (typeof preview.rows)[number][] = [];
        let bytes = 0;
        for (const row of preview.rows.slice(0, limit)) {
          bytes += JSON.stringify(row).length;
          if (bytes > MOST_BYTES) break;
          rows.push(row);
        }
        return { ...preview, rows, truncated: preview.truncated || rows.length < preview.rows.length };
      }),
  };
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StepFailure || error instanceof HeadwaterError ? error : faultOf(error);
  }
}

function faultOf(error: unknown): StepFailure {
  return new StepFailure('CHECK_BROKEN', { what: `its probe threw ${kindOf(error)}` });
}

function kindOf(error: unknown): string {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
    ? error.constructor.name
    : 'an error';
}

function broken(subject: string, error: unknown): Plan {
  const plan: TestPlan = {
    subject,
    close: async () => {},
    steps: [
      {
        id: 'connector',
        title: 'The connector itself',
        gate: true,
        limitMs: 1000,
        timeout: { code: 'CHECK_BROKEN', facts: {} },
        run: () => {
          throw faultOf(error);
        },
      },
    ],
  };
  return { ...plan, session: () => ({ discover: async () => ({ streams: [] }), preview: async () => undefined }) };
}
