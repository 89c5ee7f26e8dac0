import type { Connector } from '../../../connectors/define-connector.ts';
import { APIS } from './apis.ts';
import { DATABASES } from './databases.ts';
import { STORAGE } from './storage.ts';
import { STREAMS } from './streams.ts';
import { WAREHOUSES } from './warehouses.ts';

/** KaireonAI's connectors by their published ids, in the order of their codes. */
export const CONNECTORS: readonly Connector[] = [...APIS, ...DATABASES, ...STORAGE, ...STREAMS, ...WAREHOUSES].sort(
  (a, b) => (a.code < b.code ? -1 : 1),
);
