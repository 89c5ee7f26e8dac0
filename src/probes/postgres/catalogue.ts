import { factsQuery, publicationQuery, slotsQuery } from './facts-query.ts';
import { CDC_TABLES, DENIED_SCHEMAS, READABLE_TABLE, READABLE_VIEW, SCHEMAS } from './queries.ts';
import type { Row, Session } from './session.ts';
import { type SelectedTable, selectedTables, selectedTablesQuery } from './tables.ts';

type Answer = Promise<Row[]>;

/**
 * What the steps behind the gates look at. It is asked for in one flight, when the first of them begins, and each step
 * awaits its part: none of it may be shown uncleaned.
 */
export class Catalogue {
  readonly #session: Session;
  readonly #checksCdc: boolean;
  readonly #asked = new Map<string, Answer>();

  constructor(session: Session, checksCdc: boolean) {
    this.#session = session;
    this.#checksCdc = checksCdc;
  }

  begin(): void {
    const { config } = this.#session;
    if (config.schemas) void this.schemas();
    if (config.tables) void this.tables();
    else void this.readableTable();
    void this.facts();
    if (!this.#checksCdc) return;
    void this.slots();
    if (config.publication !== undefined) void this.publication();
    if (!config.tables) void this.keylessTables();
  }

  schemas(): Answer {
    const { schemas } = this.#session.config;
    return schemas ? this.#once('schemas', () => SCHEMAS(schemas)) : Promise.resolve([]);
  }

  /** The tables that the config names; nothing where it names none. */
  async tables(): Promise<SelectedTable[]> {
    const names = this.#session.config.tables;
    if (!names) return [];
    const rows = await this.#once('tables', () => selectedTablesQuery(names));
    return selectedTables(names, rows, this.#session.facts.username);
  }

  /** One table that may be read, or a view where there is none. */
  async readableTable(): Promise<Row | undefined> {
    const { schemas } = this.#session;
    const [table] = await this.#once('readable', () => READABLE_TABLE(schemas));
    return table ?? (await this.#once('readable_view', () => READABLE_VIEW(schemas)))[0];
  }

  deniedSchemas(): Answer {
    return this.#once('denied', () => DENIED_SCHEMAS(this.#session.schemas));
  }

  /** The role, and for change data capture the server. */
  async facts(): Promise<Row> {
    const [row] = await this.#once('facts', () => factsQuery(this.#session.version, this.#checksCdc));
    return row ?? {};
  }

  slots(): Answer {
    return this.#once('slots', () => slotsQuery(this.#session.version));
  }

  /** One row, also where there is no such publication: its name is NULL then. */
  async publication(): Promise<Row> {
    const { publication = '', tables = [] } = this.#session.config;
    const [row] = await this.#once('publication', () => publicationQuery(publication, tables, this.#session.version));
    return row ?? {};
  }

  keylessTables(): Answer {
    return this.#once('keyless', () => CDC_TABLES(this.#session.schemas));
  }

  #once(name: string, query: () => string): Answer {
    const known = this.#asked.get(name);
    if (known) return known;
    const answer = this.#session.raw(query());
    // Whoever awaits it is told; until then it is nobody's rejection.
    answer.catch(() => {});
    this.#asked.set(name, answer);
    return answer;
  }
}
