import type { Connector } from '../../../connectors/define-connector.ts';
import * as apis from './apis.ts';
import * as enterprise from './enterprise.ts';
import * as mongodb from './mongodb.ts';
import * as mysql from './mysql.ts';
import * as postgres from './postgres.ts';
import * as stores from './stores.ts';
import * as streams from './streams.ts';
import * as webhooks from './webhooks.ts';

/** Every source that Streamkap has, by code. Facts of its API as of mid-2026. */
export const STREAMKAP_CONNECTORS: readonly Connector[] = [
  postgres,
  mysql,
  enterprise,
  mongodb,
  stores,
  streams,
  webhooks,
  apis,
]
  .flatMap((group) => Object.values<Connector>(group))
  .sort((a, b) => (a.code < b.code ? -1 : 1));
