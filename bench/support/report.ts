import { cpus, release } from 'node:os';
import { parseArgs } from 'node:util';

/** What a figure may be at most or at least: the ratio to the baseline, or our own figure. */
export interface Budget {
  of: 'ratio' | 'ours';
  atMost?: number;
  atLeast?: number;
}

/** One line of a benchmark. Without a budget it is there to be looked at. */
export interface Row {
  what: string;
  unit: string;
  ours: number;
  /** What it is compared with, measured in the same run. */
  baseline?: number;
  ratio?: number;
  budget?: Budget;
}

export interface Options {
  /** How many times each thing is measured, where the benchmark's own number does not fit. */
  rounds?: number;
  /** Another built server than dist/cli.js. */
  server?: string;
}

export interface Result {
  bench: string;
  /** What the columns mean here. */
  about: string;
  machine: Machine;
  rows: readonly (Row & { ok: boolean })[];
}

interface Machine {
  cpus: number;
  cpu: string;
  node: string;
  system: string;
}

/** Runs one benchmark as a command: a table for people, `--json` for machines, exit code 1 when over budget. */
export async function runBench(
  bench: string,
  about: string,
  measure: (options: Options) => Promise<readonly Row[]>,
): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, rounds: { type: 'string' }, server: { type: 'string' } },
  });
  const { json, rounds, server } = values;
  const measured = await measure({
    ...(rounds === undefined ? {} : { rounds: Number(rounds) }),
    ...(server === undefined ? {} : { server }),
  });
  const rows = measured.map((row) => ({ ...row, ok: isWithin(row) }));
  const result: Result = { bench, about, machine: machine(), rows };
  console.log(json ? JSON.stringify(result) : `${headline(result)}\n\n${table(rows)}\n`);
  if (!rows.every(({ ok }) => ok)) process.exitCode = 1;
}

function isWithin({ ours, ratio, budget }: Row): boolean {
  if (!budget) return true;
  const value = budget.of === 'ours' ? ours : (ratio ?? Number.NaN);
  return value <= (budget.atMost ?? Number.POSITIVE_INFINITY) && value >= (budget.atLeast ?? Number.NEGATIVE_INFINITY);
}

function headline({ bench, about, machine }: Result): string {
  return `${bench}: ${about}\n${machineLine(machine)}`;
}

export function machineLine({ cpus: count, cpu, node, system }: Machine): string {
  return `${count} CPUs (${cpu}), Node ${node}, ${system}`;
}

/** Aligned columns. */
export function table(rows: Result['rows']): string {
  const cells = rows.map(({ what, unit, ours, baseline, ratio, budget, ok }) => [
    what,
    `${figure(ours)} ${unit}`,
    baseline === undefined ? '' : `${figure(baseline)} ${unit}`,
    ratio === undefined ? '' : `${ratio.toFixed(2)} ×`,
    budget ? limits(budget, unit) : '',
    budget ? (ok ? 'ok' : 'OVER') : '',
  ]);
  const lines = [['', 'ours', 'baseline', 'ratio', 'budget', ''], ...cells];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

function limits({ of, atMost, atLeast }: Budget, unit: string): string {
  const suffix = of === 'ratio' ? '×' : unit;
  return atMost === undefined ? `≥ ${atLeast} ${suffix}` : `≤ ${atMost} ${suffix}`;
}

function figure(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return Number.isInteger(value) ? String(value) : value.toFixed(digits);
}

function machine(): Machine {
  const all = cpus();
  return {
    cpus: all.length,
    cpu: all[0]?.model.trim() ?? 'unknown',
    node: process.versions.node,
    system: `${process.platform} ${process.arch} ${release()}`,
  };
}
