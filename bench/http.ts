// How many requests a second a server answers over HTTP: ours, and a bare server on the same SDK with and without the
// same guards. Then whether memory and handles stay where they are over thousands of calls.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../test/support/root.ts';
import { temporaryFolder } from '../test/support/temp.ts';
import { builtServer } from './support/built-server.ts';
import { HttpServer } from './support/http-server.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { interleave, median, ratioOf, timed } from './support/stats.ts';
import type { Program } from './support/stdio-server.ts';

const ROUNDS = 12;
/** Requests in one round. */
const BATCH = 150;
const SOURCES = 20;
const AT_ONCE = [1, 16] as const;
const SETTLING_CALLS = 3_000;
const LASTING_CALLS = 50_000;
const TOKEN = 'a-token-of-average-length-for-a-bare-server';

async function measure(options: Options): Promise<Row[]> {
  const home = await temporaryFolder('bench');
  const program = await builtServer(options, home.path);
  const ours = await HttpServer.start({ ...program, args: ['http', '--port', '0'] }, await newToken(program));
  const { length: tools } = await ours.listTools();
  const bare = await HttpServer.start(bareHttpServer(tools, TOKEN), TOKEN);
  const open = await HttpServer.start(bareHttpServer(tools));
  const sourceId = await createSources(ours);

  const text = 'What a tool of average size is told, more or less.';
  const calls = [
    { what: 'list_connectors', ask: () => ours.call('list_connectors', { query: 'postgres' }), budget: 0.9 },
    { what: 'get_source', ask: () => ours.call('get_source', { source_id: sourceId }), budget: undefined },
  ];
  const rows: Row[] = [];
  for (const atOnce of AT_ONCE) {
    const of = (ask: () => Promise<unknown>) => () => rate(ask, BATCH, atOnce);
    const measured = async (
      what: string,
      ask: () => Promise<unknown>,
      askBare: (server: HttpServer) => Promise<unknown>,
      least?: number,
    ) => {
      const samples = await interleave(
        { ours: of(ask), bare: of(() => askBare(bare)), open: of(() => askBare(open)) },
        { rounds: options.rounds ?? ROUNDS, warmup: 3 },
      );
      const row = (guards: string, baseline: readonly number[]): Row => ({
        what: `${what}, ${atOnce} at once, guards ${guards}`,
        unit: '/s',
        ours: median(samples.ours),
        baseline: median(baseline),
        ratio: ratioOf(samples.ours, baseline),
        ...(least !== undefined && guards === 'on' ? { budget: { of: 'ratio', atLeast: least } } : {}),
      });
      rows.push(row('on', samples.bare), row('off', samples.open));
    };
    await measured(
      'tools/list',
      () => ours.listTools(),
      (server) => server.listTools(),
    );
    for (const { what, ask, budget } of calls)
      await measured(what, ask, (server) => server.call('echo', { text }), budget);
  }
  rows.push(...(await overThousands(ours)));
  await Promise.all([ours.end(), bare.end(), open.end()]);
  await home.remove();
  return rows;
}

/** What stays behind of calls, after the first thousands of them. */
async function overThousands(server: HttpServer): Promise<Row[]> {
  const ask = () => server.call('list_connectors', { query: 'postgres' });
  await rate(ask, SETTLING_CALLS, 16);
  const before = { mb: await server.residentMb(), handles: await server.handles() };
  await rate(ask, LASTING_CALLS, 16);
  const after = { mb: await server.residentMb(), handles: await server.handles() };
  if (before.mb === undefined || after.mb === undefined) return [];
  const over = `over ${LASTING_CALLS} calls`;
  return [
    { what: `memory gained ${over}`, unit: 'MB', ours: after.mb - before.mb, budget: { of: 'ours', atMost: 15 } },
    {
      what: `handles gained ${over}`,
      unit: '',
      ours: (after.handles ?? 0) - (before.handles ?? 0),
      budget: { of: 'ours', atMost: 0 },
    },
  ];
}

/** Requests per second. */
async function rate(ask: () => Promise<unknown>, requests: number, atOnce: number): Promise<number> {
  let left = requests;
  const asker = async () => {
    while (left > 0) {
      left -= 1;
      await ask();
    }
  };
  const ms = await timed(() => Promise.all(Array.from({ length: atOnce }, asker)));
  return (requests / ms) * 1000;
}

function bareHttpServer(tools: number, token?: string): Program {
  const script = join(projectRoot, 'bench', 'baseline', 'http-server.js');
  return { script, args: [String(tools), ...(token === undefined ? [] : [token])] };
}

async function newToken({ script, env = {} }: Program): Promise<string> {
  const args = [script, 'token', 'add', 'bench', '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { PATH: process.env['PATH'], ...env } });
  return (JSON.parse(stdout) as { token: string }).token;
}

/** @returns the id of one of them */
async function createSources(server: HttpServer): Promise<string> {
  const password = '${env:HEADWATER_SECRET_SHOP}';
  const config = { host: 'db.example.com', database: 'shop', username: 'headwater', password };
  let id = '';
  for (let i = 0; i < SOURCES; i += 1) {
    const args = { connector: 'postgresql', config, name: `Shop ${i}`, tags: ['shop', 'eu'], run_test: false };
    const { structuredContent } = await server.call('create_source', args);
    id = (structuredContent as { source: { id: string } }).source.id;
  }
  return id;
}

await runBench('http', 'requests answered over HTTP, against a bare server of as many tools', measure);
