import { type Reply, type Seen, startVendor, type VendorServer } from './vendor-server.ts';

type Values = Record<string, unknown>;

export interface KaireonConnector {
  id: string;
  name: string;
  type: string;
  description?: string;
  config: Values;
  authMethod: string;
  authConfig?: Values;
  status: string | null;
  lastTestedAt: string | null;
  lastError: string | null;
  lastSyncRowCount: number | null;
  lastSyncAt: string | null;
  createdAt: string;
  updatedAt: string;
  [more: string]: unknown;
}

/** What its pages leave open or contradict each other in: each can be played either way. */
export interface KaireonHabits {
  /** `pagination` of today, or the flat one of its earliest page. */
  pages: 'nested' | 'flat' | 'opaque';
  /** What becomes of settings that a PUT leaves out. */
  config: 'replace' | 'merge';
  errors: 'nested' | 'flat' | 'code';
  /** How a second connector of a name is refused; undefined: it is not. */
  duplicate: 409 | 400 | 422 | undefined;
  /** Of a connector that was never tested. */
  untested: string | null;
  /** The header alone that the key is read from. */
  key: 'x-api-key' | 'bearer' | 'either';
}

export interface TestResult {
  success: boolean;
  message?: string;
  warning?: string | null;
  latencyMs?: number;
  lastSyncRowCount?: number;
}

export interface KaireonServer extends VendorServer {
  connectors: Map<string, KaireonConnector>;
  habits: KaireonHabits;
  /** What tests say from now on. */
  result: TestResult;
  add: (connector: Partial<KaireonConnector>) => KaireonConnector;
}

export const KAIREON_KEY = 'krn_a1b2c3d4e5f60718293a4b5c';
export const KAIREON_TENANT = 'my-tenant';
const MASK = '••••••••';
const TYPES = new Set(
  (
    'postgresql mysql redshift snowflake bigquery mongodb kafka confluent_kafka aws_s3 gcs azure_blob sftp rest_api webhook ' +
    'salesforce hubspot databricks segment shopify stripe mailchimp amazon_kinesis braze'
  ).split(' '),
);

/** KaireonAI's connectors API as its pages describe it, under `/api/v1`. */
export async function startKaireon(habits: Partial<KaireonHabits> = {}): Promise<KaireonServer> {
  const state: Pick<KaireonServer, 'connectors' | 'habits' | 'result'> = {
    connectors: new Map(),
    habits: {
      pages: 'nested',
      config: 'replace',
      errors: 'nested',
      duplicate: 409,
      untested: null,
      key: 'either',
      ...habits,
    },
    result: { success: true, message: 'Connection test succeeded', warning: null, latencyMs: 412 },
  };
  let count = 0;
  const stamp = () => new Date().toISOString();
  const add = (given: Partial<KaireonConnector>): KaireonConnector => {
    count += 1;
    const connector: KaireonConnector = {
      id: `conn_${String(count).padStart(3, '0')}`,
      name: `Connector ${count}`,
      type: 'postgresql',
      config: {},
      authMethod: 'access_key',
      status: state.habits.untested,
      lastTestedAt: null,
      lastError: null,
      lastSyncRowCount: null,
      lastSyncAt: null,
      createdAt: stamp(),
      updatedAt: stamp(),
      ...given,
    };
    state.connectors.set(connector.id, connector);
    return connector;
  };
  const server = await startVendor((seen) => {
    const refused = refusedAtTheDoor(seen, state.habits);
    if (refused) return refused;
    if (seen.path === '/api/v1/connectors/test' && seen.method === 'POST') return test(seen);
    if (seen.path !== '/api/v1/connectors')
      return { status: 404, body: undefined, headers: { 'content-type': 'text/html' } };
    if (seen.method === 'GET') return list(seen);
    if (seen.method === 'POST') return create(seen);
    if (seen.method === 'PUT') return update(seen);
    return seen.method === 'DELETE' ? remove(seen) : error(405, 'Method not allowed');
  });
  const kaireon: KaireonServer = Object.assign(server, state, { url: `${server.url}/api/v1`, add });
  return kaireon;

  function error(status: number, message: string): Reply {
    return errorOf(state.habits, status, message);
  }

  function list({ query }: Seen): Reply {
    const limit = Number(query.get('limit') ?? 20);
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) return error(400, 'limit must be between 1 and 100');
    const all = [...state.connectors.values()];
    const cursor = query.get('cursor');
    const last = cursor === null ? undefined : state.habits.pages === 'opaque' ? opaqueId(cursor) : cursor;
    const from = last === undefined ? 0 : 1 + all.findIndex(({ id }) => id === last);
    const data = all.slice(from, from + limit).map(shown);
    const hasMore = from + limit < all.length;
    const lastId = data.at(-1)?.['id'];
    if (state.habits.pages === 'flat') return { status: 200, body: { data, total: all.length, hasMore } };
    const next =
      state.habits.pages === 'opaque' ? Buffer.from(JSON.stringify({ id: lastId })).toString('base64') : lastId;
    return {
      status: 200,
      body: { data, pagination: { total: all.length, hasMore, limit, cursor: hasMore ? next : null } },
    };
  }

  function create({ body }: Seen): Reply {
    const fault = faultOf(body);
    if (fault !== undefined || !isRecord(body)) return error(400, fault ?? 'Invalid JSON');
    const { duplicate } = state.habits;
    const isTaken = [...state.connectors.values()].some(({ name }) => name === body['name']);
    if (duplicate !== undefined && isTaken)
      return error(duplicate, `A connector named "${body['name']}" already exists`);
    const { config, connectionConfig, ...rest } = body;
    const merged = { ...(isRecord(connectionConfig) ? connectionConfig : {}), ...(isRecord(config) ? config : {}) };
    return { status: 201, body: shown(add({ ...picked(rest), config: merged })) };
  }

  function update({ body }: Seen): Reply {
    if (!isRecord(body) || typeof body['id'] !== 'string') return error(400, 'id is required');
    const found = state.connectors.get(body['id']);
    if (!found) return error(404, 'Connector not found');
    for (const key of ['name', 'type', 'description', 'authMethod', 'status'] as const) {
      if (key in body) Object.assign(found, { [key]: body[key] });
    }
    if (isRecord(body['config']))
      found.config = state.habits.config === 'merge' ? { ...found.config, ...body['config'] } : body['config'];
    if (isRecord(body['authConfig'])) found.authConfig = body['authConfig'];
    found.updatedAt = stamp();
    const masked = Object.keys(found.authConfig ?? {}).map((key) => [key, MASK]);
    return { status: 200, body: { ...shown(found), authConfig: Object.fromEntries(masked) } };
  }

  function remove({ query }: Seen): Reply {
    const id = query.get('id');
    if (id === null) return error(400, 'id is required');
    return state.connectors.delete(id) ? { status: 204 } : error(404, 'Connector not found');
  }

  function test({ body }: Seen): Reply {
    if (!isRecord(body) || typeof body['id'] !== 'string') return error(400, 'id is required');
    const found = state.connectors.get(body['id']);
    if (!found) return error(404, 'Connector not found');
    const {
      success,
      message = 'Connection test succeeded',
      warning = null,
      latencyMs = 412,
      lastSyncRowCount,
    } = kaireon.result;
    found.status = success ? 'active' : 'error';
    found.lastTestedAt = stamp();
    found.lastError = success ? null : message;
    if (lastSyncRowCount !== undefined) Object.assign(found, { lastSyncRowCount, lastSyncAt: stamp() });
    const { id, name, type, status, lastTestedAt, lastError, lastSyncAt } = found;
    const stamps = {
      id,
      name,
      type,
      status,
      lastTestedAt,
      lastError,
      lastSyncRowCount: found.lastSyncRowCount,
      lastSyncAt,
    };
    return { status: 200, body: { ...stamps, success, message, warning, latencyMs } };
  }
}

function faultOf(body: unknown): string | undefined {
  if (!isRecord(body)) return 'Invalid JSON';
  if (typeof body['name'] !== 'string' || body['name'] === '') return 'name is required';
  return TYPES.has(String(body['type'])) ? undefined : 'Unknown connector type';
}

/** Fields of a body that a connector is made of; others are passed over. */
function picked(body: Values): Partial<KaireonConnector> {
  const known = ['name', 'type', 'description', 'authMethod', 'authConfig'];
  return Object.fromEntries(Object.entries(body).filter(([key]) => known.includes(key)));
}

/** Without the credentials, as every answer but that to PUT. */
function shown({ authConfig: _, ...connector }: KaireonConnector): Values {
  return connector;
}

function refusedAtTheDoor({ method, headers }: Seen, habits: KaireonHabits): Reply | undefined {
  const single = headers['x-api-key'];
  const bearer = headers.authorization === `Bearer ${KAIREON_KEY}`;
  const isKnown = { 'x-api-key': single === KAIREON_KEY, bearer, either: single === KAIREON_KEY || bearer }[habits.key];
  if (!isKnown) return errorOf(habits, 401, 'Invalid API key');
  if (headers['x-tenant-id'] !== KAIREON_TENANT) return errorOf(habits, 403, 'Tenant could not be resolved');
  if (method === 'GET') return undefined;
  if (headers['x-requested-with'] !== 'XMLHttpRequest') return errorOf(habits, 403, 'X-Requested-With is required');
  const hasBody = method !== 'DELETE';
  if (hasBody && !headers['content-type']?.startsWith('application/json')) return errorOf(habits, 415, 'Not JSON');
  return undefined;
}

const CODES: Readonly<Record<number, string>> = { 400: 'BAD_REQUEST', 401: 'UNAUTHORIZED', 404: 'NOT_FOUND' };

function errorOf({ errors }: KaireonHabits, status: number, message: string): Reply {
  if (errors === 'flat') return { status, body: { error: message } };
  if (errors === 'code') return { status, body: 'connector_rejected' };
  const recommendationId = '5f0e8f2a-7a3c-4b8e-9d55-0c1b2a3d4e5f';
  return { status, body: { error: { code: CODES[status] ?? 'ERROR', message, status, recommendationId } } };
}

function opaqueId(cursor: string): string {
  return String((JSON.parse(Buffer.from(cursor, 'base64').toString('utf8')) as Values)['id']);
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
