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
import type { Selection } from './remedies.ts';
import { candidates } from './sql.ts';
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

const CATALOGUE_LIMIT_MS = 2500;
/** How much later than the server's own limit an answer may come. */
const LATE_MS = 300;

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
  /** The server's version as it counts itself: 150004. */
  version = 0;
  /** Somebody between us and the server hands out backends of its own. */
  isBehindProxy = false;
  #isClosed = false;
  readonly #closers: (() => void)[] = [];
  /** Questions that were given up and are not answered yet. */
  #overdue = 0;

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

  /** What of the database is to be read, as far as the config says. */
  get selection(): Selection {
    return { tables: this.config.tables?.map((name) => candidates(name)[0]), schemas: this.config.schemas };
  }

  /** Rows whose values are clean and short: fit to be shown, and to be reasoned about. */
  async query(text: string): Promise<Row[]> {
    const rows = await this.raw(text);
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? null : this.clean(value)])),
    );
  }

  /**
   * Rows as the server sent them, for names that go back into SQL. Nothing of them may be shown uncleaned. Several may
   * be asked for at once; each fails by itself.
   */
  async raw(select: string): Promise<Row[]> {
    // Local to the statement's own transaction, so that a pooler hands it on to nobody. A path of the user's own could
    // put other functions and operators in front of the server's.
    const text = `SET LOCAL statement_timeout = ${CATALOGUE_LIMIT_MS}; SET LOCAL search_path = pg_catalog; ${select}`;
    return this.#run(text, 'QUERY_FAILED', this.facts, CATALOGUE_LIMIT_MS);
  }

  /** Names from the catalogue that may stand in SQL for a person: a hostile one would be more than a name. */
  fitForSql(names: readonly string[]): string[] {
    return names.filter((name) => name !== '' && this.clean(name) === name);
  }

  /** Selects from the user's own tables, in a transaction that cannot write. `what` is named where it fails. */
  async readOnly(select: string, limitMs: number, what: string): Promise<Row[]> {
    const begin = `BEGIN READ ONLY; SET LOCAL statement_timeout = ${limitMs}`;
    try {
      return await this.#run(`${begin}; ${select}; ROLLBACK`, 'READ_FAILED', { ...this.facts, what }, limitMs);
    } catch (error) {
      // What failed has left its transaction open, and nothing else could be asked inside it.
      await this.#run('ROLLBACK', 'READ_FAILED', this.facts, limitMs).catch(() => {});
      throw error;
    }
  }

  async #run(text: string, code: ProblemCode, facts: Facts, limitMs: number): Promise<Row[]> {
    // Behind a question that has been given up and is still unanswered, the next one would only wait.
    if (this.#overdue > 0) throw new StepFailure('QUERY_TIMEOUT', facts);
    const answer = reached(this.client).query<Row>(text);
    try {
      const result = await this.#inTime(answer, limitMs + LATE_MS, facts);
      // A text of several statements answers with several results; the rows are in the one that selects.
      const results = Array.isArray(result) ? (result as (typeof result)[]) : [result];
      return results.flatMap(({ rows }) => rows ?? []);
    } catch (error) {
      throw queryFailure(error, facts, this.context, code);
    }
  }

  /** The server keeps the limit itself, unless it has stopped answering at all. */
  async #inTime<T>(answer: Promise<T>, limitMs: number, facts: Facts): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#overdue += 1;
        const settled = () => {
          this.#overdue -= 1;
        };
        answer.then(settled, settled);
        reject(new StepFailure('QUERY_TIMEOUT', facts));
      }, limitMs);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
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

  /** What is to be closed with it. */
  onClose(close: () => void): void {
    if (this.#isClosed) close();
    else this.#closers.push(close);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const close of this.#closers) close();
    this.login?.end();
    this.wire?.destroy();
    hangUp(this.link);
  }
}
