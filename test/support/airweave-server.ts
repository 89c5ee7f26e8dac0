import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AirweaveBackend, type Collection, type Connection, type Job, type Settings } from './airweave-backend.ts';
import { Refusal } from './airweave-refusal.ts';

type Json = Record<string, unknown>;

/** What goes wrong with a request: before it is looked at, or after it was done. */
export type Fault =
  | 'html_502'
  | 'empty'
  | 'not_json'
  | 'server_error'
  | 'too_many'
  | 'drop_before'
  | 'drop_after'
  | 'html_504_after'
  | 'stall';

export interface Asked {
  method: string;
  /** With its query. */
  path: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}

export interface AirweaveServer {
  url: string;
  backend: AirweaveBackend;
  requests: Asked[];
  /** Keys that are good. Tests take some away, as expiry does. */
  keys: Set<string>;
  /** From now on the next requests that fit meet this. */
  fault: (fault: Fault, fits?: (asked: Asked) => boolean, times?: number) => void;
  /** Requests in a minute that the plan permits. */
  mostRequests: number;
  stop: () => Promise<void>;
}

/** Airweave's API on loopback, as facts/airweave.md has it; only what its own code would answer. */
export async function startAirweave({
  key = 'aw-key',
  ...given
}: Partial<Settings> & { key?: string } = {}): Promise<AirweaveServer> {
  const requests: Asked[] = [];
  const faults: { fault: Fault; fits: (asked: Asked) => boolean; left: number }[] = [];
  const keys = new Set([key]);
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const backend = new AirweaveBackend({
    url,
    flags: new Set(),
    isSelfHosted: false,
    mostConnections: 1000,
    documented422: false,
    judge: () => undefined,
    pace: { runs: 2, done: 4 },
    ending: { status: 'completed' },
    orchestratorDown: false,
    sessionMs: 300_000,
    ...given,
  });
  const self: AirweaveServer = {
    url,
    backend,
    requests,
    keys,
    fault: (fault, fits = () => true, times = 1) => void faults.push({ fault, fits, left: times }),
    mostRequests: Number.POSITIVE_INFINITY,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  let seen = 0;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await read(request);
    const body = parsed(text);
    const asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    requests.push(asked);
    seen += 1;
    const due = faults.find(({ fits, left }) => left > 0 && fits(asked));
    if (due) due.left -= 1;
    if (due && before(due.fault, request, response)) return;
    const { status, json, headers } = answered(asked);
    if (due?.fault === 'drop_after') return void request.socket.destroy();
    if (due?.fault === 'html_504_after') return html(response, 504);
    send(response, status, json, headers);
  }

  function answered(asked: Asked): { status: number; json: unknown; headers: Record<string, string> } {
    const limits = {
      'ratelimit-limit': String(Math.min(self.mostRequests, 1_000_000)),
      'ratelimit-remaining': String(Math.max(0, Math.min(self.mostRequests, 1_000_000) - seen)),
      'ratelimit-reset': String(Math.floor(Date.now() / 1000) + 60),
    };
    try {
      const url = new URL(asked.path, self.url);
      const path = url.pathname.replace(/(.)\/+$/, '$1');
      const link = /^\/source-connections\/authorize\/([^/]+)$/.exec(path);
      if (link) return { status: 303, json: undefined, headers: { location: backend.openLink(link[1] ?? '') } };
      authorize(asked);
      if (seen > self.mostRequests) throw new Refusal(429, 'Rate limit exceeded', { ...limits, 'retry-after': '1' });
      return { status: 200, json: route(asked, path, url.searchParams), headers: limits };
    } catch (error) {
      if (error instanceof Refusal)
        return { status: error.status, json: error.body, headers: { ...limits, ...error.headers } };
      return { status: 500, json: { detail: `Internal Server Error: ${String(error)}` }, headers: limits };
    }
  }

  function authorize({ headers }: Asked): void {
    const given = headers['x-api-key'];
    if (given === undefined) throw new Refusal(401, 'No valid authentication provided');
    if (!keys.has(String(given))) throw new Refusal(403, 'Invalid or expired API key');
    if (headers['x-organization-id'] !== undefined) throw new Refusal(403, 'API key cannot access organization');
  }

  function route({ method, body }: Asked, path: string, query: URLSearchParams): unknown {
    const parts = path.split('/').slice(1);
    const [room, id = '', action, jobId = '', last] = parts;
    const key = `${method} /${room}${id && '/{id}'}${action ? `/${action}` : ''}${jobId && '/{job}'}${last ? `/${last}` : ''}`;
    const routes: Readonly<Record<string, () => unknown>> = {
      'GET /sources': () => backend.sources(),
      'GET /sources/{id}': () => backend.source(decodeURIComponent(id)),
      'GET /collections': () => backend.collections.map((each) => backend.shownCollection(each)),
      'POST /collections': () => backend.shownCollection(backend.createCollection(body)),
      'GET /collections/{id}': () => backend.shownCollection(collectionOf(id)),
      'POST /source-connections': () => full(backend.create(body)),
      'GET /source-connections': () => list(query),
      'GET /source-connections/{id}': () => full({ connection: settled(id), extra: {} }),
      'PATCH /source-connections/{id}': () => full({ connection: backend.patch(id, body), extra: {} }),
      'DELETE /source-connections/{id}': () => {
        const connection = backend.connection(id);
        backend.connections.delete(id);
        return full({ connection, extra: {} });
      },
      'POST /source-connections/{id}/run': () => jobShown(backend.run(id, query.get('force_full_sync') === 'true')),
      'GET /source-connections/{id}/jobs': () => jobs(id, query),
      'POST /source-connections/{id}/jobs/{job}/cancel': () => jobShown(backend.cancel(id, jobId)),
      'POST /source-connections/{id}/verify-oauth': () => full({ connection: backend.verify(id, body), extra: {} }),
      'POST /source-connections/{id}/reinitiate-oauth': () => full(backend.reinitiate(id)),
      'GET /source-connections/{id}/sync-id': () => ({ sync_id: backend.connection(id).id }),
    };
    const found = routes[key];
    if (!found) throw new Refusal(404, 'Not Found');
    return found();
  }

  function settled(id: string): Connection {
    const connection = backend.connection(id);
    backend.settle(connection);
    return connection;
  }

  function collectionOf(id: string): Collection {
    const found = backend.collections.find((each) => each.readable_id === decodeURIComponent(id));
    if (!found) throw new Refusal(404, 'Collection not found');
    return found;
  }

  function list(query: URLSearchParams): Json[] {
    const [skip, limit] = [Number(query.get('skip') ?? 0), Number(query.get('limit') ?? 100)];
    if (!(skip >= 0)) throw backend.unprocessable({ 'query.skip': 'Input should be greater than or equal to 0' });
    if (!(limit >= 1 && limit <= 1000)) throw backend.unprocessable({ 'query.limit': 'Input should be at most 1000' });
    const collection = query.get('collection');
    const all = [...backend.connections.values()].filter((c) => !collection || c.readable_collection_id === collection);
    return all.slice(skip, skip + limit).map(light);
  }

  function jobs(id: string, query: URLSearchParams): Json[] {
    const connection = settled(id);
    if (!connection.hasSync) throw new Refusal(404, 'Source connection has no associated sync');
    return connection.jobs.slice(0, Number(query.get('limit') ?? 100)).map(jobShown);
  }

  return self;
}

function before(fault: Fault, request: IncomingMessage, response: ServerResponse): boolean {
  if (fault === 'drop_before') request.socket.destroy();
  else if (fault === 'html_502') html(response, 502);
  else if (fault === 'empty') response.writeHead(200).end();
  else if (fault === 'not_json') response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": ');
  else if (fault === 'server_error') send(response, 500, { detail: 'Internal Server Error: KeyError: secret' });
  else if (fault === 'too_many') send(response, 429, { detail: 'Rate limit exceeded' }, { 'retry-after': '1' });
  else return fault === 'stall';
  return true;
}

function statusOf({ is_authenticated: isIn, is_active: isOn, jobs: [last] }: Connection): string {
  if (!isIn) return 'pending_auth';
  if (!isOn) return 'inactive';
  if (last && ['running', 'cancelling'].includes(last.status)) return 'syncing';
  if (last?.status === 'failed') return last.error_category ? 'needs_reauth' : 'error';
  return 'active';
}

function jobShown({ looks: _, force_full_sync: __, ...job }: Job): Json {
  return job;
}

function light(connection: Connection): Json {
  const { id, name, short_name, readable_collection_id, created_at, modified_at, is_authenticated, method } =
    connection;
  return {
    id,
    name,
    short_name,
    readable_collection_id,
    created_at,
    modified_at,
    is_authenticated,
    entity_count: entityCount(connection),
    federated_search: short_name === 'slack',
    auth_method: method,
    status: statusOf(connection),
  };
}

const entityCount = ({ jobs }: Connection) => jobs.reduce((sum, job) => sum + job.entities_inserted, 0);

function full({ connection, extra }: { connection: Connection; extra: Json }): Json {
  const { link, jobs, method } = connection;
  const [last] = jobs;
  const count = entityCount(connection);
  const isLinked = link !== undefined;
  return {
    id: connection.id,
    organization_id: '7b1f0a38-0000-4000-8000-000000000001',
    name: connection.name,
    description: connection.description,
    short_name: connection.short_name,
    readable_collection_id: connection.readable_collection_id,
    status: statusOf(connection),
    created_at: connection.created_at,
    modified_at: connection.modified_at,
    auth: {
      method,
      authenticated: connection.is_authenticated,
      authenticated_at: connection.is_authenticated ? connection.created_at : null,
      expires_at: null,
      auth_url: isLinked ? `https://api.airweave.example/source-connections/authorize/${link.code}` : null,
      auth_url_expires: isLinked ? new Date(link.expires).toISOString() : null,
      redirect_url: connection.redirect_url,
      claim_token: null,
      provider_readable_id: connection.provider_readable_id,
      provider_id: connection.provider_readable_id,
      ...extra,
    },
    config: connection.config,
    schedule: connection.cron
      ? {
          cron: connection.cron,
          next_run: new Date(Date.now() + 3_600_000).toISOString(),
          continuous: false,
          cursor_field: null,
          cursor_value: null,
        }
      : null,
    sync: connection.hasSync
      ? {
          total_runs: last ? 1 : 0,
          successful_runs: last?.status === 'completed' ? 1 : 0,
          failed_runs: last?.status === 'failed' ? 1 : 0,
          last_job: last ? jobShown(last) : null,
        }
      : null,
    sync_id: connection.hasSync ? connection.id : null,
    entities: {
      total_entities: count,
      by_type: count > 0 ? { PageEntity: { count, last_updated: last?.completed_at } } : {},
    },
    error_category: last?.error_category ?? null,
    error_message: last?.error_category ? last.error : null,
    provider_settings_url:
      last?.error_category && method === 'auth_provider' ? 'https://app.composio.dev/settings' : null,
    provider_short_name: method === 'auth_provider' ? 'composio' : null,
    federated_search: connection.short_name === 'slack',
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

function html(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end(`<html><head><title>${status} Bad Gateway</title></head><body><h1>${status}</h1>nginx</body></html>`);
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
