import { type AirweaveServer, startAirweave } from '../../../support/airweave-server.ts';
import { type InMemory, inMemory } from '../../../support/in-memory.ts';

export const API_KEY = 'aw-key-CANARY-4711';
/** What a source is signed in with; it must never come back. */
export const STRIPE_KEY = 'sk_test_CANARY0123456789abcdef';

export interface Lab extends InMemory {
  airweave: AirweaveServer;
}

/** Headwater as it is, with a real client, and an Airweave of its own with one collection. */
export async function lab(settings: Parameters<typeof startAirweave>[0] = {}): Promise<Lab> {
  const airweave = await startAirweave({ key: API_KEY, ...settings });
  airweave.backend.createCollection({ name: 'Shop data', readable_id: 'shop-data' });
  const session = await inMemory({
    AIRWEAVE_BASE_URL: airweave.url,
    AIRWEAVE_API_KEY: API_KEY,
    HEADWATER_SECRET_STRIPE: STRIPE_KEY,
    HEADWATER_INLINE_SECRETS: 'allow',
  });
  return {
    ...session,
    airweave,
    async close() {
      await session.close();
      await airweave.stop();
    },
  };
}

export const stripe = {
  platform: 'airweave',
  connector: 'stripe',
  config: { auth: { method: 'direct', api_key: '${env:HEADWATER_SECRET_STRIPE}' } },
};

/** Requests that were sent, as `POST /collections`. */
export function asked({ airweave }: Lab, method?: string): string[] {
  return airweave.requests
    .filter((each) => method === undefined || each.method === method)
    .map((each) => `${each.method} ${each.path}`);
}
