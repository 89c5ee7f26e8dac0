import { listConnectors } from '../sources/describe.ts';
import { defineResource } from './define-resource.ts';

const HOUR_MS = 3_600_000;
const WHOLE = 1000;

export const connectorsResource = defineResource({
  name: 'connectors',
  title: 'Connector catalog',
  description: 'Every connector: code, name, category, platforms, capabilities.',
  uri: 'headwater://connectors',
  cache: { ttlMs: HOUR_MS, cacheScope: 'public' },
  read: ({ services }) => listConnectors(services, { limit: WHOLE }),
});
