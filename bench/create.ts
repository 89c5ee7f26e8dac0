// Durable creates, untested: create_source against a bare durable insert through the same binding and settings.
import { join } from 'node:path';
import { createApp } from '../src/app.ts';
import { operatorCall } from '../src/commands/shared.ts';
import { readSettings } from '../src/settings.ts';
import { createSource } from '../src/sources/create.ts';
import { connect } from '../src/store/connection.ts';
import { projectRoot } from '../test/support/root.ts';
import { temporaryFolder } from '../test/support/temp.ts';
import { builtServer } from './support/built-server.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { sourceRow } from './support/source-rows.ts';
import { interleave, median, ratioOf, timed } from './support/stats.ts';
import { StdioServer } from './support/stdio-server.ts';

const ROUNDS = 40;
/** Creates in one round. */
const BATCH = 10;

const SECRETS = { 'a reference': '${env:HEADWATER_SECRET_SHOP}', 'a literal secret': 'correct horse battery' } as const;

// One row as ours is, in a table without indices beside its key; each insert is a transaction of its own.
const COLUMNS = Object.keys(sourceRow(0));
const CREATE = `CREATE TABLE bare (${COLUMNS.join(', ')}, PRIMARY KEY (tenant, id)) WITHOUT ROWID`;
const INSERT = `INSERT INTO bare VALUES (${COLUMNS.map(() => '?').join(', ')})`;

let made = 0;

function nextRow(): unknown[] {
  made += 1;
  return Object.values(sourceRow(made));
}

function nextRequest(password: string) {
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

async function measure(options: Options): Promise<Row[]> {
  // Each has a store of its own on one disk, so that nobody waits for another's locks.
  const folder = await temporaryFolder('bench');
  const app = createApp(readSettings({ HEADWATER_HOME: join(folder.path, 'app') }));
  const connection = await connect(join(folder.path, 'bare.db'));
  connection.exec(CREATE);
  const statement = connection.prepare(INSERT);
  const server = new StdioServer(await builtServer(options, join(folder.path, 'server')), 'modern');
  const script = join(projectRoot, 'bench', 'baseline', 'insert-server.js');
  const bareServer = new StdioServer({ script, args: [join(folder.path, 'server.db'), CREATE, INSERT] }, 'modern');
  await Promise.all([server.open(), bareServer.open()]);

  const places = {
    'in process': {
      bare: () => statement.run(nextRow()),
      ours: (password: string) =>
        createSource(app.services, nextRequest(password), operatorCall(app.services, 'create_source')),
    },
    'over stdio': {
      bare: () => bareServer.call('insert', { values: nextRow() }),
      ours: (password: string) => server.call('create_source', nextRequest(password)),
    },
  };
  const contenders: Record<string, () => Promise<number>> = {};
  for (const [place, { bare, ours }] of Object.entries(places)) {
    contenders[place] = () => rate(bare);
    for (const [what, password] of Object.entries(SECRETS)) {
      contenders[`create_source with ${what}, ${place}`] = () => rate(() => ours(password));
    }
  }
  const samples = await interleave(contenders, { rounds: options.rounds ?? ROUNDS, warmup: 3 });

  connection.close();
  await Promise.all([app.close(), server.end(), bareServer.end()]);
  await folder.remove();
  return Object.keys(places).flatMap((place) =>
    Object.keys(SECRETS).map((what): Row => {
      const name = `create_source with ${what}, ${place}`;
      const [ours = [], bare = []] = [samples[name], samples[place]];
      return {
        what: name,
        unit: '/s',
        ours: median(ours),
        baseline: median(bare),
        ratio: ratioOf(ours, bare),
        budget: { of: 'ratio', atLeast: 0.5 },
      };
    }),
  );
}

/** Per second, one after the other. */
async function rate(work: () => unknown): Promise<number> {
  const ms = await timed(async () => {
    for (let i = 0; i < BATCH; i += 1) await work();
  });
  return (BATCH / ms) * 1000;
}

await runBench('create', "durable creates, against a bare durable insert (over stdio: a bare server's)", measure);
