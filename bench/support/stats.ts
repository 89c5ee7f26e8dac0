/** The middle value; of an even count, the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2;
}

/** What every round measured, by contender. */
export type Samples<C extends string> = Record<C, number[]>;

/**
 * Runs all contenders in every round, in turning order, so that whatever else the machine does meets them all alike.
 * The first `warmup` rounds are not counted.
 */
export async function interleave<C extends string>(
  contenders: Readonly<Record<C, (round: number) => Promise<number>>>,
  { rounds, warmup = 1 }: { rounds: number; warmup?: number },
): Promise<Samples<C>> {
  const names = Object.keys(contenders) as C[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Samples<C>;
  for (let round = 0; round < warmup + rounds; round += 1) {
    const order = names.map((_, i) => names[(i + round) % names.length] as C);
    for (const name of order) {
      const value = await contenders[name](round);
      if (round >= warmup) samples[name].push(value);
    }
  }
  return samples;
}

/** The median of the rounds' own ratios: load that comes and goes touches both sides of each. */
export function ratioOf(ours: readonly number[], baseline: readonly number[]): number {
  return median(ours.map((value, round) => value / (baseline[round] ?? Number.NaN)));
}

/** Milliseconds that the work takes. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
