import { isObject } from '../../connectors/paths.ts';
import type { ApiClient } from '../../net/api-client.ts';
import type { Vendor, VendorCall, VendorPage, VendorQuery, VendorSource } from '../remote/vendor.ts';
import { create, remove, update } from './changing.ts';
import { nameFault } from './name.ts';
import { everything, get } from './reading.ts';
import { refused } from './refusals.ts';
import { createRequest, pathOf, updateRequests } from './requests.ts';
import { type Ask, workerOf } from './worker.ts';

/** A cluster of workers, by the REST API of Kafka Connect 2.8 to 4.x. The name of a connector is its id. */
export function createKafkaConnect(client: ApiClient): Vendor {
  const ask = workerOf(client);
  return {
    createRequests: (draft) => [createRequest(draft, true)],
    create: (draft, call) => create(ask, draft, call),
    get: (id, call) => known(ask, id, call),
    list: async (query, call) => pageOf(await everything(ask, call), query),
    named: async (name, call) => {
      const found = await known(ask, name, call);
      return found ? [found] : [];
    },
    updateRequests,
    update: (before, change, connector, call) => update(ask, before, change, connector, call),
    remove: (source, call) => remove(ask, source, call),
    // Between workers a connector is nobody's for a moment; where it stays so, whoever waits has waited long enough.
    isSettled: ({ status }) => status !== 'Starting' && status !== 'Unassigned',
    actions: {
      restart: async ({ id }, _, { signal }) => {
        const query = { includeTasks: true, onlyFailed: false };
        const answer = await ask({ method: 'POST', path: `${pathOf(id)}/restart`, query }, { signal, repeats: true });
        if (answer.status >= 400) throw refused(answer, undefined, 'restart it');
        const part = isObject(answer.json) ? answer.json['connector'] : undefined;
        return { run: { status: isObject(part) ? String(part['state']).toLowerCase() : 'restarting' } };
      },
    },
  };
}

/** What no path can carry is the name of none. */
async function known(ask: Ask, id: string, call: VendorCall): Promise<VendorSource | undefined> {
  return nameFault(id) === undefined ? get(ask, id, call) : undefined;
}

function pageOf(all: readonly VendorSource[], query: VendorQuery): VendorPage {
  const { connector, status, tag, after, limit } = query;
  const part = query.query?.toLowerCase();
  const fits = (source: VendorSource) =>
    // Tags are nothing that it has.
    tag === undefined &&
    (connector === undefined || source.connector === connector) &&
    (status === undefined || source.status === status) &&
    (part === undefined || source.name.toLowerCase().includes(part));
  const wanted = all.filter(fits);
  const rest = after === undefined ? wanted : wanted.filter(({ name }) => name > after);
  const sources = rest.slice(0, limit);
  const last = sources.at(-1);
  return { sources, total: wanted.length, ...(last && rest.length > limit ? { next: last.name } : {}) };
}
