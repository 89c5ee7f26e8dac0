import type { StepOutcome } from '../probe.ts';
import { collectionsOf } from './collections.ts';
import { isDenied } from './errors.ts';
import { keepPreImages } from './remedies.ts';
import { listOf } from './selection.ts';
import { type Session, splitName } from './session.ts';

/** Whether documents are kept as they were before a change: for all that are selected, or for none of them. */
export async function preImages(session: Session): Promise<StepOutcome> {
  const { config, facts, version } = session;
  if (!config.collections) return { skip: 'no collections are selected' };
  if ((version[0] ?? 0) < 6) return { skip: 'this version has none (6.0 and newer)' };
  const there = session.found ?? config.collections;
  const kept = new Set<string>();
  try {
    for (const namespace of new Set(there.map((each) => splitName(each).namespace))) {
      const names = there.filter((each) => each.startsWith(`${namespace}.`)).map((each) => splitName(each).name);
      const collections = await collectionsOf(session, namespace, { names, whole: true });
      for (const { name, preImages } of collections) if (preImages) kept.add(`${namespace}.${name}`);
    }
  } catch (error) {
    if (!isDenied(error)) throw error;
    return { skip: 'the user may not see the options of collections' };
  }
  const without = there.filter((each) => !kept.has(each));
  if (without.length === 0) return { evidence: 'kept' };
  if (kept.size === 0) return { evidence: 'not kept: updates and deletes come without the former document' };
  const what = listOf(session, without);
  return {
    evidence: `kept for ${kept.size} of ${there.length}`,
    warning: { code: 'CDC_PRE_IMAGES', facts: { ...facts, what }, remedies: keepPreImages(session, without) },
  };
}
