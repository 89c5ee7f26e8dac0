import type { ServerFacts } from './session.ts';

const SYNAPSE: ReadonlySet<number> = new Set([6, 11]);
const AZURE_DATABASE = 5;
const EXPRESS = 4;
/** Tiers with less than one core to spare for it. */
const SMALL_TIERS = /^(Free|Basic|S0|S1|S2)$/;

/** What of a server, or of a database's service objective, has no change data capture. */
export function withoutCapture(
  { engine, edition, product }: Pick<ServerFacts, 'engine' | 'edition' | 'product'>,
  tier: string,
): { code: 'CDC_EDITION' | 'CDC_TIER'; what: string } | undefined {
  if (SYNAPSE.has(engine)) return { code: 'CDC_EDITION', what: product };
  if (engine === EXPRESS || /^Web\b/.test(edition)) return { code: 'CDC_EDITION', what: edition };
  return engine === AZURE_DATABASE && SMALL_TIERS.test(tier) ? { code: 'CDC_TIER', what: tier } : undefined;
}
