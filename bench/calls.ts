// How many requests a second a server answers over stdio: ours, and a bare server's tools/list and echo.
import { temporaryFolder } from '../test/support/temp.ts';
import { builtServer } from './support/built-server.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { interleave, median, ratioOf, timed } from './support/stats.ts';
import { bareServer, StdioServer } from './support/stdio-server.ts';

const ROUNDS = 30;
/** Requests in one round. */
const BATCH = 200;
const SOURCES = 20;
/** One after the other, as an agent calls; and many at once, as a client that serves several agents may. */
const AT_ONCE = [1, 16] as const;

async function measure(options: Options): Promise<Row[]> {
  const home = await temporaryFolder('bench');
  const ours = new StdioServer(await builtServer(options, home.path), 'modern');
  await ours.open();
  const bare = new StdioServer(bareServer((await ours.listTools()).length), 'modern');
  await bare.open();
  const sourceId = await createSources(ours);

  const echo = () => bare.call('echo', { text: 'What a tool of average size is told, more or less.' });
  const pairs = [
    { what: 'tools/list', ask: () => ours.listTools(), askBare: () => bare.listTools() },
    { what: 'list_connectors', ask: () => ours.call('list_connectors', { query: 'postgres' }), askBare: echo },
    { what: 'get_source', ask: () => ours.call('get_source', { source_id: sourceId }), askBare: echo },
  ];
  const rows: Row[] = [];
  for (const { what, ask, askBare } of pairs) {
    for (const atOnce of AT_ONCE) {
      const samples = await interleave(
        { ours: () => rate(ask, atOnce), bare: () => rate(askBare, atOnce) },
        { rounds: options.rounds ?? ROUNDS, warmup: 5 },
      );
      rows.push({
        what: `${what}, ${atOnce} at once`,
        unit: '/s',
        ours: median(samples.ours),
        baseline: median(samples.bare),
        ratio: ratioOf(samples.ours, samples.bare),
      });
    }
  }
  await Promise.all([ours.end(), bare.end()]);
  await home.remove();
  return rows;
}

/** Requests per second. */
async function rate(ask: () => Promise<unknown>, atOnce: number): Promise<number> {
  let left = BATCH;
  const asker = async () => {
    while (left > 0) {
      left -= 1;
      await ask();
    }
  };
  const ms = await timed(() => Promise.all(Array.from({ length: atOnce }, asker)));
  return (BATCH / ms) * 1000;
}

/** @returns the id of one of them */
async function createSources(server: StdioServer): Promise<string> {
  let id = '';
  for (let i = 0; i < SOURCES; i += 1) {
    const { structuredContent } = await server.call('create_source', {
      connector: 'postgresql',
      config: {
        host: 'db.example.com',
        database: 'shop',
        username: 'headwater',
        password: '${env:HEADWATER_SECRET_SHOP}',
      },
      name: `Shop ${i}`,
      tags: ['shop', 'eu'],
      run_test: false,
    });
    id = (structuredContent as { source: { id: string } }).source.id;
  }
  return id;
}

await runBench('calls', "requests answered over stdio, against a bare server's tools/list and echo", measure);
