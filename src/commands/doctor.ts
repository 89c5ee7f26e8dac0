import { defineCommand } from './command.ts';
import { CHECKS, type Finding, findingOf } from './doctor-checks.ts';
import { type Output, proseWidth, type Style } from './output/output.ts';
import { toReader } from './output/reader.ts';
import { pad, plain, widthOf, wrap } from './output/text.ts';

interface Named extends Finding {
  id: string;
  title: string;
}

export const doctorCommand = defineCommand({
  positionals: {},
  options: {},
  description:
    'Checks what Headwater stands on: Node, settings, home folder, store, master key, egress policy, drivers and platforms. ' +
    'Values of settings are never shown, nothing is changed.',
  examples: ['headwater doctor', 'headwater doctor --json'],
  run: async (_, { app, out }) => {
    const findings: Named[] = [];
    for (const check of CHECKS) {
      findings.push({ id: check.id, title: check.title, ...(await findingOf(check, app)) });
    }
    const ok = findings.every(({ status }) => status !== 'fail');
    return { document: { ok, checks: findings }, ok, lines: () => lines(out, findings) };
  },
});

const MARKS: Readonly<Record<Finding['status'], { mark: string; style: Style }>> = {
  ok: { mark: '✓', style: 'green' },
  warn: { mark: '!', style: 'yellow' },
  fail: { mark: '✗', style: 'red' },
};

function lines(out: Output, findings: readonly Named[]): string[] {
  const width = Math.max(...findings.map(({ title }) => widthOf(title)));
  const room = proseWidth(out) - width - 4;
  const margin = ' '.repeat(width + 4);
  const body = findings.flatMap(({ title, status, detail, remedy }) => {
    const { mark, style } = MARKS[status];
    const [first = '', ...rest] = wrap(plain(detail), room);
    const fix =
      remedy === undefined
        ? []
        : wrap(toReader(plain(remedy)), room - 2).map((line, at) => `${at === 0 ? '→' : ' '} ${line}`);
    return [
      `${out.paint(style, mark)} ${pad(title, width)}  ${first}`,
      ...[...rest, ...fix].map((line) => margin + line),
    ];
  });
  return [...body, '', summary(out, findings)];
}

function summary(out: Output, findings: readonly Named[]): string {
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  const [failures, warnings] = [count('fail'), count('warn')];
  if (failures > 0) return out.paint('red', `${failures} of ${findings.length} checks failed.`);
  return warnings > 0
    ? out.paint('yellow', `Headwater works; ${warnings} thing${warnings === 1 ? '' : 's'} to look at.`)
    : out.paint('green', 'Headwater is fit to work.');
}
