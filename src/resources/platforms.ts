import { describePlatforms } from '../sources/describe.ts';
import { defineResource } from './define-resource.ts';

export const platformsResource = defineResource({
  name: 'platforms',
  title: 'Platforms',
  description: 'Where sources can live, what each platform can do, what it cannot and why.',
  uri: 'headwater://platforms',
  cache: { ttlMs: 60_000, cacheScope: 'private' },
  read: ({ services, call }) => ({ platforms: describePlatforms(services, undefined, call.principal.tenant) }),
});
