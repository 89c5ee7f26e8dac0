import type { Socket } from 'node:net';
import type { TlsMode } from '../../net/tls.ts';
import type { Secret } from '../../secrets/secret.ts';
import { hangUp, type Link, reached } from '../network.ts';
import type { ProbeContext, Subject } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import type { SshSettings } from '../ssh/settings.ts';
import { type Asking, queryFailure } from './errors.ts';
import type { Messages } from './packets.ts';
import { batch } from './query.ts';
import { isAzure, type Who } from './remedies.ts';
import type { Row } from './tokens.ts';
import type { Place, Wire } from './wire.ts';

export type { Row } from './tokens.ts';

/** What the SQL Server probe needs of a connector; any connector with these fields can use it. */
export interface SqlServerConfig extends SshSettings {
  host: string;
  port: number;
  database: string;
  username: string;
  password?: Secret | undefined;
  schemas?: string[] | undefined;
  /** `schema.table` each. */
  tables?: string[] | undefined;
  tls_mode: TlsMode;
  tls_ca?: string | undefined;
}

/** What the server says of itself once it is logged in to; clean. */
export interface ServerFacts {
  version: string;
  /** SERVERPROPERTY('EngineEdition'): 5 Azure SQL Database, 8 Managed Instance, 6 and 11 Synapse. */
  engine: number;
  edition: string;
  /** In words: `SQL Server 2022`. */
  product: string;
  /** What the database calls the user, as the server has it. */
  user: string | undefined;
}

/** One connection's state while its steps run, and the one way to query it. */
export class Session {
  readonly config: SqlServerConfig;
  readonly context: ProbeContext;
  readonly facts: Required<Pick<Facts, 'host' | 'port' | 'server' | 'username' | 'database'>>;
  readonly link: Link = {};
  wire: Wire | undefined;
  /** Set once the login has begun. */
  messages: Messages | undefined;
  server: ServerFacts | undefined;
  /** A login that was right, to a database that cannot be opened. */
  databaseFailure: StepFailure | undefined;
  /** Connections besides the link's. */
  readonly others = new Set<Socket>();
  #asking = false;

  constructor(config: SqlServerConfig, context: ProbeContext, server: string) {
    this.config = config;
    this.context = context;
    const { host, port, username, database } = config;
    this.facts = { host, port, server, username, database };
  }

  get schemas(): readonly string[] | undefined {
    return this.config.schemas;
  }

  /** The schemas in words, for sentences. */
  get scope(): string {
    return this.schemas ? `schema ${this.schemas.join(', ')}` : `the database ${this.config.database}`;
  }

  get who(): Who {
    const { host, username, database, schemas } = this.config;
    const [user] = this.fitForSql([this.server?.user ?? '']);
    return { host, username, database, schemas, user, azure: this.isAzure };
  }

  get isAzure(): boolean {
    return this.server ? this.server.engine === AZURE_DATABASE : isAzure(this.config.host);
  }

  /** What a diagnosis starts from. */
  get about(): Subject {
    const { host, port, username } = this.config;
    return {
      place: { engine: 'sqlserver', host, port, username },
      facts: this.facts,
      addresses: () => this.link.target?.addresses ?? [],
    };
  }

  get asking(): Asking {
    const { facts, context, who, config } = this;
    return { facts, context, who, password: config.password !== undefined };
  }

  /** Where the login goes. */
  place(signal: AbortSignal): Place {
    const { tls_mode: mode, tls_ca: ca } = this.config;
    const { facts, context, link } = this;
    const dial = async (until: AbortSignal) => this.keep(await reached(link.dial)(until));
    return { target: reached(link.target), mode, ca, facts, context, signal, dial, tunnelled: link.way !== undefined };
  }

  /** Closed with the rest. */
  keep(socket: Socket): Socket {
    this.others.add(socket);
    return socket;
  }

  /**
   * One statement that only reads. After `limitMs` the server is told to stop it.
   * @throws StepFailure; the server's own refusal as `code`, where its number does not know better
   */
  async query(
    statement: string,
    {
      code = 'QUERY_FAILED',
      facts = this.facts,
      limitMs = 2500,
    }: { code?: ProblemCode; facts?: Facts; limitMs?: number } = {},
  ): Promise<Row[]> {
    // Behind a question that is still unanswered, the next one would only wait.
    if (this.#asking) throw new StepFailure('QUERY_TIMEOUT', facts);
    this.#asking = true;
    try {
      const rows = await batch(reached(this.messages), statement, limitMs);
      if (rows === undefined) throw new StepFailure('QUERY_TIMEOUT', facts);
      return rows;
    } catch (error) {
      throw queryFailure(error, { ...this.asking, facts }, code);
    } finally {
      this.#asking = false;
    }
  }

  /** Text from the server, fit to be shown. */
  clean(text: string | null | undefined, cap = 200): string {
    return this.context.redactor.clean(text ?? '', cap);
  }

  /** Names from the catalogue that may stand in SQL for a person: a hostile one would be more than a name. */
  fitForSql(names: readonly string[]): string[] {
    return names.filter((name) => name !== '' && this.clean(name) === name);
  }

  async close(): Promise<void> {
    this.wire?.loginOver?.destroy();
    this.wire?.socket.destroy();
    for (const socket of this.others) socket.destroy();
    hangUp(this.link);
  }
}

const AZURE_DATABASE = 5;
