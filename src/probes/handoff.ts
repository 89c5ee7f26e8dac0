import type { Found } from './found.ts';
import { type NetworkFacts, needsOpening, whatToOpen } from './network-letter.ts';
import type { TestPlan } from './probe.ts';
import { type Actor, type Problem, REMEDY_STAGES, type Remedy } from './problems/index.ts';
import type { HandoffLetter } from './report.ts';

type Other = Exclude<Actor, 'user'>;
type Written = Pick<TestPlan, 'subject' | 'script'>;

const GREETING: Record<Other, string> = {
  dba: 'To the database administrator',
  network_admin: 'To the network administrator',
  cloud_admin: 'To the cloud administrator',
  vendor: "To the vendor's support",
};

const THEN: Record<NonNullable<Remedy['then']>, string> = {
  reload: 'Holds once the server has reloaded its configuration.',
  restart: 'Holds once the server has been restarted.',
};

/** Whatever ends a comment in one of the languages. */
const LINE_END = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/;

/** One text per actor other than the user, covering all that is theirs to mend: a script where there is one to run. */
export function handoffLetters(plan: Written, found: readonly Found[], network?: NetworkFacts): HandoffLetter[] {
  return (Object.keys(GREETING) as Other[]).flatMap((actor): HandoffLetter[] => {
    const failed = found.filter(({ step }) => step.status === 'fail' && step.actor === actor);
    const remedies = inOrder(
      found
        .filter(({ step }) => step.status === 'fail')
        .flatMap((each) => remediesOf(each).filter((remedy) => (remedy.actor ?? each.step.actor) === actor)),
    );
    if (failed.length === 0 && remedies.length === 0) return [];
    const format = remedies.length > 0 ? (plan.script ?? 'sql') : 'text';
    if (format !== 'text') return [{ actor, format, text: script(actor, plan, failed, remedies) }];
    const opening = network && failed.some(needsOpening) ? `\n\n${whatToOpen(network)}` : '';
    return [{ actor, format, text: `${letter(actor, plan, failed)}${opening}` }];
  });
}

/** What a step prints of its own remedies: as the script has them, without the rest. */
export function printed(
  { remedies = [] }: Problem,
  actor: Actor,
  { script }: Pick<TestPlan, 'script'>,
): string | undefined {
  const own = inOrder(remedies.filter((remedy) => (remedy.actor ?? actor) === actor));
  if (own.length === 0) return undefined;
  const mark = commentMark(script);
  return own
    .map(({ script: statements, then }) => (then ? `${mark} ${THEN[then]}\n${statements}` : statements))
    .join('\n');
}

/** A fix that is statements alone is a change as well. */
function remediesOf({ problem: { remedies, sql }, step }: Found): readonly Remedy[] {
  if (remedies) return remedies;
  return sql === undefined ? [] : [{ stage: 'right', why: `${step.message}.`, script: sql }];
}

/** In the order of stages, each change once. */
function inOrder(remedies: readonly Remedy[]): Remedy[] {
  const scripts = remedies.map(({ script }) => script);
  const once = remedies.filter(({ script }, at) => scripts.indexOf(script) === at);
  return REMEDY_STAGES.flatMap((stage) => once.filter((remedy) => remedy.stage === stage));
}

function letter(actor: Other, { subject }: Written, failed: readonly Found[]): string {
  return `${GREETING[actor]}: we are connecting ${subject}, and need this:\n${points(failed).join('\n')}`;
}

function points(failed: readonly Found[]): string[] {
  return failed.map(({ step: { message, fix } }) => {
    const command = fix?.command === undefined ? '' : `\n${fix.command}`;
    return `- ${message}. ${fix?.text ?? ''}${command}`.trim();
  });
}

function script(actor: Other, plan: Written, failed: readonly Found[], remedies: readonly Remedy[]): string {
  const mark = commentMark(plan.script);
  const comment = (text: string) => text.split(LINE_END).map((line) => `${mark} ${line}`.trimEnd());
  // What no statement mends is said in words.
  const byHand = failed.filter((each) => remediesOf(each).length === 0);
  const back = remedies.flatMap(({ undo }) => (undo === undefined ? [] : [undo])).reverse();
  const lines = [
    ...comment(`${GREETING[actor]}: we are connecting ${plan.subject}.`),
    ...comment('These statements give it exactly what it lacks. Running them again does no harm.'),
    ...(byHand.length > 0 ? ['', ...comment(`Besides, by hand:\n${points(byHand).join('\n')}`)] : []),
    ...remedies.flatMap(({ why, script: statements, then }) => [
      '',
      ...comment(why),
      ...(then ? comment(THEN[then]) : []),
      statements,
    ]),
    ...(back.length > 0 ? ['', ...comment(`To take it back:\n${back.join('\n')}`)] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function commentMark(script: TestPlan['script']): string {
  return script === 'mongosh' ? '//' : '--';
}
