import { type Config, parseConfig } from '../connectors/config.ts';
import type { Connector } from '../connectors/define-connector.ts';
import { isObject, withValues } from '../connectors/paths.ts';
import { portableNames } from '../connectors/portable.ts';
import { HeadwaterError } from '../errors.ts';
import { describeReference } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { draftOf } from './draft.ts';
import type { Platform, StoredSource } from './platform.ts';
import { type PortableConfig, portableConfig } from './portable-config.ts';
import { type Call, connectorFor, platformOf, platformOfSource, type Services, storedSource } from './services.ts';
import type { PlatformCode } from './source.ts';
import { terraformOf } from './terraform.ts';

export const EXPORT_FORMATS = ['json', 'kafka-connect', 'terraform'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface Exported {
  as: ExportFormat;
  /** The file, ready to be used; no secret is in it. */
  text: string;
  /** What whoever uses it has to do or to know. */
  notes: string[];
}

/** Of which platform each format is, and how that one refers to a secret. */
const TARGETS: Readonly<
  Record<Exclude<ExportFormat, 'json'>, { platform: PlatformCode; secret: (name: string) => string }>
> = {
  'kafka-connect': { platform: 'kafka_connect', secret: (name) => `\${worker:env:${name}}` },
  terraform: { platform: 'streamkap', secret: (name) => `\${env:${name}}` },
};

/**
 * A source as a file for another tool, without its secrets: `json` in portable names, which `create_source` of every
 * platform takes; `kafka-connect`, the connector's config for a worker; `terraform`, a resource of Streamkap's provider.
 * @throws HeadwaterError SOURCE_NOT_FOUND; UNSUPPORTED where the target has no such connector; INVALID_CONFIG
 */
export async function exportSource(
  services: Services,
  { source_id, as }: { source_id: string; as: ExportFormat },
  call: Call,
): Promise<Exported> {
  const stored = await storedSource(services, source_id, call);
  const config = await stored.config();
  if (as === 'json') return asJson(stored, config);
  const target = platformOf(services, TARGETS[as].platform);
  const fitted = await fittedTo(target, platformOfSource(services, source_id), stored, config, TARGETS[as].secret);
  const draft = draftOf(target, fitted.connector, fitted.config, { ...requestOf(stored), config: {} });
  const [request] = (await target.sources.planCreate?.(draft)) ?? [];
  const body = isObject(request?.body) ? request.body : {};
  const wire = isObject(body['config']) ? body['config'] : body;
  if (as === 'terraform') {
    const { text, notes } = terraformOf(stored.source, fitted.connector, wire);
    return { as, text, notes: [...fitted.notes, ...notes] };
  }
  const document = { name: typeof body['name'] === 'string' ? body['name'] : nameIn(request?.url), config: wire };
  return { as, text: `${JSON.stringify(document, null, 2)}\n`, notes: [...fitted.notes, ...workerNotes(wire)] };
}

function requestOf({ source }: StoredSource) {
  const { name, description, tags, connector } = source;
  return { connector, name, tags: [...tags], ...(description === undefined ? {} : { description }) };
}

/** Connect's requests have the connector's name in their path. */
function nameIn(url = ''): string {
  const [, name = ''] = /\/connectors\/([^/?]+)/.exec(url) ?? [];
  return decodeURIComponent(name);
}

interface Fitted {
  connector: Connector;
  config: Config;
  notes: string[];
}

/** The config for another platform: its own where the source is there already, otherwise by portable names. */
async function fittedTo(
  target: Platform,
  home: Platform,
  stored: StoredSource,
  config: Config,
  secret: (name: string) => string,
): Promise<Fitted> {
  const { source } = stored;
  const placeholders = Object.fromEntries(
    Object.entries(config.secrets).map(([path, value]) => [path, placeholder(source.name, path, value, secret)]),
  );
  if (target === home) {
    const given = withValues(config.settings, Object.entries(placeholders));
    return { connector: stored.connector, config: parseConfig(stored.connector, given), notes: [] };
  }
  const portable = portableConfig(stored.connector, config);
  const connector = await connectorFor(target, source.connector, portable.settings).catch((error: unknown) => {
    if (!(error instanceof HeadwaterError)) throw error;
    throw new HeadwaterError('UNSUPPORTED', `${target.name} has no connector for ${stored.connector.name}.`);
  });
  const secrets = Object.entries(portable.secrets).map(([role, path]) => [role, placeholders[path]] as const);
  const taken = takenBy(connector, { ...portable.settings, ...Object.fromEntries(secrets) }, portable.leftOut);
  return { connector, config: parseConfig(connector, taken.config), notes: taken.notes };
}

/** What no source elsewhere knows, and a worker's connector cannot do without. */
const BROKERS = 'bootstrap_servers';
const NO_BROKERS = 'broker.invalid:9092';

/** What the target has a place for; the rest is said, and left out. */
function takenBy(connector: Connector, given: Record<string, unknown>, leftOut: readonly string[]) {
  const roles = portableNames(connector);
  const [fits, others] = [Object.entries(given), [...leftOut]];
  const config = Object.fromEntries(
    fits.filter(([role]) => {
      const isTaken = roles.has(role) || Object.hasOwn(connector.fields, role);
      if (!isTaken) others.push(role);
      return isTaken;
    }),
  );
  const notes =
    others.length > 0 ? [`Left out, since ${connector.name} has no place for it there: ${others.join(', ')}.`] : [];
  if (!roles.has(BROKERS) || config[BROKERS] !== undefined) return { config, notes };
  const filled = `${roles.get(BROKERS)}: put the brokers of the worker in the place of ${NO_BROKERS}.`;
  return { config: { ...config, [BROKERS]: NO_BROKERS }, notes: [...notes, filled] };
}

function placeholder(
  source: string,
  path: string,
  value: Config['secrets'][string],
  secret: (name: string) => string,
): string {
  if (!(value instanceof Secret) && value.scheme === 'worker') return `\${${describeReference(value)}}`;
  if (!(value instanceof Secret) && value.scheme === 'env') return secret(value.target);
  return secret(variableFor(source, path));
}

/** `HEADWATER_SECRET_SHOP_PASSWORD` for the password of `Shop`. */
function variableFor(source: string, path: string): string {
  const words = `${source}_${path}`.normalize('NFKD').replace(/[^A-Za-z0-9]+/g, '_');
  return `HEADWATER_SECRET_${words.replace(/^_+|_+$/g, '').toUpperCase()}`;
}

function asJson(stored: StoredSource, config: Config): Exported {
  const portable: PortableConfig = portableConfig(stored.connector, config);
  const secrets = Object.entries(portable.secrets).map(([role, path]): [string, string] => {
    const value = config.secrets[path];
    const isReference = value !== undefined && !(value instanceof Secret) && value.scheme !== 'platform';
    return [role, isReference ? `\${${describeReference(value)}}` : `\${env:${variableFor(stored.source.name, role)}}`];
  });
  const { settings, leftOut } = portable;
  const own = leftOut.filter((path) => config.secrets[path] === undefined);
  const rest = Object.fromEntries(own.map((path) => [path, config.settings[path.split('/')[0] ?? path]]));
  const document = { ...requestOf(stored), config: { ...settings, ...rest, ...Object.fromEntries(secrets) } };
  const notes = secrets.map(([role, from]) => `${role}: ${from} has to hold it where this is used.`);
  return { as: 'json', text: `${JSON.stringify(document, null, 2)}\n`, notes };
}

function workerNotes(wire: Readonly<Record<string, unknown>>): string[] {
  const names = Object.values(wire).flatMap((value) => {
    const [, name] = /^\$\{env:([^}]+)\}$/.exec(String(value)) ?? [];
    return name === undefined ? [] : [name];
  });
  if (names.length === 0) return [];
  return [
    `The worker reads ${names.join(', ')} from its environment: config.providers=env, config.providers.env.class=org.apache.kafka.common.config.provider.EnvVarConfigProvider.`,
  ];
}
