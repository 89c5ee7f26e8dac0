import type { Socket } from 'node:net';
import type { TlsMode } from '../../net/tls.ts';
import type { Secret } from '../../secrets/secret.ts';
import { hangUp, type Link, reached } from '../network.ts';
import type { ProbeContext, StreamPosition, Subject } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { Asking } from './asking.ts';
import { queryFailure } from './errors.ts';
import type { Greeting } from './greeting.ts';
import { positionFrom } from './names.ts';
import type { Packets } from './packets.ts';
import type { Grant } from './privileges.ts';
import { productOf } from './product.ts';
import { goodbye, query, type Row, readLog, useDatabase } from './query.ts';
import type { ServerError } from './server-error.ts';

export type { Row } from './query.ts';

/** TiDB knows no transaction that cannot write. What is asked inside is a SELECT all the same, and is rolled back. */
const NOT_IMPLEMENTED = '1235';

/** What readers of the log say that they understand: the sums of its events, and all that MariaDB writes. */
const AS_READER =
  'SET @master_binlog_checksum = @@global.binlog_checksum, @source_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4';

/** What the MySQL probe needs of a connector; any connector with these fields can use it. */
export interface MysqlConfig extends SshSettings {
  host: string;
  port: number;
  database?: string | undefined;
  /** More than one database to read, instead of `database`. */
  databases?: string[] | undefined;
  /** `database.table` each. */
  tables?: string[] | undefined;
  username: string;
  password?: Secret | undefined;
  tls_mode: TlsMode;
  tls_ca?: string | undefined;
  tls_cert?: string | undefined;
  tls_key?: Secret | undefined;
}

/** What the server says of itself once it is logged in to. */
export interface ServerFacts {
  version: string;
  mariadb: boolean;
  /** The account that the login was matched to: `reader@%`. */
  account: string;
}

/** One connection's state while its steps run, and the one way to query it. */
export class Session {
  readonly config: MysqlConfig;
  readonly context: ProbeContext;
  readonly facts: Required<Pick<Facts, 'host' | 'port' | 'server' | 'username'>> & { database?: string };
  readonly link: Link = {};
  greeting: Greeting | ServerError | undefined;
  /** The socket to log in over: the link's, or TLS on top of it. */
  wire: Socket | undefined;
  encrypted = false;
  /** Set once the login has begun. */
  packets: Packets | undefined;
  loggedIn = false;
  server: ServerFacts | undefined;
  /** Selected databases that the user sees; what is not there is not asked again. */
  visible: readonly string[] | undefined;
  /** What the account may do, once it was asked. */
  grants: readonly Grant[] | undefined;
  /** The tables that were looked at: the selected ones that may be read, or else a few. */
  looked: readonly StreamPosition[] = [];
  readonly #cdc: boolean;
  #asking = false;

  constructor(config: MysqlConfig, context: ProbeContext, server: string, { cdc = false } = {}) {
    this.config = config;
    this.context = context;
    this.#cdc = cdc;
    const { host, port, username, database } = config;
    this.facts = { host, port, server, username, ...(database === undefined ? {} : { database }) };
  }

  /** The databases to read; undefined for all that the user may see. */
  get scope(): readonly string[] | undefined {
    return this.visible ?? this.selected;
  }

  /** The databases that the config names, those of the tables that it names among them. */
  get selected(): readonly string[] | undefined {
    const { databases, database } = this.config;
    const named = databases ?? (database === undefined ? undefined : [database]);
    return named ?? (this.tables && [...new Set(this.tables.flatMap(({ namespace }) => namespace || []))]);
  }

  /** The tables that the config names. */
  get tables(): readonly StreamPosition[] | undefined {
    const { tables, database = '' } = this.config;
    return tables?.map((name) => positionFrom(name) ?? { namespace: database, name });
  }

  get isMariadb(): boolean {
    return this.server?.mariadb ?? false;
  }

  get asking(): Asking {
    const { facts, context, config, tables, link } = this;
    const greeting = this.greeting !== undefined && 'capabilities' in this.greeting ? this.greeting : undefined;
    const offered = greeting !== undefined && (greeting.capabilities & 0x800) !== 0;
    return {
      facts,
      context,
      product: productOf(this.server?.version ?? greeting?.version, facts.server),
      wanted: { databases: this.selected ?? [], tables, cdc: this.#cdc },
      address: link.socket?.localAddress,
      account: this.server?.account,
      password: config.password !== undefined,
      shunsTls: config.tls_mode === 'disable' && offered,
    };
  }

  /** @throws StepFailure; the server's own refusal as `code`, where its number does not know better */
  query(statement: string, code: ProblemCode = 'QUERY_FAILED', facts: Facts = this.facts): Promise<Row[]> {
    return this.#ask((packets) => query(packets, statement), code, facts);
  }

  /** @throws StepFailure DATABASE_NOT_FOUND or DATABASE_NOT_VISIBLE */
  async use(database: string): Promise<void> {
    const facts = { ...this.facts, database };
    await this.#ask((packets) => useDatabase(packets, database), 'QUERY_FAILED', facts);
  }

  /** Selects from the user's own tables, in a transaction that cannot write. `what` is named where it fails. */
  async readOnly(select: string, limitMs: number, what: string): Promise<Row[]> {
    const facts = { ...this.facts, what };
    await this.query('START TRANSACTION READ ONLY', 'READ_FAILED', facts).catch(async (error: unknown) => {
      if (!(error instanceof StepFailure) || error.problem.driver_code !== NOT_IMPLEMENTED) throw error;
      await this.query('START TRANSACTION', 'READ_FAILED', facts);
    });
    try {
      return await this.query(this.#limited(select, limitMs), 'READ_FAILED', facts);
    } finally {
      await this.query('ROLLBACK', 'READ_FAILED', facts).catch(() => {});
    }
  }

  /** Begins to read the binary log there: after that, this connection can be asked nothing more. */
  async streamLog(from: { file: string; position: number }): Promise<void> {
    await this.query(AS_READER);
    this.loggedIn = false;
    await this.#ask((packets) => readLog(packets, from), 'QUERY_FAILED', this.facts);
  }

  /** The same SELECT, ended by the server when it takes longer. To servers that have no limit the hint is a comment. */
  #limited(select: string, limitMs: number): string {
    return this.isMariadb
      ? `SET STATEMENT max_statement_time = ${limitMs / 1000} FOR ${select}`
      : select.replace(/^SELECT/, `SELECT /*+ MAX_EXECUTION_TIME(${limitMs}) */`);
  }

  async #ask<T>(ask: (packets: Packets) => Promise<T>, code: ProblemCode, facts: Facts): Promise<T> {
    // Behind a question that is still unanswered, the next one would only wait.
    if (this.#asking) throw new StepFailure('QUERY_TIMEOUT', facts);
    this.#asking = true;
    try {
      return await ask(reached(this.packets));
    } catch (error) {
      throw queryFailure(error, { ...this.asking, facts: { ...this.facts, ...facts } }, code);
    } finally {
      this.#asking = false;
    }
  }

  /** What a diagnosis starts from. */
  get about(): Subject {
    const { host, port, username } = this.config;
    return {
      place: { engine: 'mysql', host, port, username },
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
    if (this.loggedIn && !this.#asking && this.packets) goodbye(this.packets);
    this.wire?.destroy();
    hangUp(this.link);
  }
}
