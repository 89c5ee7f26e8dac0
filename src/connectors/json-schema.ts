import { z } from 'zod';
import type { Connector } from './define-connector.ts';
import { isSecret } from './fields.ts';

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
  const whole = z.toJSONSchema(connector.schema(), { io: 'input', target: 'draft-2020-12' });
  const properties: Record<string, JsonSchema> = {};
  for (const [name, { facts }] of Object.entries(connector.fields)) {
    if (detail === 'essential' && facts.advanced) continue;
    properties[name] = {
      title: facts.title,
      description: facts.description,
      ...(whole.properties?.[name] as JsonSchema),
      ...(facts.examples ? { examples: facts.examples } : {}),
      ...(isSecret(facts) ? { writeOnly: true } : {}),
    };
  }
  const required = whole.required ?? [];
  // A connection string stands for everything that is required.
  const need = connector.connectionString
    ? { anyOf: [{ required }, { required: ['connection_string'] }] }
    : { required };
  const schema = { $schema: whole.$schema, type: 'object', properties, ...need, additionalProperties: false };
  return { schema, hiddenFields: Object.keys(connector.fields).length - Object.keys(properties).length };
}
