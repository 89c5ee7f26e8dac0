import { foreignCursor } from '../../sources/list.ts';
import type { VendorPage, VendorQuery, VendorSource } from './vendor.ts';

/** Pages that one list may cost where its filters are not the vendor's. */
const MOST_PAGES = 10;

/** Whether a source fits what was asked for. */
export function fits(
  source: VendorSource,
  { connector, status, tag, query }: Omit<VendorQuery, 'limit' | 'after'>,
): boolean {
  return (
    (connector === undefined || source.connector === connector) &&
    (status === undefined || source.status === status) &&
    (tag === undefined || source.tags?.includes(tag) === true) &&
    (query === undefined || source.name.toLowerCase().includes(query.toLowerCase()))
  );
}

/**
 * A page of those that fit, read from the vendor's pages: what is left over of one is where the next begins. A vendor
 * with few that fit gives a short page with a `next` rather than a long wait.
 */
export async function fittingPage(
  list: (query: VendorQuery) => Promise<VendorPage>,
  query: VendorQuery,
): Promise<VendorPage> {
  const found: VendorSource[] = [];
  let { page, skip } = placeOf(query.after);
  for (let pages = 0; pages < MOST_PAGES && found.length < query.limit; pages++) {
    const answer = await list(withPlace(query, page));
    const end = take(answer.sources, skip, query, found);
    if (end < answer.sources.length) return { sources: found, next: JSON.stringify([page ?? null, end]) };
    if (answer.next === undefined) {
      return { sources: found, ...(answer.total === undefined ? {} : { total: answer.total }) };
    }
    ({ page, skip } = { page: answer.next, skip: 0 });
  }
  return { sources: found, next: JSON.stringify([page ?? null, skip]) };
}

function withPlace({ after: _, ...query }: VendorQuery, page: string | undefined): VendorQuery {
  return page === undefined ? query : { ...query, after: page };
}

/** Takes those that fit from `skip` on until there are enough; where it stopped. */
function take(sources: readonly VendorSource[], skip: number, query: VendorQuery, found: VendorSource[]): number {
  for (let at = skip; at < sources.length; at++) {
    const source = sources[at];
    if (source === undefined || !fits(source, query)) continue;
    if (found.length === query.limit) return at;
    found.push(source);
  }
  return sources.length;
}

function placeOf(after: string | undefined): { page: string | undefined; skip: number } {
  if (after === undefined) return { page: undefined, skip: 0 };
  try {
    const [page, skip] = JSON.parse(after) as unknown[];
    if (
      (page === null || typeof page === 'string') &&
      typeof skip === 'number' &&
      Number.isInteger(skip) &&
      skip >= 0
    ) {
      return { page: page ?? undefined, skip };
    }
  } catch {
    // falls through: not one of ours
  }
  throw foreignCursor();
}
