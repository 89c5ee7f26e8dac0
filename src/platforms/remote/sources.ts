import { HeadwaterError } from '../../errors.ts';
import { canonicalJson } from '../../sources/canonical.ts';
import type { NewSource, PlatformSources, Run, RunRequest } from '../../sources/platform.ts';
import type { CreateIntent, RemoteRecord } from '../../sources/remote-records.ts';
import { nameKey, type RunRecord, type Source } from '../../sources/source.ts';
import { keyOfDeleted, keyReused, nameTaken, stale } from '../failures.ts';
import { createAccess, type RemoteParts, testOf } from './access.ts';
import { type Created, createOnce, ownerHere, saidOf } from './creating.ts';
import { followed } from './following.ts';
import { fittingPage } from './paging.ts';
import { scrubbed, scrubbedError } from './scrub.ts';
import { configOf, type Seen, sourceOf, versionOf } from './shown.ts';
import type { VendorRun, VendorSource } from './vendor.ts';
import { changeFor, draftFor, planned, sendable, showable } from './wire.ts';

const FOLLOW_CREATE_MS = 45_000;
const FOLLOW_UPDATE_MS = 20_000;

export interface RemoteSources {
  sources: PlatformSources;
  /** One for each action that the vendor has. */
  run: (action: RunRequest['action']) => Run;
}

/** The sources of a platform that is somebody else's: `Vendor` speaks to it, and here is what all of them share. */
export function createRemoteSources(parts: RemoteParts): RemoteSources {
  const { platform, name, records, vault, now } = parts;
  /** Creates of one name one after the other; the store keeps other processes apart. */
  const creating = new Map<string, Promise<unknown>>();
  const ended = new Map<string, string>();

  const { enter, see, keep, heldBy, redactorFor, connectorOf } = createAccess(parts);
  const shown = async (tenant: string, vendor: VendorSource, record?: RemoteRecord): Promise<Source> =>
    scrubbed(
      sourceOf({ platform, tenant, connector: await connectorOf(vendor.connector), vendor, record }),
      await redactorFor(record, vendor),
    );
  /** A list says little of each: what failed is all of it that may repeat a secret. */
  const listed = async (tenant: string, vendor: VendorSource): Promise<Source> => {
    const source = await shown(tenant, vendor);
    const record = source.last_error === null ? undefined : await records.find(tenant, source.id);
    return scrubbed(source, await redactorFor(record));
  };
  const digestOf = async (draft: NewSource) => {
    const { settings, secrets } = draft.config;
    return await vault.fingerprint(
      canonicalJson([draft.connector.code, settings, Object.keys(secrets).sort(), draft.options]),
    );
  };

  const scrubbing = async <T>(
    { record, vendor }: Pick<Seen, 'record' | 'vendor'>,
    work: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      // Where our own key is lost, what the vendor shows is still taken out.
      const redactor = await redactorFor(record, vendor).catch(async () => await redactorFor(undefined, vendor));
      throw scrubbedError(error, redactor);
    }
  };
  const scrubbedRun = async ({ error, ...run }: RunRecord, record: RemoteRecord, vendor: VendorSource) =>
    error === undefined ? run : { ...run, error: (await redactorFor(record, vendor))?.clean(error) ?? error };
  const scrubbedTexts = async (texts: readonly string[], record: RemoteRecord, vendor: VendorSource) => {
    const redactor = await redactorFor(record, vendor);
    return texts.map((text) => redactor?.clean(text) ?? text);
  };

  const sources: PlatformSources = {
    async create(asking, draft, audit, idempotency) {
      const { tenant, vendor, call } = await enter(asking);
      const values = await sendable(draft.connector, draft.config, (each) => parts.resolveReference(each, tenant));
      const intent: CreateIntent = {
        tenant,
        platform,
        name: nameKey(draft.name),
        digest: await digestOf(draft),
        owner: ownerHere(),
        startedAt: now().toISOString(),
      };
      const made = await oneAfterTheOther(
        creating,
        `${tenant}/${intent.name}`,
        async (): Promise<Created & { record: RemoteRecord }> => {
          const created = await createOnce({ vendor, records, now, ended }, intent, draftFor(draft, values), call);
          const ends = { intent, ...(idempotency ? { idempotency } : {}) };
          const { connector, config, outcome } = draft;
          const kept = { vendor: created.source, connector, config, outcome, isChanged: true };
          const record = await keep(tenant, kept, audit, ends);
          return { ...created, record };
        },
      );
      const waitMs = draft.wait && draft.desiredState === 'Active' ? FOLLOW_CREATE_MS : 0;
      const source = await followed({ vendor, name }, made.source, waitMs, call);
      return {
        source: await shown(tenant, source, made.record),
        replayed: made.found,
        ...saidOf(name, made),
      };
    },
    async planCreate(draft) {
      const { vendor, client } = await parts.vendor();
      return planned(client, vendor.createRequests(draftFor(draft, showable(draft.connector, draft.config))));
    },
    async planUpdate(asking, stored, change) {
      const { connector, vendor, vendorApi, client } = await see(asking, stored.source.id);
      const values = change.config && showable(connector, change.config);
      return planned(client, vendorApi.updateRequests(vendor, changeFor(change, values), connector));
    },
    async replayed(asking, idempotency) {
      const { principal } = asking;
      const entry = await records.findIdempotent(principal.tenant, idempotency);
      if (!entry) return undefined;
      if (entry.digest !== idempotency.digest) throw keyReused();
      try {
        const { tenant, vendor, record } = await see(asking, entry.sourceId);
        return await shown(tenant, vendor, record);
      } catch (error) {
        if (error instanceof HeadwaterError && error.code === 'SOURCE_NOT_FOUND') throw keyOfDeleted();
        throw error;
      }
    },
    async get(asking, id) {
      const seen = await see(asking, id);
      const { connector, record } = seen;
      const config = async () => configOf(seen, record ? await heldBy(record) : {});
      return { source: scrubbed(sourceOf(seen), await redactorFor(record, seen.vendor)), connector, config };
    },
    async nameTaken(asking, wanted) {
      const { tenant, vendor, call } = await enter(asking);
      // A create of ours that did not come to its end is looked into by the create that follows.
      if (await records.intent({ tenant, platform, name: nameKey(wanted) })) return false;
      return (await vendor.named(wanted, call)).length > 0;
    },
    async list(asking, query) {
      const { tenant, vendor, call } = await enter(asking);
      const all = await parts.connectors();
      const wanted = query.connector === undefined ? undefined : all.find(({ code }) => code === query.connector);
      const code = wanted ? (wanted.vendorCode ?? wanted.code) : query.connector;
      const { connector: _, ...rest } = query;
      const tag = query.tag === undefined ? undefined : ((await vendor.tagOf?.(query.tag, call)) ?? query.tag);
      const asked = {
        ...rest,
        ...(code === undefined ? {} : { connector: code }),
        ...(tag === undefined ? {} : { tag }),
      };
      const page = await fittingPage((each) => vendor.list(each, call), asked);
      return {
        sources: await Promise.all(page.sources.map((source) => listed(tenant, source))),
        ...(page.total === undefined ? {} : { total: page.total }),
        ...(page.next === undefined ? {} : { next: page.next }),
      };
    },
    async update(asking, stored, change, audit) {
      const { tenant, connector, vendor: before, record, vendorApi, call } = await see(asking, stored.source.id);
      if (versionOf(before, record) !== stored.source.version) throw stale();
      if (change.name !== undefined && nameKey(change.name) !== nameKey(before.name)) {
        const others = await vendorApi.named(change.name, call);
        if (others.some(({ id }) => id !== before.id)) throw nameTaken(change.name, platform);
      }
      const values =
        change.config && (await sendable(connector, change.config, (each) => parts.resolveReference(each, tenant)));
      const after = await scrubbing({ record, vendor: before }, () =>
        vendorApi.update(before, changeFor(change, values), connector, call),
      );
      const config = change.config ?? (await stored.config());
      const whole = { ...after, keep: { ...(await call.kept()), ...after.keep } };
      const isChanged = change.config !== undefined;
      const keeping = { vendor: whole, connector, config, before: record, outcome: change.outcome, isChanged };
      const keptRecord = await keep(tenant, keeping, audit);
      const source = await followed({ vendor: vendorApi, name }, after, FOLLOW_UPDATE_MS, call);
      return await shown(tenant, source, keptRecord);
    },
    async remove(asking, stored, audit) {
      const { tenant, vendor, record, vendorApi, call } = await see(asking, stored.source.id);
      if (versionOf(vendor, record) !== stored.source.version) throw stale();
      const left = await scrubbing({ record, vendor }, () => vendorApi.remove(vendor, call));
      await records.remove(tenant, stored.source.id, audit);
      return left;
    },
    async noteTest({ principal: { tenant } }, { id, connector }, outcome, audit) {
      await records.noteTest(tenant, id, connector, testOf(outcome), audit);
    },
    onChange: () => () => {},
  };
  return {
    sources,
    run: (action) => async (asking, stored, request, audit) => {
      const { tenant, connector, vendor, record, vendorApi, call } = await see(asking, stored.source.id);
      const act = vendorApi.actions[action];
      if (!act) throw new HeadwaterError('UNSUPPORTED', `${name} has no ${action} for a source.`);
      const result: VendorRun = await scrubbing({ record, vendor }, () => act(vendor, request, call));
      const now = (await vendorApi.get(vendor.id, call)) ?? vendor;
      const after = await followed({ vendor: vendorApi, name }, now, request.waitS * 1000, call);
      const again = { ...(record ? await call.kept() : {}), ...result.keep };
      const config = await stored.config();
      const keeping = { vendor: { ...after, keep: again }, connector, config, before: record, isChanged: false };
      const keptRecord = await keep(tenant, keeping, audit);
      return {
        source: await shown(tenant, { ...after, todo: result.todo ?? after.todo ?? [] }, keptRecord),
        ...(result.run ? { run: await scrubbedRun(result.run, keptRecord, vendor) } : {}),
        ...(result.warnings?.length ? { warnings: await scrubbedTexts(result.warnings, keptRecord, vendor) } : {}),
      };
    },
  };
}

async function oneAfterTheOther<T>(
  running: Map<string, Promise<unknown>>,
  key: string,
  work: () => Promise<T>,
): Promise<T> {
  const before = running.get(key);
  const mine = (async () => {
    await before?.catch(() => {});
    return await work();
  })();
  running.set(key, mine);
  try {
    return await mine;
  } finally {
    if (running.get(key) === mine) running.delete(key);
  }
}
