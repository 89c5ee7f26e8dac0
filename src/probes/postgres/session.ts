import type { Socket } from 'node:net';
import type { Client as PgClient } from 'pg';
import type { TlsMode } from '../../net/tls.ts';
import type { Secret } from '../../secrets/secret.ts';
import { hangUp, type Link, reached } from '../network.ts';
import type { ProbeContext, Subject } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import type { SshSettings } from '../ssh/settings.ts';
import { unlessUnmasked } from '../unmask.ts';
import { queryFailure } from './errors.ts';
import type { Login } from './login.ts';
import type { AuthRequest } from './wire.ts';

/** What the PostgreSQL probe needs of a connector; any connector with these fields can use it. */
export interface PostgresConfig extends SshSettings {
  host: string;
  port: number;
  database: string;
  username: string;
  password?: Secret | undefined;
  schemas?: string[] | undefined;
  /** `schema.table` each. */
  tables?: string[] | undefined;
  slot_name?: string | undefined;
  publication?: string | undefined;
  tls_mode: TlsMode;
  tls_ca?: string | undefined;
  tls_cert?: string | undefined;
  tls_key?: Secret | undefined;
}

/** A row as text, as the server sent it: from outside, so clean it before it is shown. */
export type Row = Readonly<Record<string, string | null>>;

/** One connection's state while its steps run, and the one way to query it. */
export class Session {
  readonly config: PostgresConfig;
  readonly context: ProbeContext;
  readonly facts: Required<Pick<Facts, 'host' | 'port' | 'server' | 'username' | 'database'>>;
  readonly link: Link = {};
  /** The socket to log in over: the link's, or TLS on top of it. */
  wire: Socket | undefined;
  login: Login | undefined;
  authRequest: AuthRequest | undefined;
  client: PgClient | undefined;
  /** A login that was right, to a database that is not there or not permitted. */
  databaseFailure: StepFailure | undefined;
  #asking = false;

  constructor(config: PostgresConfig, context: ProbeContext, server: string) {
    this.config = config;
    this.context = context;
    const { host, port, username, database } = config;
    this.facts = { host, port, server, username, database };
  }

  get schemas(): readonly string[] | null {
    return this.config.schemas ?? null;
  }

  /** The schemas in words, for sentences. */
  get scope(): string {
    return this.schemas ? `schema ${this.schemas.join(', ')}` : `the database ${this.config.database}`;
  }

  /** Rows whose values are clean and short: fit to be shown, and to be reasoned about. */
  async query(text: string, values?: readonly unknown[]): Promise<Row[]> {
    const rows = await this.raw(text, values);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : this.clean(value)])),
    );
  }

  /** Rows as the server sent them, for names that go back into SQL. Nothing of them may be shown uncleaned. */
  async raw(text: string, values?: readonly unknown[]): Promise<Row[]> {
    return this.#run(text, 'QUERY_FAILED', this.facts, values);
  }

  /** Names from the catalogue that may stand in SQL for a person: a hostile one would be more than a name. */
  fitForSql(names: readonly string[]): string[] {
    return names.filter((name) => name !== '' && this.clean(name) === name);
  }

  /** Selects from the user's own tables, in a transaction that cannot write. `what` is named where it fails. */
  async readOnly(select: string, limitMs: number, what: string): Promise<Row[]> {
    const begin = `BEGIN READ ONLY; SET LOCAL statement_timeout = ${limitMs}`;
    try {
      return await this.#run(`${begin}; ${select}; ROLLBACK`, 'READ_FAILED', { ...this.facts, what });
    } catch (error) {
      // What failed has left its transaction open, and nothing else could be asked inside it.
      await this.#run('ROLLBACK', 'READ_FAILED', this.facts).catch(() => {});
      throw error;
    }
  }

  async #run(text: string, code: ProblemCode, facts: Facts, values?: readonly unknown[]): Promise<Row[]> {
    // Behind a question that is still unanswered, the next one would only wait.
    if (this.#asking) throw new StepFailure('QUERY_TIMEOUT', facts);
    this.#asking = true;
    try {
      const client = reached(this.client);
      const result = await (values ? client.query<Row>(text, [...values]) : client.query<Row>(text));
      // A text of several statements answers with several results; the rows are in the one that selects.
      const results = Array.isArray(result) ? (result as (typeof result)[]) : [result];
      return results.flatMap(({ rows }) => rows ?? []);
    } catch (error) {
      throw queryFailure(error, facts, this.context, code);
    } finally {
      this.#asking = false;
    }
  }

  /** The server's answer, or what listens there instead. */
  unlessUnmasked<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    const { facts, link } = this;
    return unlessUnmasked(answer, { dial: reached(link.dial), facts, signal });
  }

  /** What a diagnosis starts from. */
  get about(): Subject {
    const { host, port, username } = this.config;
    return {
      place: { engine: 'postgresql', host, port, username },
      facts: this.facts,
      addresses: () => this.link.target?.addresses ?? [],
      password: this.config.password,
    };
  }

  /** Text from the server, fit to be shown. */
  clean(text: string | null | undefined, cap = 200): string {
    return this.context.redactor.clean(text ?? '', cap);
  }

  async close(): Promise<void> {
    this.login?.end();
    this.wire?.destroy();
    hangUp(this.link);
  }
}
