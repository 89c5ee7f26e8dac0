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

/** Cases of one kind of hostile-inputs.json, with the large values made. */
export function hostileInputs<Input = unknown>(kind: string): HostileInput<Input>[] {
  return cases
    .filter((each) => each.kind === kind)
    .map((each) => ({ ...each, input: made(each.input) as Input, expect: each.expect as Verdict }));
}

interface Repeat {
  $gen: 'repeat';
  prefix?: string;
  text: string;
  count: number;
  suffix?: string;
}

/** `{"$gen": "repeat", prefix?, text, count, suffix?}` stands for a value too big for a file. */
function made(input: unknown): unknown {
  if (!isRepeat(input)) return input;
  return (input.prefix ?? '') + input.text.repeat(input.count) + (input.suffix ?? '');
}

function isRepeat(input: unknown): input is Repeat {
  return typeof input === 'object' && input !== null && '$gen' in input;
}
