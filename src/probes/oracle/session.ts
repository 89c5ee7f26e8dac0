import type { Socket } from 'node:net';
import type { Relay } from '../../net/relay.ts';
import type { TlsMode } from '../../net/tls.ts';
import type { Secret } from '../../secrets/secret.ts';
import { hangUp, type Link, reached } from '../network.ts';
import type { ProbeContext, Subject } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import { providerOf } from '../providers/index.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { TlsOptions } from '../tls.ts';
import { descriptor } from './descriptor.ts';
import { DRIVER, type Driver, type DriverConnection } from './driver.ts';
import { type Asking, queryFailure } from './errors.ts';
import type { Who } from './remedies.ts';

/** What the Oracle probe needs of a connector; any connector with these fields can use it. */
export interface OracleConfig extends SshSettings {
  host: string;
  port: number;
  /** One of these two. */
  service_name?: string | undefined;
  sid?: string | undefined;
  username: string;
  password?: Secret | undefined;
  schemas?: string[] | undefined;
  /** `schema.table` each. */
  tables?: string[] | undefined;
  tls_mode: Exclude<TlsMode, 'prefer'>;
  tls_ca?: string | undefined;
}

/** A row as text, its columns in lower case: from outside, so clean it before it is shown. */
export type Row = Readonly<Record<string, string | null>>;

const MOST_ROWS = 5000;

/** One connection's state while its steps run, and the one way to query it. */
export class Session {
  readonly config: OracleConfig;
  readonly context: ProbeContext;
  readonly facts: Required<Pick<Facts, 'host' | 'port' | 'server' | 'username' | 'database'>>;
  readonly link: Link = {};
  /** What the listener is asked over: the link's socket, or TLS on top of it. */
  wire: Socket | undefined;
  /** The server wants another handshake behind the first, which the driver alone could make. */
  renewsTls = false;
  /** The driver's way, where it does not connect straight. */
  relay: Relay | undefined;
  driver: Driver | undefined;
  connection: DriverConnection | undefined;
  /** What the database says of itself; clean. */
  server: { version: string; container: string; user: string } | undefined;
  readonly #others = new Set<Socket>();
  #asking = false;
  #isClosed = false;

  constructor(config: OracleConfig, context: ProbeContext, server: string) {
    this.config = config;
    this.context = context;
    const { host, port, username, service_name, sid = '' } = config;
    this.facts = { host, port, server, username, database: service_name ?? sid };
  }

  get tls(): TlsOptions {
    return { mode: this.config.tls_mode, ca: this.config.tls_ca };
  }

  get connectData(): string {
    const { host, port } = this.config;
    const more = '(CID=(PROGRAM=headwater)(HOST=headwater)(USER=headwater))';
    return descriptor(this.config, { host, port, tls: this.config.tls_mode !== 'disable' }, more);
  }

  get who(): Who {
    const { username, schemas, host } = this.config;
    const user = this.fitForSql([this.server?.user ?? ''])[0] ?? username.toUpperCase();
    const rds = providerOf({ engine: 'oracle', host })?.code === 'rds';
    return { user, schemas, rds, common: /^c##/i.test(user) };
  }

  get asking(): Asking {
    const { facts, context, who } = this;
    return { facts, context, who };
  }

  /** What a diagnosis starts from. */
  get about(): Subject {
    const { host, port, username } = this.config;
    return {
      place: { engine: 'oracle', host, port, username },
      facts: this.facts,
      addresses: () => this.link.target?.addresses ?? [],
    };
  }

  /** Closed with the rest. */
  keep(socket: Socket): Socket {
    this.#others.add(socket);
    return socket;
  }

  /**
   * One SELECT, all of whose columns are text. The driver ends it after `limitMs`.
   * @throws StepFailure; the server's own refusal as `code`, where its number does not know better
   */
  async query(
    statement: string,
    binds: readonly (string | number)[] = [],
    {
      code = 'QUERY_FAILED',
      facts = this.facts,
      limitMs = 2500,
    }: { code?: ProblemCode; facts?: Facts; limitMs?: number } = {},
  ): Promise<Row[]> {
    if (!this.connection) throw new StepFailure('DRIVER_MISSING', { ...facts, what: DRIVER });
    // Behind a question that is still unanswered, the next one would only wait.
    if (this.#asking) throw new StepFailure('QUERY_TIMEOUT', facts);
    this.#asking = true;
    try {
      const connection = reached(this.connection);
      connection.callTimeout = limitMs;
      const { metaData = [], rows = [] } = await connection.execute(statement, binds, { maxRows: MOST_ROWS });
      const names = metaData.map(({ name }) => name.toLowerCase());
      return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, textOf(row[i])])));
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
    return names.filter((name) => name !== '' && !name.includes('"') && this.clean(name) === name);
  }

  /** What the driver has opened, however late. */
  adopt(connection: DriverConnection): void {
    this.connection = connection;
    if (this.#isClosed) connection.close({ drop: true }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // Nobody waits for a driver that waits for its server.
    this.connection?.close({ drop: true }).catch(() => {});
    this.wire?.destroy();
    for (const socket of this.#others) socket.destroy();
    this.relay?.close();
    hangUp(this.link);
  }
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
