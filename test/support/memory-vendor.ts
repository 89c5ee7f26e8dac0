import { HeadwaterError } from '../../src/errors.ts';
import type { Vendor, VendorDraft, VendorSource } from '../../src/platforms/remote/vendor.ts';
import { Secret } from '../../src/secrets/secret.ts';

export interface MemoryVendor {
  vendor: Vendor;
  sources: Map<string, VendorSource>;
  /** What creates and updates were sent, secrets opened. */
  sent: Record<string, unknown>[];
  /** The next create does what it says: makes the source and loses the answer, or is refused. */
  next?: 'lose' | 'lose and hide' | 'refuse';
  /** Sources that lists do not show yet. */
  hidden: Set<string>;
  /** How many looks until a source is Active. */
  looks: number;
}

/** A platform in memory, for tests of what all platforms share. */
export function memoryVendor(now: () => Date): MemoryVendor {
  const state: MemoryVendor = { vendor: undefined as never, sources: new Map(), sent: [], hidden: new Set(), looks: 0 };
  const looked = new Map<string, number>();
  const made = (draft: VendorDraft): VendorSource => {
    const at = now().toISOString();
    const secrets = Object.entries(draft.config).filter(([, value]) => value instanceof Secret);
    const names = secrets.map(([name]) => name);
    return {
      id: `v${state.sources.size + 1}`,
      name: draft.name,
      connector: draft.connector.vendorCode ?? draft.connector.code,
      config: Object.fromEntries(Object.entries(draft.config).filter(([name]) => !names.includes(name))),
      desiredState: draft.desiredState,
      status: state.looks > 0 ? 'Starting' : 'Active',
      lastError: null,
      tags: draft.tags,
      createdAt: at,
      updatedAt: at,
      keep: { claim: new Secret('claim-token-word') },
    };
  };
  state.vendor = {
    createRequests: (draft) => [{ method: 'POST', path: '/sources', body: { name: draft.name, config: draft.config } }],
    create: async (draft) => {
      if (state.next === 'refuse') {
        delete state.next;
        throw new HeadwaterError('PLATFORM_REJECTED', 'Memory refused the request.');
      }
      const source = made(draft);
      state.sent.push(opened(draft.config));
      state.sources.set(source.id, source);
      const { next } = state;
      delete state.next;
      if (next === 'lose and hide') state.hidden.add(source.id);
      if (next !== undefined) throw new HeadwaterError('OUTCOME_UNKNOWN', 'The connection ended.');
      return source;
    },
    get: async (id) => {
      const source = state.sources.get(id);
      const looks = (looked.get(id) ?? 0) + 1;
      looked.set(id, looks);
      if (source && looks >= state.looks && source.status === 'Starting') {
        state.sources.set(id, { ...source, status: 'Active' });
      }
      const { keep: _, ...shown } = state.sources.get(id) ?? {};
      return source && (shown as VendorSource);
    },
    list: async ({ limit, after }) => {
      const all = [...state.sources.values()].filter(({ id }) => !state.hidden.has(id));
      const from = after === undefined ? 0 : Number(after);
      const next = from + limit < all.length ? { next: String(from + limit) } : {};
      return { sources: all.slice(from, from + limit), total: all.length, ...next };
    },
    named: async (name) =>
      [...state.sources.values()].filter((each) => each.name === name && !state.hidden.has(each.id)),
    updateRequests: (before, change) => [{ method: 'PUT', path: `/sources/${before.id}`, body: change }],
    update: async (before, change) => {
      state.sent.push(opened(change.config ?? {}));
      const config = Object.fromEntries(
        Object.entries(change.config ?? before.config ?? {}).filter(([, value]) => !(value instanceof Secret)),
      );
      const after = { ...before, config, name: change.name ?? before.name, updatedAt: now().toISOString() };
      state.sources.set(before.id, after);
      return after;
    },
    remove: async ({ id }) => {
      state.sources.delete(id);
      return [{ what: 'a slot', remove: 'DROP SLOT' }];
    },
    isSettled: ({ status }) => status !== 'Starting',
    actions: {
      restart: async ({ id }, _, call) => ({
        run: { id, status: 'done' },
        warnings: [Object.keys(await call.kept()).join()],
      }),
    },
  };
  return state;
}

function opened(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  );
}
