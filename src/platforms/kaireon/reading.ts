import type { ApiAnswer, ApiClient } from '../../net/api-client.ts';
import type { VendorCall } from '../remote/vendor.ts';
import { type KaireonPage, type KaireonRecord, pageIn } from './record.ts';
import { CONNECTORS_PATH } from './requests.ts';

export const MOST_A_PAGE = 100;
/** A list that goes on for longer goes in a circle. */
const MOST_PAGES = 1000;

type Signalled = Pick<VendorCall, 'signal'>;
type Page = KaireonPage & Pick<ApiAnswer, 'clean'>;
type Found = Pick<ApiAnswer, 'clean'> & { record: KaireonRecord };

export async function page(
  client: ApiClient,
  limit: number,
  cursor: string | undefined,
  { signal }: Signalled,
): Promise<Page> {
  const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
  const answer = await client.send({ method: 'GET', path: CONNECTORS_PATH, query }, { signal, repeats: true });
  return { ...pageIn(answer), clean: answer.clean };
}

/** Every connector there, page by page. */
export async function* all(client: ApiClient, call: Signalled): AsyncGenerator<Found> {
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { records, next, clean } = await page(client, MOST_A_PAGE, cursor, call);
    for (const record of records) yield { record, clean };
    if (next === undefined || seen.has(next)) return;
    seen.add(next);
    cursor = next;
  }
}

/** It has no route for a single connector. */
export async function found(client: ApiClient, id: string, call: Signalled): Promise<Found | undefined> {
  for await (const each of all(client, call)) if (each.record.id === id) return each;
  return undefined;
}
