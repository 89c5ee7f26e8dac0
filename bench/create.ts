// Durable creates, untested: create_source against a bare durable insert through the same binding and settings.
import { join } from 'node:path';
import { createApp } from '../src/app.ts';
import { readSettings } from '../src/settings.ts';
import { createSource } from '../src/sources/create.ts';
import { LOCAL_PRINCIPAL } from '../src/sources/principal.ts';
import { connect } from '../src/store/connection.ts';
import { temporaryFolder } from '../test/support/temp.ts';
import { builtServer } from './support/built-server.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { sourceRow } from './support/source-rows.ts';
import { interleave, median, ratioOf, timed } from './support/stats.ts';
import { StdioServer } from './support/stdio-server.ts';

const ROUNDS = 30;
/** Creates in one round. */
const BATCH = 10;

const SECRETS = { 'a reference': '${env:HEADWATER_SECRET_SHOP}', 'a literal secret': 'correct horse battery' } as const;

async function measure(options: Options): Promise<Row[]> {
  // Three folders on one disk, so that no contender waits for another's locks.
  const [bareHome, appHome, serverHome] = await Promise.all([1, 2, 3].map(() => temporaryFolder('bench')));
  if (!bareHome || !appHome || !serverHome) throw new Error('no folders');
  const app = createApp(readSettings({ HEADWATER_HOME: appHome.path }));
  const server = new StdioServer(await builtServer(options, serverHome.path), 'modern');
  await server.open();
  const { insert, close } = await bareInsert(bareHome.path);

  const inProcess = (password: string) => () =>
    createSource(app.services, request(password), { principal: LOCAL_PRINCIPAL, signal: new AbortController().signal });
  const overStdio = (password: string) => () => server.call('create_source', request(password));
  const contenders: Record<string, () => Promise<number>> = { bare: () => rate(insert) };
  for (const [what, password] of Object.entries(SECRETS)) {
    contenders[`with ${what}, in process`] = () => rate(inProcess(password));
    contenders[`with ${what}, over stdio`] = () => rate(overStdio(password));
  }
  const { bare = [], ...ours } = await interleave(contenders, { rounds: options.rounds ?? ROUNDS, warmup: 2 });

  await Promise.all([app.close(), server.end(), close()]);
  await Promise.all([bareHome.remove(), appHome.remove(), serverHome.remove()]);
  return Object.entries(ours).map(([what, samples]) => ({
    what: `create_source ${what}`,
    unit: '/s',
    ours: median(samples),
    baseline: median(bare),
    ratio: ratioOf(samples, bare),
    budget: { of: 'ratio', atLeast: 0.5 },
  }));
}

/** Per second, one after the other. */
async function rate(work: () => unknown): Promise<number> {
  const ms = await timed(async () => {
    for (let i = 0; i < BATCH; i += 1) await work();
  });
  return (BATCH / ms) * 1000;
}

let made = 0;

function request(password: string) {
  made += 1;
  return {
    connector: 'postgresql',
    config: { host: `db-${made}.example.com`, database: 'shop', username: 'headwater', password },
    name: `Shop ${made}`,
    description: 'Orders and customers of the shop.',
    tags: ['shop', 'eu'],
    run_test: false,
  };
}

/** One row as ours is, in a table without indices beside its key; each insert is a transaction of its own. */
async function bareInsert(folder: string) {
  const connection = await connect(join(folder, 'bare.db'));
  const columns = Object.keys(sourceRow(0)).filter((name) => name !== 'id');
  connection.exec(`CREATE TABLE bare (id TEXT PRIMARY KEY, ${columns.join(', ')}) WITHOUT ROWID`);
  const places = ['?', ...columns.map(() => '?')].join(', ');
  const statement = connection.prepare(`INSERT INTO bare (id, ${columns.join(', ')}) VALUES (${places})`);
  const insert = () => {
    made += 1;
    const { id, ...rest } = sourceRow(made);
    statement.run([id, ...Object.values(rest)]);
  };
  return { insert, close: async () => connection.close() };
}

await runBench('create', 'durable creates, against a bare durable insert with the same binding and settings', measure);
