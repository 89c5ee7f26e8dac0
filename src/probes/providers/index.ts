import { AWS } from './aws.ts';
import { CLOUDS } from './clouds.ts';
import { HOSTED_POSTGRES } from './hosted-postgres.ts';
import { OTHERS } from './others.ts';
import type { Place, Provider } from './provider.ts';

export type { Change, Engine, Place, Provider } from './provider.ts';

/** The narrower patterns first. */
export const PROVIDERS: readonly Provider[] = [...HOSTED_POSTGRES, ...AWS, ...CLOUDS, ...OTHERS];

/** Whoever runs the server, where its name tells. */
export function providerOf(place: Place): Provider | undefined {
  return PROVIDERS.find(({ engines, fits }) => engines.includes(place.engine) && fits(normal(place)));
}

/** Whose name it is, if that one's servers do not speak the engine's protocol. */
export function strangerOf(place: Place): Provider | undefined {
  if (providerOf(place)) return undefined;
  return PROVIDERS.find(({ fits }) => fits(normal(place)));
}

function normal(place: Place): Place {
  return { ...place, host: place.host.toLowerCase().replace(/\.$/, '') };
}
