import { z } from 'zod';
import { HeadwaterError } from '../../errors.ts';
import type { ApiClient, ApiRequest } from '../../net/api-client.ts';
import { rejected } from './refusals.ts';

const COLLECTION = z.looseObject({
  name: z.string(),
  readable_id: z.string().min(1),
  status: z.string().nullish().catch(undefined),
  source_connection_summaries: z.array(z.unknown()).nullish().catch(undefined),
});
type Collection = z.infer<typeof COLLECTION>;
type Options = Readonly<Record<string, unknown>>;

export interface Chosen {
  /** Readable id. */
  id: string;
  warnings: readonly string[];
}

const LIST: ApiRequest = { method: 'GET', path: '/collections' };
const making = (name: unknown): ApiRequest => ({ method: 'POST', path: '/collections', body: { name } });
const MOST_NAMED = 10;

/** What is sent before a create, and the collection as a plan can show it. */
export function collectionPlan({ collection, create_collection: name }: Options): { before: ApiRequest[]; id: string } {
  if (collection !== undefined) return { before: [], id: String(collection) };
  if (name !== undefined)
    return { before: [LIST, making(name)], id: '(the id that Airweave gives the new collection)' };
  return { before: [LIST], id: '(the only collection there is)' };
}

/**
 * The collection that a new source goes into: the one that was named; a new one; or the only one there is. One of the
 * wanted name without any source is taken for the remains of a create that did not come to its end.
 * @throws HeadwaterError INVALID_ARGUMENTS
 */
export async function chooseCollection(client: ApiClient, options: Options, signal: AbortSignal): Promise<Chosen> {
  const { collection, create_collection: name } = options;
  if (collection !== undefined) return { id: String(collection), warnings: [] };
  const all = await collectionsOf(client, signal);
  if (name === undefined) return onlyOne(all);
  const same = all.filter((each) => each.name === name);
  const empty = same.find(isEmpty);
  if (empty) return { id: empty.readable_id, warnings: [`The empty collection ${empty.readable_id} was taken.`] };
  if (same.length > 0) throw notNew(String(name), same);
  const answer = await client.send(making(name), { signal });
  const made = COLLECTION.safeParse(answer.json).data;
  if (answer.status >= 400) throw rejected(answer);
  if (!made) throw unreadable();
  return { id: made.readable_id, warnings: [`The collection ${made.readable_id} was created.`] };
}

function isEmpty({ status, source_connection_summaries: inside }: Collection): boolean {
  return inside ? inside.length === 0 : status === 'NEEDS SOURCE';
}

async function collectionsOf(client: ApiClient, signal: AbortSignal): Promise<readonly Collection[]> {
  const answer = await client.send(LIST, { signal, repeats: true });
  if (answer.status >= 400) throw rejected(answer);
  const { data } = z.array(z.unknown()).safeParse(answer.json);
  if (!data) throw rejected(answer);
  return data.flatMap((each) => COLLECTION.safeParse(each).data ?? []);
}

function onlyOne(all: readonly Collection[]): Chosen {
  const [only, ...others] = all;
  if (only && others.length === 0) {
    return { id: only.readable_id, warnings: [`The source went into the only collection: ${only.readable_id}.`] };
  }
  const ids = all.slice(0, MOST_NAMED).map(({ readable_id }) => readable_id);
  const hint =
    ids.length === 0
      ? 'There is none yet: options.create_collection makes one.'
      : `There are ${all.length}: ${ids.join(', ')}${all.length > ids.length ? ' …' : ''}. Or let options.create_collection make one.`;
  throw new HeadwaterError('INVALID_ARGUMENTS', 'Airweave keeps every source in a collection, and none was named.', {
    fields: [{ field: '/options/collection', message: 'is required, or create_collection instead of it' }],
    hint,
  });
}

function notNew(name: string, same: readonly Collection[]): HeadwaterError {
  const ids = same.slice(0, MOST_NAMED).map(({ readable_id }) => readable_id);
  return new HeadwaterError(
    'INVALID_ARGUMENTS',
    `There is a collection named ${JSON.stringify(name)} in use already.`,
    {
      fields: [{ field: '/options/create_collection', message: 'is the name of a collection that has sources' }],
      hint: `Give options.collection, if that one is meant: ${ids.join(', ')}. Or another name.`,
    },
  );
}

function unreadable(): HeadwaterError {
  return new HeadwaterError('PLATFORM_UNAVAILABLE', 'Airweave did not say which collection it has made.', {
    hint: 'Repeat the same call: an empty collection of that name is taken, and no second one made.',
  });
}
