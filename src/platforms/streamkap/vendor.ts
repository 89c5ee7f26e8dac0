import { setTimeout as delay } from 'node:timers/promises';
import type { Connector } from '../../connectors/define-connector.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../net/api-client.ts';
import { foreignCursor } from '../../sources/list.ts';
import type { LeftBehind } from '../../sources/platform.ts';
import { notFound } from '../failures.ts';
import type { Vendor, VendorCall, VendorPage, VendorQuery, VendorSource } from '../remote/vendor.ts';
import { streamkapActions } from './actions.ts';
import { isGone, read, refusal, refusalOfName, write, writeOnce } from './answers.ts';
import { changeSource, refuseUnstopped } from './changing.ts';
import { leftBehind } from './left-behind.ts';
import { connectorOf, FILTERED, holdsSources, rawSources, sourcesIn } from './reading.ts';
import { createRequest, pathOf, planConfig, putRequest, stepsOf } from './requests.ts';
import { tagIds } from './tags.ts';

const MOST_PER_PAGE = 100;
/** Pages of one name that are looked through: more sources of like names than that there are not. */
const MOST_PAGES = 50;
const REMOVAL_MS = 30_000;
const FIRST_LOOK_MS = 300;
const LONGEST_LOOK_MS = 3_000;

type Client = Pick<ApiClient, 'send'>;

/** Streamkap's sources API. */
export function streamkapVendor(client: Client, connectors: readonly Connector[]): Vendor {
  const oneOf = (answer: ApiAnswer | undefined) => answer && sourcesIn(answer.json, connectors)[0];
  const readSources = async (request: ApiRequest, call: VendorCall) => {
    const answer = await read(client, request, call);
    if (answer && !holdsSources(answer.json)) throw refusal(answer);
    return answer;
  };
  const get = async (id: string, call: VendorCall): Promise<VendorSource | undefined> =>
    oneOf(await readSources({ method: 'GET', path: pathOf(id) }, call));
  const there = async (id: string, call: VendorCall): Promise<VendorSource> => {
    const source = await get(id, call);
    if (!source) throw notFound(`streamkap:${id}`);
    return source;
  };
  const page = async (number: number, size: number, query: Partial<VendorQuery>, call: VendorCall) => {
    const answer = await readSources(listRequest(number, size, query), call);
    const rows = answer ? rawSources(answer.json) : [];
    return { sources: answer ? sourcesIn(answer.json, connectors) : [], isLast: rows.length < size };
  };

  return {
    createRequests: (draft) => [createRequest(draft, draft.tags)],
    async create(draft, call) {
      const request = createRequest(draft, await tagIds(client, draft.tags, call));
      const answer = await writeOnce(client, request, call, refusalOfName(draft.name));
      const source = oneOf(answer);
      if (source) return source;
      throw new HeadwaterError('OUTCOME_UNKNOWN', 'Streamkap took the source and did not say what became of it.', {
        hint: 'Repeat the same call: Headwater looks first, and makes nothing twice.',
      });
    },
    get,
    async list(query, call): Promise<VendorPage> {
      const size = Math.min(query.limit, MOST_PER_PAGE);
      const number = pageNumber(query.after);
      const { sources, isLast } = await page(number, size, query, call);
      return { sources, ...(isLast ? {} : { next: String(number + 1) }) };
    },
    async tagOf(tag, call) {
      const [id] = await tagIds(client, [tag], call, () => '/tag');
      return id ?? tag;
    },
    async named(name, call) {
      const found: VendorSource[] = [];
      for (let number = 1; number <= MOST_PAGES; number++) {
        const { sources, isLast } = await page(number, MOST_PER_PAGE, { query: name }, call);
        found.push(...sources.filter((source) => source.name === name));
        if (isLast) break;
      }
      return found;
    },
    updateRequests(before, change) {
      const { put, step } = stepsOf(before, change);
      const whole = put ? [putRequest(before, change, planConfig(before, change), change.tags)] : [];
      return [...whole, ...(step ? [step] : [])];
    },
    async update(before, change, connector, call) {
      await changeSource(client, before, change, connector, call);
      const after = await there(before.id, call);
      refuseUnstopped(change, after);
      return after;
    },
    async remove(source, call) {
      const request = { method: 'DELETE' as const, path: pathOf(source.id), query: { wait: false } };
      const gone = (answer: ApiAnswer) => (isGone(answer) ? notFound(`streamkap:${source.id}`) : refusal(answer));
      await write(client, request, call, gone).catch((error: unknown) => {
        // It was there a moment ago, so that somebody has removed it: an earlier try of this very request, mostly.
        if (!(error instanceof HeadwaterError) || error.code !== 'SOURCE_NOT_FOUND') throw error;
      });
      const isThere = async () => (await get(source.id, call)) !== undefined;
      const left = leftBehind(source, connectorOf(connectors, source.connector).defaults ?? {});
      return (await removed(isThere, call)) ? left : [STILL_THERE, ...left];
    },
    isSettled: ({ status, desiredState, platformStatus }) => {
      if (platformStatus?.startsWith('Pending ')) return false;
      if (status === 'Broken' || status === 'NeedsAuth') return true;
      return status === desiredState;
    },
    actions: streamkapActions(client),
  };
}

const STILL_THERE: LeftBehind = {
  what: 'The source itself: Streamkap has taken the deletion and is not done with it yet.',
  remove: 'Nothing needs to be done; get_source says when it is gone.',
};

function listRequest(number: number, size: number, { query, connector, status, tag }: Partial<VendorQuery>) {
  return {
    method: 'GET' as const,
    path: '/sources',
    query: {
      page: number,
      page_size: size,
      sort: 'name',
      sort_dir: 'asc',
      ...(query === undefined ? {} : { partial_name: query }),
      ...(connector === undefined ? {} : { connector }),
      ...(status !== undefined && FILTERED.includes(status) ? { status } : {}),
      ...(tag === undefined ? {} : { tag_ids: tag }),
    },
  };
}

function pageNumber(after: string | undefined): number {
  if (after === undefined) return 1;
  const number = Number(after);
  if (Number.isInteger(number) && number >= 1) return number;
  throw foreignCursor();
}

/** Whether it was gone before the time was over. */
async function removed(isThere: () => Promise<boolean>, { signal, progress }: VendorCall): Promise<boolean> {
  const until = performance.now() + REMOVAL_MS;
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, LONGEST_LOOK_MS)) {
    if (!(await isThere().catch(() => true))) return true;
    progress('Streamkap is removing it.');
    if (performance.now() + pause > until) return false;
    const isCancelled = await delay(pause, false, { signal }).catch(() => true);
    if (isCancelled) return false;
  }
}
