import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { projectRoot } from './root.ts';

type Json = Record<string, unknown>;

export interface Asked {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingMessage['headers'];
  body: Json;
}

export interface KeptSource {
  id: string;
  name: string;
  connector: string;
  config: Json;
  desired_state: string | null;
  connector_status: string | null;
  kc_cluster_id: string | null;
  tags: string[];
  topics: string[];
  task_statuses: Json;
  created_timestamp: string;
  created_from: string;
  /** What it becomes with the looks at it, one after the other. */
  becomes: string[];
  /** Looks after which it is gone. */
  goneAfter?: number;
}

/** What goes wrong with a request instead of, or after, what it asks for. */
export type Fault =
  | { answer: { status: number; body?: string | Json; headers?: Record<string, string> } }
  /** The connection ends: `after` what was asked for was done. */
  | { drop: 'before' | 'after' }
  /** Done, and then answered with this. */
  | { done: { status: number; body?: string | Json } };

interface Said {
  status: number;
  body?: unknown;
}

const CONNECTORS = JSON.parse(readFileSync(join(projectRoot, 'test/support/facts/streamkap.json'), 'utf8')) as Record<
  string,
  { name: string; fields: Record<string, { secret?: true; default?: unknown; enum?: unknown[]; required?: true }> }
>;

export const HTML_502 = '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
const PUBLIC_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIexample streamkap';

export interface StreamkapOptions {
  clientId?: string;
  secret?: string;
  expiresIn?: number;
  /** How secrets stand in an answer that is not asked for them. */
  secrets?: 'null' | 'mask' | 'absent';
  /** Numbers and booleans come back as text. */
  asText?: boolean;
  /** What a new source becomes with each look at it. */
  becomes?: string[];
  /** Looks after which a deleted source is gone. */
  goneAfter?: number;
  /** There is an action for stopping, of which nothing is known. */
  canStop?: boolean;
  /** A replacement takes `desired_state`, of which nothing is known either. */
  takesState?: boolean;
}

/** Streamkap's API as its facts tell it, over a real HTTP server on loopback. */
export class StreamkapServer {
  readonly asked: Asked[] = [];
  readonly sources = new Map<string, KeptSource>();
  /** Of another project: taken, and not in the list. */
  readonly hiddenNames = new Set<string>();
  /** Secrets that do not come back although they are asked for. */
  readonly lost = new Set<string>();
  readonly tags = [
    {
      id: '670e5ca40afe1d3983ce0c22',
      name: 'Development',
      description: null,
      type: ['environment'],
      system: true,
      custom: false,
    },
    {
      id: '670e5ca40afe1d3983ce0c23',
      name: 'billing',
      description: null,
      type: ['sources'],
      system: false,
      custom: true,
    },
  ];
  /** What `GET /sources/connectors` answers with, where that is not made of the facts. */
  definitions: unknown;
  tokensGiven = 0;
  refreshes = 0;
  readonly #options: Required<StreamkapOptions>;
  readonly #tokens = new Set<string>();
  readonly #refreshTokens = new Set<string>();
  readonly #faults: { fits: (asked: Asked) => boolean; fault: Fault; left: number }[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #made = 0;

  constructor(options: StreamkapOptions = {}) {
    this.#options = {
      clientId: 'client-1',
      secret: 'streamkap-secret-1',
      expiresIn: 3600,
      secrets: 'null',
      asText: false,
      becomes: ['Starting', 'Active'],
      goneAfter: 1,
      canStop: false,
      takesState: true,
      ...options,
    };
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get environment(): Record<string, string> {
    const { clientId, secret } = this.#options;
    return { STREAMKAP_CLIENT_ID: clientId, STREAMKAP_CLIENT_SECRET: secret, STREAMKAP_BASE_URL: this.url };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** The next requests that fit go wrong. */
  fail(method: string, path: RegExp, fault: Fault, times = 1): void {
    this.#faults.push({ fits: (asked) => asked.method === method && path.test(asked.path), fault, left: times });
  }

  /** No token that was given holds from now on. */
  expireTokens({ refresh = false } = {}): void {
    this.#tokens.clear();
    if (refresh) this.#refreshTokens.clear();
  }

  askedFor(method: string, path: RegExp): Asked[] {
    return this.asked.filter((asked) => asked.method === method && path.test(asked.path));
  }

  add(source: Partial<KeptSource> & Pick<KeptSource, 'name' | 'connector' | 'config'>): KeptSource {
    const id = `${(++this.#made).toString(16).padStart(8, '0')}${randomBytes(8).toString('hex')}`;
    const kept: KeptSource = {
      id,
      desired_state: 'Active',
      connector_status: 'Active',
      kc_cluster_id: null,
      tags: [],
      topics: [],
      task_statuses: { 0: { state: 'RUNNING' } },
      created_timestamp: new Date().toISOString().replace('Z', ''),
      created_from: 'web',
      becomes: [],
      ...source,
    };
    this.sources.set(id, kept);
    return kept;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://localhost');
    const text = Buffer.concat(chunks).toString();
    const asked: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? {} : (JSON.parse(text) as Json),
    };
    this.asked.push(asked);
    const fault = this.#faultFor(asked);
    if (fault && 'drop' in fault && fault.drop === 'before') return void request.socket.destroy();
    if (fault && 'answer' in fault) return send(response, fault.answer);
    const answer = this.#answer(asked);
    if (fault && 'drop' in fault) return void request.socket.destroy();
    send(response, fault && 'done' in fault ? fault.done : answer);
  }

  #faultFor(asked: Asked): Fault | undefined {
    const found = this.#faults.find(({ fits, left }) => left > 0 && fits(asked));
    if (found) found.left--;
    return found?.fault;
  }

  #answer(asked: Asked): Said {
    const { method, path, body } = asked;
    if (path === '/auth/access-token') return this.#login(body);
    if (path === '/auth/access-token/refresh') return this.#refresh(body);
    const token = /^Bearer (.+)$/.exec(asked.headers.authorization ?? '')?.[1];
    if (token === undefined || !this.#tokens.has(token)) return detail(401, 'Invalid or expired token');
    const fixed = this.#collection(asked)[`${method} ${path}`];
    if (fixed) return fixed();
    const [, id = '', rest = ''] = /^\/sources\/([^/]+)(\/.*)?$/.exec(path) ?? [];
    const source = this.sources.get(decodeURIComponent(id));
    if (method === 'GET' && rest === '') return this.#get(source, asked);
    if (!source) return detail(404, 'Source not found');
    return this.#one(source, asked, rest)[method]?.() ?? detail(404, 'Not Found');
  }

  #collection(asked: Asked): Record<string, () => Said> {
    return {
      'GET /tags': () => ({ status: 200, body: { tags: this.tags } }),
      'GET /sources/connectors': () => this.#connectors(asked.query),
      'GET /sources': () => this.#list(asked),
      'POST /sources': () => this.#create(asked),
      'POST /sources/snapshot': () => this.#snapshot(asked.body),
      'POST /sources/cancel_snapshot': () => this.#snapshot(asked.body),
    };
  }

  #one(source: KeptSource, asked: Asked, rest: string): Record<string, () => Said> {
    return {
      ...(rest === '' ? { PUT: () => this.#put(source, asked), DELETE: () => this.#delete(source) } : {}),
      POST: () => this.#act(source, rest),
    };
  }

  #login({ client_id, secret }: Json) {
    if (client_id !== this.#options.clientId || secret !== this.#options.secret) {
      return detail(401, 'Invalid client credentials');
    }
    return { status: 200, body: this.#tokenPair() };
  }

  #refresh({ refresh_token }: Json) {
    if (typeof refresh_token !== 'string' || !this.#refreshTokens.delete(refresh_token)) {
      return detail(401, 'Invalid refresh token');
    }
    this.refreshes++;
    return { status: 200, body: this.#tokenPair() };
  }

  #tokenPair() {
    this.tokensGiven++;
    const accessToken = `access-${randomBytes(12).toString('hex')}`;
    const refreshToken = `refresh-${randomBytes(12).toString('hex')}`;
    this.#tokens.add(accessToken);
    this.#refreshTokens.add(refreshToken);
    const { expiresIn } = this.#options;
    return { accessToken, refreshToken, expires: new Date(Date.now() + expiresIn * 1000).toUTCString(), expiresIn };
  }

  #connectors({ connector_code: code }: Record<string, string>) {
    if (this.definitions !== undefined) return { status: 200, body: this.definitions };
    const all = Object.entries(CONNECTORS).filter(([each]) => code === undefined || each === code);
    const body = all.map(([, { name, fields }]) => [
      name,
      {
        display_name: name,
        config: Object.entries(fields).map(([field, fact]) => ({
          name: field,
          description: 'text',
          required: fact.required ?? false,
          user_defined: true,
          value: { control: 'string', default: fact.default ?? null, raw_values: fact.enum ?? [] },
        })),
      },
    ]);
    return { status: 200, body: Object.fromEntries(body) };
  }

  #list({ query }: Asked) {
    const size = Number(query['page_size'] ?? 10);
    const page = Number(query['page'] ?? 1);
    if (size > 100) return invalid('query', 'page_size', 'Input should be less than or equal to 100');
    const wanted = (name: string) => query[name]?.split(',');
    const found = [...this.sources.values()]
      .filter(({ name }) => name.toLowerCase().includes((query['partial_name'] ?? '').toLowerCase()))
      .filter(({ connector }) => wanted('connector')?.includes(connector) ?? true)
      .filter(({ connector_status: status }) => wanted('status')?.includes(String(status)) ?? true)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const result = found.slice((page - 1) * size, page * size).map((each) => this.#shown(each, query));
    // The count is of the tenant, not of the project.
    return { status: 200, body: { result, page, page_size: size, total: found.length + 7, has_next: true } };
  }

  #get(source: KeptSource | undefined, { query }: Asked) {
    if (!source) return { status: 200, body: { result: [], page: 1, page_size: 10, total: 0, has_next: false } };
    if (source.goneAfter !== undefined && source.goneAfter-- <= 0) {
      this.sources.delete(source.id);
      return { status: 200, body: { result: [], page: 1, page_size: 10, total: 0, has_next: false } };
    }
    source.connector_status = source.becomes.shift() ?? source.connector_status;
    const result = [this.#shown(source, query)];
    return { status: 200, body: { result, page: 1, page_size: 10, total: 1, has_next: false } };
  }

  #create({ body, query }: Asked) {
    for (const field of ['name', 'connector', 'config']) {
      if (body[field] === undefined) return invalid('body', field, 'Field required', 'missing');
    }
    const name = String(body['name']);
    const connector = String(body['connector']);
    const config = this.#known(connector, body['config'] as Json);
    if (config === undefined) return invalid('body', 'connector', 'Input should be a known connector');
    const states = ['Pending', 'Active', 'Paused', 'Stopped', 'Pending Update', 'Pending Delete', undefined, null];
    if (!states.includes(body['desired_state'] as string)) return invalid('body', 'desired_state', 'Input should be …');
    const isTaken = [...this.sources.values()].some((each) => each.name === name) || this.hiddenNames.has(name);
    if (isTaken) return detail(422, `Source with name ${name} already exists`);
    const slot = config['slot.name'];
    const host = config['database.hostname.user.defined'];
    const clash = [...this.sources.values()].some(
      (each) =>
        slot !== undefined &&
        each.config['slot.name'] === slot &&
        each.config['database.hostname.user.defined'] === host,
    );
    if (clash) return detail(400, 'Replication Slot Name and Publication Name already exist for this database');
    const wish = (body['desired_state'] as string | undefined) ?? 'Active';
    const source = this.add({
      name,
      connector,
      config: this.#assigned(connector, config),
      desired_state: wish,
      connector_status: wish === 'Active' ? 'Pending' : wish,
      becomes: wish === 'Active' ? [...this.#options.becomes] : [],
      kc_cluster_id: (body['kc_cluster_id'] as string | undefined) ?? null,
      tags: (body['tags'] as string[] | undefined) ?? [],
      created_from: (body['created_from'] as string | undefined) ?? 'api',
    });
    return { status: 200, body: this.#shown(source, query) };
  }

  #put(source: KeptSource, { body, query }: Asked) {
    for (const field of ['name', 'connector', 'config']) {
      if (body[field] === undefined) return invalid('body', field, 'Field required', 'missing');
    }
    const name = String(body['name']);
    const others = [...this.sources.values()].filter(({ id }) => id !== source.id);
    if (others.some((each) => each.name === name) || this.hiddenNames.has(name)) {
      return detail(422, `Source with name ${name} already exists`);
    }
    source.name = name;
    source.config = this.#assigned(source.connector, this.#known(source.connector, body['config'] as Json) ?? {});
    if (Array.isArray(body['tags'])) source.tags = body['tags'] as string[];
    if (this.#options.takesState && typeof body['desired_state'] === 'string')
      source.desired_state = body['desired_state'];
    source.becomes = [source.desired_state ?? 'Active'];
    source.connector_status = 'Pending Update';
    return { status: 200, body: this.#shown(source, query) };
  }

  #delete(source: KeptSource) {
    source.connector_status = 'Pending Delete';
    source.becomes = [];
    source.goneAfter = this.#options.goneAfter;
    return { status: 200 };
  }

  #act(source: KeptSource, rest: string) {
    const states: Record<string, string> = {
      '/actions/pause': 'Paused',
      '/actions/resume': 'Active',
      '/deploy': 'Active',
      ...(this.#options.canStop ? { '/actions/stop': 'Stopped' } : {}),
    };
    const to = states[rest];
    if (to !== undefined) {
      source.desired_state = to;
      source.becomes = [to];
      return { status: 200, ...(rest === '/deploy' ? { body: this.#shown(source, {}) } : {}) };
    }
    if (rest !== '/actions/restart') return detail(404, 'Not Found');
    source.connector_status = 'Starting';
    source.becomes = ['Active'];
    return { status: 200 };
  }

  #snapshot({ source_id: id, topic_names: topics }: Json) {
    const source = typeof id === 'string' ? this.sources.get(id) : undefined;
    if (!source) return invalid('body', 'source_id', 'Field required', 'missing');
    const unknown = (topics as string[] | undefined)?.filter((topic) => !source.topics.includes(topic)) ?? [];
    return unknown.length > 0 ? detail(400, `No such topic ${unknown.join(', ')}`) : { status: 200 };
  }

  /** Keys that the connector does not have are dropped without a word. */
  #known(connector: string, config: Json): Json | undefined {
    const facts = CONNECTORS[connector];
    return facts && Object.fromEntries(Object.entries(config).filter(([name]) => name in facts.fields));
  }

  #assigned(connector: string, config: Json): Json {
    const fields = CONNECTORS[connector]?.fields ?? {};
    return {
      ...config,
      ...(fields['ssh.public.key.user.displayed'] ? { 'ssh.public.key.user.displayed': PUBLIC_KEY } : {}),
      ...(fields['webhook.url']
        ? { 'webhook.url': 'https://hooks.streamkap.com/in/abc', 'api.key': config['api.key'] ?? 'whk-canary-key' }
        : {}),
    };
  }

  #shown({ becomes: _, goneAfter: __, ...source }: KeptSource, query: Record<string, string>): Json {
    const fields = CONNECTORS[source.connector]?.fields ?? {};
    const config = Object.entries(source.config).flatMap(([name, value]): [string, unknown][] => {
      if (fields[name]?.secret) {
        if (query['secret_returned'] === 'true') return [[name, this.lost.has(name) ? null : value]];
        if (this.#options.secrets === 'absent') return [];
        return [[name, this.#options.secrets === 'mask' ? '********' : null]];
      }
      return [[name, this.#options.asText && value !== null && typeof value !== 'object' ? String(value) : value]];
    });
    return {
      ...source,
      config: Object.fromEntries(config),
      connector_display_name: CONNECTORS[source.connector]?.name ?? null,
      sub_id: 'sub-1',
      tenant_id: 'tenant-1',
      service_id: 'service-1',
      topic_ids: source.topics.map((_, at) => at + 1),
      topic_map: {},
      tasks: [0],
      something_new: { since: '2026-11' },
    };
  }
}

const detail = (status: number, text: string) => ({ status, body: { detail: text } });

function invalid(place: string, field: string, msg: string, type = 'value_error') {
  return { status: 422, body: { detail: [{ loc: [place, field], msg, type, input: null, ctx: {} }] } };
}

function send(
  response: ServerResponse,
  { status, body, headers = {} }: { status: number; body?: unknown; headers?: Record<string, string> },
): void {
  const isText = typeof body === 'string';
  response.writeHead(status, {
    'x-request-id': 'req-4711',
    'content-type': isText ? 'text/html' : 'application/json',
    ...headers,
  });
  response.end(body === undefined ? '' : isText ? body : JSON.stringify(body));
}
