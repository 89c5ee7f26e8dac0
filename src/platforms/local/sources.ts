import { absentConnector } from '../../connectors/absent.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { signsIn } from '../../connectors/oauth/form.ts';
import { AUTH, fieldsByPath, valueAt, withValues } from '../../connectors/paths.ts';
import type { Vault } from '../../secrets/vault.ts';
import { isSourceId } from '../../sources/id.ts';
import { foreignCursor } from '../../sources/list.ts';
import { ACCESS_TOKEN, REFRESH_TOKEN } from '../../sources/live-tokens.ts';
import type { PlatformSources } from '../../sources/platform.ts';
import type { Principal } from '../../sources/principal.ts';
import type { RecordFilter, SourceRecord, SourceRepository } from '../../sources/repository.ts';
import { nameKey, type ShownSecret, type Source } from '../../sources/source.ts';
import { configOf, fingerprintsOf, ownerOf } from '../credentials.ts';
import { keyOfDeleted, keyRetired, keyReused, nameTaken, notFound, stale } from '../failures.ts';
import { resealing } from '../resealing.ts';
import { changedRecord, newRecord } from './records.ts';
import { renewCredentials } from './renewing.ts';

export interface LocalPlatformParts {
  connectors: readonly Connector[];
  repository: SourceRepository;
  vault: Vault;
  now: () => Date;
  newId: () => string;
}

/** As many as the largest page shows: counting on would make a page of many sources dearer than one of few. */
const COUNTED = 100;

export function createLocalSources({ connectors, repository, vault, now, newId }: LocalPlatformParts): PlatformSources {
  const connectorOf = (code: string): Connector =>
    connectors.find((candidate) => candidate.code === code) ?? absentConnector(code);
  const shown = (record: SourceRecord) => sourceOf(record, connectorOf(record.connector));
  const find = async (principal: Principal, id: string) => {
    const record = await repository.find(principal.tenant, id);
    if (!record) throw notFound(id);
    return record;
  };

  return {
    async create({ principal }, draft, audit, idempotency) {
      const id = newId();
      const { record, result } = await resealing(vault, async () => {
        const record = await newRecord(vault, principal, draft, id, now());
        const result = await repository.insert(record, { ...audit, source_id: record.id }, idempotency);
        return { record, result, retired: result.outcome === 'key_retired' };
      });
      if (result.outcome === 'name_taken') throw nameTaken(draft.name);
      if (result.outcome === 'inserted') return { source: shown(record), replayed: false };
      if (result.outcome === 'key_retired') throw keyRetired();
      if (result.digest !== idempotency?.digest) throw keyReused();
      const made = await repository.find(principal.tenant, result.sourceId);
      if (!made) throw keyOfDeleted();
      return { source: shown(made), replayed: true };
    },
    async replayed({ principal }, idempotency) {
      const entry = await repository.findIdempotent(principal.tenant, idempotency);
      if (!entry) return undefined;
      if (entry.digest !== idempotency.digest) throw keyReused();
      const record = await repository.find(principal.tenant, entry.sourceId);
      if (!record) throw keyOfDeleted();
      return shown(record);
    },
    async get({ principal }, id) {
      const record = await find(principal, id);
      const config = () => configOf(vault, record, () => find(principal, id));
      return { source: shown(record), connector: connectorOf(record.connector), config };
    },
    async nameTaken({ principal }, name) {
      return repository.nameTaken(principal.tenant, nameKey(name));
    },
    async list({ principal }, { limit, after, ...filter }) {
      if (after !== undefined && !isSourceId(after)) throw foreignCursor();
      const records = await repository.page(principal.tenant, filter, limit + 1, after);
      const page = records.slice(0, limit);
      const last = records.length > limit ? page.at(-1)?.id : undefined;
      const total = await boundedTotal(repository, principal, filter);
      return {
        sources: page.map(shown),
        ...(total === undefined ? {} : { total }),
        ...(last === undefined ? {} : { next: last }),
      };
    },
    async update({ principal }, stored, change, audit) {
      const { id, version } = stored.source;
      const { record, result } = await resealing(vault, async () => {
        const record = await changedRecord(vault, await find(principal, id), change, now());
        const result = await repository.replace(record, version, audit);
        return { record, result, retired: result === 'key_retired' };
      });
      if (result === 'key_retired') throw keyRetired();
      if (result === 'missing') throw notFound(id);
      if (result === 'stale') throw stale();
      if (result === 'name_taken') throw nameTaken(record.name);
      return shown(record);
    },
    async renew({ principal }, { source }, renewed, audit) {
      await renewCredentials({ repository, vault, now }, principal, source.id, renewed, audit);
    },
    async remove({ principal }, { source }, audit) {
      const result = await repository.remove(principal.tenant, source.id, source.version, audit);
      if (result === 'missing') throw notFound(source.id);
      if (result === 'stale') throw stale();
      // Headwater makes nothing at the source itself.
      return [];
    },
    async noteTest({ principal: { tenant } }, { id, version }, outcome, audit) {
      const record = outcome.secrets && (await repository.find(tenant, id));
      const known = record?.version === version ? await fingerprintsOf(vault, outcome.secrets, ownerOf(record)) : {};
      await repository.noteTest(tenant, id, version, outcome, audit, Object.keys(known).length > 0 ? known : undefined);
    },
    async driftedSecrets({ principal: { tenant } }, { id, version }, resolved) {
      const record = await repository.find(tenant, id);
      if (record?.version !== version) return [];
      const now = await fingerprintsOf(vault, resolved, ownerOf(record));
      return Object.entries(record.fingerprints)
        .filter(([field, before]) => now[field] !== undefined && now[field] !== before)
        .map(([field]) => ({ field, from: record.secretSources[field] ?? '' }));
    },
    onChange: (listener) => repository.onChange(listener),
  };
}

async function boundedTotal(
  repository: SourceRepository,
  principal: Principal,
  filter: RecordFilter,
): Promise<number | undefined> {
  const count = await repository.count(principal.tenant, filter, COUNTED + 1);
  return count > COUNTED ? undefined : count;
}

function sourceOf(record: SourceRecord, connector: Connector): Source {
  const secrets = Object.entries(record.secretSources).map(([path, from]): [string, ShownSecret] => {
    const fingerprint = record.fingerprints[path];
    return [path, { set: true, from, ...(fingerprint === undefined ? {} : { fingerprint }) }];
  });
  return {
    id: record.id,
    name: record.name,
    connector: record.connector,
    connector_display_name: connector.name,
    platform: 'local',
    ...(record.description === null ? {} : { description: record.description }),
    config: withValues(shownSettings(record, connector), secrets),
    desired_state: record.desiredState,
    status: record.status,
    ...signedIn(record),
    last_error: record.lastError,
    ...(record.errorCategory === null ? {} : { error_category: record.errorCategory }),
    last_tested_at: record.lastTestedAt,
    ...(record.latencyMs === null ? {} : { latency_ms: record.latencyMs }),
    ...(record.lastSyncAt === null ? {} : { last_sync_at: record.lastSyncAt }),
    ...(record.lastSyncRowCount === null ? {} : { last_sync_row_count: record.lastSyncRowCount }),
    tags: record.tags,
    ...(record.collection === null ? {} : { collection: record.collection }),
    todo: [],
    created_from: 'api',
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    version: record.version,
    tenant_id: record.tenant,
  };
}

/** How a source that signs in at a provider does, and whether anybody has. */
function signedIn({ settings, secretSources, status }: SourceRecord): Pick<Source, 'auth'> {
  if (!signsIn(settings)) return {};
  const hasToken = [ACCESS_TOKEN, REFRESH_TOKEN].some((path) => secretSources[path] !== undefined);
  const expires = valueAt(settings, `${AUTH}/expires_at`);
  return {
    auth: {
      method: 'oauth2',
      provider: valueAt(settings, `${AUTH}/provider`),
      authenticated: hasToken && status !== 'NeedsAuth',
      ...(expires === undefined ? {} : { expires_at: expires }),
    },
  };
}

/** A setting that a newer version of its connector calls a secret is not shown any more. */
function shownSettings({ settings }: SourceRecord, connector: Connector): Record<string, unknown> {
  const now = [...fieldsByPath(connector)].filter(([path, { facts }]) => isSecret(facts) && valueAt(settings, path));
  return withValues(
    settings,
    now.map(([path]) => [path, { set: true, from: 'clear' }]),
  );
}
