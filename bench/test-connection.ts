// test_connection on a real PostgreSQL: every step of it, against a bare pg connect, one query and end.
import pg from 'pg';
import { createApp } from '../src/app.ts';
import { operatorCall } from '../src/commands/shared.ts';
import { readSettings } from '../src/settings.ts';
import { testNewConfig } from '../src/sources/test.ts';
import { createAuthority } from '../test/support/certificates.ts';
import { connectV2 } from '../test/support/mcp.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES, seedShop } from '../test/support/shop.ts';
import { temporaryFolder } from '../test/support/temp.ts';
import { builtServer } from './support/built-server.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { interleave, median, ratioOf, timed } from './support/stats.ts';

const ROUNDS = 100;
/** Until the code is compiled on all sides; the server runs less of it than this process does. */
const WARMUP = 50;
const PASSWORD = 'bench';
const VARIABLE = 'HEADWATER_SECRET_BENCH';

async function measure(options: Options): Promise<Row[]> {
  const home = await temporaryFolder('bench');
  const { certPem, keyPem } = await (await createAuthority()).issue({ names: ['localhost'], ips: ['127.0.0.1'] });
  const server = await startPostgres({
    tls: { cert: certPem, key: keyPem },
    settings: { max_slot_wal_keep_size: '1GB' },
  });
  await seedShop(server, { readerPassword: PASSWORD });
  // More tests than a minute has room for, all of one destination.
  const environment = { HEADWATER_HOME: home.path, HEADWATER_TEST_LIMIT: '5000', [VARIABLE]: PASSWORD };
  const app = createApp(readSettings(environment));
  const program = await builtServer(options, home.path);
  const client = await connectV2({ script: program.script, env: environment });

  const { host, port } = server;
  const username = SHOP_ROLES.replicator;
  const config = { host, port, database: SHOP_DATABASE, username, password: `\${env:${VARIABLE}}` };
  const bare = (ssl: pg.ClientConfig['ssl']) => async () => {
    const session = new pg.Client({ host, port, database: SHOP_DATABASE, user: username, password: PASSWORD, ssl });
    await session.connect();
    await session.query('SELECT 1');
    await session.end();
  };
  const inProcess = (tls_mode: string, checks: string[]) => async () => {
    const request = { connector: 'postgresql', config: { ...config, tls_mode }, checks };
    const call = operatorCall(app.services, 'test_connection', AbortSignal.timeout(60_000));
    // Its audit entry is written when the answer has gone out; over stdio the server does that in time of its own.
    const report = await testNewConfig(app.services, request, call);
    passed(report);
  };
  /** As above, where no second connection is to be had: what the facts cost without the replication session. */
  const factsAlone = (tls_mode: string) => async () => {
    let dials = 0;
    const { egress } = app.services;
    const connect: typeof egress.connect = (target, signal) => {
      dials += 1;
      if (dials === 1) return egress.connect(target, signal);
      return Promise.reject(Object.assign(new Error('one connection only'), { code: 'ECONNREFUSED' }));
    };
    const services = { ...app.services, egress: { ...egress, connect } };
    const request = { connector: 'postgresql', config: { ...config, tls_mode }, checks: ['cdc'] };
    const call = operatorCall(services, 'test_connection', AbortSignal.timeout(60_000));
    passed(await testNewConfig(services, request, call), 'cdc_session');
  };
  const overStdio = (tls_mode: string, checks: string[]) => async () => {
    const request = { connector: 'postgresql', config: { ...config, tls_mode }, checks };
    passed((await client.call('test_connection', request)).structured);
  };

  const rows: Row[] = [];
  for (const [mode, ssl] of [
    ['disable', false],
    ['require', { rejectUnauthorized: false }],
  ] as const) {
    const contenders = {
      bare: bare(ssl),
      'all steps, in process': inProcess(mode, []),
      'with CDC facts, in process': factsAlone(mode),
      'and a replication session, in process': inProcess(mode, ['cdc']),
      'all steps, over stdio': overStdio(mode, []),
      'and a replication session, over stdio': overStdio(mode, ['cdc']),
    };
    const samples = await interleave(
      mapValues(contenders, (work) => () => timed(work)),
      { rounds: options.rounds ?? ROUNDS, warmup: WARMUP },
    );
    for (const [what, ours] of Object.entries(samples)) {
      if (what === 'bare') continue;
      rows.push({
        what: `${what}, ${ssl ? 'TLS' : 'no TLS'}`,
        unit: 'ms',
        ours: median(ours),
        baseline: median(samples.bare),
        ratio: ratioOf(ours, samples.bare),
        budget: { of: 'ratio', atMost: what.startsWith('and a replication session') ? 3 : 2 },
      });
    }
  }
  await Promise.all([client.close(), app.close(), server.stop()]);
  await home.remove();
  return rows;
}

/** All of it, but for the step that was made to fail. */
function passed(report: unknown, but?: string): void {
  const { steps = [] } = report as { steps?: { id: string; status: string }[] };
  const failed = steps.filter(({ status }) => status === 'fail').map(({ id }) => id);
  if (steps.length === 0 || failed.join() !== (but ?? ''))
    throw new Error(`the test did not pass: ${JSON.stringify(report)}`);
}

function mapValues<K extends string, A, B>(record: Readonly<Record<K, A>>, map: (value: A) => B): Record<K, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, map(value)])) as Record<K, B>;
}

await runBench('test-connection', 'the whole test, against a bare pg connect, SELECT 1 and end', measure);
