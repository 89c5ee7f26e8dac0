import { HeadwaterError } from '../errors.ts';
import { describeConnector } from '../sources/describe.ts';
import type { Services } from '../sources/services.ts';
import { defineTemplate } from './define-resource.ts';

const HOUR_MS = 3_600_000;

export const connectorResource = defineTemplate({
  name: 'connector',
  title: 'A connector on a platform',
  description: 'Full schema, setup guide and checks of one connector on one platform.',
  template: 'headwater://platforms/{platform}/connectors/{connector}',
  cache: { ttlMs: HOUR_MS, cacheScope: 'public' },
  complete: {
    platform: (_, { services }) => [...services.platforms.keys()],
    connector: async (_, { services }, { platform }) =>
      (await platformNamed(services, platform ?? services.defaultPlatform)?.connectors())?.map(({ code }) => code) ??
      [],
  },
  read: ({ services }, { platform = '', connector = '' }) => {
    const found = platformNamed(services, platform);
    if (!found)
      throw new HeadwaterError(
        'UNSUPPORTED',
        `There is no platform of that name; there are ${[...services.platforms.keys()].join(', ')}.`,
      );
    return describeConnector(services, { connector, platform: found.code, detail: 'full' });
  },
});

function platformNamed(services: Services, name: string) {
  return [...services.platforms.values()].find(({ code }) => code === name);
}
