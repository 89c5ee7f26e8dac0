import type { Connector } from '../../../connectors/define-connector.ts';
import { isObject } from '../../../connectors/paths.ts';
import { bigQueryPlace, snowflakePlace } from '../../../connectors/vendor/places.ts';
import { notReached } from '../../../connectors/vendor/probed-as.ts';
import { reachedAt } from '../../../connectors/vendor/reached-at.ts';
import { Secret } from '../../../secrets/secret.ts';
import { secretJson } from '../../../secrets/secret-json.ts';
import { camelConnector } from './connector.ts';
import { databaseName, hostname, password, port, text, username } from './fields.ts';

const snowflake = camelConnector({
  code: 'snowflake',
  vendorCode: 'SNOWFLAKE',
  name: 'Snowflake',
  category: 'warehouse',
  keywords: ['sql', 'data cloud'],
  fields: {
    account: text('Account', {
      description: 'Account identifier, as in its address.',
      role: 'account',
      required: true,
      destination: true,
      examples: ['xy12345.us-east-1'],
    }),
    user: text('User', { description: 'The user to log in as.', role: 'username', required: true, aka: ['username'] }),
    password: password({ description: 'This, or public_key.' }),
    public_key: text('Public key', {
      description: 'Instead of password. camelAI answers with SQL that gives the key to the user.',
      max: 65_536,
      essential: true,
      aka: ['publicKey', 'rsa_public_key'],
    }),
    warehouse: text('Warehouse', { description: 'Computes the queries.', role: 'warehouse', max: 65_536 }),
  },
  alternatives: { password: [], public_key: [] },
  prerequisites: ['A user with USAGE on a warehouse and a database, and SELECT on the tables.'],
  example: {
    account: 'xy12345.us-east-1',
    user: 'CAMEL',
    password: '${env:HEADWATER_SECRET_SNOWFLAKE}',
    warehouse: 'COMPUTE_WH',
  },
  probe: reachedAt('Snowflake', 'account', ({ account }) => snowflakePlace(account)),
});

const bigquery = camelConnector({
  code: 'bigquery',
  vendorCode: 'BIGQUERY',
  name: 'BigQuery',
  category: 'warehouse',
  aliases: ['big query', 'google bigquery'],
  keywords: ['gcp', 'google cloud', 'sql'],
  fields: {
    service_account_key: {
      type: 'json',
      title: 'Service account key',
      description: 'The key file of a service account: its JSON, best as a reference to the file.',
      role: 'token',
      required: true,
      secret: true,
      examples: ['${file:/run/secrets/bigquery.json}'],
      aka: ['credentials', 'credentials_json', 'service_account'],
    },
    selected_datasets: {
      type: 'strings',
      title: 'Datasets',
      description: 'Ids of the datasets to use. Left out: all of the project.',
      essential: true,
      examples: [['shop']],
      aka: ['datasets'],
    },
  },
  prerequisites: ['A service account that may read the datasets and run jobs, and its key as JSON.'],
  example: { service_account_key: '${file:/run/secrets/bigquery.json}' },
  probe: reachedAt('BigQuery', 'service_account_key', bigQueryPlace),
});

const clickhouse = camelConnector({
  code: 'clickhouse',
  vendorCode: 'CLICKHOUSE',
  name: 'ClickHouse',
  category: 'warehouse',
  keywords: ['olap', 'sql'],
  fields: {
    host: hostname({ required: true, aka: ['hostname'] }),
    port: port(8443),
    username: username({ required: true }),
    password: password({ required: true }),
    database: databaseName({ min: 0, aka: ['database_name'] }),
  },
  prerequisites: ['A user that may read the tables over HTTPS.'],
  example: { host: 'ch.example.com', port: 8443, username: 'camel', password: '${env:HEADWATER_SECRET_CLICKHOUSE}' },
  probe: reachedAt('ClickHouse', 'host', ({ host, port: at }) => ({
    host: String(host),
    port: Number(at),
    ...(TLS_PORTS.has(Number(at)) ? { tls: 'verify-full' as const } : {}),
  })),
});

/** ClickHouse's ports of HTTPS and of its own protocol inside TLS. */
const TLS_PORTS: ReadonlySet<number> = new Set([443, 8443, 9440]);

const motherduck = camelConnector({
  code: 'motherduck',
  vendorCode: 'MOTHERDUCK',
  name: 'MotherDuck',
  category: 'warehouse',
  aliases: ['mother duck'],
  keywords: ['duckdb', 'sql'],
  fields: {
    database_name: databaseName({ required: true }),
    token: {
      type: 'string',
      title: 'Token',
      description: 'Access token of MotherDuck.',
      role: 'token',
      required: true,
      secret: true,
      min: 1,
      aka: ['access_token', 'motherduck_token'],
    },
  },
  prerequisites: ['An access token of an account that may read the database.'],
  example: { database_name: 'shop', token: '${env:HEADWATER_SECRET_MOTHERDUCK}' },
  probe: notReached('MotherDuck'),
});

const databricks = camelConnector({
  code: 'databricks',
  vendorCode: 'DATABRICKS',
  name: 'Databricks',
  category: 'warehouse',
  keywords: ['unity catalog', 'lakehouse'],
  note: 'vendor: its fields are published in part',
  fields: {
    server_hostname: hostname({ essential: true, aka: ['host', 'hostname'], description: 'Host of the workspace.' }),
    http_path: text('HTTP path', {
      description: 'Path of the SQL warehouse or cluster.',
      max: 1024,
      essential: true,
      examples: ['/sql/1.0/warehouses/abc123'],
      aka: ['httpPath'],
    }),
    credentials: {
      type: 'json',
      title: 'Credentials',
      description: "A JSON object under camelAI's own keys, sent beside the others: no page names the keys.",
      secret: true,
    },
  },
  compose: ({ credentials, ...config }) => ({ ...config, ...openCredentials(credentials) }),
  prerequisites: ['Of its credentials and further fields no page names the keys; credentials takes them as JSON.'],
  example: { server_hostname: 'dbc-a1b2c3d4-e5f6.cloud.databricks.com', http_path: '/sql/1.0/warehouses/abc123' },
  probe: reachedAt(
    'Databricks',
    'server_hostname',
    ({ server_hostname: name }) =>
      name === undefined ? undefined : { host: String(name), port: 443, tls: 'verify-full' },
    notReached('Databricks', 'server_hostname is not given'),
  ),
});

/** Beside the other fields; what stands for a secret that may not be seen keeps its name. */
function openCredentials(credentials: unknown): Readonly<Record<string, unknown>> {
  if (credentials === undefined) return {};
  const opened = credentials instanceof Secret ? secretJson(credentials) : undefined;
  return isObject(opened) ? opened : { credentials };
}

export const WAREHOUSES: readonly Connector[] = [bigquery, clickhouse, databricks, motherduck, snowflake];
