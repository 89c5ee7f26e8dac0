import cases from './hostile-inputs.json' with { type: 'json' };

/** `deny`: valid, but the policy refuses it. `error`: not valid at all. Both before any I/O. */
export type Verdict = 'allow' | 'deny' | 'error';

export interface HostileInput<Input = unknown> {
  id: string;
  kind: string;
  input: Input;
  expect: Verdict;
  why: string;
}

/** Every case there is, with its large values not made yet. */
export const ALL_HOSTILE_INPUTS = cases as readonly HostileInput[];

/** Cases of one kind of hostile-inputs.json, with the large values made. */
export function hostileInputs<Input = unknown>(kind: string): HostileInput<Input>[] {
  return ALL_HOSTILE_INPUTS.filter((each) => each.kind === kind).map((each) => ({
    ...each,
    input: made(each.input) as Input,
  }));
}

/** Stand for values too big for a file. */
type Generated =
  | { $gen: 'repeat'; prefix?: string; text: string; count: number; suffix?: string }
  | { $gen: 'nest'; open: string; leaf?: string; close: string; depth: number }
  | { $gen: 'keys'; count: number; prefix?: string };

const MAKERS: { [K in Generated['$gen']]: (wish: Extract<Generated, { $gen: K }>) => string } = {
  repeat: ({ prefix = '', text, count, suffix = '' }) => prefix + text.repeat(count) + suffix,
  nest: ({ open, leaf = '', close, depth }) => open.repeat(depth) + leaf + close.repeat(depth),
  keys: ({ count, prefix = 'k' }) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, i]))),
};

function made(input: unknown): unknown {
  if (Array.isArray(input)) return input.map(made);
  if (typeof input !== 'object' || input === null) return input;
  if ('$gen' in input) return MAKERS[(input as Generated).$gen](input as never);
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, made(value)]));
}
