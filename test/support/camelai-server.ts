import { type Reply, type Seen, startVendor, type VendorServer } from './vendor-server.ts';

type Values = Record<string, unknown>;

export interface CamelConnection {
  id: number;
  account_name: string;
  type: string;
  created_at: string;
  is_fully_configured: boolean;
  /** What was sent; no answer ever holds it. */
  config: Values;
  deleted: boolean;
}

export interface CamelServer extends VendorServer {
  connections: Map<number, CamelConnection>;
  /** Where `next` and `previous` lead: another origin than the server's own where a proxy is in between. */
  publicOrigin: string | undefined;
  /** What `page_size` is cut to. */
  mostAPage: number;
  add: (connection: Partial<CamelConnection>) => CamelConnection;
}

export const CAMEL_KEY = 'camel-api-key-0123456789abcdef';

/** Each type: what must be there, and everything that may. Source: its OpenAPI document and its page of today. */
const TYPES: Readonly<Record<string, { required: string[]; optional: string[] }>> = {
  POSTGRES: {
    required: [],
    optional: ['hostname', 'port', 'username', 'password', 'database_name', 'connection_string', 'selected_schemas'],
  },
  MYSQL: { required: ['hostname', 'username', 'password', 'database_name'], optional: ['port'] },
  SNOWFLAKE: { required: ['account', 'user'], optional: ['password', 'public_key', 'warehouse'] },
  BIGQUERY: { required: ['service_account_key'], optional: ['selected_datasets'] },
  MOTHERDUCK: { required: ['database_name', 'token'], optional: [] },
  CLICKHOUSE: { required: ['host', 'username', 'password'], optional: ['port', 'database'] },
  MONGODB: { required: ['connection_string'], optional: [] },
  SINGLESTORE: { required: ['hostname', 'username', 'password', 'database_name'], optional: ['port'] },
  MSSQL: {
    required: [],
    optional: ['hostname', 'port', 'username', 'password', 'database_name', 'connection_string'],
  },
  MCP: { required: ['base_url'], optional: ['access_token', 'selected_tools'] },
  FILE: { required: ['file_urls'], optional: [] },
  DATABRICKS: { required: [], optional: ['server_hostname', 'http_path', 'access_token', 'catalog'] },
};
const UPDATABLE = new Set(
  (
    'account_name hostname port username password database_name connection_string service_account_key token host database ' +
    'account user public_key selected_schemas'
  ).split(' '),
);

const NOT_ALLOWED: Reply = { status: 405, body: { detail: 'Method not allowed.' } };

function refusedAtTheDoor({ headers, path }: Seen): Reply | undefined {
  if (headers.authorization !== `Bearer ${CAMEL_KEY}`) return { status: 401, body: { detail: 'Invalid API key.' } };
  // As Django does with APPEND_SLASH: a redirect, which loses the body.
  return path.endsWith('/') ? undefined : { status: 301, headers: { location: `${path}/` } };
}

/** camelAI's sources API as its pages and its OpenAPI document describe it. */
export async function startCamel(): Promise<CamelServer> {
  const connections = new Map<number, CamelConnection>();
  let count = 40;
  const add = (given: Partial<CamelConnection>): CamelConnection => {
    count += 1;
    const connection: CamelConnection = {
      id: count,
      account_name: `Source ${count}`,
      type: 'POSTGRES',
      created_at: new Date().toISOString(),
      is_fully_configured: true,
      config: {},
      deleted: false,
      ...given,
    };
    connections.set(connection.id, connection);
    return connection;
  };
  const server = await startVendor((seen) => refusedAtTheDoor(seen) ?? routed(seen));
  const state = { connections, publicOrigin: undefined, mostAPage: 50, add };
  const camel: CamelServer = Object.assign(server, state);
  return camel;

  function routed(seen: Seen): Reply {
    const { method, path } = seen;
    if (path === '/api/v1/sources/' && method === 'GET') return list(seen);
    if (path === '/api/v1/sources/') return method === 'POST' ? create(seen) : NOT_ALLOWED;
    const [, id, action] = /^\/api\/v1\/sources\/(\d+)\/(update-config\/)?$/.exec(path) ?? [];
    const found = connections.get(Number(id));
    if (!found || found.deleted) return { status: 404, body: { detail: 'Not found.' } };
    if (action !== undefined) return updateConfig(found, seen);
    return one(found, seen);
  }

  function one(found: CamelConnection, seen: Seen): Reply {
    if (seen.method === 'GET') return { status: 200, body: shown(found) };
    if (seen.method === 'PATCH') return rename(found, seen);
    if (seen.method !== 'DELETE') return NOT_ALLOWED;
    found.deleted = true;
    return { status: 204 };
  }

  function list({ query }: Seen): Reply {
    const all = [...connections.values()].filter(({ deleted }) => !deleted);
    const page = Number(query.get('page') ?? 1);
    const size = Math.min(Number(query.get('page_size') ?? 20), camel.mostAPage);
    if (page > 1 && (page - 1) * size >= all.length) return { status: 404, body: { detail: 'Invalid page.' } };
    const at = (to: number) => `${camel.publicOrigin ?? camel.url}/api/v1/sources/?page=${to}&page_size=${size}`;
    return {
      status: 200,
      body: {
        count: all.length,
        next: page * size < all.length ? at(page + 1) : null,
        previous: page > 1 ? at(page - 1) : null,
        results: all.slice((page - 1) * size, page * size).map(shown),
      },
    };
  }

  function create({ body }: Seen): Reply {
    if (!isRecord(body)) return { status: 400, body: { error: 'Invalid JSON' } };
    const { type, account_name: name, ...config } = body;
    const rules = typeof type === 'string' ? TYPES[type.toUpperCase()] : undefined;
    if (typeof type !== 'string' || !rules)
      return { status: 400, body: { error: 'Validation failed', errors: { type: ['Unknown type.'] } } };
    const missing = rules.required.filter((field) => config[field] === undefined || config[field] === '');
    const unknown = Object.keys(config).filter((field) => ![...rules.required, ...rules.optional].includes(field));
    const isObjectKey = config['service_account_key'] === undefined || isRecord(config['service_account_key']);
    const errors = {
      ...Object.fromEntries(missing.map((field) => [field, ['This field is required.']])),
      ...Object.fromEntries(unknown.map((field) => [field, ['Unknown field.']])),
      ...(isObjectKey ? {} : { service_account_key: ['Must be an object.'] }),
    };
    if (Object.keys(errors).length > 0) return { status: 400, body: { error: 'Validation failed', errors } };
    const isKeyPair = type === 'SNOWFLAKE' && config['public_key'] !== undefined;
    const made = add({
      type,
      ...(typeof name === 'string' ? { account_name: name } : {}),
      config,
      is_fully_configured: !isKeyPair,
    });
    const sql = `ALTER USER "${String(config['user'])}" SET RSA_PUBLIC_KEY='${String(config['public_key'])}';`;
    return { status: 200, body: { id: made.id, ...(isKeyPair ? { public_key_sql: sql } : {}) } };
  }

  function rename(found: CamelConnection, { body }: Seen): Reply {
    const name = isRecord(body) ? body['account_name'] : undefined;
    if (typeof name !== 'string' || name === '' || name.length > 255)
      return { status: 400, body: { error: 'Validation failed', errors: { account_name: ['Not a valid name.'] } } };
    found.account_name = name;
    return { status: 200, body: shown(found) };
  }

  function updateConfig(found: CamelConnection, { method, body }: Seen): Reply {
    if (method !== 'PATCH' || !isRecord(body)) return NOT_ALLOWED;
    const unknown = Object.keys(body).filter((field) => !UPDATABLE.has(field));
    if (unknown.length > 0)
      return {
        status: 400,
        body: { error: `Unknown fields: ${unknown.join(', ')}`, errors: { [unknown[0] ?? '']: 'unknown' } },
      };
    const { account_name: name, ...config } = body;
    if (typeof name === 'string') found.account_name = name;
    Object.assign(found.config, config);
    return { status: 200, body: { id: found.id, account_name: found.account_name, type: found.type } };
  }
}

function shown({ config: _, deleted: __, ...connection }: CamelConnection): Values {
  return connection;
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
