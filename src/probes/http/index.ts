import type { HttpAnswer } from '../../net/http.ts';
import { reached } from '../network.ts';
import type { Probe, ReadSession, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { longestValue, type ShownColumns, shownColumns, shownRows } from '../shown.ts';
import { jsonOf, judgeStatus, judgeSuccess } from './judge.ts';
import { type ApiRecord, columnsOf, recordsOf, shortJson } from './records.ts';
import { type HttpConfig, HttpSession } from './session.ts';
import { connectSteps, httpStep } from './steps.ts';
import { Asked, proofOf } from './stranger.ts';

export interface RestConfig extends HttpConfig {
  test_path?: string | undefined;
  records_path?: string | undefined;
}

/** The probe of REST APIs: an authenticated answer of the right shape, not just any 200. */
export const restProbe: Probe<RestConfig> = {
  plan: (config, context) => {
    const session = new HttpSession(config, context, 'HTTP');
    const api = new Api(session, config);
    return {
      subject: `The API at ${session.url.host}`,
      endpoint: session.facts,
      steps: [...connectSteps(session, (signal) => api.ask(signal)), ...api.steps()],
      close: () => session.close(),
      session: () => api.read(),
    };
  },
};

/** The steps and readings of one API. */
class Api {
  readonly #session: HttpSession;
  readonly #config: RestConfig;
  readonly #asked: Asked;
  #records: readonly ApiRecord[] | undefined;

  constructor(session: HttpSession, config: RestConfig) {
    this.#session = session;
    this.#config = config;
    this.#asked = new Asked(session);
  }

  ask(signal: AbortSignal): Promise<HttpAnswer> {
    return this.#asked.ask(this.#request, signal);
  }

  steps(): StepSpec[] {
    const session = this.#session;
    return [
      {
        ...httpStep('auth', 'Credentials', session),
        depth: 'auth',
        run: async (signal, limitMs) => {
          judgeStatus(session, reached(this.#asked.answer), this.#path);
          if (this.#config.auth.method === 'none') return { skip: 'none are set' };
          // A path that answers strangers alike proves nothing of the credentials.
          return proofOf(session, await this.#asked.asStranger(this.#request, { signal, limitMs }));
        },
      },
      {
        ...httpStep('query', 'Answer of the right shape', session),
        depth: 'query',
        run: () => {
          const answer = reached(this.#asked.answer);
          judgeSuccess(session, answer);
          const pointer = this.#config.records_path;
          const records = recordsOf(jsonOf(session, answer), pointer);
          if (!records)
            throw new StepFailure(
              'HTTP_NO_RECORDS',
              { ...session.facts, what: pointer ?? '' },
              { fields: ['records_path'] },
            );
          this.#records = records;
          return { evidence: `JSON, ${records.length} record${records.length === 1 ? '' : 's'}` };
        },
      },
      {
        ...httpStep('read', 'One record can be read', session),
        gate: false,
        depth: 'read',
        run: () => {
          const [first] = this.#records ?? [];
          if (!first) return { skip: 'there are no records' };
          return { evidence: session.clean(Object.keys(first).slice(0, 12).join(', ')) };
        },
      },
    ];
  }

  read(): ReadSession {
    const name = this.#path;
    const records = () => this.#records ?? [];
    return {
      discover: async ({ query, stream }) => {
        if (
          stream !== undefined
            ? !this.#isStream(stream)
            : query !== undefined && !name.toLowerCase().includes(query.toLowerCase())
        )
          return { streams: [] };
        const found = { namespace: 'api', name, kind: 'endpoint' };
        return { streams: [stream === undefined ? found : { ...found, ...this.#shownColumns() }] };
      },
      preview: async (stream, limit) => {
        if (!this.#isStream(stream)) return undefined;
        const { columns, columns_left_out } = this.#shownColumns();
        const names = this.#columns().columns.map((column) => column.name);
        const wanted = records().slice(0, limit);
        const rows = shownRows(wanted.map((record) => this.#shown(record, names, longestValue(names.length))));
        return { columns, rows, truncated: rows.length < records().length || columns_left_out !== undefined };
      },
    };
  }

  get #path(): string {
    return this.#config.test_path ?? '/';
  }

  #isStream(text: string): boolean {
    return text === this.#path || text === `api.${this.#path}`;
  }

  get #request() {
    return { method: 'GET', path: this.#config.test_path ?? '' } as const;
  }

  /** As the server names them. */
  #columns() {
    return shownColumns(columnsOf(this.#records ?? []));
  }

  #shownColumns(): ShownColumns {
    const { columns, ...rest } = this.#columns();
    return { columns: columns.map((column) => ({ ...column, name: this.#session.clean(column.name) })), ...rest };
  }

  #shown(record: ApiRecord, names: readonly string[], longest: number): ApiRecord {
    const own = names.filter((name) => Object.hasOwn(record, name));
    return Object.fromEntries(own.map((name) => [this.#session.clean(name), this.#value(record[name], longest)]));
  }

  #value(value: unknown, longest: number): unknown {
    if (typeof value === 'string') return this.#session.clean(value, longest);
    const { cleanValue } = this.#session.context.redactor;
    if (typeof value !== 'object' || value === null) return cleanValue(value);
    return this.#session.clean(shortJson(value, longest * 4, cleanValue), longest);
  }
}
