import { cursorOf, type Doc, docOf, docsOf, textOf } from './documents.ts';
import { isDenied } from './errors.ts';
import { batchOf } from './hello.ts';
import { isOwnDatabase, type Session } from './session.ts';

/** What a database has. Names are the server's own. */
export interface Collection {
  namespace: string;
  name: string;
  kind: 'collection' | 'view' | 'timeseries';
  /** Whether documents are kept as they were before a change; known only where all of it was asked for. */
  preImages: boolean;
}

export const ASK_MS = 2500;
const MOST_COLLECTIONS = 20_000;

/** Of these databases those that the user sees. @throws StepFailure */
export async function databasesAmong(session: Session, names: readonly string[]): Promise<string[]> {
  const filter = names.length === 1 ? { name: names[0] } : { name: { $in: names } };
  return databaseNames(session, filter);
}

/** The names of databases, in their order. */
export async function databaseNames(session: Session, filter: Doc = {}): Promise<string[]> {
  const command = { listDatabases: 1, nameOnly: true, filter, authorizedDatabases: true, maxTimeMS: ASK_MS };
  const answer = await session.ask('admin', command);
  return docsOf(answer['databases'])
    .flatMap(({ name }) => textOf(name) ?? [])
    .sort(byText);
}

export interface Listing {
  /** Of these names alone. */
  names?: readonly string[];
  /** What else is known of them besides their names. */
  whole?: boolean;
  /** The first few; all without. */
  few?: number;
}

/** Collections that the user may see something of, without the server's own. @throws StepFailure */
export async function collectionsOf(
  session: Session,
  namespace: string,
  { names, whole = false, few }: Listing = {},
): Promise<Collection[]> {
  const facts = { ...session.facts, what: `the database ${session.clean(namespace, 64)}` };
  const answer = await session.ask(
    namespace,
    {
      listCollections: 1,
      filter: names === undefined ? {} : names.length === 1 ? { name: names[0] } : { name: { $in: names } },
      nameOnly: !whole,
      authorizedCollections: !whole,
      cursor: few === undefined ? {} : { batchSize: few },
      maxTimeMS: ASK_MS,
    },
    { code: 'COLLECTIONS_DENIED', facts },
  );
  const found = batchOf(answer).map((entry) => collectionOf(namespace, entry));
  let cursor = cursorOf(docOf(answer['cursor'])['id']);
  if (cursor && few !== undefined) await forget(session, namespace, '$cmd.listCollections', cursor);
  while (cursor && few === undefined && found.length < MOST_COLLECTIONS) {
    const more = await session.ask(namespace, { getMore: cursor, collection: '$cmd.listCollections' });
    const batch = docOf(more['cursor']);
    found.push(...docsOf(batch['nextBatch']).map((entry) => collectionOf(namespace, entry)));
    cursor = cursorOf(batch['id']);
  }
  return found.filter(({ name }) => name !== '' && !name.startsWith('system.'));
}

function collectionOf(namespace: string, entry: Doc): Collection {
  const images = docOf(docOf(entry['options'])['changeStreamPreAndPostImages']);
  const type = entry['type'];
  return {
    namespace,
    name: textOf(entry['name']) ?? '',
    kind: type === 'view' || type === 'timeseries' ? type : 'collection',
    preImages: images['enabled'] === true,
  };
}

/** Closes a cursor at the server; one that is not there any more is closed as well. */
export async function forget(
  session: Session,
  namespace: string,
  collection: string,
  cursor: NonNullable<ReturnType<typeof cursorOf>>,
): Promise<void> {
  await session.ask(namespace, { killCursors: collection, cursors: [cursor] }).catch(() => {});
}

/** Proves that a collection can be read, by one document's key. @throws StepFailure */
export async function readOne(
  session: Session,
  { namespace, name }: Pick<Collection, 'namespace' | 'name'>,
): Promise<void> {
  const whole = session.clean(`${namespace}.${name}`, 200);
  await session.ask(
    namespace,
    { find: name, projection: { _id: 1 }, limit: 1, singleBatch: true, maxTimeMS: ASK_MS },
    { code: 'COLLECTIONS_DENIED', facts: { ...session.facts, what: whole } },
  );
}

/** The same; false where only rights are lacking. */
export async function mayRead(session: Session, collection: Pick<Collection, 'namespace' | 'name'>): Promise<boolean> {
  try {
    await readOne(session, collection);
    return true;
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}

/** A database that the user may not look into has nothing to show. */
export async function readable(listing: Promise<Collection[]>): Promise<Collection[]> {
  try {
    return await listing;
  } catch (error) {
    if (isDenied(error)) return [];
    throw error;
  }
}

/** Whether it is a database of the user's that is to be read. */
export function mayLookInto({ selected }: Session, namespace: string): boolean {
  // Names that no database can have are not for the server to judge.
  if (namespace === '' || /[\s/\\."$*<>:|?\0]/.test(namespace) || namespace.length > 63) return false;
  return selected ? selected.includes(namespace) : isOwnDatabase(namespace);
}

export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
