import { reached } from '../network.ts';
import type { Probe, ProbeContext, StepSpec } from '../probe.ts';
import type { Problem } from '../problems/index.ts';
import { type Count, countRows } from './count.ts';
import { delimiterName } from './dialect.ts';
import { type Format, formatOf } from './format.ts';
import { type Head, readHead } from './head.ts';
import type { Input } from './input.ts';
import { localFile } from './local-file.ts';
import { readerOf } from './read.ts';
import { remoteFile } from './remote-file.ts';
import { type CsvConfig, fileFields } from './table-config.ts';

/** The probe of CSV files, here or behind a URL: what it is, how it is written, and how many rows it has. */
export const csvProbe: Probe<CsvConfig> = {
  plan: (config, context) => {
    const input = inputOf(config, context);
    const table = new Table(input, config, context);
    return {
      subject: input.subject,
      endpoint: input.endpoint,
      steps: [...input.steps, ...table.steps()],
      close: () => input.close(),
      session: () => table.session(),
    };
  },
};

function inputOf(config: CsvConfig, context: ProbeContext): Input {
  const { url, path = '' } = config;
  return url === undefined ? localFile(path, context) : remoteFile({ ...config, url }, context);
}

class Table {
  readonly #input: Input;
  readonly #config: CsvConfig;
  readonly #context: ProbeContext;
  #head: Head | undefined;
  #format: Format | undefined;

  constructor(input: Input, config: CsvConfig, context: ProbeContext) {
    this.#input = input;
    this.#config = config;
    this.#context = context;
  }

  steps(): StepSpec[] {
    const timeout = { code: 'FILE_SLOW', facts: {}, fields: fileFields(this.#config) } as const;
    return [
      {
        id: 'decode',
        title: 'Text in a known encoding',
        gate: true,
        depth: 'query',
        limitMs: 5000,
        timeout,
        run: async (signal) => {
          const head = await readHead(this.#input, this.#config, signal);
          this.#head = head;
          return { evidence: `${head.encoding.encoding}, by ${head.encoding.from}` };
        },
      },
      {
        id: 'format',
        title: 'Delimiter, quotes, header',
        gate: true,
        depth: 'query',
        limitMs: 3000,
        timeout,
        run: () => {
          const format = formatOf(reached(this.#head), this.#config);
          this.#format = format;
          const evidence = described(format);
          return format.warning ? { evidence, warning: format.warning } : { evidence };
        },
      },
      {
        id: 'read',
        title: 'Rows can be read',
        depth: 'read',
        limitMs: 6000,
        timeout,
        run: async (signal, limitMs) => {
          const limits = { signal, limitMs };
          const count = await countRows(this.#input, reached(this.#head), reached(this.#format), limits);
          const evidence = `${count.exact ? '' : 'at least '}${count.rows} rows in ${count.bytes} bytes`;
          const warning = warningOf(count, this.#config);
          return { evidence, rowCount: count.rows, ...(warning ? { warning } : {}) };
        },
      },
    ];
  }

  session() {
    return readerOf(this.#input, reached(this.#head), reached(this.#format), this.#context.redactor);
  }
}

function warningOf({ warning, exact, stalled, rows }: Count, config: CsvConfig): Problem | undefined {
  if (warning || exact) return warning;
  if (stalled) return { code: 'FILE_STALLED', facts: { what: String(rows) }, fields: fileFields(config) };
  return { code: 'CSV_COUNT_PARTIAL', facts: { what: String(rows) } };
}

function described({ dialect, width, header }: Format): string {
  const { delimiter, quote = 'none' } = dialect;
  const columns = `${width} column${width === 1 ? '' : 's'}`;
  return `delimiter ${delimiterName(delimiter)}, quote ${quote}, ${columns}, ${header ? 'with' : 'without'} a header`;
}
