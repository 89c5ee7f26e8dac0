import { HeadwaterError } from '../../errors.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../net/api-client.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Vendor, VendorCall, VendorChange, VendorSource } from '../remote/vendor.ts';
import { actionsOf } from './actions.ts';
import { chooseCollection, collectionPlan } from './collections.ts';
import { type Connection, connectionIn } from './connection.ts';
import { rejected } from './refusals.ts';
import { scheduleWarnings } from './schedule.ts';
import { sourceOf } from './source.ts';
import { connectionPath, createRequest, createWarnings, isHeld, updateRequest } from './wire.ts';

/** UUIDs, as far as is known. */
const ID = /^[A-Za-z0-9_-]{1,100}$/;
const LONGEST_PAGE = 1000;
/** It tries the credentials at their service, and gives up after 60 s. */
const CREATE_MS = 65_000;
/** It cancels a running job first, and waits for that up to 15 s. */
const DELETE_MS = 30_000;

/** Airweave's API as facts/airweave.md has it. */
export function createAirweave(client: ApiClient): Vendor {
  const connectionOf = async (id: string, { signal }: VendorCall) => {
    if (!ID.test(id)) return undefined;
    const answer = await client.send({ method: 'GET', path: connectionPath(id) }, { signal, repeats: true });
    // 422: that cannot be the id of anything.
    if (answer.status === 404 || answer.status === 422) return undefined;
    return { connection: read(answer), answer };
  };
  const get = async (id: string, call: VendorCall) => {
    const found = await connectionOf(id, call);
    return found && sourceOf(found.connection, found.answer.clean);
  };
  const page = async (skip: number, limit: number, { signal }: VendorCall) => {
    const request: ApiRequest = { method: 'GET', path: '/source-connections', query: { skip, limit } };
    const answer = await client.send(request, { signal, repeats: true });
    if (answer.status !== 200 || !Array.isArray(answer.json)) throw rejected(answer);
    const sources = answer.json.flatMap((each) => {
      const connection = connectionIn(each);
      return connection ? [sourceOf(connection, answer.clean)] : [];
    });
    return { sources, isFull: answer.json.length === limit };
  };

  return {
    createMs: CREATE_MS,
    createRequests: (draft) => {
      const { before, id } = collectionPlan(draft.options);
      return [...before, createRequest(draft, id)];
    },
    async create(draft, call) {
      // What would be refused is, before a collection is made for it.
      createRequest(draft, '');
      const { id, warnings } = await chooseCollection(client, draft.options, call.signal);
      const answer = await client.send(createRequest(draft, id), { signal: call.signal, deadlineMs: CREATE_MS });
      const source = sourceOf(made(answer), answer.clean);
      return { ...source, warnings: [...warnings, ...createWarnings(draft)] };
    },
    get,
    async list({ limit, after }, call) {
      const skip = Number(after ?? 0);
      const { sources, isFull } = await page(skip, Math.min(limit, LONGEST_PAGE), call);
      return { sources, ...(isFull ? { next: String(skip + sources.length) } : {}) };
    },
    async named(name, call) {
      const found: VendorSource[] = [];
      for (let skip = 0; ; skip += LONGEST_PAGE) {
        const { sources, isFull } = await page(skip, LONGEST_PAGE, call);
        const isRepeated = found.some(({ id }) => id === sources[0]?.id);
        found.push(...(isRepeated ? [] : sources));
        if (!isFull || isRepeated) return found.filter((source) => source.name === name);
      }
    },
    updateRequests: (before, change, connector) => {
      const request = updateRequest(before, change, connector);
      return request ? [request] : [];
    },
    async update(before, change, connector, call) {
      const request = updateRequest(before, await whole(before, change, call), connector);
      if (!request) return (await get(before.id, call)) ?? before;
      const answer = await client.send(request, { signal: call.signal, repeats: true });
      const warnings = scheduleWarnings(change.schedule);
      return { ...sourceOf(read(answer), answer.clean), ...(warnings.length > 0 ? { warnings } : {}) };
    },
    async remove({ id, collection }, { signal }) {
      const request: ApiRequest = { method: 'DELETE', path: connectionPath(id) };
      const answer = await client.send(request, { signal, repeats: true, deadlineMs: DELETE_MS });
      if (answer.status >= 400 && answer.status !== 404) throw rejected(answer);
      const where = collection ? ` of the collection ${collection}` : '';
      return [
        {
          what: `what was synced: Airweave takes it out of the index${where} in the background`,
          remove: 'Nothing to do; searches may still find some of it for a while.',
        },
        ...(collection
          ? [
              {
                what: `the collection ${collection}`,
                remove: `DELETE /collections/${encodeURIComponent(collection)} at Airweave, once nothing else is in it.`,
              },
            ]
          : []),
      ];
    },
    isSettled: ({ status }) => status !== 'Starting',
    actions: actionsOf(client),
  };

  /** The whole config is sent: a secret in it that Airweave shows is read from there and sent back. */
  async function whole(before: VendorSource, change: VendorChange, call: VendorCall): Promise<VendorChange> {
    const { config = {} } = change;
    const names = Object.keys(config).filter((name) => isHeld(config[name]));
    if (names.length === 0) return change;
    const shown = (await connectionOf(before.id, call))?.connection.config ?? {};
    const lost = names.filter((name) => !isReal(shown[name]));
    if (lost.length > 0) throw notShown(lost);
    const again = names.map((name) => [name, new Secret(String(shown[name]))] as const);
    return { ...change, config: { ...config, ...Object.fromEntries(again) } };
  }
}

const isReal = (value: unknown) => typeof value === 'string' && value !== '' && !/^[*•x]+$/.test(value);

function notShown(names: readonly string[]): HeadwaterError {
  return new HeadwaterError(
    'CREDENTIALS_REQUIRED',
    'Airweave replaces the whole config, and does not show this of it.',
    {
      fields: names.map((name) => ({ field: `/config/${name}`, message: 'is needed again' })),
      hint: 'Give it in the same call, or clear it.',
    },
  );
}

function read(answer: ApiAnswer): Connection {
  const connection = answer.status < 300 ? connectionIn(answer.json) : undefined;
  if (!connection) throw rejected(answer);
  return connection;
}

/** The answer to a create that is none leaves open whether there is a source. */
function made(answer: ApiAnswer): Connection {
  const connection = answer.status < 300 ? connectionIn(answer.json) : undefined;
  if (connection) return connection;
  if (answer.status >= 300) throw rejected(answer);
  throw new HeadwaterError('OUTCOME_UNKNOWN', 'Airweave answered, and did not say what it has made.', {
    hint: 'Repeat the same call: Headwater looks first, and makes nothing twice.',
  });
}
