import { z } from 'zod';
import type { Probe } from '../../probes/probe.ts';
import type { StagedTarget } from '../../probes/staged.ts';
import { CAPABILITIES, CATEGORIES, type Connector } from '../define-connector.ts';
import { type FieldClass, type FieldFacts, type Fields, ROLES, type Role } from '../fields.ts';
import type { JsonSchema } from '../json-schema.ts';
import { isObject } from '../paths.ts';
import { fieldAround, isSchema, type PlainSchema, rulesOf, shapeOf, type ToJson } from './plain-schema.ts';

/**
 * A connector around a schema that somebody has already: zod 4 or zod 3, one flat object. What the schema cannot say
 * stands beside it.
 */
export const PLAIN = z.strictObject({
  /** Canonical code, snake_case. */
  code: z.string(),
  name: z.string(),
  category: z.enum(CATEGORIES, { error: `must be one of ${CATEGORIES.join(', ')}` }),
  aliases: z.array(z.string()).default([]),
  keywords: z.array(z.string()).default([]),
  docsUrl: z.string().optional(),
  /** A zod object; every field with a `.describe(…)`. */
  schema: z.custom<PlainSchema>(isSchema, { error: 'must be a zod schema' }),
  /** Fields that are sealed and never shown. */
  secrets: z.array(z.string()).default([]),
  /** Fields that decide where secrets are sent: a change of one asks for them again. */
  destinations: z.array(z.string()).default([]),
  /** Fields that look like one of those by their name, and are not. */
  settings: z.array(z.string()).default([]),
  /** What fields mean, where their name does not say it: `{ server: 'host' }`. */
  roles: z.record(z.string(), z.enum(ROLES, { error: `must be one of ${ROLES.join(', ')}` })).default({}),
  /** Fields that the short schema leaves out. */
  advanced: z.array(z.string()).default([]),
  capabilities: z.array(z.enum(CAPABILITIES, { error: `must be one of ${CAPABILITIES.join(', ')}` })).default(['test']),
  prerequisites: z.array(z.string()).default([]),
  /** A config a reader can copy, with references for secrets. */
  example: z.record(z.string(), z.unknown()),
  /** Made by `through` or `stagedProbe`; without one a test ends at the connection. */
  probe: z
    .custom<() => Promise<Probe<never>>>((value) => typeof value === 'function', { error: 'must be a function' })
    .optional(),
});

export type PlainConnector = z.input<typeof PLAIN>;
type Plain = z.output<typeof PLAIN>;

/** A fault of a definition, in words for whoever wrote it. */
export class DefinitionFault extends Error {}

/** @throws DefinitionFault */
export function connectorAround(plain: Plain, toJson: ToJson): Connector {
  const shape = shapeOf(plain.schema);
  if (!shape) throw new DefinitionFault('schema must be a zod object: z.object({ … }), without a transform around it');
  const { code, name, category, aliases, keywords, docsUrl, capabilities, prerequisites, example } = plain;
  const names = Object.keys(shape);
  for (const list of ['secrets', 'destinations', 'settings', 'advanced'] as const)
    refuseUnknown(list, plain[list], names);
  refuseUnknown('roles', Object.keys(plain.roles), names);
  const fields: Fields = {};
  for (const [field, schema] of Object.entries(shape)) {
    const json = toJson(schema);
    if (!json) throw new DefinitionFault(`schema.${field} cannot be written as JSON Schema; use plain types`);
    refuseHidden(plain, field, json);
    fields[field] = fieldAround(factsOf(plain, field, schema, json['description']), schema, json);
  }
  const probe = plain.probe ?? reachProbe(name, fields);
  const rules = rulesOf(plain.schema, new Set(plain.secrets));
  const told = { code, name, category, aliases, keywords, capabilities, prerequisites, example };
  const whole = { ...told, ...(docsUrl === undefined ? {} : { docsUrl }), fields, rules, probe };
  let schema: z.ZodObject | undefined;
  return {
    ...whole,
    schema: () => {
      schema ??= z.strictObject(
        Object.fromEntries(Object.entries(fields).map(([field, made]) => [field, made.schema()])),
      );
      return schema;
    },
  };
}

function refuseUnknown(list: string, named: readonly string[], known: readonly string[]): void {
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new DefinitionFault(`${list} names ${unknown}, which the schema does not have`);
}

const SECRET_LIKE =
  /(pass(word|wd|phrase|code)?|secret|token|credentials?|(api|access|private|secret|auth)[_.-]?key)$/i;
const DESTINATION_LIKE = /(host(name)?|server|urls?|uri|endpoint|domain|address|port|brokers?|bootstrap|proxy|site)$/i;

/** A secret that nobody called one would be stored in clear; a destination, changed under a stored secret. */
function refuseHidden(plain: Plain, name: string, json: JsonSchema): void {
  const role = plain.roles[name] ?? ROLES.find((known) => known === name);
  const said = [...plain.secrets, ...plain.destinations, ...plain.settings].includes(name);
  if (!said && SECRET_LIKE.test(name)) {
    throw new DefinitionFault(
      `schema.${name} looks like a secret; name it in secrets (or, if it is none, in settings)`,
    );
  }
  if (!said && !DESTINATION_ROLES.includes(role) && DESTINATION_LIKE.test(name)) {
    throw new DefinitionFault(
      `schema.${name} looks like a place that secrets are sent to; name it in destinations (or, if it is none, in settings)`,
    );
  }
  const inside = nestedNames(json).find((inner) => SECRET_LIKE.test(inner));
  if (inside !== undefined && !plain.settings.includes(name)) {
    throw new DefinitionFault(
      `schema.${name} holds ${inside}, which looks like a secret; secrets are fields of their own`,
    );
  }
}

function nestedNames(json: unknown): string[] {
  if (Array.isArray(json)) return json.flatMap(nestedNames);
  if (!isObject(json)) return [];
  const own = isObject(json['properties']) ? Object.keys(json['properties']) : [];
  return [...own, ...Object.values(json).flatMap(nestedNames)];
}

function factsOf(plain: Plain, name: string, schema: PlainSchema, description: unknown): FieldFacts {
  const role = plain.roles[name] ?? ROLES.find((known) => known === name);
  const fieldClass = classOf(plain, name, role);
  return {
    class: fieldClass,
    group: fieldClass === 'secret' || role === 'username' ? 'authentication' : 'connection',
    title: titleOf(name),
    description: schema.description ?? (typeof description === 'string' ? description : ''),
    ...(role === undefined ? {} : { role }),
    ...(role === 'url' ? { canonical: originOf } : {}),
    ...(plain.advanced.includes(name) ? { advanced: true } : {}),
  };
}

const DESTINATION_ROLES: readonly (Role | undefined)[] = ['url', 'host', 'port', 'tls_mode', 'tls_ca'];

function classOf({ secrets, destinations }: Plain, name: string, role: Role | undefined): FieldClass {
  if (secrets.includes(name)) return destinations.includes(name) ? 'secret_destination' : 'secret';
  return destinations.includes(name) || DESTINATION_ROLES.includes(role) ? 'destination' : 'setting';
}

function originOf(value: unknown): unknown {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : value;
}

/** `api_key` and `apiKey` as `Api key`. */
function titleOf(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_.-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** As far as the connection: to `host` and `port`, or to where `url` points. */
function reachProbe(server: string, fields: Fields): () => Promise<Probe<never>> {
  const named = (role: Role) => Object.entries(fields).find(([, { facts }]) => facts.role === role)?.[0];
  const [url, host, port] = [named('url'), named('host'), named('port')];
  const target = (config: Readonly<Record<string, unknown>>): StagedTarget => {
    if (url === undefined) return { host: String(config[host ?? '']), port: Number(config[port ?? '']) };
    const { hostname, port: given, protocol } = new URL(String(config[url]));
    const isTls = protocol === 'https:';
    const place = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(given) || (isTls ? 443 : 80) };
    return isTls ? { ...place, tls: 'verify-full' } : place;
  };
  if (url === undefined && (host === undefined || port === undefined)) {
    throw new DefinitionFault(
      'without a probe the schema needs fields with the roles host and port, or url; name them in roles',
    );
  }
  return async () => (await import('../../probes/staged.ts')).stagedProbe({ server, target });
}
