import type { Collection } from './collections.ts';
import type { Doc } from './documents.ts';
import { batchOf } from './hello.ts';
import type { Session } from './session.ts';

export const READ_MS = 5000;

/** The first documents, and where that costs nothing the last as well: fields come and go with time. */
export async function sample(session: Session, collection: Collection, few: number): Promise<Doc[]> {
  const first = await documentsOf(session, collection, few, {});
  if (collection.kind !== 'collection' || first.length < few) return first;
  return [...first, ...(await documentsOf(session, collection, few, { sort: { _id: -1 } }))];
}

export async function documentsOf(
  session: Session,
  { namespace, name }: Collection,
  limit: number,
  more: object,
): Promise<Doc[]> {
  const facts = { ...session.facts, what: session.clean(`${namespace}.${name}`) };
  const find = { find: name, filter: {}, ...more, limit, singleBatch: true, maxTimeMS: READ_MS };
  return batchOf(await session.ask(namespace, find, { code: 'READ_FAILED', facts, exact: true }));
}
