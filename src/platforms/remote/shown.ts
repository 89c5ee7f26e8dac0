import { createHash } from 'node:crypto';
import type { Config } from '../../connectors/config.ts';
import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { AUTH, fieldsByPath, isObject, NO_AUTH, valueAt, withValues } from '../../connectors/paths.ts';
import { HELD_BY_PLATFORM, shownReference } from '../../secrets/references.ts';
import { canonicalJson } from '../../sources/canonical.ts';
import type { RemoteRecord } from '../../sources/remote-records.ts';
import type { PlatformCode, ShownSecret, Source } from '../../sources/source.ts';
import type { VendorSource } from './vendor.ts';

type Settings = Readonly<Record<string, unknown>>;

/** What of our record is the vendor's and no field of a config: claim tokens and the like. */
export const KEPT_PREFIX = '@';

/** Everything there is to know of a source: what its platform says, and what we keep. */
export interface Seen {
  platform: PlatformCode;
  tenant: string;
  connector: Connector;
  vendor: VendorSource;
  record: RemoteRecord | undefined;
}

export function idOf(platform: PlatformCode, vendorId: string): string {
  return `${platform}:${vendorId}`;
}

/** The source as every tool shows it. */
export function sourceOf({ platform, tenant, connector, vendor, record }: Seen): Source {
  const { lastTest } = record ?? { lastTest: null };
  const { settings, unknown } = settingsOf(connector, vendor, record);
  const details = { ...vendor.details, ...(Object.keys(unknown).length > 0 ? { other_config: unknown } : {}) };
  const optional = {
    description: vendor.description,
    platform_status: vendor.platformStatus,
    auth: vendor.auth,
    error_category: vendor.error_category ?? lastTest?.errorCategory,
    latency_ms: vendor.latency_ms ?? lastTest?.latencyMs,
    last_sync_at: vendor.last_sync_at,
    last_sync_row_count: vendor.last_sync_row_count,
    topics: vendor.topics,
    streams: vendor.streams,
    tasks: vendor.tasks,
    schedule: vendor.schedule,
    collection: vendor.collection,
    external_url: vendor.external_url,
    details: Object.keys(details).length > 0 ? details : undefined,
  };
  return {
    id: idOf(platform, vendor.id),
    name: vendor.name,
    connector: connector.code,
    connector_display_name: connector.name,
    platform,
    ...(connector.code === vendor.connector ? {} : { platform_connector: vendor.connector }),
    config: withValues(settings, shownSecrets(connector, vendor, record)),
    desired_state: vendor.desiredState,
    status: vendor.status,
    last_error: vendor.lastError ?? lastTest?.lastError ?? null,
    last_tested_at: latest(vendor.lastTestedAt, lastTest?.testedAt),
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as Partial<Source>),
    tags: vendor.tags ?? [],
    todo: vendor.todo ?? [],
    created_from: 'api',
    created_at: vendor.createdAt,
    updated_at: vendor.updatedAt,
    version: versionOf(vendor, record),
    tenant_id: tenant,
  };
}

function latest(one: string | undefined, other: string | undefined): string | null {
  return (
    [one, other]
      .filter((at) => at !== undefined)
      .sort()
      .at(-1) ?? null
  );
}

/**
 * The platforms count no versions. This one is made of what can be changed, so that it is another one whenever that is,
 * whoever has changed it; it says nothing of which came first.
 */
export function versionOf(vendor: VendorSource, record: RemoteRecord | undefined): number {
  const { name, description, connector, config, desiredState, tags } = vendor;
  // Time alone changes these of a schedule.
  const { next_run: _, cursor_value: __, ...schedule } = vendor.schedule ?? {};
  const said = [name, description, connector, config, desiredState, tags, schedule, record?.credentialVersion ?? 0];
  const digest = createHash('sha256')
    .update(canonicalJson(said.map((value) => value ?? null)))
    .digest();
  return digest.readUIntBE(0, 6);
}

/** The config that edits and tests begin with. `held`: the secrets that are in our own record, opened. */
export function configOf(seen: Omit<Seen, 'platform' | 'tenant'>, held: Config['secrets']): Config {
  const { connector, vendor, record } = seen;
  const own = Object.entries(held).filter(([path]) => !path.startsWith(KEPT_PREFIX));
  const { settings } = settingsOf(connector, vendor, record);
  const elsewhere = elsewhereOf(connector, vendor, settings, new Set(own.map(([path]) => path)));
  return {
    settings,
    secrets: {
      ...Object.fromEntries(elsewhere.map((path) => [path, pointerOf(vendor, path) ?? HELD_BY_PLATFORM])),
      ...Object.fromEntries(own),
    },
  };
}

function shownSecrets(
  connector: Connector,
  vendor: VendorSource,
  record: RemoteRecord | undefined,
): [string, ShownSecret][] {
  const own = Object.entries(record?.secretSources ?? {}).filter(([path]) => !path.startsWith(KEPT_PREFIX));
  const { settings } = settingsOf(connector, vendor, record);
  const elsewhere = elsewhereOf(connector, vendor, settings, new Set(own.map(([path]) => path)));
  return [
    ...elsewhere.map((path): [string, ShownSecret] => [
      path,
      { set: true, from: vendor.secretsFrom?.[path] ?? HELD_BY_PLATFORM.scheme },
    ]),
    ...own.map(([path, from]): [string, ShownSecret] => {
      const fingerprint = record?.fingerprints[path];
      return [path, { set: true, from, ...(fingerprint === undefined ? {} : { fingerprint }) }];
    }),
  ];
}

/** Secrets that are set there and that nobody here knows. */
function elsewhereOf(
  connector: Connector,
  { secretsSet }: VendorSource,
  settings: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
): string[] {
  const method = valueAt(settings, `${AUTH}/method`);
  const alternatives = Object.keys(connector.alternatives ?? {});
  const isInstead = (path: string) =>
    alternatives.includes(path) &&
    alternatives.some((name) => name !== path && (settings[name] !== undefined || known.has(name)));
  const ways = typeof method === 'string' ? Object.keys(connector.auth?.[method] ?? {}) : [];
  const fields = [...fieldsByPath(connector)].filter(
    ([path, { facts }]) =>
      isSecret(facts) && !facts.virtual && (!path.startsWith(`${AUTH}/`) || ways.includes(path.slice(AUTH.length + 1))),
  );
  const set = secretsSet
    ? fields.filter(([path]) => secretsSet.includes(path))
    : fields.filter(([, field]) => !field.schema().isOptional());
  return set.map(([path]) => path).filter((path) => !known.has(path) && !isInstead(path));
}

function pointerOf({ secretsFrom }: VendorSource, path: string) {
  const from = secretsFrom?.[path];
  return from === undefined ? undefined : shownReference(from);
}

/** What the vendor shows; where it shows nothing, what was sent. Virtual fields are ours alone. */
function settingsOf(connector: Connector, { config }: VendorSource, record: RemoteRecord | undefined) {
  const sent = record?.settings ?? {};
  if (!config) return { settings: sent, unknown: {} };
  const isKnown = (name: string) =>
    Object.hasOwn(connector.fields, name) || (name === AUTH && connector.auth !== undefined);
  const entries = Object.entries(config).filter(([, value]) => value !== null && value !== undefined);
  const virtual = virtualOf(connector, sent, config);
  const auth = connector.auth ? authOf(sent[AUTH], config[AUTH]) : undefined;
  return {
    settings: {
      ...Object.fromEntries(virtual),
      ...Object.fromEntries(entries.filter(([name]) => isKnown(name))),
      ...(auth ? { [AUTH]: auth } : {}),
    },
    unknown: Object.fromEntries(entries.filter(([name]) => !isKnown(name))),
  };
}

/**
 * The vendor's word on the way to authenticate, and what was sent with that way. Where nothing was sent, a vendor that
 * always names a way says nothing.
 */
function authOf(sent: unknown, shown: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(shown)) return isObject(sent) ? sent : undefined;
  if (!isObject(sent)) return shown;
  if (sent['method'] === NO_AUTH) return sent;
  return sent['method'] === shown['method'] ? { ...sent, ...shown } : shown;
}

/** None where the vendor shows all that is made of them: that is as it is now, and they are as they were. */
function virtualOf({ fields, compose }: Connector, sent: Settings, config: Settings): [string, unknown][] {
  const isVirtual = (name: string) => fields[name]?.facts.virtual === true;
  const virtual = Object.entries(sent).filter(([name]) => isVirtual(name));
  const made = Object.keys(compose?.(Object.fromEntries(virtual)) ?? {}).filter((name) => !isVirtual(name));
  return made.length > 0 && made.every((name) => name in config) ? [] : virtual;
}
