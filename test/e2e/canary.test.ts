import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { connectV2 } from '../support/mcp.ts';
import { secretForms } from '../support/secret-forms.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';
import { temporaryFolder } from '../support/temp.ts';

const server = sharedPostgres();

it('a secret used in a run is found nowhere but at the source', async () => {
  const folder = await temporaryFolder('canary');
  const canaries = ['CANARY/p4ss "one"', 'CANARY-two-in-a-string', 'CANARY-three-by-reference', server.readerPassword];
  const session = await connectV2({
    env: {
      HEADWATER_HOME: folder.path,
      HEADWATER_LOG_LEVEL: 'debug',
      HEADWATER_SECRET_CANARY: canaries[2] ?? '',
      HEADWATER_SECRET_SHOP: server.readerPassword,
    },
  });
  const base = { host: '127.0.0.1', port: server.port, database: SHOP_DATABASE, username: SHOP_ROLES.reader };
  const url = (password: string, port = server.port) =>
    `postgresql://${SHOP_ROLES.reader}:${encodeURIComponent(password)}@127.0.0.1:${port}/${SHOP_DATABASE}`;
  const configs = [
    ...canaries.slice(0, 1).map((password) => ({ ...base, password })),
    { connection_string: url(canaries[1] ?? '') },
    { connection_string: url(canaries[1] ?? '', 1) },
    { connection_string: `${url(canaries[1] ?? '')}?sslrootcert=/etc/passwd` },
    { connection_string: `postgresql://u:${canaries[1]}@[bad/db` },
    { ...base, password: '${env:HEADWATER_SECRET_CANARY}' },
    { ...base, password: canaries[0], tls_mode: 'nope' },
    { ...base, pasword: canaries[0] },
    { ...base, password: server.readerPassword },
  ];
  let results = '';
  for (const [i, config] of configs.entries()) {
    for (const [tool, args] of [
      ['test_connection', { connector: 'pg', config }],
      ['create_source', { connector: 'pg', config, name: `Tested ${i}` }],
      ['create_source', { connector: 'pg', config, name: `Untested ${i}`, run_test: false }],
      ['create_source', { connector: 'pg', config, name: `Planned ${i}`, dry_run: true }],
      ['discover_source', { connector: 'pg', config }],
    ] as const) {
      results += (await session.call(tool, args)).text;
    }
  }
  const { structured } = await session.call('list_sources', { limit: 100 });
  for (const { id } of (structured?.['sources'] ?? []) as { id: string }[]) {
    for (const [tool, args] of [
      ['test_connection', { source_id: id }],
      ['get_source', { source_id: id }],
      ['update_source', { source_id: id, config: { host: 'localhost' } }],
      ['discover_source', { source_id: id }],
    ] as const) {
      results += (await session.call(tool, args)).text;
    }
  }
  await session.close();

  const files = await readdir(folder.path, { recursive: true });
  const stored = await Promise.all(files.map((file) => readFile(join(folder.path, file)).catch(() => Buffer.alloc(0))));
  const places = {
    results,
    stderr: session.stderr(),
    ...Object.fromEntries(files.map((file, i) => [file, stored[i]?.toString('latin1') ?? ''])),
  };
  const found = Object.entries(places).flatMap(([place, text]) =>
    canaries
      .flatMap((secret) => secretForms(secret, SHOP_ROLES.reader))
      .filter((form) => text.includes(form))
      .map((form) => `${form} in ${place}`),
  );
  expect(found).toEqual([]);
  expect(results.length).toBeGreaterThan(10_000);
  await folder.remove();
});
