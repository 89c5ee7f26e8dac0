import type { Connector } from '../../../connectors/define-connector.ts';
import { bigQueryPlace, snowflakePlace } from '../../../connectors/vendor/places.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { kaireonConnector } from './connector.ts';
import { database, host, needed, rowLimit, sourceTable } from './fields.ts';
import { LOGIN } from './ways.ts';

const snowflake = kaireonConnector({
  code: 'snowflake',
  name: 'Snowflake',
  category: 'warehouse',
  keywords: ['sql', 'data cloud'],
  fields: {
    account: needed('Account', {
      description: 'Account identifier, as in its address.',
      role: 'account',
      destination: true,
      max: 255,
      examples: ['xy12345.us-east-1'],
    }),
    warehouse: needed('Warehouse', { description: 'Computes the reads.', role: 'warehouse', max: 255 }),
    database: database(),
    sourceTable: sourceTable(),
    rowLimit: rowLimit(),
  },
  auth: LOGIN,
  prerequisites: ['A user with USAGE on warehouse and database, and SELECT on the table.'],
  example: {
    account: 'xy12345.us-east-1',
    warehouse: 'COMPUTE_WH',
    database: 'ANALYTICS',
    sourceTable: 'ORDERS',
    auth: { method: 'access_key', username: 'svc_kaireon', password: '${env:HEADWATER_SECRET_SNOWFLAKE}' },
  },
  probe: reachedAt('Snowflake', 'account', ({ account }) => snowflakePlace(account)),
});

const bigquery = kaireonConnector({
  code: 'bigquery',
  name: 'Google BigQuery',
  category: 'warehouse',
  aliases: ['big query'],
  keywords: ['gcp', 'google cloud', 'sql'],
  fields: {
    project: needed('Project', { description: 'Google Cloud project.', role: 'project', max: 255 }),
    dataset: needed('Dataset', { description: 'The dataset the table is in.', max: 1024, essential: true }),
    sourceTable: sourceTable(),
    rowLimit: rowLimit(),
  },
  prerequisites: ['A service account that may read the dataset and run jobs, and its key as JSON.'],
  example: {
    project: 'acme-analytics',
    dataset: 'shop',
    sourceTable: 'orders',
    auth: { method: 'access_key', credentials: '${file:/run/secrets/bigquery.json}' },
  },
  probe: reachedAt('BigQuery', 'project', bigQueryPlace),
});

const databricks = kaireonConnector({
  code: 'databricks',
  name: 'Databricks',
  category: 'warehouse',
  keywords: ['unity catalog', 'lakehouse', 'spark'],
  fields: {
    host: host('Host name of the workspace.'),
    httpPath: needed('HTTP path', {
      description: 'Path of the SQL warehouse or cluster, from its connection details.',
      max: 1024,
      examples: ['/sql/1.0/warehouses/abc123'],
      aka: ['http_path'],
    }),
  },
  prerequisites: ['A personal access token or an OAuth client that may use the warehouse.'],
  example: {
    host: 'dbc-a1b2c3d4-e5f6.cloud.databricks.com',
    httpPath: '/sql/1.0/warehouses/abc123',
    auth: { method: 'access_key', credentials: '${env:HEADWATER_SECRET_DATABRICKS}' },
  },
  probe: reachedAt('Databricks', 'host', ({ host: name }) => ({ host: String(name), port: 443, tls: 'verify-full' })),
});

export const WAREHOUSES: readonly Connector[] = [bigquery, databricks, snowflake];
