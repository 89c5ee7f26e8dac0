import type { Connector } from '../../connectors/define-connector.ts';
import { isSecret } from '../../connectors/fields.ts';
import { connectorSchema } from '../../connectors/json-schema.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * A config as Streamkap answers with it, in the types of the catalog: numbers and booleans may come back as text. Null is
 * unset there. Secrets are left out, whatever stands in their place.
 */
export function coerced(connector: Connector, config: Values): Record<string, unknown> {
  const properties = propertiesOf(connector);
  const entries = Object.entries(config).flatMap(([name, value]) => {
    const facts = connector.fields[name]?.facts;
    if (value === null || value === undefined || (facts && isSecret(facts))) return [];
    return [[name, typed(value, properties[name]?.['type'])] as const];
  });
  return Object.fromEntries(entries);
}

/** None of a connector that the catalog does not know. */
function propertiesOf(connector: Connector): Record<string, Values | undefined> {
  if (Object.keys(connector.fields).length === 0) return {};
  return connectorSchema(connector, 'full').schema['properties'] as Record<string, Values | undefined>;
}

function typed(value: unknown, type: unknown): unknown {
  if (typeof value === 'string') {
    if (type === 'boolean' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    if ((type === 'integer' || type === 'number') && /^-?\d+(\.\d+)?$/.test(value.trim())) return Number(value);
    if (type === 'array') return listed(value);
  }
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) return String(value);
  if (type === 'string' && Array.isArray(value)) return value.join(',');
  return value;
}

function listed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value;
  } catch {
    // No JSON, so names with commas between them.
  }
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}
