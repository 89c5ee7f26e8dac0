import { factsQuery, publicationQuery, slotsQuery } from './facts-query.ts';
import { DENIED_SCHEMAS, LOOKED_AT, READABLE_TABLES, READABLE_VIEW, SCHEMAS } from './queries.ts';
import type { Row, Session } from './session.ts';
import { keylessPartitionsQuery, type SelectedTable, selectedTables, selectedTablesQuery } from './tables.ts';

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
    ahead(this.schemas());
    ahead(config.tables ? this.tables() : this.readableTables());
    ahead(this.facts());
    if (this.#checksCdc && config.publication !== undefined) ahead(this.publication());
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

  /** What a partitioned table has for a key, its partitions may lack. Asked only where one is selected. */
  async keylessPartitions(): Promise<Row[]> {
    const roots = (await this.tables()).filter(({ kind }) => kind === 'p');
    if (roots.length === 0 || this.#session.version < 120_000) return [];
    return await this.#once('partitions', () => keylessPartitionsQuery(roots));
  }

  /** The first tables that may be read: some where their keys are asked for, else one. */
  readableTables(): Answer {
    const limit = this.#checksCdc ? LOOKED_AT : 1;
    return this.#once('readable', () => READABLE_TABLES(this.#session.schemas, limit, this.#checksCdc));
  }

  /** One table that may be read, or a view where there is none. */
  async readableTable(): Promise<Row | undefined> {
    const [table] = await this.readableTables();
    return table ?? (await this.#once('readable_view', () => READABLE_VIEW(this.#session.schemas)))[0];
  }

  deniedSchemas(): Answer {
    return this.#once('denied', () => DENIED_SCHEMAS(this.#session.schemas));
  }

  /** The role, and for change data capture the server. */
  async facts(): Promise<Row> {
    const [row] = await this.#once('facts', () => factsQuery(this.#session.version, this.#checksCdc));
    return row ?? {};
  }

  /** Every slot. Most servers have none, so they are asked for only where the facts count some. */
  async slots(): Promise<Row[]> {
    const { slots_used: used } = await this.facts();
    if (used === '0') return [];
    return await this.#once('slots', () => slotsQuery(this.#session.version));
  }

  /** One row, also where there is no such publication: its name is NULL then. */
  async publication(): Promise<Row> {
    const { publication = '', tables = [] } = this.#session.config;
    const [row] = await this.#once('publication', () => publicationQuery(publication, tables, this.#session.version));
    return row ?? {};
  }

  #once(name: string, query: () => string): Answer {
    const known = this.#asked.get(name);
    if (known) return known;
    const answer = this.#session.raw(query());
    this.#asked.set(name, answer);
    return answer;
  }
}

/** Whoever awaits it later is told what became of it; until then it is nobody's rejection. */
function ahead(answer: Promise<unknown>): void {
  answer.catch(() => {});
}
