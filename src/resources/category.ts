import { CATEGORIES, type Category } from '../connectors/define-connector.ts';
import { HeadwaterError } from '../errors.ts';
import { listConnectors } from '../sources/describe.ts';
import { defineTemplate } from './define-resource.ts';

const HOUR_MS = 3_600_000;
const WHOLE = 1000;

export const categoryResource = defineTemplate({
  name: 'category',
  title: 'Connectors of a category',
  description: 'The connectors of one category.',
  template: 'headwater://categories/{category}',
  cache: { ttlMs: HOUR_MS, cacheScope: 'public' },
  complete: { category: () => CATEGORIES },
  read: ({ services }, { category = '' }) => {
    if (!isCategory(category))
      throw new HeadwaterError('CONNECTOR_NOT_FOUND', `There is no such category; there are ${CATEGORIES.join(', ')}.`);
    return listConnectors(services, { category, limit: WHOLE });
  },
});

function isCategory(text: string): text is Category {
  return CATEGORIES.some((category) => category === text);
}
