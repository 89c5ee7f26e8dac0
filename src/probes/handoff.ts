import type { Actor } from './problems/index.ts';
import type { HandoffLetter, Step } from './report.ts';

const GREETING: Record<Exclude<Actor, 'user'>, string> = {
  dba: 'To the database administrator',
  network_admin: 'To the network administrator',
  cloud_admin: 'To the cloud administrator',
  vendor: "To the vendor's support",
};

/** One letter per actor other than the user, covering every failure that is theirs to mend. */
export function handoffLetters(subject: string, steps: readonly Step[]): HandoffLetter[] {
  const letters: HandoffLetter[] = [];
  for (const [actor, greeting] of Object.entries(GREETING) as [Exclude<Actor, 'user'>, string][]) {
    const theirs = steps.filter((step) => step.status === 'fail' && step.actor === actor);
    if (theirs.length === 0) continue;
    const points = theirs.map((step) => `- ${step.message}. ${step.fix?.text ?? ''}`.trim());
    const sql = new Set(theirs.flatMap((step) => (step.fix?.sql ? [step.fix.sql] : [])));
    const script = sql.size > 0 ? `\n\n${[...sql].join('\n')}` : '';
    letters.push({
      actor,
      text: `${greeting}: we are connecting ${subject}, and need this:\n${points.join('\n')}${script}`,
    });
  }
  return letters;
}
