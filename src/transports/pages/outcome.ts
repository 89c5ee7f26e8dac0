import { HeadwaterError } from '../../errors.ts';
import type { CredentialForm, Submitted } from '../../sources/credential-form.ts';
import type { TestReport, TestStep } from './ports.ts';

/** The field that stands for all the others. */
export const CONNECTION_STRING = 'connection_string';
const PREFIX = 'value.';

export interface Problem {
  /** Of the field; none where it is about all of it. */
  path?: string;
  message: string;
}

/** What is to be said of values that did not lead to the end. */
export interface Outcome {
  problems: readonly Problem[];
  report?: TestReport;
  /** The test could not tell whether the secrets are right, so they may be given without one. */
  skippable: boolean;
}

/** The input's name of a field. */
export function nameOf(path: string): string {
  return path === CONNECTION_STRING ? path : PREFIX + path;
}

/** By path, what was filled in: fields of this form alone. */
export function valuesOf(form: CredentialForm, fields: URLSearchParams): Record<string, string> {
  const given = form.fields.flatMap(({ path, multiline }): [string, string][] => {
    const text = fields.get(nameOf(path)) ?? '';
    // Browsers send every line's end as CRLF.
    const value = multiline ? text.replace(/\r\n?/g, '\n') : text;
    return value === '' ? [] : [[path, value]];
  });
  const whole = form.takesConnectionString ? (fields.get(CONNECTION_STRING) ?? '').trim() : '';
  return Object.fromEntries(whole === '' ? given : [...given, [CONNECTION_STRING, whole]]);
}

/** What has to be there and is not, where no connection string may hold it. */
export function missingIn(form: CredentialForm, values: Readonly<Record<string, string>>): Problem[] {
  if (values[CONNECTION_STRING] !== undefined) return [];
  return form.fields
    .filter(({ path, required }) => required && values[path] === undefined)
    .map(({ path, title, options }) => ({ path, message: `${options ? 'Choose' : 'Enter'}: ${title}.` }));
}

/** Every problem at its field: those that were named, and those that a step of the test names. */
export function outcomeOf(form: CredentialForm, { problems, report }: Submitted): Outcome {
  const failed = (report?.steps ?? []).filter(({ status }) => status === 'fail');
  const found = failed.flatMap(({ fields = [], message, title }) =>
    fields.map((path) => ({ path, message: message ?? title })),
  );
  const said = new Map<string, Problem>();
  for (const { path, message } of [...problems, ...found]) {
    const problem = atField(form, path.replace(/^\//, ''), message);
    const key = problem.path ?? problem.message;
    if (!said.has(key)) said.set(key, problem);
  }
  const all = [...said.values()];
  // What a field says already needs no second saying.
  const told = new Set(all.flatMap(({ path, message }) => (path === undefined ? [] : message)));
  const distinct = all.filter(({ path, message }) => path !== undefined || !told.has(message));
  const general = report && !report.ok && distinct.length === 0 ? [{ message: report.headline }] : [];
  return {
    problems: [...distinct, ...general],
    ...(report ? { report } : {}),
    skippable: report !== undefined && couldNotTell(report),
  };
}

function atField({ fields, takesConnectionString }: CredentialForm, path: string, message: string): Problem {
  const field = fields.find((one) => one.path === path);
  const isWhole = takesConnectionString && path === CONNECTION_STRING;
  // `is required` goes on from the field's name.
  const text = /^\p{Ll}/u.test(message) && field ? `${field.title} ${message}` : message;
  const sentence = /[.!?]$/.test(text) ? text : `${text}.`;
  return field || isWhole ? { path, message: sentence } : { message: sentence };
}

/** Steps in which a server has judged what was given. */
const JUDGED = new Set(['auth', 'database', 'role']);

function couldNotTell({ verdict, steps }: TestReport): boolean {
  if (verdict === 'untested') return true;
  const judged = ({ id, status }: TestStep) => JUDGED.has(id) && status !== 'skip';
  return verdict === 'failed' && !steps.some(judged);
}

/** Of the same values, another try may come to a test, or nobody here can make one. */
const NOT_TRIED = new Set([
  'CIRCUIT_OPEN',
  'CONNECTION_FAILED',
  'DEADLINE_EXCEEDED',
  'EGRESS_DENIED',
  'PLATFORM_NOT_CONFIGURED',
  'PLATFORM_UNAVAILABLE',
  'UNSUPPORTED',
]);

/** What a use case threw, as the page says it. Anything but a HeadwaterError is a fault and thrown on. */
export function outcomeOfError(thrown: unknown): Outcome {
  if (!(thrown instanceof HeadwaterError)) throw thrown;
  const { code, message, details } = thrown;
  const hint = details.hint === undefined ? '' : ` ${details.hint}`;
  return { problems: [{ message: `${message}${hint}` }], skippable: NOT_TRIED.has(code) };
}
