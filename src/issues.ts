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
      message: issue.path.length === 0 ? unknownKey(key, known) : 'is not known here',
    }));
  }
  return [{ field: at, message: sentence(issue) }];
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
