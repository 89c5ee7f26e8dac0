import type { Connector } from '../../connectors/define-connector.ts';
import { isObject } from '../../connectors/paths.ts';
import type { ApiAnswer, ApiClient } from '../../net/api-client.ts';
import { nameTaken } from '../failures.ts';
import { readRefusal } from '../remote/refusal.ts';
import type { Vendor, VendorChange, VendorQuery, VendorSource } from '../remote/vendor.ts';
import { all, found, MOST_A_PAGE, page } from './reading.ts';
import { configOf, recordIn, refused, sourceIn } from './record.ts';
import { CONNECTORS_PATH, createRequest, isHeld, updateRequest } from './requests.ts';
import { verify } from './verify.ts';

type Values = Readonly<Record<string, unknown>>;

/** KaireonAI's connectors API. It has five routes, and none for a single connector. */
export function createKaireon(client: ApiClient): Vendor {
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
      const there = await found(client, id, call);
      return there && sourceIn(there.record, there.clean);
    },
    async list(query, call) {
      const { records, total, next, clean } = await page(client, Math.min(query.limit, MOST_A_PAGE), query.after, call);
      return {
        sources: records.map((record) => sourceIn(record, clean)),
        ...(total === undefined || isFiltered(query) ? {} : { total }),
        ...(next === undefined ? {} : { next }),
      };
    },
    async named(name, call) {
      const sources: VendorSource[] = [];
      for await (const { record, clean } of all(client, call))
        if (record.name === name) sources.push(sourceIn(record, clean));
      return sources;
    },
    updateRequests: (before, change, connector) => [
      updateRequest(before.id, change, connector, othersIn(before, change, connector)),
    ],
    async update(before, given, connector, call) {
      const now = await found(client, before.id, call);
      const stored = now ? configOf(now.record) : {};
      const change = asStored(given, before, stored);
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

/** What stays of the stored settings, as far as it is shown: for a plan. */
function othersIn(before: VendorSource, { config }: VendorChange, { fields }: Connector): Values {
  const other = before.details?.['other_config'];
  const shown = { ...(isObject(other) ? other : {}), ...before.config };
  const held = (before.secretsSet ?? []).filter((path) => !path.includes('/')).map((path) => [path, '[secret]']);
  return Object.fromEntries([
    ...Object.entries(shown).filter(([key]) => key !== 'auth' && (!config || !Object.hasOwn(fields, key))),
    ...held.filter(([key = '']) => !config || isHeld(config[key])),
  ]);
}

/**
 * What stays of the stored settings. Without a new config all of them, for they may be replaced as a whole; with one, keys
 * that the catalog does not have, and secrets that only KaireonAI knows.
 */
function keptOf(stored: Values, { config }: VendorChange, { fields }: Connector): Values {
  if (!config) return stored;
  return Object.fromEntries(
    Object.entries(stored).filter(([key]) => !Object.hasOwn(fields, key) || isHeld(config[key])),
  );
}

/** A setting that is shown without the secret inside it is not sent back so. */
function asStored(change: VendorChange, { config: shown = {} }: VendorSource, stored: Values): VendorChange {
  if (!change.config) return change;
  const whole = Object.entries(change.config).map(([key, value]) => {
    const isSame = stored[key] !== undefined && JSON.stringify(value) === JSON.stringify(shown[key]);
    return [key, isSame ? stored[key] : value];
  });
  return { ...change, config: { ...Object.fromEntries(whole), auth: change.config['auth'] } };
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
