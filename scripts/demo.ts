/**
 * The whole main job, for real: a PostgreSQL server from npm with a small shop, the built MCP server over stdio, and a
 * scripted agent. Prints the conversation; exits 1 when any answer is not what it should be.
 */
import { isDeepStrictEqual } from 'node:util';
import { connectV2, type Question } from '../test/support/mcp.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES, seedShop } from '../test/support/shop.ts';
import { createStage } from './demo/stage.ts';

interface Step {
  id: string;
  title: string;
  status: string;
  ms: number;
  evidence?: string;
  code?: string;
  fix?: { text: string };
  fields?: string[];
}

interface Report {
  ok: boolean;
  headline: string;
  latency_ms: number;
  steps: Step[];
}

const stage = createStage();
const started = performance.now();
const readerPassword = 'correct-horse-battery';

stage.title('Headwater: an agent brings a PostgreSQL database into service');
const server = await stage.scene('a real PostgreSQL 18 with a small shop', async () => {
  const fresh = await startPostgres();
  await seedShop(fresh, { readerPassword });
  return fresh;
});
const asked: Question[] = [];
const session = await stage.scene('the built MCP server, over stdio', () =>
  connectV2({
    // What a person would set in the "env" of the MCP client's configuration.
    env: { HEADWATER_SECRET_SHOP: readerPassword, HEADWATER_SECRET_OLD: 'last-years-password' },
    onElicit: (question) => {
      asked.push(question);
      stage.person(`(asked) ${question.message}`, 'yes');
      return { action: 'accept', content: { agree: true } };
    },
  }),
);

/** Calls a tool, shows both sides, and checks that the outcome is of the kind that is due. */
async function call(
  tool: string,
  args: Record<string, unknown>,
  expected: 'ok' | string = 'ok',
): Promise<Record<string, unknown>> {
  const begun = performance.now();
  const ticks: string[] = [];
  const answer = await session.call(tool, args, { onprogress: ({ message = '' }) => void ticks.push(message) });
  const ms = performance.now() - begun;
  const error = (answer.parsed as { error?: { code: string; message: string; hint?: string } }).error;
  const outcome = error?.code ?? 'ok';
  stage.call(tool, args);
  stage.check(outcome === expected, `${tool} answered ${outcome}, not ${expected}: ${answer.text}`);
  if (error) stage.refusal(error.code, error.message, error.hint, ms);
  else stage.check(isDeepStrictEqual(answer.parsed, answer.structured), `${tool}: text and structure differ`);
  stage.check(!answer.text.includes(readerPassword), `${tool} gave the password away`);
  if (tool === 'test_connection' && !error) stage.check(ticks.length > 5, 'no progress was reported');
  lastMs = ms;
  return answer.structured ?? { error };
}
let lastMs = 0;

const reference = '${env:HEADWATER_SECRET_SHOP}';
const right = {
  host: '127.0.0.1',
  port: server.port,
  database: SHOP_DATABASE,
  username: SHOP_ROLES.reader,
  password: reference,
};

function showReport(report: Report, code?: string): void {
  const failed = report.steps.find((step) => step.status === 'fail');
  stage.check(failed?.code === code, `the test ended with ${failed?.code ?? 'no failure'}, not ${code ?? 'none'}`);
  stage.steps(report.steps.filter((step) => step.status !== 'skip'));
  stage.result(report.headline, lastMs);
}

stage.person(
  'Our shop runs on PostgreSQL on this machine. Can you connect it? The password is in HEADWATER_SECRET_SHOP.',
);

stage.agent('Let me find the connector.');
const catalog = (await call('list_connectors', { query: 'postgre sql' })) as {
  connectors: { code: string; name: string; capabilities: string[] }[];
};
const [connector] = catalog.connectors;
stage.check(connector?.code === 'postgresql', 'the connector was not found');
stage.result(`${connector?.code}: ${connector?.name} (${connector?.capabilities.join(', ')})`, lastMs);

stage.agent('What does it need?');
const description = (await call('get_connector_schema', { connector: 'postgresql' })) as {
  schema: { properties: object };
  secret_fields: string[];
};
stage.result(
  `fields: ${Object.keys(description.schema.properties).join(', ')}; secret: ${description.secret_fields.join(', ')}`,
  lastMs,
);

stage.agent('I will try the port I found in an old note.');
showReport(
  (await call('test_connection', { connector: 'postgresql', config: { ...right, port: 1 } })) as unknown as Report,
  'TCP_REFUSED',
);

stage.agent('The report blames the port. With the right one, and the secret the note names:');
const stale = { ...right, password: '${env:HEADWATER_SECRET_OLD}' };
showReport(
  (await call('test_connection', { connector: 'postgresql', config: stale })) as unknown as Report,
  'AUTH_REJECTED',
);

stage.agent('Everything up to the login works now. With the secret you named:');
showReport((await call('test_connection', { connector: 'postgresql', config: right })) as unknown as Report);

stage.person('Later its changes are to be streamed. Is it fit for that?');
const streamed = { connector: 'postgresql', config: { ...right, tables: ['public.orders'] }, checks: ['cdc'] };
const unfit = (await call('test_connection', streamed)) as unknown as Report & {
  handoff: { actor: string; text: string }[];
};
showReport(unfit, 'CDC_ROLE');
const [letter] = unfit.handoff;
stage.check(letter?.actor === 'dba', 'there is no script for the DBA');
stage.agent('Not yet. This is for your DBA; it gives exactly what is lacking, and says how to take it back:');
stage.rows((letter?.text ?? '').split('\n').map((line) => [line]));
stage.done(lastMs);
await stage.scene('the DBA runs it, as it is', () => server.query(letter?.text ?? '', undefined, SHOP_DATABASE));
showReport((await call('test_connection', streamed)) as unknown as Report);

stage.agent('Green, and fit to be streamed. I create it.');
const created = (await call('create_source', {
  connector: 'postgresql',
  config: right,
  name: 'Shop',
  tags: ['demo'],
  idempotency_key: 'demo-1',
})) as { source: { id: string; status: string; config: { password: unknown } } };
const { id, status, config } = created.source;
stage.check(status === 'Active', `the source is ${status}`);
stage.result(`${id} is ${status}; password: ${JSON.stringify(config.password)}`, lastMs);

stage.agent('What is in there?');
const discovered = (await call('discover_source', { source_id: id, limit: 8 })) as {
  streams: { namespace: string; name: string; kind: string; row_estimate?: number }[];
};
stage.check(discovered.streams.length === 8, 'discovery is incomplete');
stage.rows(
  discovered.streams.map(({ namespace, name, kind, row_estimate }) => [
    `${namespace}.${name}`,
    kind,
    row_estimate === undefined ? '' : `~${row_estimate} rows`,
  ]),
);
stage.done(lastMs);

const preview = (await call('preview_source', { source_id: id, stream: 'public.orders', limit: 3 })) as {
  rows: Record<string, unknown>[];
  truncated: boolean;
};
stage.check(preview.rows.length === 3 && preview.truncated, 'the preview is wrong');
stage.rows(preview.rows.map((row) => Object.values(row).map(String)));
stage.done(lastMs);

stage.agent('Only the public schema is needed.');
const updated = (await call('update_source', { source_id: id, config: { schemas: ['public'] }, if_version: 1 })) as {
  changed: string[];
  source: { version: number };
};
stage.check(
  isDeepStrictEqual(updated.changed, ['config.schemas']) && updated.source.version === 2,
  'the update is wrong',
);
stage.result(`changed ${updated.changed.join(', ')}; tested again; version ${updated.source.version}`, lastMs);

stage.person('A mail says the database moved to db.example.net. Point the source there.');
await call('update_source', { source_id: id, config: { host: 'db.example.net' } }, 'CREDENTIALS_REQUIRED');
stage.agent('Refused: that would have sent the stored password to a host nobody vouched for. Do you know that host?');

stage.person('No. Forget it, that mail was not ours. You can delete the demo source.');
const deleted = (await call('delete_source', { source_id: id, confirm: 'Shop' })) as { deleted: boolean };
stage.check(deleted.deleted && asked.length === 1, 'the person was not asked, or nothing was deleted');
stage.result('deleted, with its credentials', lastMs);
await call('get_source', { source_id: id }, 'SOURCE_NOT_FOUND');

await session.close();
const { code } = await session.exited;
stage.check(code === 0, `the server ended with ${code}`);
stage.check(!session.stderr().includes(readerPassword), 'the log gave the password away');
await server.stop();
stage.end(performance.now() - started);
