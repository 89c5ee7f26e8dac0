import { categoryResource } from './category.ts';
import { connectorResource } from './connector.ts';
import { connectorsResource } from './connectors.ts';
import type { ResourceDefinition } from './define-resource.ts';
import { platformsResource } from './platforms.ts';
import { sourceResource } from './source.ts';

export const RESOURCES: readonly ResourceDefinition[] = [
  connectorsResource,
  categoryResource,
  platformsResource,
  connectorResource,
  sourceResource,
];
