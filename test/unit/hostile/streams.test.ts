import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiServer, json, startApi } from '../../support/api-server.ts';
import { casesOf } from '../../support/hostile-map.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';
import { sharedPostgres } from '../../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../../support/shop.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

/** The one place where an agent's text comes near SQL: names of streams, which are looked up and never run. */

const server = sharedPostgres();
const WEIRD = 'public.Weird "Name"';
let lab: InMemory;
let files: TemporaryFolder;
let api: ApiServer;
/** A source of each connector that has streams. */
const sources: Record<string, string> = {};

beforeAll(async () => {
  files = await temporaryFolder('streams');
  await mkdir(join(files.path, 'data'));
  await writeFile(join(files.path, 'data', 'sales.csv'), 'id,name\n1,Ada\n');
  api = await startApi((_, response) => json(response, 200, [{ id: 1 }]));
  lab = await inMemory({
    HEADWATER_EGRESS: 'allow_private',
    HEADWATER_FILE_ROOTS: join(files.path, 'data'),
    HEADWATER_TEST_LIMIT: '100000',
  });
  const configs = {
    postgresql: {
      host: server.host,
      port: server.port,
      database: SHOP_DATABASE,
      username: SHOP_ROLES.reader,
      password: server.readerPassword,
    },
    csv: { path: join(files.path, 'data', 'sales.csv') },
    rest_api: { url: api.url, test_path: '/items' },
  };
  for (const [connector, config] of Object.entries(configs)) {
    const { source } = await lab.done('create_source', { connector, config, run_test: false });
    sources[connector] = (source as { id: string }).id;
  }
});
afterAll(async () => {
  await Promise.all([lab.close(), api.stop()]);
  await files.remove();
});

/** What is in the shop, so that a statement that ran would show. */
const contents = () =>
  server.query(
    "SELECT string_agg(relname || ':' || reltuples, ',' ORDER BY relname) AS all FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    undefined,
    SHOP_DATABASE,
  );

async function refused(connector: string, stream: string): Promise<void> {
  const source_id = sources[connector];
  for (const tool of ['preview_source', 'discover_source']) {
    const { isError, error, text } = await lab.call(tool, { source_id, stream });
    expect([connector, stream, isError, text.slice(0, 80)]).toEqual([connector, stream, true, expect.any(String)]);
    expect(error.code).toMatch(/^(STREAM_NOT_FOUND|INVALID_ARGUMENTS)$/);
  }
}

describe.each(['postgresql', 'csv', 'rest_api'])('%s', (connector) => {
  const tried = [...casesOf<string>('identifier'), ...casesOf<string>('sql')];

  test.each(tried.map((each) => [each.id, each] as const))('%s', async (_, { input, kind, expect: wanted }) => {
    if (kind === 'identifier' && wanted === 'allow' && connector === 'postgresql') {
      const { rows } = await lab.done('preview_source', { source_id: sources[connector], stream: input });
      expect(rows).toHaveLength(2);
    } else await refused(connector, input);
  });
});

test('whatever a stream is called, it is a name or there is no such stream', async () => {
  const before = await contents();
  const hostile = fc.oneof(
    fc.string({ minLength: 1, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
    fc
      .array(
        fc.constantFrom('"', "'", '`', ';', '--', '/*', '\0', '\\', '$$', '%', '_', '.', 'public', 'orders', ' '),
        {
          minLength: 1,
          maxLength: 8,
        },
      )
      .map((parts) => parts.join('')),
    fc.constantFrom('DROP TABLE orders', 'pg_sleep(9)', '1;COMMIT').map((sql) => `${WEIRD}; ${sql}`),
  );
  const known = new Set(['orders', 'public.orders']);
  await fc.assert(
    fc.asyncProperty(hostile, async (stream) => {
      fc.pre(!known.has(stream));
      await refused('postgresql', stream);
    }),
    { numRuns: 25 },
  );
  // A part of a name is looked for as it is: no pattern, no statement.
  for (const query of ['%', '_', "'", '\\', 'a%', "orders' OR '1'='1"]) {
    const { streams } = await lab.done('discover_source', { source_id: sources['postgresql'], query });
    for (const { namespace, name } of streams as { namespace: string; name: string }[]) {
      expect(`${namespace}.${name}`.toLowerCase()).toContain(query);
    }
  }
  expect(await contents()).toEqual(before);
});
