import { z } from 'zod';
import { authMethods, type Connector } from '../connectors/define-connector.ts';
import { isSecret } from '../connectors/fields.ts';
import { connectorSchema, type Detail, type JsonSchema } from '../connectors/json-schema.ts';
import { fieldsByPath } from '../connectors/paths.ts';
import { portableNames } from '../connectors/portable.ts';
import { type ConnectorQuery, searchConnectors } from '../connectors/search.ts';
import { decodeCursor, encodeCursor, foreignCursor } from './list.ts';
import { type Platform, RUN_ACTIONS, reasonOf } from './platform.ts';
import { testSteps } from './probing.ts';
import { connectorFor, NOT_OPEN, platformOf, type Services } from './services.ts';
import type { PlatformCode } from './source.ts';

export interface ConnectorSummary {
  code: string;
  name: string;
  category: string;
  platforms: PlatformCode[];
  auth: readonly string[];
  capabilities: readonly string[];
  note?: string;
}

export interface CatalogRequest extends ConnectorQuery {
  platform?: PlatformCode | undefined;
  limit?: number | undefined;
  cursor?: string | undefined;
}

export interface CatalogAnswer {
  connectors: ConnectorSummary[];
  total: number;
  next_cursor?: string;
}

/** Connectors that match, best first. @throws HeadwaterError INVALID_CURSOR */
export async function listConnectors(
  services: Services,
  { platform: code, limit = 20, cursor, ...query }: CatalogRequest,
): Promise<CatalogAnswer> {
  const usable = await catalogOf(services, code);
  const isThere =
    code !== undefined || query.query === undefined || searchConnectors(usable.connectors, query).length > 0;
  const catalog = isThere ? usable : await elsewhere(services);
  const found = searchConnectors(catalog.connectors, query);
  const from = cursor === undefined ? 0 : 1 + placeOf(decodeCursor(cursor), found);
  const page = found.slice(from, from + limit);
  const last = from + limit < found.length ? page.at(-1) : undefined;
  return {
    connectors: page.map((connector) => summary(connector, catalog.places)),
    total: found.length,
    ...(last ? { next_cursor: encodeCursor(last.code) } : {}),
  };
}

function placeOf(code: string, connectors: readonly Connector[]): number {
  const place = connectors.findIndex((connector) => connector.code === code);
  if (place === -1) throw foreignCursor();
  return place;
}

function summary(connector: Connector, places: Catalog['places']): ConnectorSummary {
  const { code, name, category, capabilities, note } = connector;
  return {
    code,
    name,
    category,
    platforms: [...(places.get(code) ?? [])],
    auth: authMethods(connector),
    capabilities,
    ...(note === undefined ? {} : { note }),
  };
}

/** The catalogs of the platforms that nobody can use here yet, for whom finds nothing in the others. */
async function elsewhere({ platforms }: Services): Promise<Catalog> {
  const others = [...platforms.values()].filter(({ configured }) => configured !== true);
  const { connectors, places } = await merged(others, others);
  const noted = connectors.map((connector) => ({
    ...connector,
    note: `Only on ${places.get(connector.code)?.join(', ')}, not configured here: see describe_platforms.`,
  }));
  return { connectors: noted, places };
}

interface Catalog {
  connectors: readonly Connector[];
  /** On which platforms there is one of that code, as far as they were looked into. */
  places: ReadonlyMap<string, readonly PlatformCode[]>;
}

/**
 * The catalog of one platform, or of all that are configured here, each code once: as the default platform has it, where
 * it has. The catalogs of platforms that nobody can use here are loaded by those alone who ask for them.
 */
async function catalogOf(services: Services, code: PlatformCode | undefined): Promise<Catalog> {
  const standard = platformOf(services, undefined);
  const usable = [...services.platforms.values()].filter((platform) => platform.configured === true);
  const platforms = code === undefined ? [...new Set([standard, ...usable])] : [platformOf(services, code)];
  return await merged(platforms, [...new Set([...platforms, ...usable])]);
}

/** The connectors of some platforms, each code once, and on which of `all` each is. */
async function merged(platforms: readonly Platform[], all: readonly Platform[]): Promise<Catalog> {
  const known = new Map<string, Connector>();
  const places = new Map<string, PlatformCode[]>();
  for (const platform of all) {
    for (const connector of await platform.connectors()) {
      places.set(connector.code, [...(places.get(connector.code) ?? []), platform.code]);
      if (platforms.includes(platform) && !known.has(connector.code)) known.set(connector.code, connector);
    }
  }
  return { connectors: [...known.values()].sort((a, b) => (a.code < b.code ? -1 : 1)), places };
}

export interface ConnectorDescription {
  connector: string;
  name: string;
  platform: PlatformCode;
  schema: JsonSchema;
  options_schema?: JsonSchema;
  secret_fields: string[];
  portable_names: Record<string, string>;
  example_config: Readonly<Record<string, unknown>>;
  prerequisites: readonly string[];
  tests: { id: string; title: string }[];
  docs_url?: string;
  hidden_fields?: number;
}

/** All that an agent needs to write a config. @throws HeadwaterError CONNECTOR_NOT_FOUND */
export async function describeConnector(
  services: Services,
  request: { connector: string; platform?: PlatformCode | undefined; detail?: Detail | undefined },
): Promise<ConnectorDescription> {
  const platform = platformOf(services, request.platform);
  const connector = await connectorFor(platform, request.connector);
  const { schema, hiddenFields } = connectorSchema(connector, request.detail ?? 'essential');
  const options = platform.options();
  return {
    connector: connector.code,
    name: connector.name,
    platform: platform.code,
    schema,
    ...(Object.keys(options.shape).length > 0 ? { options_schema: optionsSchema(options) } : {}),
    secret_fields: [...fieldsByPath(connector)].flatMap(([path, { facts }]) => (isSecret(facts) ? [`/${path}`] : [])),
    portable_names: Object.fromEntries(portableNames(connector)),
    example_config: connector.example,
    prerequisites: connector.prerequisites,
    tests: await testSteps(services, connector),
    ...(connector.docsUrl === undefined ? {} : { docs_url: connector.docsUrl }),
    ...(hiddenFields > 0 ? { hidden_fields: hiddenFields } : {}),
  };
}

const optionsSchemas = new WeakMap<z.ZodObject, JsonSchema>();

function optionsSchema(options: z.ZodObject): JsonSchema {
  const known = optionsSchemas.get(options);
  if (known) return known;
  const built = z.toJSONSchema(options, { io: 'input', target: 'draft-2020-12' }) as JsonSchema;
  optionsSchemas.set(options, built);
  return built;
}

export interface PlatformDescription {
  platform: PlatformCode;
  name: string;
  summary: string;
  configured: boolean;
  /** What a person must set, where it is not configured. */
  needs?: string;
  connectors: number;
  can: string[];
  cannot: { what: string; why: string }[];
  notes?: readonly string[];
}

/** Each platform: whether it is configured, what it can do, what it cannot and why. */
export function describePlatforms(services: Services, code?: PlatformCode, tenant?: string): PlatformDescription[] {
  const platforms = code === undefined ? [...services.platforms.values()] : [platformOf(services, code)];
  return platforms.map((platform) => {
    const isOpen = tenant === undefined || platform.openTo?.(tenant) !== false;
    const { configured } = platform;
    return describePlatform(isOpen || configured !== true ? platform : { ...platform, configured: NOT_OPEN });
  });
}

function describePlatform({
  code,
  name,
  summary: text,
  configured,
  connectorCount,
  abilities,
  actions,
  notes = [],
}: Platform): PlatformDescription {
  const entries = [
    ...Object.entries(abilities),
    ...RUN_ACTIONS.map((name) => [name, reasonOf({ actions }, name)] as const),
  ];
  return {
    platform: code,
    name,
    summary: text,
    configured: configured === true,
    ...(configured === true ? {} : { needs: configured }),
    connectors: connectorCount,
    can: entries.filter(([, able]) => able === true).map(([what]) => what),
    cannot: entries.flatMap(([what, able]) => (able === true ? [] : [{ what, why: able }])),
    ...(notes.length > 0 ? { notes } : {}),
  };
}
