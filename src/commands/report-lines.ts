import type { Cause, Report, Step, Verdict } from '../probes/report.ts';
import { duration } from './live-steps.ts';
import { type Output, proseWidth, type Style } from './output/output.ts';
import { plain, wrap } from './output/text.ts';

const VERDICTS: Readonly<Record<Verdict, { mark: string; style: Style }>> = {
  ok: { mark: '✓', style: 'green' },
  ok_with_warnings: { mark: '!', style: 'yellow' },
  failed: { mark: '✗', style: 'red' },
  untested: { mark: '–', style: 'dim' },
};

const PEOPLE: Readonly<Record<NonNullable<Step['actor']>, string>> = {
  user: 'you',
  dba: 'the database administrator',
  network_admin: 'the network administrator',
  cloud_admin: 'the cloud administrator',
  vendor: "the vendor's support",
};

/** A letter that goes to a file, where there is one. */
interface Written {
  actor: NonNullable<Step['actor']>;
  file: string | undefined;
}

/** What follows the steps: the verdict, what may be behind it, each fix with its SQL, and the letters to other people. */
export function reportLines(out: Output, report: Report, written?: Written): string[] {
  const { mark, style } = VERDICTS[report.verdict];
  const problems = report.steps.filter(({ status }) => status === 'fail' || status === 'warn');
  const [first = '', ...rest] = wrap(plain(report.headline), proseWidth(out) - 2);
  const stepWarnings = problems.map(({ message }) => message);
  return [
    `${out.paint(style, mark)} ${out.paint('bold', first)}`,
    ...rest.map((line) => `  ${out.paint('bold', line)}`),
    out.paint('dim', `  ${duration(report.latency_ms)} in all${report.provider ? ` · ${report.provider.name}` : ''}`),
    ...(report.provider?.note ? prose(out, report.provider.note) : []),
    ...problems.flatMap((step) => problemLines(out, step, problems.length === 1 ? report.headline : '')),
    ...causeLines(out, report.causes ?? []),
    ...report.warnings
      .filter((warning) => !stepWarnings.includes(warning))
      .flatMap((warning) => ['', ...prose(out, warning)]),
    // A letter is for copying: nothing stands in front of its lines, and none is broken.
    ...(report.handoff ?? [])
      .filter(({ actor }) => actor !== written?.actor)
      .flatMap(({ actor, text }) => ['', out.paint('bold', `Ready to send to ${PEOPLE[actor]}:`), ...rawLines(text)]),
    ...(written ? ['', handedOver(written)] : []),
  ];
}

function handedOver({ actor, file }: Written): string {
  return file === undefined ? `Nothing here is for ${PEOPLE[actor]}.` : `Written for ${PEOPLE[actor]}: ${plain(file)}`;
}

/** What may be behind a failure, most likely first. */
function causeLines(out: Output, causes: readonly Cause[]): string[] {
  if (causes.length === 0) return [];
  return [
    '',
    out.paint('bold', 'What may be behind it'),
    ...causes.flatMap(({ cause, likelihood, evidence = [], fix, tell_apart: apart }) => [
      ...prose(out, `${likelihood}: ${cause}.`).map((line, at) => (at === 0 ? out.paint('bold', line) : line)),
      ...(evidence.length > 0 ? nested(out, `Because ${evidence.join('; ')}.`) : []),
      ...nested(out, fix),
      ...(apart ? nested(out, `To tell: ${apart}`) : []),
    ]),
  ];
}

function nested(out: Output, text: string): string[] {
  return wrap(plain(text), proseWidth(out) - 4).map((line) => out.paint('dim', `    ${line}`));
}

/** `told`: what the reader knows already. */
function problemLines(out: Output, step: Step, told: string): string[] {
  const { title, status, message, fix, fields = [], actor, code } = step;
  const sentences = [message === undefined ? '' : `${message}.`, fix?.text ?? ''];
  const untold = sentences.filter((sentence) => !told.includes(sentence)).join(' ');
  const forUser = actor === undefined || actor === 'user';
  const work = forUser ? fields.length > 0 && `change ${fields.join(' or ')}` : `for ${PEOPLE[actor]}`;
  const facts = [work, code].filter((fact) => fact);
  return [
    '',
    `${out.paint(status === 'fail' ? 'red' : 'yellow', title)}  ${out.paint('dim', facts.join(' · '))}`,
    ...(untold === '' ? [] : prose(out, untold)),
    ...[fix?.sql, fix?.command].flatMap((script) =>
      script ? rawLines(script).map((line) => `    ${out.paint('cyan', line)}`) : [],
    ),
  ];
}

function prose(out: Output, text: string): string[] {
  return wrap(plain(text), proseWidth(out) - 2).map((line) => `  ${line}`);
}

function rawLines(text: string): string[] {
  return text.split('\n').map(plain);
}
