import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectV2 } from '../support/mcp.ts';
import { secretForms } from '../support/secret-forms.ts';
import { StreamkapServer } from '../support/streamkap-server.ts';
import { temporaryFolder } from '../support/temp.ts';

let server: StreamkapServer;
beforeAll(async () => {
  server = await new StreamkapServer({ secret: 'CANARY-of-streamkap-itself', secrets: 'mask' }).start();
});
afterAll(() => server.stop());

it('secrets go to Streamkap and nowhere else', async () => {
  const folder = await temporaryFolder('streamkap-canary');
  const canaries = ['CANARY/p4ss "one"', 'CANARY-by-reference', 'CANARY-of-streamkap-itself', 'CANARY-held-there'];
  const session = await connectV2({
    env: {
      ...server.environment,
      HEADWATER_HOME: folder.path,
      HEADWATER_LOG_LEVEL: 'debug',
      HEADWATER_PLATFORM: 'streamkap',
      HEADWATER_SECRET_CANARY: canaries[1] ?? '',
    },
  });
  const config = (password: string) => ({
    host: 'db.example.com',
    username: 'u',
    password,
    database: 'shop',
    schemas: ['public'],
    tables: ['public.orders'],
  });
  // Upstreams repeat what they were sent.
  server.fail('POST', /^\/sources$/, {
    answer: {
      status: 422,
      body: { detail: [{ loc: ['body', 'config'], msg: `bad: ${canaries[0]}`, input: canaries[0] }] },
    },
  });
  server.fail('POST', /^\/sources$/, { answer: { status: 500, body: `<p>Traceback ${canaries[1]}</p>` } });
  const elsewhere = server.add({
    name: 'Elsewhere',
    connector: 'postgresql',
    config: {
      'database.hostname.user.defined': 'db.example.com',
      'database.user': 'u',
      'database.password': canaries[3],
      'database.dbname': 'shop',
      'schema.include.list': 'public',
      'table.include.list.user.defined': 'public.orders',
    },
  });
  const calls: [string, Record<string, unknown>][] = [
    ['create_source', { connector: 'postgresql', name: 'A', config: config(canaries[0] ?? ''), run_test: false }],
    [
      'create_source',
      { connector: 'postgresql', name: 'B', config: config('${env:HEADWATER_SECRET_CANARY}'), run_test: false },
    ],
    ['create_source', { connector: 'postgresql', name: 'C', config: config(canaries[0] ?? ''), run_test: false }],
    [
      'create_source',
      { connector: 'postgresql', name: 'D', config: config('${env:HEADWATER_SECRET_CANARY}'), dry_run: true },
    ],
    ['update_source', { source_id: `streamkap:${elsewhere.id}`, name: 'Renamed' }],
    ['update_source', { source_id: `streamkap:${elsewhere.id}`, config: { tables: ['public.a'] }, run_test: false }],
    ['update_source', { source_id: `streamkap:${elsewhere.id}`, name: 'Planned', dry_run: true }],
    ['get_source', { source_id: `streamkap:${elsewhere.id}` }],
    ['list_sources', {}],
    ['describe_platforms', {}],
  ];
  let results = '';
  for (const [tool, args] of calls) results += JSON.stringify(await session.call(tool, args));
  await session.close();
  // So that the test tests something: they did arrive.
  const sent = JSON.stringify(server.asked.map(({ body }) => body));
  expect(sent).toContain(JSON.stringify(canaries[0]).slice(1, -1));
  for (const canary of canaries.slice(1)) expect(sent).toContain(canary);
  const files = await readdir(folder.path, { recursive: true, withFileTypes: true });
  const kept = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
  );
  for (const [place, text] of [
    ['results', results],
    ['stderr', session.stderr()],
    ['files', kept.join('\n')],
  ]) {
    for (const form of canaries.flatMap((secret) => secretForms(secret, 'u'))) expect(text, place).not.toContain(form);
  }
  await folder.remove();
});
