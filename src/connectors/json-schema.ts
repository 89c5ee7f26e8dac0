import { z } from 'zod';
import { conditionalNeeds, wordsOf } from './conditions.ts';
import type { Connector } from './define-connector.ts';
import { type AuthWays, type Field, type FieldFacts, isSecret } from './fields.ts';
import { AUTH } from './paths.ts';

export type Detail = 'essential' | 'full';
export type JsonSchema = Record<string, unknown>;

export interface ConnectorSchema {
  schema: JsonSchema;
  /** How many fields `essential` leaves out. */
  hiddenFields: number;
}

const built = new WeakMap<Connector, Map<Detail, ConnectorSchema>>();

/** The JSON Schema (2020-12) of a connector's config, built once per connector and detail. */
export function connectorSchema(connector: Connector, detail: Detail): ConnectorSchema {
  const perDetail = built.get(connector) ?? new Map<Detail, ConnectorSchema>();
  built.set(connector, perDetail);
  const known = perDetail.get(detail);
  if (known) return known;
  const fresh = build(connector, detail);
  perDetail.set(detail, fresh);
  return fresh;
}

function build(connector: Connector, detail: Detail): ConnectorSchema {
  const whole = z.toJSONSchema(connector.schema(), { io: 'input', target: 'draft-2020-12' }) as JsonSchema & {
    properties: Record<string, JsonSchema>;
  };
  const required = [
    ...((whole['required'] as string[] | undefined) ?? []),
    ...Object.entries(connector.fields).flatMap(([name, { facts }]) => (facts.unless ? [name] : [])),
  ];
  const own = Object.entries(connector.fields).filter(([, { facts }]) => !facts.virtual);
  const shown = own.filter(([name, { facts }]) => detail === 'full' || !facts.advanced || required.includes(name));
  const instead = Object.keys(connector.alternatives ?? {}).filter((name) => !connector.fields[name]?.facts.virtual);
  const properties = Object.fromEntries(
    shown.map(([name, { facts, json }]) => [name, described(facts, json ?? whole.properties[name])]),
  );
  const auth = connector.auth ? authSchema(connector.auth, whole.properties[AUTH], detail) : undefined;
  if (auth) properties[AUTH] = auth.schema;
  // A connection string stands for everything that is required.
  const need =
    connector.fields['connection_string'] && connector.connectionString
      ? { anyOf: [{ required }, { required: ['connection_string'] }] }
      : instead.length > 1
        ? { required, oneOf: instead.map((name) => ({ required: [...required, name] })) }
        : { required: [...required, ...instead] };
  const defaults = Object.fromEntries(own.map(([name]) => [name, whole.properties[name]?.['default']]));
  const allOf = conditionalNeeds(Object.fromEntries(own), defaults);
  const schema = {
    $schema: whole['$schema'],
    type: 'object',
    properties,
    ...need,
    ...(allOf.length > 0 ? { allOf } : {}),
    additionalProperties: false,
  };
  return { schema, hiddenFields: own.length - shown.length + (auth?.hiddenFields ?? 0) };
}

function described(facts: FieldFacts, schema: JsonSchema | undefined): JsonSchema {
  return {
    title: facts.title,
    description: facts.shownWhen ? `${facts.description} Counts while ${wordsOf(facts.shownWhen)}.` : facts.description,
    ...schema,
    ...(facts.examples ? { examples: facts.examples } : {}),
    ...(isSecret(facts) ? { writeOnly: true } : {}),
  };
}

/** The union over `method`, each field told in its facts. */
function authSchema(ways: AuthWays, schema: JsonSchema | undefined, detail: Detail): ConnectorSchema {
  const variants = (schema?.['oneOf'] ?? schema?.['anyOf'] ?? []) as (JsonSchema & {
    properties: Record<string, JsonSchema>;
    required?: string[];
  })[];
  let hiddenFields = 0;
  const told = Object.values(ways).map((fields, at) => {
    const variant = variants[at];
    const isShown = ([name, { facts }]: [string, Field]) =>
      detail === 'full' || !facts.advanced || variant?.required?.includes(name);
    const shown = Object.entries(fields).filter(isShown);
    hiddenFields += Object.keys(fields).length - shown.length;
    const own = shown.map(([name, { facts }]) => [name, described(facts, variant?.properties[name])]);
    return { ...variant, properties: { method: variant?.properties['method'], ...Object.fromEntries(own) } };
  });
  const { anyOf: _, oneOf: __, ...rest } = schema ?? {};
  const whole = { title: 'Authentication', description: 'How to authenticate: choose a method.', ...rest, oneOf: told };
  return { schema: whole, hiddenFields };
}
