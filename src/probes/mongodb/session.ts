import type { Document } from 'bson';
import type { TlsMode } from '../../net/tls.ts';
import type { Secret } from '../../secrets/secret.ts';
import { hangUp, type Link, reached } from '../network.ts';
import type { ProbeContext, StepSpec, Subject } from '../probe.ts';
import { type Facts, type ProblemCode, type ProblemDetails, StepFailure } from '../problems/index.ts';
import { type Provider, providerOf } from '../providers/index.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { Doc } from './documents.ts';
import { type Asking, commandFailure } from './errors.ts';
import type { Grants, Hello } from './known.ts';
import type { Wire } from './wire.ts';

/** What the MongoDB probe needs of a connector. */
export interface MongoConfig extends SshSettings {
  host: string;
  port: number;
  srv: boolean;
  /** `host` or `host:port` each. */
  members?: string[] | undefined;
  username?: string | undefined;
  password?: Secret | undefined;
  auth_source?: string | undefined;
  auth_mechanism?: 'SCRAM-SHA-256' | 'SCRAM-SHA-1' | 'PLAIN' | undefined;
  replica_set?: string | undefined;
  database?: string | undefined;
  databases?: string[] | undefined;
  /** `database.collection` each. */
  collections?: string[] | undefined;
  tls_mode: TlsMode;
  tls_ca?: string | undefined;
  tls_cert?: string | undefined;
  tls_key?: Secret | undefined;
}

/** What DNS says beside the hosts of an SRV address. What the config says holds first. */
export interface SrvOptions {
  authSource?: string;
  replicaSet?: string;
  loadBalanced?: boolean;
}

export interface Ask {
  /** What a refusal means, where its code does not know better. */
  code?: ProblemCode;
  facts?: Facts;
  /** What goes with a refusal for lack of rights. */
  details?: () => ProblemDetails;
  /** Keeps the types of numbers apart. */
  exact?: boolean;
}

const SYSTEM_DATABASES: ReadonlySet<string> = new Set(['admin', 'local', 'config']);

/** One connection's state while its steps run, and the one way to ask it something. */
export class Session {
  readonly config: MongoConfig;
  readonly context: ProbeContext;
  /** `host` and `port` become those of the member that is talked to. */
  readonly facts: Facts & { host: string; port: number; server: string; username: string };
  readonly provider: Provider | undefined;
  readonly link: Link = {};
  srv: SrvOptions = {};
  encrypted = false;
  wire: Wire | undefined;
  hello: Hello | undefined;
  loggedIn = false;
  /** `MongoDB 7.0.14`, once it is known. */
  version: readonly number[] = [];
  grants: Grants | undefined;
  /** Selected databases that are seen; what is not there is not asked again. */
  visible: readonly string[] | undefined;
  /** Selected collections that are there, as `database.collection`. */
  found: readonly string[] | undefined;
  #hung = false;

  constructor(config: MongoConfig, context: ProbeContext) {
    this.config = config;
    this.context = context;
    const { host, port, username = 'the anonymous user', database } = config;
    this.facts = { host, port, server: 'MongoDB', username, ...(database === undefined ? {} : { database }) };
    this.provider = providerOf({ engine: 'mongodb', host, port, username: config.username });
  }

  get about(): Subject {
    const { facts, config, link } = this;
    return {
      place: { engine: 'mongodb', host: config.host, port: config.port, username: config.username },
      facts,
      addresses: () => link.target?.addresses ?? [],
      password: config.password,
    };
  }

  get authSource(): string {
    const { auth_source, auth_mechanism } = this.config;
    return auth_source ?? this.srv.authSource ?? (auth_mechanism === 'PLAIN' ? '$external' : 'admin');
  }

  get replicaSet(): string | undefined {
    return this.config.replica_set ?? this.srv.replicaSet;
  }

  /** The databases that the config names; undefined for all that the user may see. */
  get selected(): readonly string[] | undefined {
    const { databases, database, collections } = this.config;
    if (databases ?? database) return databases ?? (database === undefined ? undefined : [database]);
    return collections && [...new Set(collections.map((each) => splitName(each).namespace))];
  }

  /** The databases to read. */
  get scope(): readonly string[] | undefined {
    return this.visible ?? this.selected;
  }

  get asking(): Asking {
    const { facts, context, config } = this;
    return { facts, context, anonymous: config.username === undefined };
  }

  /** @throws StepFailure; the server's own refusal as `code`, where its number does not know better */
  async ask(
    database: string,
    command: Document,
    { code = 'QUERY_FAILED', facts, details, exact }: Ask = {},
  ): Promise<Doc> {
    const asking = { ...this.asking, ...(facts ? { facts } : {}) };
    // Behind a question that is still unanswered, the next one would only wait.
    if (this.#hung) throw new StepFailure('QUERY_TIMEOUT', asking.facts);
    const preference = this.hello?.secondary ? { $readPreference: { mode: 'secondaryPreferred' } } : {};
    try {
      return await reached(this.wire).command({ ...command, $db: database, ...preference }, exact);
    } catch (error) {
      throw commandFailure(error, asking, code, details);
    }
  }

  /** A step that asks: when its time is up with an answer still to come, nothing more is asked. */
  asks(step: StepSpec): StepSpec {
    return {
      ...step,
      run: async (signal, limitMs) => {
        const onAbort = () => {
          this.#hung ||= (this.wire?.open ?? 0) > 0;
        };
        signal.addEventListener('abort', onAbort, { once: true });
        try {
          return await step.run(signal, limitMs);
        } finally {
          signal.removeEventListener('abort', onAbort);
        }
      },
    };
  }

  /** Text from the server, fit to be shown. */
  clean(text: string | undefined, cap = 200): string {
    return this.context.redactor.clean(text ?? '', cap);
  }

  async close(): Promise<void> {
    this.wire?.socket.destroy();
    hangUp(this.link);
  }
}

/** A database cannot have a dot in its name, a collection can. */
export function splitName(whole: string): { namespace: string; name: string } {
  const dot = whole.indexOf('.');
  return dot < 0 ? { namespace: '', name: whole } : { namespace: whole.slice(0, dot), name: whole.slice(dot + 1) };
}

export function isOwnDatabase(name: string): boolean {
  return !SYSTEM_DATABASES.has(name);
}
