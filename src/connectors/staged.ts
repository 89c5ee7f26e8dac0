import type { Probe } from '../probes/probe.ts';
import type { StagedDefinition } from '../probes/staged.ts';

/** The probe of an own protocol, loaded when it is first used. */
export function staged<C>(definition: StagedDefinition<C>): () => Promise<Probe<C>> {
  return async () => (await import('../probes/staged.ts')).stagedProbe(definition);
}
