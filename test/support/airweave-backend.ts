import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Refusal } from './airweave-refusal.ts';
import { type Detected, detectedMethod, isObject } from './airweave-shapes.ts';
import { projectRoot } from './root.ts';

type Json = Record<string, unknown>;

interface FactField {
  type: string;
  required: boolean;
  default?: unknown;
  min?: number;
  pattern?: string;
  feature_flag?: string;
  hidden?: boolean;
}

interface FactSource {
  name: string;
  methods: string[];
  requires_byoc: boolean;
  oauth_type: string | null;
  providers: string[];
  continuous: boolean;
  federated: boolean;
  feature_flag: string | null;
  auth_fields: Record<string, FactField>;
  config_fields: Record<string, FactField>;
}

const SOURCES = JSON.parse(readFileSync(join(projectRoot, 'test/support/facts/airweave.json'), 'utf8')) as Readonly<
  Record<string, FactSource>
>;

export interface Job {
  id: string;
  source_connection_id: string;
  status: string;
  started_at: string | null;
  completed_at: string | null;
  duration_seconds: number | null;
  entities_inserted: number;
  entities_updated: number;
  entities_deleted: number;
  entities_failed: number;
  error: string | null;
  error_category: string | null;
  error_details: unknown;
  /** How often it was looked at: it moves on with every look. */
  looks: number;
  force_full_sync: boolean;
}

export interface Connection {
  id: string;
  name: string;
  description: string | null;
  short_name: string;
  readable_collection_id: string;
  created_at: string;
  modified_at: string;
  is_authenticated: boolean;
  is_active: boolean;
  method: string;
  config: Json | null;
  cron: string | null;
  hasSync: boolean;
  provider_readable_id: string | null;
  redirect_url: string | null;
  /** What is stored of the credentials; never answered. */
  credentials: Json;
  session?: { state: 'pending' | 'in_progress' | 'completed' | 'cancelled'; claimHash: string; expires: number };
  link?: { code: string; expires: number };
  jobs: Job[];
}

export interface Settings {
  /** Of the API, in links. */
  url: string;
  flags: Set<string>;
  isSelfHosted: boolean;
  mostConnections: number;
  /** 422 as OpenAPI documents it and not as the server answers. */
  documented422: boolean;
  /** What the live check of credentials says of them; undefined: they are good. */
  judge: (shortName: string, credentials: Json) => Refusal | undefined;
  /** Looks at a job until it runs, and until it is done. */
  pace: { runs: number; done: number };
  /** How a job ends. */
  ending: { status: 'completed' | 'failed'; error?: string; error_category?: string };
  orchestratorDown: boolean;
  sessionMs: number;
}

export interface Collection {
  id: string;
  name: string;
  readable_id: string;
  created_at: string;
  modified_at: string;
}

const PROVIDER_KEYS: Readonly<Record<string, { required: string[]; optional: string[] }>> = {
  composio: { required: ['auth_config_id', 'account_id'], optional: [] },
  pipedream: { required: ['project_id', 'account_id', 'external_user_id'], optional: ['environment'] },
  custom: { required: [], optional: [] },
};

const sha = (text: string) => createHash('sha256').update(text).digest('hex');

/** Airweave's source connections as its code has them: the order of its checks, its states and its words for refusals. */
export class AirweaveBackend {
  readonly connections = new Map<string, Connection>();
  readonly collections: Collection[] = [];
  /** Readable id and kind. */
  readonly providers = new Map<string, string>();
  readonly settings: Settings;

  constructor(settings: Settings) {
    this.settings = settings;
  }

  unprocessable(problems: Record<string, string>): Refusal {
    const entries = Object.entries(problems);
    return this.settings.documented422
      ? new Refusal(422, { detail: entries.map(([at, msg]) => ({ loc: at.split('.'), msg, type: 'value_error' })) })
      : new Refusal(422, { errors: entries.map(([at, msg]) => ({ [at]: msg })) });
  }

  source(shortName: string): Json {
    const facts = SOURCES[shortName];
    if (!facts || !this.#has(facts.feature_flag)) throw new Refusal(404, `Source not found: ${shortName}`);
    const fields = (group: Record<string, FactField>) => ({
      fields: Object.entries(group)
        .filter(([, field]) => !field.hidden && this.#has(field.feature_flag ?? null))
        .map(([name, field]) => ({
          name,
          title: name,
          description: null,
          type: field.type.startsWith('array') ? 'array' : field.type === 'integer' ? 'number' : field.type,
          required: field.required,
          items_type: field.type.startsWith('array') ? 'string' : null,
          is_secret: false,
        })),
    });
    return {
      name: facts.name,
      short_name: shortName,
      class_name: `${facts.name}Source`,
      auth_methods: facts.methods,
      oauth_type: facts.oauth_type,
      requires_byoc: facts.requires_byoc || (this.settings.isSelfHosted && facts.methods.includes('oauth_browser')),
      auth_config_class: null,
      config_class: null,
      output_entity_definitions: [],
      supports_continuous: facts.continuous,
      federated_search: facts.federated,
      feature_flag: facts.feature_flag,
      auth_fields: fields(facts.auth_fields),
      config_fields: fields(facts.config_fields),
      supported_auth_providers: facts.providers,
    };
  }

  sources(): Json[] {
    return Object.keys(SOURCES)
      .filter((name) => this.#has(SOURCES[name]?.feature_flag ?? null))
      .map((name) => this.source(name));
  }

  #has(flag: string | null): boolean {
    return flag === null || this.settings.flags.has(flag);
  }

  createCollection(body: unknown): Collection {
    if (!isObject(body)) throw this.unprocessable({ body: 'Input should be a valid dictionary' });
    const { name, readable_id } = body;
    if (typeof name !== 'string' || name.length < 4 || name.length > 64) {
      throw this.unprocessable({ 'body.name': 'String should have at least 4 characters' });
    }
    const slug = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '');
    const readable = typeof readable_id === 'string' ? readable_id : `${slug}-${randomBytes(3).toString('hex')}`;
    if (this.collections.some((each) => each.readable_id === readable)) {
      throw new Refusal(400, `Collection with readable_id '${readable}' already exists`);
    }
    const now = new Date().toISOString();
    const made = { id: randomUUID(), name, readable_id: readable, created_at: now, modified_at: now };
    this.collections.push(made);
    return made;
  }

  shownCollection(collection: Collection): Json {
    const inside = [...this.connections.values()].filter((c) => c.readable_collection_id === collection.readable_id);
    return {
      ...collection,
      vector_size: 3072,
      embedding_model_name: 'text-embedding-3-large',
      status: inside.length > 0 ? 'ACTIVE' : 'NEEDS SOURCE',
      source_connection_summaries: inside.map(({ short_name, name }) => ({ short_name, name })),
    };
  }

  create(body: unknown): { connection: Connection; extra: Json } {
    const shape = this.#shape(body);
    const { facts, method, auth, isBrowser } = this.#wayOf(shape);
    const { short_name, readable_collection_id } = shape;
    if (method === 'direct') this.#credentials(facts, auth);
    if (method === 'auth_provider') this.#provider(facts, auth);
    const config = this.#config(facts, shape['config']);
    if (method === 'direct' || method === 'oauth_token') {
      const refused = this.settings.judge(short_name, auth);
      if (refused) throw refused;
    }
    const cron = this.#cron(facts, shape['schedule'], true);
    if (!this.collections.some((each) => each.readable_id === readable_collection_id)) {
      throw new Refusal(404, `Collection not found: ${readable_collection_id}`);
    }
    const sync = shape['sync_immediately'] ?? !isBrowser;
    // As its code reads, never run: a federated source with a schedule.
    if (facts.federated && !isBrowser && (cron !== null || sync)) {
      throw new Refusal(500, 'ValueError: Federated search sources cannot have syncs');
    }
    const now = new Date().toISOString();
    const { refresh_token: _, ...stored } = auth;
    const connection: Connection = {
      id: randomUUID(),
      name: shape['name'] ?? `${facts.name} Connection`,
      description: shape['description'] ?? null,
      short_name,
      readable_collection_id,
      created_at: now,
      modified_at: now,
      is_authenticated: !isBrowser,
      is_active: true,
      method,
      config,
      cron,
      hasSync: !isBrowser && (cron !== null || sync === true),
      provider_readable_id: (auth['provider_readable_id'] as string | undefined) ?? null,
      redirect_url: shape['redirect_url'] ?? null,
      credentials: method === 'oauth_token' ? stored : auth,
      jobs: [],
    };
    this.connections.set(connection.id, connection);
    if (isBrowser) return { connection, extra: this.begin(connection) };
    if (sync) this.startJob(connection);
    return { connection, extra: {} };
  }

  // biome-ignore lint/suspicious/noExplicitAny: see #shape
  #wayOf(shape: any): Detected & { facts: FactSource; isBrowser: boolean } {
    if (this.connections.size >= this.settings.mostConnections) {
      throw new Refusal(400, 'Source connection limit reached for your plan');
    }
    const { short_name } = shape;
    const facts = SOURCES[short_name];
    if (!facts) throw new Refusal(404, `Source not found: ${short_name}`);
    const { method, auth } = this.#method(shape['authentication']);
    if (!facts.methods.includes(method)) {
      throw new Refusal(400, `Authentication method ${method} not supported. Supported: ${facts.methods.join(', ')}`);
    }
    if (facts.requires_byoc && method === 'oauth_browser') {
      throw new Refusal(400, `Source ${facts.name} requires custom OAuth client credentials`);
    }
    const isBrowser = method === 'oauth_browser' || method === 'oauth_byoc';
    if (isBrowser && shape['sync_immediately'] === true) {
      throw new Refusal(400, 'OAuth connections cannot use sync_immediately');
    }
    return { facts, method, auth, isBrowser };
  }

  /** A fresh link and claim; the session before it is void. */
  begin(connection: Connection): Json {
    const claim = randomBytes(32).toString('base64url');
    const expires = Date.now() + this.settings.sessionMs;
    connection.session = { state: 'pending', claimHash: sha(claim), expires };
    connection.link = { code: randomBytes(4).toString('hex'), expires };
    return { claim_token: claim };
  }

  /** Opens the short link once, as a browser does. */
  openLink(code: string): string {
    const connection = [...this.connections.values()].find((each) => each.link?.code === code);
    if (!connection?.link || connection.link.expires < Date.now()) throw new Refusal(404, 'Authorization link expired');
    delete connection.link;
    return `https://provider.example/oauth/authorize?state=${connection.id}`;
  }

  /** The person signs in at the provider, which calls back. */
  signIn(id: string): void {
    const connection = this.connections.get(id);
    if (!connection?.session) throw new Refusal(404, 'OAuth session not found or expired');
    if (connection.session.expires < Date.now()) throw new Refusal(410, 'OAuth session expired');
    if (connection.session.state !== 'pending') throw new Refusal(400, 'OAuth session already used');
    connection.session.state = 'in_progress';
    connection.is_authenticated = true;
    connection.hasSync = !SOURCES[connection.short_name]?.federated;
  }

  verify(id: string, body: unknown): Connection {
    const connection = this.connection(id);
    const claim = isObject(body) ? body['claim_token'] : undefined;
    if (typeof claim !== 'string') throw this.unprocessable({ 'body.claim_token': 'Field required' });
    if (connection.session?.state !== 'in_progress') throw new Refusal(400, 'OAuth session is not in progress');
    if (sha(claim) !== connection.session.claimHash) throw new Refusal(403, 'Invalid claim token');
    connection.session.state = 'completed';
    if (connection.hasSync) this.startJob(connection);
    return connection;
  }

  reinitiate(id: string): { connection: Connection; extra: Json } {
    const connection = this.connection(id);
    const last = connection.jobs[0];
    if (connection.is_authenticated && !last?.error_category) {
      throw new Refusal(400, 'Source connection is already authenticated');
    }
    return { connection, extra: this.begin(connection) };
  }

  connection(id: string): Connection {
    if (!/^[0-9a-f-]{36}$/.test(id)) {
      throw this.unprocessable({ 'path.source_connection_id': 'Input should be a valid UUID' });
    }
    const found = this.connections.get(id);
    if (!found) throw new Refusal(404, `Source connection not found: ${id}`);
    return found;
  }

  patch(id: string, body: unknown): Connection {
    const connection = this.connection(id);
    if (!isObject(body) || Object.keys(body).length === 0) {
      throw this.unprocessable({ body: 'At least one field must be provided for update' });
    }
    this.#texts(body);
    const facts = SOURCES[connection.short_name] as FactSource;
    const { name, description, config, schedule, authentication } = body;
    if (authentication !== undefined && authentication !== null)
      this.#replaceCredentials(connection, facts, authentication);
    if (config !== undefined && config !== null) connection.config = this.#config(facts, config);
    if (schedule !== undefined) {
      const cron = schedule === null ? null : this.#cron(facts, schedule, false);
      if (facts.federated && cron !== null) throw new Refusal(400, 'Federated sources cannot have schedules');
      connection.cron = cron;
      if (cron !== null) connection.hasSync = true;
    }
    if (typeof name === 'string') connection.name = name;
    if (description !== undefined) connection.description = description as string | null;
    connection.modified_at = new Date().toISOString();
    return connection;
  }

  #replaceCredentials(connection: Connection, facts: FactSource, authentication: unknown): void {
    const { method, auth } = this.#method(authentication);
    if (method !== 'direct')
      throw this.unprocessable({ 'body.authentication': 'Input should be DirectAuthentication' });
    if (!connection.is_authenticated || connection.method === 'auth_provider') {
      throw new Refusal(400, 'Cannot update credentials of this connection');
    }
    this.#credentials(facts, auth);
    connection.credentials = auth;
    const last = connection.jobs[0];
    if (last?.error_category) connection.jobs.shift();
  }

  run(id: string, forceFullSync: boolean): Job {
    const connection = this.connection(id);
    this.settle(connection);
    if (!connection.hasSync) throw new Refusal(404, 'Source connection has no associated sync');
    if (connection.jobs.some(({ status }) => ['pending', 'running', 'cancelling'].includes(status))) {
      throw new Refusal(400, 'A sync job is already running for this source connection');
    }
    if (connection.jobs[0]?.error_category) throw new Refusal(409, 'Sync is paused');
    return this.startJob(connection, forceFullSync);
  }

  startJob(connection: Connection, forceFullSync = false): Job {
    const job: Job = {
      id: randomUUID(),
      source_connection_id: connection.id,
      status: 'pending',
      started_at: null,
      completed_at: null,
      duration_seconds: null,
      entities_inserted: 0,
      entities_updated: 0,
      entities_deleted: 0,
      entities_failed: 0,
      error: null,
      error_category: null,
      error_details: null,
      looks: 0,
      force_full_sync: forceFullSync,
    };
    connection.jobs.unshift(job);
    return job;
  }

  /** Jobs move on while they are looked at. */
  settle(connection: Connection): void {
    const { pace, ending } = this.settings;
    for (const job of connection.jobs) {
      job.looks += 1;
      if (job.status === 'cancelling') {
        Object.assign(job, { status: 'cancelled', completed_at: new Date().toISOString() });
      } else if (job.status === 'pending' && job.looks >= pace.runs) {
        Object.assign(job, { status: 'running', started_at: new Date().toISOString() });
      } else if (job.status === 'running' && job.looks >= pace.done) {
        const done = ending.status === 'completed' ? { entities_inserted: 120, entities_updated: 3 } : {};
        Object.assign(job, {
          ...done,
          status: ending.status,
          completed_at: new Date().toISOString(),
          duration_seconds: 2.5,
          error: ending.error ?? null,
          error_category: ending.error_category ?? null,
        });
      }
    }
  }

  cancel(id: string, jobId: string): Job {
    const connection = this.connection(id);
    const job = connection.jobs.find((each) => each.id === jobId);
    if (!job) throw new Refusal(404, 'Sync job not found');
    if (this.settings.orchestratorDown) throw new Refusal(502, 'Failed to request cancellation from the orchestrator');
    if (job.status === 'pending') Object.assign(job, { status: 'cancelled', completed_at: new Date().toISOString() });
    else if (job.status === 'running') job.status = 'cancelling';
    else throw new Refusal(400, `Job in state '${job.status}' cannot be cancelled`);
    return job;
  }

  #texts(body: Json): void {
    const { name, description } = body;
    if (name !== undefined && name !== null) {
      if (typeof name !== 'string') throw this.unprocessable({ 'body.name': 'Input should be a valid string' });
      if (name.length < 4) throw this.unprocessable({ 'body.name': 'String should have at least 4 characters' });
      if (name.length > 42) throw this.unprocessable({ 'body.name': 'String should have at most 42 characters' });
    }
    if (typeof description === 'string' && description.length > 255) {
      throw this.unprocessable({ 'body.description': 'String should have at most 255 characters' });
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: a request body before it is known to be one
  #shape(body: unknown): any {
    if (!isObject(body)) throw this.unprocessable({ body: 'Input should be a valid dictionary' });
    for (const name of ['short_name', 'readable_collection_id']) {
      if (typeof body[name] !== 'string') throw this.unprocessable({ [`body.${name}`]: 'Field required' });
    }
    this.#texts(body);
    if (body['config'] != null && !isObject(body['config'])) {
      throw this.unprocessable({ 'body.config': 'Input should be a valid dictionary' });
    }
    return body;
  }

  #method(authentication: unknown): Detected {
    return detectedMethod(authentication, (problems) => this.unprocessable(problems));
  }

  #fields(label: string, facts: Record<string, FactField>, given: Json): Json {
    const problems: string[] = [];
    const whole: Json = {};
    for (const [name, { type, required, min, pattern, default: standard, feature_flag: flag }] of Object.entries(
      facts,
    )) {
      const value = given[name];
      if (value === undefined || value === null) {
        if (required) problems.push(`${name}: Field required`);
        else whole[name] = standard ?? null;
        continue;
      }
      if (flag && !this.#has(flag)) throw new Refusal(403, `Field '${name}' requires feature '${flag}'`);
      const isList = type.startsWith('array');
      const fits = isList ? Array.isArray(value) : type === 'integer' ? Number.isInteger(value) : typeof value === type;
      if (!fits) problems.push(`${name}: Input should be a valid ${type}`);
      else if (min !== undefined && (value as string | unknown[]).length < min) problems.push(`${name}: too short`);
      else if (pattern && !new RegExp(pattern).test(String(value)))
        problems.push(`${name}: String should match pattern`);
      whole[name] = value;
    }
    const extra = Object.keys(given).filter((name) => !(name in facts));
    problems.push(...extra.map((name) => `${name}: Extra inputs are not permitted`));
    if (problems.length > 0) throw new Refusal(422, `Invalid ${label} fields: ${problems.join('; ')}`);
    return whole;
  }

  #credentials(facts: FactSource, auth: Json): void {
    if (!facts.methods.includes('direct')) throw new Refusal(422, 'Source has no auth config class');
    this.#fields('auth', facts.auth_fields, auth);
  }

  #config(facts: FactSource, config: unknown): Json {
    return this.#fields('config', facts.config_fields, isObject(config) ? config : {});
  }

  #provider(facts: FactSource, auth: Json): void {
    const kind = this.providers.get(String(auth['provider_readable_id']));
    if (!kind) throw new Refusal(404, `Auth provider not found: ${auth['provider_readable_id']}`);
    if (!facts.providers.includes(kind)) throw new Refusal(400, `Auth provider ${kind} does not support ${facts.name}`);
    const names = Object.keys(isObject(auth['provider_config']) ? auth['provider_config'] : {});
    const { required, optional } = PROVIDER_KEYS[kind] ?? { required: [], optional: [] };
    const wrong =
      required.some((name) => !names.includes(name)) ||
      names.some((name) => ![...required, ...optional].includes(name));
    if (wrong) throw new Refusal(422, `Invalid config fields: ${required.join(', ')} required`);
  }

  #cron(facts: FactSource, schedule: unknown, isNew: boolean): string | null {
    if (schedule === undefined || (schedule === null && isNew)) {
      const now = new Date();
      return facts.continuous ? '*/5 * * * *' : `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`;
    }
    if (!isObject(schedule)) throw this.unprocessable({ 'body.schedule': 'Input should be a valid dictionary' });
    const cron = schedule['cron'];
    if (cron === null || cron === undefined) return null;
    const [, every] = /^\*(?:\/(\d+))? \* \* \* \*$/.exec(String(cron)) ?? [];
    const isSubHourly = cron === '* * * * *' || (every !== undefined && Number(every) < 60);
    if (isSubHourly && !facts.continuous) {
      throw new Refusal(400, `Source '${facts.name}' does not support continuous syncs; minimum is hourly`);
    }
    return String(cron);
  }
}
