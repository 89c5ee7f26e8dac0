import { getSource } from '../sources/get.ts';
import { listSources } from '../sources/list.ts';
import { defineTemplate } from './define-resource.ts';

export const SOURCE_URI = 'headwater://sources/';

export const sourceResource = defineTemplate({
  name: 'source',
  title: 'A source',
  description: 'One source as it is now. Subscribe to hear of its changes.',
  template: `${SOURCE_URI}{source_id}`,
  cache: { ttlMs: 0, cacheScope: 'private' },
  complete: {
    source_id: async (_, { services, call }) =>
      (await listSources(services, { limit: 100 }, call)).sources.map(({ id }) => id),
  },
  read: ({ services, call }, { source_id = '' }) => getSource(services, { source_id }, call),
});
