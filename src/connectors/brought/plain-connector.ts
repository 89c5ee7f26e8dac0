import { z } from 'zod';
import type { Probe } from '../../probes/probe.ts';
import { CAPABILITIES, CATEGORIES, type Connector } from '../define-connector.ts';
import { type FieldClass, type FieldFacts, type Fields, isDestination, ROLES, type Role } from '../fields.ts';
import { originOf } from '../http-fields.ts';
import type { JsonSchema } from '../json-schema.ts';
import { looksLikeDestination, looksSecret, nestedNames } from './names.ts';
import { fieldAround, isSchema, type PlainSchema, rulesOf, shapeOf, type ToJson } from './plain-schema.ts';
import { reachProbe } from './reach.ts';

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
    if (takesNull(json)) throw new DefinitionFault(`schema.${field} takes null, which no config holds; use optional()`);
    refuseHidden(plain, field, json);
    const description = schema.description ?? json['description'];
    fields[field] = fieldAround(
      factsOf(plain, field, typeof description === 'string' ? description : ''),
      schema,
      json,
    );
  }
  const probe = plain.probe ?? reachProbe(name, fields);
  if (!probe) {
    throw new DefinitionFault(
      'without a probe the schema needs fields with the roles host and port, or url; name them in roles',
    );
  }
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

function takesNull({ type, anyOf }: JsonSchema): boolean {
  const types = [type, ...(Array.isArray(anyOf) ? anyOf.map((each: JsonSchema) => each['type']) : [])];
  return types.flat().includes('null');
}

function refuseUnknown(list: string, named: readonly string[], known: readonly string[]): void {
  const unknown = named.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new DefinitionFault(`${list} names ${unknown}, which the schema does not have`);
}

/** A secret that nobody called one would be stored in clear; a destination, changed under a stored secret. */
function refuseHidden(plain: Plain, name: string, json: JsonSchema): void {
  if ([...plain.secrets, ...plain.settings].includes(name)) return;
  const refuse = (what: string, list: string) => {
    throw new DefinitionFault(`schema.${name} ${what}; name it in ${list} (or, if it is none, in settings)`);
  };
  const inside = nestedNames(json);
  if (looksSecret(name) && !plain.destinations.includes(name)) refuse('looks like a secret', 'secrets');
  const hidden = inside.find(looksSecret);
  if (hidden !== undefined) {
    throw new DefinitionFault(
      `schema.${name} holds ${hidden}, which looks like a secret; secrets are fields of their own`,
    );
  }
  if (isDestination(factsOf(plain, name))) return;
  const place = [name, ...inside].find(looksLikeDestination);
  if (place === name) refuse('looks like a place that secrets are sent to', 'destinations');
  if (place !== undefined) refuse(`holds ${place}, which looks like a place that secrets are sent to`, 'destinations');
}

function factsOf(plain: Plain, name: string, description = ''): FieldFacts {
  const role = plain.roles[name] ?? ROLES.find((known) => known === name);
  const fieldClass = classOf(plain, name, role);
  return {
    class: fieldClass,
    group: fieldClass === 'secret' || role === 'username' ? 'authentication' : 'connection',
    title: titleOf(name),
    description,
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

/** `api_key` and `apiKey` as `Api key`. */
function titleOf(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_.-]+/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
