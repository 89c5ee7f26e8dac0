// From spawn to the answered tools/list, memory after it, and the exit at end of input.
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../test/support/temp.ts';
import { builtServer } from './support/built-server.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { interleave, median, ratioOf } from './support/stats.ts';
import { bareServer, type Era, type Program, StdioServer } from './support/stdio-server.ts';

const ROUNDS = 25;
const SETTLE_MS = 100;

interface Start {
  startMs: number;
  residentMb: number | undefined;
  exitMs: number;
}

async function measure(options: Options): Promise<Row[]> {
  const home = await temporaryFolder('bench');
  const ours = await builtServer(options, home.path);
  const { tools } = await start(ours, 'modern');
  const bare = bareServer(tools);
  const rows: Row[] = [];
  const memory: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  const exits: number[] = [];
  for (const era of ['legacy', 'modern'] as const) {
    const contender = (name: 'ours' | 'bare', program: Program) => async (round: number) => {
      const { startMs, residentMb, exitMs } = await start(program, era);
      if (round > 0 && residentMb !== undefined) memory[name].push(residentMb);
      if (round > 0 && name === 'ours') exits.push(exitMs);
      return startMs;
    };
    const samples = await interleave(
      { ours: contender('ours', ours), bare: contender('bare', bare) },
      { rounds: options.rounds ?? ROUNDS },
    );
    rows.push({
      what: `spawn to tools/list, ${era}`,
      unit: 'ms',
      ours: median(samples.ours),
      baseline: median(samples.bare),
      ratio: ratioOf(samples.ours, samples.bare),
      budget: { of: 'ratio', atMost: 1.1 },
    });
  }
  await home.remove();
  if (memory.ours.length > 0) {
    rows.push({
      what: 'resident memory after it',
      unit: 'MB',
      ours: median(memory.ours),
      baseline: median(memory.bare),
      ratio: ratioOf(memory.ours, memory.bare),
      budget: { of: 'ratio', atMost: 1.15 },
    });
  }
  rows.push(
    { what: 'exit at end of input, median', unit: 'ms', ours: median(exits), budget: { of: 'ours', atMost: 50 } },
    { what: 'exit at end of input, worst', unit: 'ms', ours: Math.max(...exits), budget: { of: 'ours', atMost: 50 } },
  );
  return rows;
}

async function start(program: Program, era: Era): Promise<Start & { tools: number }> {
  const started = performance.now();
  const server = new StdioServer(program, era);
  await server.open();
  const tools = await server.listTools();
  const startMs = performance.now() - started;
  await sleep(SETTLE_MS);
  const residentMb = await server.residentMb();
  return { startMs, residentMb, exitMs: await server.end(), tools: tools.length };
}

await runBench('startup', 'against a bare server on the same SDK with as many tools, not bundled', measure);
