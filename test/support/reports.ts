import type { Actor } from '../../src/probes/problems/index.ts';
import type { Report, Step } from '../../src/probes/report.ts';

/** The first step that failed. */
export function failing({ steps }: Report): Step | undefined {
  return steps.find(({ status }) => status === 'fail');
}

/** The script or letter to one of those who can mend it. */
export function handoffTo({ handoff }: Report, actor: Actor): string {
  return handoff?.find((letter) => letter.actor === actor)?.text ?? '';
}

const BACK = '-- To take it back:\n';

/** The part of a script that takes it back, as it runs once its comment marks are gone. */
export function rollBackOf(script: string): string {
  const at = script.indexOf(BACK);
  return at < 0 ? '' : script.slice(at + BACK.length).replaceAll(/^-- ?/gm, '');
}
