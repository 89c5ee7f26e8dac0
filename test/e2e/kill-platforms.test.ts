import { expect, it } from 'vitest';
import { CAMEL_KEY, startCamel } from '../support/camelai-server.ts';
import { spawnServer } from '../support/mcp.ts';
import { StreamkapServer } from '../support/streamkap-server.ts';
import { temporaryFolder } from '../support/temp.ts';

const KILLS = Number(process.env['HEADWATER_TEST_KILLS'] ?? 12);

interface CreateResult {
  isError?: boolean;
  content: { text: string }[];
  structuredContent?: { source?: { id: string } };
}

const CONFIG = { host: 'db.example.com', database: 'shop', username: 'u', password: 'literal-of-the-shop' };

/** Asks for a source, and kills the server that asks the platform for it, at some moment; again until it is made. */
async function createThroughKills(env: Record<string, string>, args: Record<string, unknown>): Promise<string> {
  for (let tries = 0; ; tries++) {
    const server = await spawnServer({ env });
    await server.initialize();
    // The last tries are left alone, or none would ever come through.
    const timer = tries < 2 ? setTimeout(() => server.kill('SIGKILL'), 20 + Math.random() * 230) : undefined;
    try {
      const answer = await server.request('tools/call', { name: 'create_source', arguments: args });
      const result = answer.result as CreateResult | undefined;
      const source = result?.structuredContent?.source;
      if (source) return source.id;
      if (tries > 4) throw new Error(`not made: ${result?.content[0]?.text}`);
    } catch (error) {
      if (tries > 4) throw error;
    } finally {
      clearTimeout(timer);
      await server.close();
    }
  }
}

it(`makes no second source at a platform whose names repeat, through ${2 * KILLS} kills`, async () => {
  const folder = await temporaryFolder('kills-camel');
  const camel = await startCamel();
  try {
    const env = { HEADWATER_HOME: folder.path, CAMELAI_API_KEY: CAMEL_KEY, CAMELAI_BASE_URL: camel.url };
    for (let n = 0; n < KILLS; n++) {
      const name = `Shop ${n}`;
      const args = {
        platform: 'camelai',
        connector: 'postgresql',
        config: CONFIG,
        name,
        run_test: false,
        idempotency_key: name,
      };
      const id = await createThroughKills(env, args);
      const there = [...camel.connections.values()].filter(({ account_name }) => account_name === name);
      expect(there.map((each) => `camelai:${each.id}`)).toEqual([id]);
    }
  } finally {
    await camel.stop();
    await folder.remove();
  }
}, 240_000);

it(`nor at one that refuses a name twice, and finds the one that was made, through ${KILLS} kills`, async () => {
  const folder = await temporaryFolder('kills-streamkap');
  const streamkap = await new StreamkapServer().start();
  try {
    const env = { HEADWATER_HOME: folder.path, ...streamkap.environment };
    for (let n = 0; n < KILLS / 2; n++) {
      const name = `Shop ${n}`;
      const config = { ...CONFIG, schemas: ['public'], tables: ['public.orders'] };
      const args = {
        platform: 'streamkap',
        connector: 'postgresql',
        config,
        name,
        run_test: false,
        idempotency_key: name,
      };
      const id = await createThroughKills(env, args);
      const there = [...streamkap.sources.values()].filter((each) => each.name === name);
      expect(there.map((each) => `streamkap:${each.id}`)).toEqual([id]);
    }
  } finally {
    await streamkap.stop();
    await folder.remove();
  }
}, 240_000);
