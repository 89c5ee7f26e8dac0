import type { Config } from '../../connectors/config.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { withValues } from '../../connectors/paths.ts';
import { HeadwaterError } from '../../errors.ts';
import { describeReference, parseReference } from '../../secrets/references.ts';
import { packSecrets, Secret, unpackSecrets } from '../../secrets/secret.ts';
import type { SealContext, Vault } from '../../secrets/vault.ts';
import { isSourceId } from '../../sources/id.ts';
import { foreignCursor } from '../../sources/list.ts';
import type { NewSource, PlatformSources, SourceChange } from '../../sources/platform.ts';
import type { Principal } from '../../sources/principal.ts';
import type { RecordFilter, SourceRecord, SourceRepository } from '../../sources/repository.ts';
import { nameKey, type Source, type TestOutcome } from '../../sources/source.ts';

export interface LocalPlatformParts {
  connectors: readonly Connector[];
  repository: SourceRepository;
  vault: Vault;
  now: () => Date;
  newId: () => string;
}

const FROM_VAULT = 'vault';
/** As many as the largest page shows: counting on would make a page of many sources dearer than one of few. */
const COUNTED = 100;

export function createLocalSources({ connectors, repository, vault, now, newId }: LocalPlatformParts): PlatformSources {
  const connectorOf = (code: string): Connector => {
    const connector = connectors.find((candidate) => candidate.code === code);
    if (!connector)
      throw new HeadwaterError('CONNECTOR_NOT_FOUND', `The connector ${code} of this source is no longer installed.`);
    return connector;
  };
  const shown = (record: SourceRecord) => sourceOf(record, connectorOf(record.connector));
  const find = async (principal: Principal, id: string) => {
    const record = await repository.find(principal.tenant, id);
    if (!record) throw notFound(id);
    return record;
  };

  return {
    async create(principal, draft, audit, idempotency) {
      const record = await newRecord(vault, principal, draft, newId(), now());
      const result = await repository.insert(record, { ...audit, source_id: record.id }, idempotency);
      if (result.outcome === 'name_taken') throw nameTaken(draft.name);
      if (result.outcome === 'inserted') return { source: shown(record), replayed: false };
      if (result.digest !== idempotency?.digest) throw keyReused();
      const made = await repository.find(principal.tenant, result.sourceId);
      if (!made) throw keyOfDeleted();
      return { source: shown(made), replayed: true };
    },
    async replayed(principal, idempotency) {
      const entry = await repository.findIdempotent(principal.tenant, idempotency);
      if (!entry) return undefined;
      if (entry.digest !== idempotency.digest) throw keyReused();
      const record = await repository.find(principal.tenant, entry.sourceId);
      if (!record) throw keyOfDeleted();
      return shown(record);
    },
    async get(principal, id) {
      const record = await find(principal, id);
      return { source: shown(record), connector: connectorOf(record.connector), config: () => configOf(vault, record) };
    },
    async nameTaken(principal, name) {
      return repository.nameTaken(principal.tenant, nameKey(name));
    },
    async list(principal, { limit, after, ...filter }) {
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
    async update(principal, stored, change, audit) {
      const before = await find(principal, stored.source.id);
      const record = await changedRecord(vault, before, change, now());
      const result = await repository.replace(record, stored.source.version, audit);
      if (result === 'missing') throw notFound(before.id);
      if (result === 'stale') throw stale();
      if (result === 'name_taken') throw nameTaken(record.name);
      return shown(record);
    },
    async remove(principal, { source }, audit) {
      const result = await repository.remove(principal.tenant, source.id, source.version, audit);
      if (result === 'missing') throw notFound(source.id);
      if (result === 'stale') throw stale();
    },
    noteTest: (principal, source, outcome, audit) =>
      repository.noteTest(principal.tenant, source.id, source.version, outcome, audit),
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

async function newRecord(
  vault: Vault,
  principal: Principal,
  draft: NewSource,
  id: string,
  at: Date,
): Promise<SourceRecord> {
  const time = at.toISOString();
  const owner = { tenant: principal.tenant, sourceId: id, credentialVersion: 1 };
  return {
    id,
    tenant: principal.tenant,
    name: draft.name,
    connector: draft.connector.code,
    description: draft.description ?? null,
    ...(await kept(vault, draft.config, owner)),
    desiredState: draft.desiredState,
    status: draft.status,
    ...tested(draft.outcome),
    ...counted(draft.outcome),
    tags: draft.tags,
    collection: draft.collection ?? null,
    createdAt: time,
    updatedAt: time,
    version: 1,
  };
}

async function changedRecord(
  vault: Vault,
  before: SourceRecord,
  change: SourceChange,
  at: Date,
): Promise<SourceRecord> {
  const owner = { tenant: before.tenant, sourceId: before.id, credentialVersion: before.credentialVersion + 1 };
  return {
    ...before,
    name: change.name ?? before.name,
    description: change.description === undefined ? before.description : change.description,
    collection: change.collection === undefined ? before.collection : change.collection,
    tags: change.tags ?? before.tags,
    desiredState: change.desiredState ?? before.desiredState,
    ...(change.config ? await kept(vault, change.config, owner) : {}),
    status: change.status,
    ...(change.outcome ? tested(change.outcome) : {}),
    // Another config is another table: what was counted before says nothing of it.
    ...(change.config || change.outcome?.rowCount !== undefined ? counted(change.outcome) : {}),
    updatedAt: at.toISOString(),
    version: before.version + 1,
  };
}

/** How a config is kept: settings in clear, references by name, literal secrets in one envelope. */
async function kept(vault: Vault, config: Config, owner: SealContext) {
  const literals: Record<string, Secret> = {};
  const secretSources: Record<string, string> = {};
  for (const [name, value] of Object.entries(config.secrets)) {
    secretSources[name] = value instanceof Secret ? FROM_VAULT : describeReference(value);
    if (value instanceof Secret) literals[name] = value;
  }
  const sealed = Object.keys(literals).length > 0 ? await vault.seal(packSecrets(literals), owner) : null;
  return { settings: config.settings, secretSources, sealed, credentialVersion: owner.credentialVersion };
}

async function configOf(vault: Vault, record: SourceRecord): Promise<Config> {
  const { tenant, id: sourceId, credentialVersion } = record;
  const literals =
    record.sealed === null
      ? {}
      : unpackSecrets(await vault.open(record.sealed, { tenant, sourceId, credentialVersion }));
  const secrets: Record<string, Config['secrets'][string]> = {};
  for (const [name, from] of Object.entries(record.secretSources)) {
    const value = from === FROM_VAULT ? literals[name] : parseReference(`\${${from}}`);
    if (value) secrets[name] = value;
  }
  return { settings: record.settings, secrets };
}

function tested(outcome: TestOutcome | undefined) {
  return {
    lastError: outcome?.lastError ?? null,
    errorCategory: outcome?.errorCategory ?? null,
    lastTestedAt: outcome?.testedAt ?? null,
    latencyMs: outcome?.latencyMs ?? null,
  };
}

function counted(outcome: TestOutcome | undefined) {
  const { rowCount } = outcome ?? {};
  return rowCount === undefined || outcome === undefined
    ? { lastSyncAt: null, lastSyncRowCount: null }
    : { lastSyncAt: outcome.testedAt, lastSyncRowCount: rowCount };
}

function sourceOf(record: SourceRecord, connector: Connector): Source {
  const secrets = Object.entries(record.secretSources).map(([path, from]) => [path, { set: true, from }] as const);
  return {
    id: record.id,
    name: record.name,
    connector: record.connector,
    connector_display_name: connector.name,
    platform: 'local',
    ...(record.description === null ? {} : { description: record.description }),
    config: withValues(record.settings, secrets),
    desired_state: record.desiredState,
    status: record.status,
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

function notFound(id: string): HeadwaterError {
  return new HeadwaterError('SOURCE_NOT_FOUND', `There is no source ${id.slice(0, 60)}.`, {
    next: [{ tool: 'list_sources', arguments: {}, why: 'See which sources there are.' }],
  });
}

function nameTaken(name: string): HeadwaterError {
  return new HeadwaterError('NAME_TAKEN', `There is a source named ${JSON.stringify(name)} already.`, {
    hint: 'Choose another name, or use the source that is there.',
    fields: [{ field: '/name', message: 'is taken' }],
    next: [{ tool: 'list_sources', arguments: { query: name }, why: 'See the source that has the name.' }],
  });
}

function keyReused(): HeadwaterError {
  return new HeadwaterError('IDEMPOTENCY_CONFLICT', 'This idempotency_key was used before with other arguments.', {
    hint: 'Use a new key for a new call.',
    fields: [{ field: '/idempotency_key', message: 'was used before' }],
  });
}

function keyOfDeleted(): HeadwaterError {
  return new HeadwaterError('IDEMPOTENCY_CONFLICT', 'The source that this idempotency_key made was deleted since.', {
    hint: 'Use a new key to make another one.',
    fields: [{ field: '/idempotency_key', message: 'was used before' }],
  });
}

function stale(): HeadwaterError {
  return new HeadwaterError('VERSION_CONFLICT', 'The source changed in the meantime.', {
    hint: 'Read it again, and decide on what it is now.',
    retryable: true,
  });
}
