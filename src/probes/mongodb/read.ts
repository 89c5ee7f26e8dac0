import type { DiscoverQuery, Preview, ReadSession, Stream, StreamPage } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { LONGEST_VALUE, longestValue, shownColumns, shownRows } from '../shown.ts';
import { adviseOn } from './advice.ts';
import { byText, type Collection, collectionsOf, databaseNames, mayLookInto, readable } from './collections.ts';
import { numberOf } from './documents.ts';
import { documentsOf, READ_MS, sample } from './documents-read.ts';
import { fieldsOf } from './sample.ts';
import { isOwnDatabase, type Session, splitName } from './session.ts';
import { shownValue } from './values.ts';

/** Documents that a collection's fields are inferred from, of its oldest and of its newest each. */
const SAMPLED = 40;
/** Counting is one question for each collection: asked for pages that are short. */
const MOST_COUNTED = 25;

/** Discovery and preview over a session whose gates have passed. */
export function readSession(session: Session): ReadSession {
  return {
    discover: (query) => (query.stream === undefined ? page(session, query) : named(session, query.stream)),
    advise: (streams) => adviseOn(session, streams),
    preview: (stream, limit) => preview(session, stream, limit),
  };
}

async function page(session: Session, { query, after, limit }: DiscoverQuery): Promise<StreamPage> {
  const part = query?.toLowerCase();
  const found: Collection[] = [];
  const databases = (await namespaces(session)).filter((name) => after === undefined || name >= after.namespace);
  for (const namespace of databases) {
    const behind = (name: string) => after === undefined || namespace !== after.namespace || name > after.name;
    const collections = await readable(collectionsOf(session, namespace));
    found.push(
      ...collections
        .filter(
          ({ name }) => behind(name) && (part === undefined || `${namespace}.${name}`.toLowerCase().includes(part)),
        )
        .sort((a, b) => byText(a.name, b.name)),
    );
    if (found.length > limit) break;
  }
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  const counts = shown.length > MOST_COUNTED ? [] : await Promise.all(shown.map((each) => countOf(session, each)));
  const streams = shown.map((each, i) => streamOf(session, each, counts[i]));
  return last ? { streams, next: { namespace: last.namespace, name: last.name } } : { streams };
}

/** The databases to read, in the order of their names. */
async function namespaces(session: Session): Promise<string[]> {
  const { selected } = session;
  return selected ? [...selected].sort(byText) : (await databaseNames(session)).filter(isOwnDatabase);
}

async function named(session: Session, stream: string): Promise<StreamPage> {
  const collection = await collectionNamed(session, stream);
  if (!collection) return { streams: [] };
  const [count, documents] = await Promise.all([countOf(session, collection), sample(session, collection, SAMPLED)]);
  const columns = fieldsOf(documents).map(({ name, ...rest }) => ({ name: session.clean(name), ...rest }));
  return { streams: [{ ...streamOf(session, collection, count), ...shownColumns(columns) }] };
}

/** `database.collection`, or the collection's name alone where one database is read. */
async function collectionNamed(session: Session, stream: string): Promise<Collection | undefined> {
  const { database } = session.config;
  const whole = splitName(stream);
  const places = [whole, ...(database === undefined ? [] : [{ namespace: database, name: stream }])];
  for (const { namespace, name } of places) {
    if (name === '' || !mayLookInto(session, namespace)) continue;
    const [found] = await readable(collectionsOf(session, namespace, { names: [name] }));
    if (found) return found;
  }
  return undefined;
}

function streamOf(session: Session, { namespace, name, kind }: Collection, count: number | undefined): Stream {
  return {
    namespace: session.clean(namespace),
    name: session.clean(name),
    kind,
    ...(count === undefined ? {} : { row_estimate: count }),
    ...(kind === 'collection' ? { keys: ['_id'] } : {}),
  };
}

/** From the collection's statistics, without looking at documents; a view has none. */
async function countOf(session: Session, { namespace, name, kind }: Collection): Promise<number | undefined> {
  if (kind !== 'collection') return undefined;
  try {
    return numberOf((await session.ask(namespace, { count: name, maxTimeMS: READ_MS }))['n']);
  } catch (error) {
    if (error instanceof StepFailure && error.problem.driver_code !== undefined) return undefined;
    throw error;
  }
}

async function preview(session: Session, stream: string, limit: number): Promise<Preview | undefined> {
  const collection = await collectionNamed(session, stream);
  if (!collection) return undefined;
  const documents = await documentsOf(session, collection, limit + 1, {});
  const fields = fieldsOf(documents.slice(0, limit));
  const { columns } = shownColumns(fields.map(({ name, ...rest }) => ({ name: session.clean(name), ...rest })));
  const longest = Math.min(LONGEST_VALUE, longestValue(columns.length));
  const names = fields.slice(0, columns.length).map(({ name }) => name);
  const rows = shownRows(
    documents.slice(0, limit).map((document) =>
      Object.fromEntries(
        names.flatMap((name) => {
          const value = document[name];
          return value === undefined ? [] : [[session.clean(name), shownValue(value, longest, session)]];
        }),
      ),
    ),
  );
  return { columns, rows, truncated: rows.length < documents.length };
}
