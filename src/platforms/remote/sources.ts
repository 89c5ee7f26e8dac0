import { absentConnector } from '../../connectors/absent.ts';
import type { Config } from '../../connectors/config.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { HeadwaterError } from '../../errors.ts';
import type { ApiClient } from '../../net/api-client.ts';
import type { Reference } from '../../secrets/references.ts';
import { Secret } from '../../secrets/secret.ts';
import type { Vault } from '../../secrets/vault.ts';
import type { AuditEntry } from '../../sources/audit.ts';
import { canonicalJson } from '../../sources/canonical.ts';
import type { Asking, NewSource, PlatformSources, Run, RunRequest } from '../../sources/platform.ts';
import type { CreateIntent, RemoteRecord, RemoteRecords } from '../../sources/remote-records.ts';
import type { IdempotencyEntry } from '../../sources/repository.ts';
import { nameKey, type PlatformCode, type Source, type TestOutcome } from '../../sources/source.ts';
import { kept, configOf as openedConfig, ownerOf } from '../credentials.ts';
import { keyOfDeleted, keyRetired, keyReused, nameTaken, notFound, stale } from '../failures.ts';
import { resealing } from '../resealing.ts';
import { type Created, createOnce, ownerHere, saidOf } from './creating.ts';
import { followed } from './following.ts';
import { fittingPage } from './paging.ts';
import { configOf, idOf, KEPT_PREFIX, type Seen, sourceOf, versionOf } from './shown.ts';
import type { Vendor, VendorCall, VendorRun, VendorSource } from './vendor.ts';
import { changeFor, draftFor, planned, sendable, showable } from './wire.ts';

export interface RemoteParts {
  platform: PlatformCode;
  /** In sentences: `Streamkap`. */
  name: string;
  connectors: () => Promise<readonly Connector[]>;
  /** Loaded with its first use. Where the platform is not configured, its client throws PLATFORM_NOT_CONFIGURED. */
  vendor: () => Promise<{ vendor: Vendor; client: Pick<ApiClient, 'urlOf'> }>;
  records: RemoteRecords;
  vault: Vault;
  /** Tenants that may use the operator's account there. */
  tenants: Pick<ReadonlySet<string>, 'has'>;
  resolveReference: (reference: Reference) => Promise<Secret>;
  now: () => Date;
}

/** What a use of a source works with besides. */
interface Inside {
  vendorApi: Vendor;
  client: Pick<ApiClient, 'urlOf'>;
  call: VendorCall;
}

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

  const enter = async (asking: Asking, id?: string) => {
    const { tenant } = asking.principal;
    if (!parts.tenants.has(tenant)) throw notForTenant(name);
    const { vendor, client } = await parts.vendor();
    const call: VendorCall = {
      signal: asking.signal,
      progress: asking.onProgress ?? (() => {}),
      kept: async () => {
        const record = id === undefined ? undefined : await records.find(tenant, id);
        const held = record ? await heldBy(record) : {};
        const own = Object.entries(held).filter(([path]) => path.startsWith(KEPT_PREFIX));
        return Object.fromEntries(
          own.flatMap(([path, value]) => (value instanceof Secret ? [[path.slice(KEPT_PREFIX.length), value]] : [])),
        );
      },
    };
    return { tenant, vendor, client, call };
  };
  const connectorOf = async (code: string) =>
    (await parts.connectors()).find(({ code: own, vendorCode = own }) => vendorCode === code) ?? absentConnector(code);
  const vendorIdOf = (id: string) => id.slice(platform.length + 1);
  const heldBy = async (record: RemoteRecord) => {
    const again = async () => (await records.find(record.tenant, record.id)) ?? record;
    return (await openedConfig(vault, record, again)).secrets;
  };
  const shown = async (tenant: string, vendor: VendorSource, record?: RemoteRecord): Promise<Source> =>
    sourceOf({ platform, tenant, connector: await connectorOf(vendor.connector), vendor, record });
  const see = async (asking: Asking, id: string): Promise<Seen & Inside> => {
    const { tenant, vendor: vendorApi, client, call } = await enter(asking, id);
    const vendor = await vendorApi.get(vendorIdOf(id), call);
    if (!vendor) throw notFound(id);
    const record = await records.find(tenant, id);
    return {
      platform,
      tenant,
      connector: await connectorOf(vendor.connector),
      vendor,
      record,
      vendorApi,
      client,
      call,
    };
  };

  /** Keeps what was sent and what came back, sealed; with the audit entry of what was done. */
  const keepRecord = async (
    tenant: string,
    vendor: VendorSource,
    connector: Connector,
    config: Config,
    before: RemoteRecord | undefined,
    outcome: TestOutcome | undefined,
    audit: AuditEntry,
    ends: { intent?: CreateIntent; idempotency?: IdempotencyEntry } = {},
  ): Promise<RemoteRecord> => {
    const id = idOf(platform, vendor.id);
    const extra = Object.entries(vendor.keep ?? {}).map(([key, secret]) => [KEPT_PREFIX + key, secret] as const);
    const whole = { ...config, secrets: { ...config.secrets, ...Object.fromEntries(extra) } };
    const { record } = await resealing(vault, async () => {
      const owner = { tenant, sourceId: id, credentialVersion: (before?.credentialVersion ?? 0) + 1 };
      const record: RemoteRecord = {
        tenant,
        id,
        connector: connector.code,
        ...(await kept(vault, whole, owner, outcome)),
        lastTest: outcome ? testOf(outcome) : (before?.lastTest ?? null),
      };
      const result = await records.keep(record, { ...audit, source_id: id }, ends);
      return { record, retired: result === 'key_retired' };
    });
    return record;
  };

  const digestOf = async (draft: NewSource) => {
    const { settings, secrets } = draft.config;
    return await vault.fingerprint(
      canonicalJson([draft.connector.code, settings, Object.keys(secrets).sort(), draft.options]),
    );
  };

  const sources: PlatformSources = {
    async create(asking, draft, audit, idempotency) {
      const { tenant, vendor, call } = await enter(asking);
      const values = await sendable(draft.connector, draft.config, parts.resolveReference);
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
          const created = await createOnce({ vendor, records, now }, intent, draftFor(draft, values), call);
          const ends = { intent, ...(idempotency ? { idempotency } : {}) };
          const record = await keepRecord(
            tenant,
            created.source,
            draft.connector,
            draft.config,
            undefined,
            draft.outcome,
            audit,
            ends,
          );
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
      return { source: sourceOf(seen), connector, config };
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
      const asked = { ...rest, ...(code === undefined ? {} : { connector: code }) };
      const page = await fittingPage((each) => vendor.list(each, call), asked);
      return {
        sources: await Promise.all(page.sources.map((source) => shown(tenant, source))),
        ...(page.total === undefined ? {} : { total: page.total }),
        ...(page.next === undefined ? {} : { next: page.next }),
      };
    },
    async update(asking, stored, change, audit) {
      const { tenant, connector, vendor: before, record, vendorApi, call } = await see(asking, stored.source.id);
      if (versionOf(before, record) !== stored.source.version) throw stale();
      if (change.name !== undefined && nameKey(change.name) !== nameKey(before.name)) {
        const others = await vendorApi.named(change.name, call);
        if (others.some(({ id }) => id !== before.id)) throw nameTaken(change.name);
      }
      const values = change.config && (await sendable(connector, change.config, parts.resolveReference));
      const after = await vendorApi.update(before, changeFor(change, values), connector, call);
      const config = change.config ?? (await stored.config());
      const again = record && (await call.kept());
      const whole = { ...after, keep: { ...again, ...after.keep } };
      const keptRecord = await keepRecord(tenant, whole, connector, config, record, change.outcome, audit);
      const source = await followed({ vendor: vendorApi, name }, after, FOLLOW_UPDATE_MS, call);
      return await shown(tenant, source, keptRecord);
    },
    async remove(asking, stored, audit) {
      const { tenant, vendor, record, vendorApi, call } = await see(asking, stored.source.id);
      if (versionOf(vendor, record) !== stored.source.version) throw stale();
      const left = await vendorApi.remove(vendor, call);
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
      const result: VendorRun = await act(vendor, request, call);
      const now = (await vendorApi.get(vendor.id, call)) ?? vendor;
      const after = await followed({ vendor: vendorApi, name }, now, request.waitS * 1000, call);
      const keep = { ...(record ? await call.kept() : {}), ...result.keep };
      const config = await stored.config();
      const keptRecord = await keepRecord(tenant, { ...after, keep }, connector, config, record, undefined, audit);
      return {
        source: await shown(tenant, { ...after, todo: result.todo ?? after.todo ?? [] }, keptRecord),
        ...(result.run ? { run: result.run } : {}),
        ...(result.warnings?.length ? { warnings: result.warnings } : {}),
      };
    },
  };
}

function testOf({ status, lastError, errorCategory, testedAt, latencyMs }: TestOutcome) {
  return { status, lastError, testedAt, latencyMs, ...(errorCategory === undefined ? {} : { errorCategory }) };
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

function notForTenant(name: string): HeadwaterError {
  return new HeadwaterError('UNSUPPORTED', `The ${name} account of this Headwater is not open to your tenant.`, {
    hint: 'An operator can open it: HEADWATER_PLATFORM_TENANTS.',
  });
}
