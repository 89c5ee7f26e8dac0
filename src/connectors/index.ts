import { mcp } from './apis/mcp.ts';
import { restApi } from './apis/rest-api.ts';
import { webhook } from './apis/webhook.ts';
import { mariadb } from './databases/mariadb.ts';
import { mongodb } from './databases/mongodb.ts';
import { mysql } from './databases/mysql.ts';
import { oracle } from './databases/oracle.ts';
import { postgresql } from './databases/postgresql.ts';
import { sqlserver } from './databases/sqlserver.ts';
import type { Connector } from './define-connector.ts';
import { csv } from './files/csv.ts';

/** Every connector that comes with Headwater, by code. */
export const CONNECTORS: readonly Connector[] = [
  csv,
  mariadb,
  mcp,
  mongodb,
  mysql,
  oracle,
  postgresql,
  restApi,
  sqlserver,
  webhook,
].sort((a, b) => (a.code < b.code ? -1 : 1));
