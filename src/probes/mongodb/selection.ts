import type { StepOutcome } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { type Collection, collectionsOf, mayRead } from './collections.ts';
import { isDenied } from './errors.ts';
import { grantReading } from './remedies.ts';
import { type Session, splitName } from './session.ts';

const SHOWN = 5;
/** How many are asked for at a time over one connection, which answers them in turn. */
const AT_ONCE = 25;

/** Whether each selected collection is there and can be read. @throws StepFailure with all that are not */
export async function selectedCollections(session: Session, wanted: readonly string[]): Promise<StepOutcome> {
  const there = await lookedUp(session, wanted);
  session.found = wanted.filter((each) => there.has(each));
  const missing = wanted.filter((each) => !there.has(each));
  const closed: string[] = [];
  for (let i = 0; i < session.found.length; i += AT_ONCE) {
    const some = session.found.slice(i, i + AT_ONCE);
    const readable = await Promise.all(some.map((each) => mayRead(session, splitName(each))));
    closed.push(...some.filter((_, at) => !readable[at]));
  }
  const { facts } = session;
  if (closed.length > 0) {
    const what = [...closed, ...missing];
    const details = grantReading(session, { collections: what }, 'To be read, and for their changes to be followed.');
    throw new StepFailure('COLLECTIONS_DENIED', { ...facts, what: listOf(session, what) }, details);
  }
  if (missing.length > 0) {
    const details = grantReading(session, { collections: missing }, 'If they are there: to be read and followed.');
    throw new StepFailure('COLLECTION_NOT_FOUND', { ...facts, what: listOf(session, missing) }, mine(details));
  }
  return { evidence: listOf(session, wanted) };
}

/** The user looks at the names first; the rights are the administrator's. */
function mine({ remedies, ...details }: ReturnType<typeof grantReading>) {
  const { actor: _, ...rest } = details;
  return { ...rest, ...(remedies ? { remedies: remedies.map((each) => ({ ...each, actor: 'dba' as const })) } : {}) };
}

/** One question for each database, whatever the number of collections in it. */
async function lookedUp(session: Session, wanted: readonly string[]): Promise<Map<string, Collection>> {
  const byDatabase = new Map<string, string[]>();
  for (const { namespace, name } of wanted.map(splitName))
    byDatabase.set(namespace, [...(byDatabase.get(namespace) ?? []), name]);
  const found = new Map<string, Collection>();
  for (const [namespace, names] of byDatabase) {
    const collections = await collectionsOf(session, namespace, { names }).catch((error: unknown) => {
      if (isDenied(error)) return [];
      throw error;
    });
    for (const each of collections) found.set(`${namespace}.${each.name}`, each);
  }
  return found;
}

export function listOf(session: Session, names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map((name) => session.clean(name, 140));
  return shown.join(', ') + (names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '');
}
