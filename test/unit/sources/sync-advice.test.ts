import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Connector } from '../../../src/connectors/define-connector.ts';
import { csv } from '../../../src/connectors/files/csv.ts';
import type { ReadSession, SyncAdvice } from '../../../src/probes/probe.ts';
import { type CsvLab, csvLab } from '../probes/csv/lab.ts';

const ADVICE: SyncAdvice = {
  keys: [['id']],
  cursors: [],
  cdc: { possible: false },
  suggested: 'full',
  because: 'It is small.',
};

/** A connector of two streams that says this much of how to sync them. */
function connector(code: string, advise: ReadSession['advise'], names = ['a', 'b']): Connector {
  const session: ReadSession = {
    discover: async () => ({ streams: names.map((name) => ({ namespace: 'n', name, kind: 'table' })) }),
    preview: async () => undefined,
    ...(advise ? { advise } : {}),
  };
  const plan = { subject: code, steps: [], close: async () => {}, session: () => session };
  return { ...csv, code, name: `Acme ${code}`, aliases: [], probe: async () => ({ plan: () => plan }) };
}

let lab: CsvLab;
beforeAll(async () => {
  const connectors = [
    connector('silent', undefined),
    connector('empty', async () => []),
    connector('half', async () => [undefined, ADVICE]),
    connector('ignorant', async () => [undefined, undefined]),
    connector('void', async () => [], []),
  ];
  lab = await csvLab({}, { brought: { connectors, problems: [] } });
});
afterAll(() => lab.close());

const discovered = async (code: string, advice = true) =>
  lab.done('discover_source', { connector: code, config: { path: await lab.write('x.csv', 'a\n1\n') }, advice });

it.each([
  ['silent', 'Acme silent'],
  ['empty', 'Acme empty'],
  ['csv', 'CSV file'],
])('a connector without advice says so: %s', async (code, name) => {
  const { streams, warnings } = await discovered(code);
  expect(warnings).toEqual([`${name} has no advice on how to sync its streams.`]);
  expect(streams).not.toEqual([]);
  expect(JSON.stringify(streams)).not.toContain('advice');
});

it('says nothing where nobody asked', async () => {
  expect(await discovered('csv', false)).not.toHaveProperty('warnings');
});

it('gives each stream its own advice, and none to that of which nothing is known', async () => {
  const { streams, ...rest } = await discovered('half');
  expect(streams).toEqual([
    { namespace: 'n', name: 'a', kind: 'table' },
    { namespace: 'n', name: 'b', kind: 'table', advice: ADVICE },
  ]);
  expect(rest).not.toHaveProperty('warnings');
  expect(await discovered('ignorant')).not.toHaveProperty('warnings');
});

it('a page without streams needs none', async () => {
  expect(await discovered('void')).not.toHaveProperty('warnings');
});
