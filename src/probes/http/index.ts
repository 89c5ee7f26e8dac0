import type { HttpAnswer } from '../../net/http.ts';
import { reached } from '../network.ts';
import type { Probe, ReadSession, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { evidenceOf, jsonOf, judgeStatus, judgeSuccess } from './judge.ts';
import { type ApiRecord, columnsOf, recordsOf } from './records.ts';
import { type HttpConfig, HttpSession } from './session.ts';
import { connectSteps, httpStep } from './steps.ts';

export interface RestConfig extends HttpConfig {
  test_path?: string | undefined;
  records_path?: string | undefined;
}

const LONGEST_VALUE = 200;
const MOST_BYTES = 48 * 1024;

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

/** The probe of webhooks: the address is there and lets us in. Nothing is delivered: HEAD, and 405 is an answer too. */
export const webhookProbe: Probe<HttpConfig> = {
  plan: (config, context) => {
    const session = new HttpSession(config, context, 'HTTP');
    let answer: HttpAnswer | undefined;
    const ask = async (signal: AbortSignal) => {
      answer = await session.ask({ method: 'HEAD', path: '', withCredentials: true }, signal);
      return answer;
    };
    const judged: StepSpec = {
      ...httpStep('auth', 'Address and credentials are accepted', session),
      depth: 'auth',
      run: () => {
        judgeStatus(session, reached(answer), session.url.pathname);
        return { evidence: evidenceOf(session, reached(answer)) };
      },
    };
    return {
      subject: `The webhook at ${session.url.host}`,
      endpoint: session.facts,
      steps: [...connectSteps(session, ask), judged],
      close: () => session.close(),
      session: () => ({ discover: async () => ({ streams: [] }), preview: async () => undefined }),
    };
  },
};

/** The steps and readings of one API. */
class Api {
  readonly #session: HttpSession;
  readonly #config: RestConfig;
  #answer: HttpAnswer | undefined;
  #records: readonly ApiRecord[] | undefined;

  constructor(session: HttpSession, config: RestConfig) {
    this.#session = session;
    this.#config = config;
  }

  async ask(signal: AbortSignal): Promise<HttpAnswer> {
    this.#answer = await this.#request(true, signal);
    return this.#answer;
  }

  steps(): StepSpec[] {
    const session = this.#session;
    return [
      {
        ...httpStep('auth', 'Credentials', session),
        depth: 'auth',
        run: async (signal) => {
          judgeStatus(session, reached(this.#answer), this.#path);
          if (this.#config.auth.method === 'none') return { skip: 'none are set' };
          // A path that answers strangers alike proves nothing of the credentials.
          const stranger = await this.#request(false, signal);
          if (stranger.status === reached(this.#answer).status)
            return { warning: { code: 'AUTH_UNPROVEN', facts: session.facts } };
          return { evidence: `${this.#config.auth.method}; without credentials: status ${stranger.status}` };
        },
      },
      {
        ...httpStep('query', 'Answer of the right shape', session),
        depth: 'query',
        run: () => {
          const answer = reached(this.#answer);
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
        return { streams: [stream === undefined ? found : { ...found, columns: this.#shownColumns() }] };
      },
      preview: async (stream, limit) => {
        if (!this.#isStream(stream)) return undefined;
        const rows: ApiRecord[] = [];
        let bytes = 0;
        for (const record of records().slice(0, limit)) {
          const row = this.#shown(record);
          bytes += JSON.stringify(row).length;
          if (bytes > MOST_BYTES) break;
          rows.push(row);
        }
        return { columns: this.#shownColumns(), rows, truncated: rows.length < records().length };
      },
    };
  }

  get #path(): string {
    return this.#config.test_path ?? '/';
  }

  #isStream(text: string): boolean {
    return text === this.#path || text === `api.${this.#path}`;
  }

  #request(withCredentials: boolean, signal: AbortSignal): Promise<HttpAnswer> {
    return this.#session.ask({ method: 'GET', path: this.#config.test_path ?? '', withCredentials }, signal);
  }

  #shownColumns() {
    return columnsOf(this.#records ?? []).map((column) => ({ ...column, name: this.#session.clean(column.name) }));
  }

  #shown(record: ApiRecord): ApiRecord {
    const entries = Object.entries(record).map(([name, value]) => [this.#session.clean(name), this.#value(value)]);
    return Object.fromEntries(entries);
  }

  #value(value: unknown): unknown {
    if (typeof value === 'string') return this.#session.clean(value, LONGEST_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    return this.#session.clean(JSON.stringify(value), LONGEST_VALUE);
  }
}
