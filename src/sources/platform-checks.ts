import type { Connector } from '../connectors/define-connector.ts';
import { HeadwaterError } from '../errors.ts';
import type { StepOutcome, StepSpec } from '../probes/probe.ts';
import type { Platform } from './platform.ts';
import type { Source } from './source.ts';

/** Where the tested thing is, or is to be: what the platform says of it is part of the test. */
export interface TestedAt {
  platform: Platform;
  source?: Source;
  /** The config is not the one that the platform has of the source. */
  changed?: true;
  /** Its tokens could not be renewed: nothing is tried with those that are there. */
  refused?: HeadwaterError;
}

/** Before the step's own end, which would be a failure of the source. */
const EARLIER_MS = 200;

/**
 * What a platform itself says of a config or of a source of its own, as steps that run whatever became of ours. A
 * platform that cannot be asked is no fault of the source.
 */
export async function platformChecks(
  { platform, source, changed }: TestedAt,
  connector: Connector,
  values: Readonly<Record<string, unknown>>,
  tenant: string,
): Promise<StepSpec[]> {
  // What the platform does for a test, connecting with its own secrets among it, is use of the account as well.
  if (platform.openTo?.(tenant) === false) return [];
  const steps =
    (await platform.ownChecks?.({
      connector,
      values,
      ...(source ? { source } : {}),
      ...(changed ? { changed } : {}),
    })) ?? [];
  return steps.map((step) => ({
    ...step,
    gate: false,
    always: true,
    run: async (signal, limitMs) => {
      const unavailable = (what: string): StepOutcome => ({
        warning: { code: 'PLATFORM_CHECK_UNAVAILABLE', facts: { server: platform.name, what } },
      });
      const late = new Promise<StepOutcome>((resolve) => {
        setTimeout(() => resolve(unavailable('it did not answer in time')), Math.max(0, limitMs - EARLIER_MS)).unref();
      });
      const asked = async () => await step.run(signal, limitMs);
      try {
        return await Promise.race([asked(), late]);
      } catch (error) {
        if (error instanceof HeadwaterError) return unavailable(error.message.replace(/\.$/, ''));
        throw error;
      }
    },
  }));
}
