import { reached as atHand } from '../../probes/network.ts';
import type { Probe } from '../../probes/probe.ts';
import type { StagedTarget } from '../../probes/staged.ts';
import { inOwnWords } from '../through.ts';
import type { MakeProbe } from './probed-as.ts';

type Config = Readonly<Record<string, unknown>>;

/** Where a config leads. Without `tls` nobody here knows whether its platform speaks TLS there. */
export type Place = Pick<StagedTarget, 'host' | 'port' | 'tls'>;

/**
 * As far as DNS, TCP and TLS, to where a config leads although none of its fields is a host; `otherwise` where a config
 * does not say where. Every problem is one of `field`; without that, of the fields that have the roles of hosts and ports.
 */
export function reachedAt(
  server: string,
  field: string | undefined,
  placeOf: (own: Config) => Place | undefined,
  otherwise?: MakeProbe,
): MakeProbe {
  return (fields, defaults) => async () => {
    const { stagedProbe } = await import('../../probes/staged.ts');
    const elsewhere = (await otherwise?.(fields, defaults)()) as Probe<unknown> | undefined;
    const probe = stagedProbe<Config>({ server, target: (own) => atHand(placeOf(own)) });
    return {
      plan: (given: Config, context, options) => {
        const own = { ...defaults, ...given };
        const place = placeOf(own);
        if (!place && elsewhere) return elsewhere.plan(own, context, options);
        const plan = probe.plan(own, context, options);
        const steps = place?.tls ? plan.steps : plan.steps.filter(({ id }) => id !== 'tls');
        if (field === undefined) return { ...plan, steps };
        const told = steps.map((step) => (step.id === 'auth' ? step : inOwnWords(step, NO_ROLES, () => [field])));
        return { ...plan, steps: told };
      },
    } as Probe<never>;
  };
}

/** Its fields are none of a host's or a port's, so problems are told by `field` alone. */
const NO_ROLES = { fields: {} };
