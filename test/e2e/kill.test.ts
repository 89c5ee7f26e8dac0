import { expect, it } from 'vitest';
import { headwater, jsonOf } from '../support/headwater.ts';
import { connectV2, spawnServer } from '../support/mcp.ts';
import { temporaryFolder } from '../support/temp.ts';

const KILLS = Number(process.env['HEADWATER_TEST_KILLS'] ?? 15);
const WRITERS = 3;

interface CreateResult {
  structuredContent?: { source?: { id: string } };
}

/** Creates sources, one after the other, until it is killed; answers with the ids whose creation was acknowledged. */
async function createUntilKilled(home: string, writer: number, round: number): Promise<string[]> {
  const server = await spawnServer({ env: { HEADWATER_HOME: home } });
  await server.initialize();
  const acknowledged: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const config = { host: 'db.example.com', database: 'd', username: 'u', password: `literal-${writer}-${round}` };
  try {
    for (let n = 0; ; n++) {
      const args = {
        connector: 'postgresql',
        config,
        name: `Writer ${writer} round ${round} source ${n}`,
        run_test: false,
      };
      const answer = await server.request('tools/call', { name: 'create_source', arguments: args });
      const { source } = (answer.result as CreateResult | undefined)?.structuredContent ?? {};
      if (source) acknowledged.push(source.id);
      // From its first write on, so that every kill hits a server that writes, however slow the machine.
      timer ??= setTimeout(() => server.kill('SIGKILL'), 40 + Math.random() * 260);
    }
  } catch {
    // It was killed, in the middle of a create.
  }
  clearTimeout(timer);
  expect(await server.exited).toMatchObject({ signal: 'SIGKILL' });
  await server.close();
  return acknowledged;
}

it(`loses no acknowledged source to ${KILLS} kills of ${WRITERS} servers on one store`, async () => {
  const folder = await temporaryFolder('kills');
  const acknowledged = new Set<string>();
  for (let round = 0; round * WRITERS < KILLS; round++) {
    const rounds = await Promise.all(
      Array.from({ length: WRITERS }, (_, writer) => createUntilKilled(folder.path, writer, round)),
    );
    for (const id of rounds.flat()) acknowledged.add(id);
  }
  const session = await connectV2({ env: { HEADWATER_HOME: folder.path } });
  const stored = new Set<string>();
  let cursor: unknown;
  do {
    const { structured } = await session.call('list_sources', { limit: 100, ...(cursor ? { cursor } : {}) });
    for (const { id } of (structured?.['sources'] ?? []) as { id: string }[]) stored.add(id);
    cursor = structured?.['next_cursor'];
  } while (cursor !== undefined);
  expect(acknowledged.size).toBeGreaterThan(KILLS);
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
  // Nothing is stored without its entry in the audit trail, and nothing is in it that was not stored.
  const verified = await headwater(['audit', 'verify', '--json'], { env: { HEADWATER_HOME: folder.path } });
  expect(jsonOf(verified)).toMatchObject({ ok: true, entries: stored.size });
  // One that is there is there whole: its credentials open.
  const [some = ''] = acknowledged;
  const change = { source_id: some, config: { schemas: ['public'] }, run_test: false };
  expect((await session.call('update_source', change)).structured).toMatchObject({ changed: ['config.schemas'] });
  await session.close();
  await folder.remove();
}, 600_000);
