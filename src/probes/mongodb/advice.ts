import { reached } from '../network.ts';
import type { StreamPosition, SyncAdvice } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { best, MOST_KEYS, type Ranked, ranked, suggestion, timeNamed, unranked } from '../sync-advice.ts';
import { ASK_MS, type Collection, collectionsOf, mayLookInto, readable } from './collections.ts';
import { type Doc, docOf, numberOf, textOf } from './documents.ts';
import { sample } from './documents-read.ts';
import { batchOf } from './hello.ts';
import { fieldsOf } from './sample.ts';
import type { Session } from './session.ts';

/** Documents that its fields are looked for in: of the oldest and of the newest each. Nothing of them is shown. */
const SAMPLED = 10;
/** How many are asked about at a time over one connection, which answers in turn. */
const AT_ONCE = 5;
/** The wire of MongoDB 4.0, the first whose change streams can be followed throughout. */
const OLDEST_WIRE = 7;

const TIMES: ReadonlySet<string> = new Set(['date', 'timestamp']);

/** How to sync these collections, by their indexes, their statistics and a few documents; of no others. */
export async function adviseOn(
  session: Session,
  positions: readonly StreamPosition[],
): Promise<(SyncAdvice | undefined)[]> {
  const known = await lookedUp(session, positions);
  const advices: (SyncAdvice | undefined)[] = [];
  for (let i = 0; i < known.length; i += AT_ONCE) {
    const some = known.slice(i, i + AT_ONCE);
    advices.push(...(await Promise.all(some.map((each) => each && advice(session, each)))));
  }
  return advices;
}

/** One question for each database. */
async function lookedUp(session: Session, positions: readonly StreamPosition[]): Promise<(Collection | undefined)[]> {
  const byDatabase = new Map<string, Collection[]>();
  for (const namespace of new Set(positions.map((each) => each.namespace))) {
    if (!mayLookInto(session, namespace)) continue;
    const names = positions.flatMap((each) => (each.namespace === namespace ? [each.name] : []));
    byDatabase.set(namespace, await readable(collectionsOf(session, namespace, { names })));
  }
  return positions.map(({ namespace, name }) => byDatabase.get(namespace)?.find((each) => each.name === name));
}

async function advice(session: Session, collection: Collection): Promise<SyncAdvice> {
  const cdc = captured(session, collection);
  // What a view is made of may be dear to compute: it is not run for this.
  if (collection.kind === 'view')
    return { keys: [], cursors: [], cdc, suggested: 'full', because: 'It is a view: each read computes it anew.' };
  const { namespace, name } = collection;
  const [indexes, stats, documents] = await Promise.all([
    permitted(session.ask(namespace, { listIndexes: name, cursor: {}, maxTimeMS: ASK_MS })).then(indexesOf),
    permitted(session.ask(namespace, { collStats: name, maxTimeMS: ASK_MS })),
    permitted(sample(session, collection, SAMPLED)),
  ]);
  const cursors = best(cursorsOf(session, documents ?? [], indexes));
  const rows = collection.kind === 'collection' ? numberOf(stats?.['count']) : undefined;
  const bytes = bytesOf(stats);
  return {
    keys: collection.kind === 'collection' ? keysOf(session, indexes) : [],
    cursors: cursors.map(unranked),
    ...(rows === undefined ? {} : { row_estimate: rows }),
    ...(bytes === undefined ? {} : { bytes }),
    cdc,
    ...suggestion(cdc.possible, cursors, rows),
  };
}

function captured(session: Session, { kind }: Collection): SyncAdvice['cdc'] {
  const hello = reached(session.hello);
  const why =
    kind === 'view'
      ? 'it is a view'
      : kind === 'timeseries'
        ? 'a time-series collection tells no changes'
        : hello.kind === 'standalone'
          ? 'the server is in no replica set, and has no change streams'
          : hello.wireVersion < OLDEST_WIRE
            ? 'the server is older than version 4.0'
            : session.provider?.noReplication?.because;
  return why === undefined ? { possible: true } : { possible: false, why };
}

interface Index {
  name: string;
  fields: readonly string[];
  /** Tells every document from all others. */
  isKey: boolean;
}

/** Those that hold every document, in the order of a field. */
function indexesOf(answer: Doc | undefined): Index[] {
  return batchOf(answer ?? {}).flatMap((index) => {
    const { name, key, unique, sparse, hidden, partialFilterExpression } = index;
    const fields = Object.entries(docOf(key));
    const isWhole = sparse !== true && hidden !== true && partialFilterExpression === undefined;
    const isOrdered = fields.every(([, order]) => Math.abs(numberOf(order) ?? 0) === 1);
    if (!isWhole || !isOrdered || fields.length === 0) return [];
    return [{ name: textOf(name) ?? '', fields: fields.map(([field]) => field), isKey: unique === true }];
  });
}

function keysOf(session: Session, indexes: readonly Index[]): string[][] {
  const unique = indexes.filter(({ isKey, fields }) => isKey && fields.join() !== '_id');
  const others = unique.map(({ fields }) => fields.map((field) => session.clean(field)));
  return [['_id'], ...others].slice(0, MOST_KEYS);
}

function cursorsOf(session: Session, documents: readonly Doc[], indexes: readonly Index[]): Ranked[] {
  return fieldsOf(documents).flatMap(({ name, type, nullable }) => {
    const judged = judge(name, type);
    if (!judged) return [];
    const index = indexes.find(({ fields }) => fields[0] === name);
    const cursor = { column: session.clean(name), type, ...(index ? { index: session.clean(index.name) } : {}) };
    return [ranked({ ...cursor, ...judged }, nullable ? 'documents without it' : undefined)];
  });
}

function judge(name: string, type: string): { rank: number; why: string } | undefined {
  if (name === '_id')
    return type === 'objectId'
      ? { rank: 15, why: 'begins with the second in which a document was made; later changes are not seen' }
      : undefined;
  const named = timeNamed(name);
  if (TIMES.has(type)) return named;
  // Any other is a reference to a document elsewhere.
  return type === 'objectId' && named.rank < 30 ? named : undefined;
}

/** On disk, with its indexes. */
function bytesOf(stats: Doc | undefined): number | undefined {
  const [total, stored, indexed] = ['totalSize', 'storageSize', 'totalIndexSize'].map((name) =>
    numberOf(stats?.[name]),
  );
  return total ?? (stored === undefined ? undefined : stored + (indexed ?? 0));
}

/** What the server does not refuse. */
async function permitted<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StepFailure && error.problem.driver_code !== undefined) return undefined;
    throw error;
  }
}
