import type { z } from 'zod';
import type { FieldProblem } from './errors.ts';
import { nearest } from './nearest.ts';

const MOST = 20;
const SHOWN_KEY = 60;

export interface IssueOptions {
  /** JSON Pointer in front of every path. */
  base?: string;
  /** Names to suggest for an unknown key at the top level, with what each stands for: `{ sslmode: 'tls_mode' }`. */
  known: Readonly<Record<string, string>>;
}

/** zod's issues as field problems: JSON Pointers, plain sentences, did-you-mean; never a value that was given. */
export function fieldProblems(error: z.ZodError, { base = '', known }: IssueOptions): FieldProblem[] {
  return error.issues
    .slice(0, MOST)
    .flatMap((issue) => problemsOf(issue, base, known))
    .slice(0, MOST);
}

function problemsOf(issue: z.core.$ZodIssue, base: string, known: IssueOptions['known']): FieldProblem[] {
  const at = base + issue.path.map((part) => pointerPart(part)).join('');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, MOST).map((key) => ({
      field: at + pointerPart(key.slice(0, SHOWN_KEY)),
      message: unknownKey(key, knownIn(issue.path, known)),
    }));
  }
  return [{ field: at, message: sentence(issue) }];
}

/** The names of a group, by what they stand for: `auth/token`. */
function knownIn(path: readonly PropertyKey[], known: IssueOptions['known']): IssueOptions['known'] {
  if (path.length === 0) return known;
  const group = `${path.map(String).join('/')}/`;
  return Object.fromEntries(Object.entries(known).filter(([, name]) => name.startsWith(group)));
}

function unknownKey(key: string, known: IssueOptions['known']): string {
  const suggestion = Object.hasOwn(known, key) ? known[key] : known[nearest(key, Object.keys(known)) ?? ''];
  return suggestion === undefined ? 'is not known here' : `is not known here; did you mean ${suggestion}?`;
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message)) {
    return 'is required';
  }
  return issue.message.replace(/^Invalid input: /, '').replace(/^Invalid option: /, '');
}

export function pointerPart(part: PropertyKey): string {
  return `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

const MOST_VALUES = 20_000;
const MOST_NESTING = 100;

/**
 * What is wrong with an input before any schema looks at it: a key `__proto__`, which copies would take for a prototype;
 * more values than a schema can go through while others wait; nesting that recursion does not survive.
 */
export function inputFault(input: unknown, base = ''): FieldProblem | undefined {
  const waiting: [value: unknown, at: string, depth: number][] = [[input, base, 0]];
  let values = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const [value, at, depth] = next;
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, '__proto__')) return { field: `${at}/__proto__`, message: 'is not known here' };
    const entries = Array.isArray(value) && value.length > MOST_VALUES ? value : Object.entries(value);
    values += entries.length;
    if (values > MOST_VALUES) return { field: at, message: `holds more than ${MOST_VALUES} values` };
    if (depth > MOST_NESTING) return { field: base, message: 'is nested too deeply' };
    for (const [name, inner] of entries as [string, unknown][]) {
      waiting.push([inner, typeof inner === 'object' ? at + pointerPart(name.slice(0, SHOWN_KEY)) : at, depth + 1]);
    }
  }
  return undefined;
}
