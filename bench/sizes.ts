// What a model has to read, in bytes: the tools, a search, a schema, a list of sources.

import { connectorSchema } from '../src/connectors/json-schema.ts';
import type { Platform } from '../src/sources/platform.ts';
import { inMemory } from '../test/support/in-memory.ts';
import { type Row, runBench } from './support/report.ts';
import { fillStore } from './support/source-rows.ts';

const HITS = 10;
const SOURCES = 100;

async function measure(): Promise<Row[]> {
  const session = await inMemory();
  try {
    const { tools } = await session.client.listTools();
    const read = tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    // Makes the store.
    await session.done('list_sources');
    await fillStore(session.app.settings.storeFile, SOURCES);
    const { sources } = await session.done('list_sources', { limit: SOURCES });
    return [
      row('names, descriptions and input schemas of all tools', bytes(read), 10_000),
      row('with titles, output schemas and annotations', bytes(tools), 22_000),
      await hitList(session.call),
      row(...(await essential(session.app.services.platforms.values()))),
      row(`a source in a list, mean of ${SOURCES}`, bytes(sources) / SOURCES, 220),
    ];
  } finally {
    await session.close();
  }
}

/** While there are fewer connectors than hits, the mean of those there are stands for the rest. */
async function hitList(call: (name: string, args: Record<string, unknown>) => Promise<{ text: string }>) {
  const { text } = await call('list_connectors', { limit: HITS });
  const { connectors, ...rest } = JSON.parse(text) as { connectors: unknown[] };
  const known = connectors.length;
  const size = known === HITS ? bytes(JSON.parse(text)) : bytes(rest) + (bytes(connectors) / known) * HITS;
  return row(`${HITS} hits of a search${known < HITS ? ` (from ${known})` : ''}`, Math.round(size), 2_500);
}

/** The size that 95 % of the connectors' essential schemas do not exceed, those of all platforms together. */
async function essential(platforms: Iterable<Platform>): Promise<[what: string, size: number, most: number]> {
  const sizes: number[] = [];
  for (const platform of platforms) {
    const connectors = await platform.connectors();
    sizes.push(...connectors.map((connector) => bytes(connectorSchema(connector, 'essential').schema)));
  }
  const sorted = sizes.sort((a, b) => a - b);
  const size = sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
  return [`an essential schema, 95 % of ${sorted.length}`, size, 4_000];
}

function row(what: string, size: number, most: number): Row {
  return { what, unit: 'B', ours: size, budget: { of: 'ours', atMost: most } };
}

/** As compact JSON. */
function bytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

await runBench('sizes', 'what a model reads', measure);
