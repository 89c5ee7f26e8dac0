import { HeadwaterError } from '../../errors.ts';
import type { CredentialForm, Submitted } from '../../sources/credential-form.ts';
import type { TestReport } from './ports.ts';

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
    skippable: report !== undefined && couldNotTell(form, report),
  };
}

function atField({ fields, takesConnectionString }: CredentialForm, path: string, message: string): Problem {
  const field = fields.find((one) => one.path === path);
  const isWhole = takesConnectionString && path === CONNECTION_STRING;
  // `is required` goes on from the field's name.
  const text = /^\p{Ll}/u.test(message) ? `${field?.title ?? path} ${message}`.trim() : message;
  const sentence = /[.!?]$/.test(text) ? text : `${text}.`;
  if (field || isWhole) return { path, message: sentence };
  // What is known already cannot be changed here; the string that says otherwise can.
  const isInString = takesConnectionString && message.includes('connection string');
  return isInString ? { path: CONNECTION_STRING, message: sentence } : { message: sentence };
}

/** Steps on the way to whoever judges what was given: where one of them fails, nobody has. */
const ON_THE_WAY = new Set([
  'name_policy',
  'dns',
  'address_policy',
  'ssh_protocol',
  'tunnel',
  'tcp',
  'tls',
  'protocol',
  'driver',
]);

function couldNotTell({ fields }: CredentialForm, { verdict, steps }: TestReport): boolean {
  if (verdict === 'untested') return true;
  const secrets = new Set(fields.flatMap(({ path, secret }) => (secret ? path : [])));
  const failed = steps.filter(({ status }) => status === 'fail');
  const isAboutSecrets = failed.some((step) => step.fields?.some((path) => secrets.has(path)));
  return failed[0] !== undefined && ON_THE_WAY.has(failed[0].id) && !isAboutSecrets;
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
