import type { Connector } from '../../connectors/define-connector.ts';
import { isObject } from '../../connectors/paths.ts';
import type { ApiAnswer, ApiClient } from '../../net/api-client.ts';
import { nameTaken } from '../failures.ts';
import { readRefusal } from '../remote/refusal.ts';
import type { Vendor, VendorCall, VendorChange, VendorQuery, VendorSource } from '../remote/vendor.ts';
import { configOf, type KaireonRecord, pageIn, recordIn, refused, sourceIn } from './record.ts';
import { CONNECTORS_PATH, createRequest, updateRequest } from './requests.ts';
import { verify } from './verify.ts';

type Values = Readonly<Record<string, unknown>>;

const MOST_A_PAGE = 100;
/** A list that goes on for longer goes in a circle. */
const MOST_PAGES = 1000;

/** KaireonAI's connectors API. It has five routes, and none for a single connector. */
export function createKaireon(client: ApiClient): Vendor {
  const page = async (limit: number, cursor: string | undefined, { signal }: VendorCall) => {
    const query = { limit, ...(cursor === undefined ? {} : { cursor }) };
    const answer = await client.send({ method: 'GET', path: CONNECTORS_PATH, query }, { signal, repeats: true });
    return { ...pageIn(answer), clean: answer.clean };
  };
  /** Every connector there, page by page. */
  async function* all(call: VendorCall): AsyncGenerator<{ record: KaireonRecord; clean: ApiAnswer['clean'] }> {
    const seen = new Set<string>();
    let cursor: string | undefined;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const { records, next, clean } = await page(MOST_A_PAGE, cursor, call);
      for (const record of records) yield { record, clean };
      if (next === undefined || seen.has(next)) return;
      seen.add(next);
      cursor = next;
    }
  }
  const found = async (id: string, call: VendorCall) => {
    for await (const each of all(call)) if (each.record.id === id) return each;
    return undefined;
  };
  const put = async (id: string, change: VendorChange, connector: Connector, others: Values, signal: AbortSignal) => {
    // The same body twice leaves what it leaves once.
    const answer = await client.send(updateRequest(id, change, connector, others), { signal, repeats: true });
    if (answer.status < 200 || answer.status >= 300) throw refusedName(answer, change.name);
    return { record: recordIn(answer), clean: answer.clean };
  };

  return {
    createRequests: (draft) => [createRequest(draft)],
    async create(draft, { signal }) {
      const answer = await client.send(createRequest(draft), { signal });
      if (answer.status < 200 || answer.status >= 300) throw refusedName(answer, draft.name);
      return sourceIn(recordIn(answer), answer.clean);
    },
    async get(id, call) {
      const there = await found(id, call);
      return there && sourceIn(there.record, there.clean);
    },
    async list(query, call) {
      const { records, total, next, clean } = await page(Math.min(query.limit, MOST_A_PAGE), query.after, call);
      return {
        sources: records.map((record) => sourceIn(record, clean)),
        ...(total === undefined || isFiltered(query) ? {} : { total }),
        ...(next === undefined ? {} : { next }),
      };
    },
    async named(name, call) {
      const sources: VendorSource[] = [];
      for await (const { record, clean } of all(call)) if (record.name === name) sources.push(sourceIn(record, clean));
      return sources;
    },
    updateRequests: (before, change, connector) => [
      updateRequest(before.id, change, connector, othersIn(before, connector)),
    ],
    async update(before, change, connector, call) {
      const now = await found(before.id, call);
      const stored = now ? configOf(now.record) : {};
      const kept = keptOf(stored, change, connector);
      const { record, clean } = await put(before.id, change, connector, kept, call.signal);
      const left = leftOver(configOf(record), stored, change, connector);
      if (Object.keys(left).length === 0) return sourceIn(record, clean);
      // It merges settings rather than replacing them: what is to go has to be said.
      const again = await put(before.id, change, connector, { ...kept, ...left }, call.signal);
      return sourceIn(again.record, again.clean);
    },
    async remove({ id }, { signal }) {
      const answer = await client.send(
        { method: 'DELETE', path: CONNECTORS_PATH, query: { id } },
        { signal, repeats: true },
      );
      // After a lost answer it is gone already.
      if (answer.status >= 300 && answer.status !== 404) throw refused(answer, IN_USE);
      return [];
    },
    actions: { verify: ({ id }, _, { signal }) => verify(client, id, signal) },
  };
}

const IN_USE = 'A connector that pipelines read through may have to be taken out of them first, in KaireonAI.';

function isFiltered({ connector, status, tag, query }: VendorQuery): boolean {
  return [connector, status, tag, query].some((wish) => wish !== undefined);
}

/** Names are unique there; no page says how a second one is refused. */
function refusedName(answer: ApiAnswer, name: string | undefined): Error {
  const { text } = readRefusal(answer);
  const isTaken = answer.status === 409 || ([400, 422].includes(answer.status) && TAKEN.test(text));
  if (isTaken && name !== undefined) return nameTaken(name);
  return refused(answer);
}

const TAKEN = /\b(already (exists|in use|taken|used)|must be unique|duplicate|unique constraint)\b/i;

/** Keys of a stored config that the catalog does not have, as far as they are shown: for a plan. */
function othersIn({ config = {} }: VendorSource, { fields }: Connector): Values {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'auth' && !Object.hasOwn(fields, key)));
}

/** What stays of the stored settings: keys that the catalog does not have, and secrets that only KaireonAI knows. */
function keptOf(stored: Values, { config = {} }: VendorChange, { fields }: Connector): Values {
  const isHeld = (value: unknown) => isObject(value) && value['scheme'] === 'platform';
  return Object.fromEntries(
    Object.entries(stored).filter(([key]) => !Object.hasOwn(fields, key) || isHeld(config[key])),
  );
}

/** What was to go and is still there, as null. */
function leftOver(
  after: Values,
  before: Values,
  { config, changedFields }: VendorChange,
  { fields }: Connector,
): Values {
  if (!config || !changedFields.some((field) => field !== 'auth')) return {};
  const gone = Object.keys(before).filter(
    (key) => Object.hasOwn(fields, key) && config[key] === undefined && after[key] !== undefined && after[key] !== null,
  );
  return Object.fromEntries(gone.map((key) => [key, null]));
}
