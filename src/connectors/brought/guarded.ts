import { HeadwaterError } from '../../errors.ts';
import type { Probe, TestPlan } from '../../probes/probe.ts';
import { StepFailure } from '../../probes/problems/index.ts';
import type { Connector } from '../define-connector.ts';
import { thrownText } from '../lint.ts';

/** The connector, whose probe's own faults are failed tests that say so, not faults of Headwater. */
export function guarded(connector: Connector): Connector {
  return {
    ...connector,
    probe: async () => {
      try {
        const probe = await connector.probe();
        return { plan: (config, context, options) => planOf(connector, probe, config, context, options) };
      } catch (error) {
        return { plan: () => broken(connector, error) };
      }
    },
  };
}

function planOf(
  connector: Connector,
  probe: Probe<never>,
  ...[config, context, options]: Parameters<Probe<never>['plan']>
) {
  try {
    return probe.plan(config, context, options);
  } catch (error) {
    // A config that cannot be used is for its giver to mend, but the example is the connector's own.
    if (error instanceof HeadwaterError && (config as unknown) !== connector.example) throw error;
    return broken(connector, error);
  }
}

function broken({ name }: Connector, error: unknown): ReturnType<Probe<never>['plan']> {
  const plan: TestPlan = {
    subject: name,
    close: async () => {},
    steps: [
      {
        id: 'connector',
        title: 'The connector itself',
        gate: true,
        limitMs: 1000,
        timeout: { code: 'CHECK_BROKEN', facts: {} },
        run: () => {
          throw new StepFailure('CHECK_BROKEN', { what: `its probe threw ${thrownText(error)}` });
        },
      },
    ],
  };
  return { ...plan, session: () => ({ discover: async () => ({ streams: [] }), preview: async () => undefined }) };
}
