import type { Connector } from '../../../connectors/define-connector.ts';
import { DATABASES } from './databases.ts';
import { OTHERS } from './others.ts';
import { WAREHOUSES } from './warehouses.ts';

/** camelAI's connection types, in the order of their codes. */
export const CONNECTORS: readonly Connector[] = [...DATABASES, ...OTHERS, ...WAREHOUSES].sort((a, b) =>
  a.code < b.code ? -1 : 1,
);
