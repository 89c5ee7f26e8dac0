import { AWS } from './aws.ts';
import type { Place, Provider } from './provider.ts';

export type { Change, Engine, Place, Provider } from './provider.ts';

/** The narrower patterns first. */
export const PROVIDERS: readonly Provider[] = [...AWS];

/** Whoever runs the server, where its name tells. */
export function providerOf(place: Place): Provider | undefined {
  const host = place.host.toLowerCase().replace(/\.$/, '');
  return PROVIDERS.find(({ engines, fits }) => engines.includes(place.engine) && fits({ ...place, host }));
}
