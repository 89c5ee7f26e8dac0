import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import type { Connector } from '../../src/connectors/define-connector.ts';
import { isSecret } from '../../src/connectors/fields.ts';
import { connectorSchema, type JsonSchema } from '../../src/connectors/json-schema.ts';
import { exampleConfig } from '../../src/connectors/resolved-config.ts';
import { HeadwaterError } from '../../src/errors.ts';
import { createFileAccess } from '../../src/files/file-access.ts';
import { blockList } from '../../src/net/address.ts';
import { createEgress } from '../../src/net/egress.ts';
import { createRedactor } from '../../src/secrets/redact.ts';

/** A field of a connector's published schema. */
export interface PublishedField extends JsonSchema {
  type?: string;
  default?: unknown;
  minLength?: number;
  maxLength?: number;
  writeOnly?: boolean;
  description?: string;
}

export function publishedFields(connector: Connector): Record<string, PublishedField> {
  const { schema } = connectorSchema(connector, 'full');
  return schema['properties'] as Record<string, PublishedField>;
}

/** What must be given: always, and one of which. */
export function publishedNeed(connector: Connector): { required: string[]; oneOf: string[] } {
  const { schema } = connectorSchema(connector, 'full');
  const required = (schema['required'] as string[]).filter((name) => name !== 'auth');
  const ways = (schema['oneOf'] as { required: string[] }[] | undefined) ?? [];
  return { required, oneOf: ways.flatMap((way) => way.required.filter((name) => !required.includes(name))).sort() };
}

export function expectValidSchemas(connector: Connector): void {
  for (const detail of ['essential', 'full'] as const) {
    const { schema } = connectorSchema(connector, detail);
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(validate(connector.example), JSON.stringify(validate.errors)).toBe(true);
  }
}

/** The problems of a config that is refused, by field. */
export function problemsOf(connector: Connector, config: Record<string, unknown>): Record<string, string> {
  try {
    parseConfig(connector, config);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return Object.fromEntries((error.details.fields ?? []).map(({ field, message }) => [field, message]));
  }
  return {};
}

export function without(config: Readonly<Record<string, unknown>>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)));
}

/** Every secret of a schema says so, and nothing else does. */
export function expectSecretsMarked(connector: Connector): void {
  const published = publishedFields(connector);
  for (const [name, { facts }] of Object.entries(connector.fields)) {
    if (!facts.virtual) expect(published[name]?.writeOnly ?? false, name).toBe(isSecret(facts));
  }
}

/** A test of its example has steps to show, without connecting anything. */
export async function expectPlanned(connector: Connector): Promise<void> {
  const probe = await connector.probe();
  const context = {
    egress: createEgress({ policy: { allowPrivate: true, allowHosts: new Set(), allowCidrs: blockList([]) } }),
    files: createFileAccess({ roots: [], closed: [] }),
    now: () => new Date(),
    redactor: createRedactor([]),
  };
  const { steps } = probe.plan(exampleConfig(connector) as never, context, { checks: new Set(['cdc']) });
  expect(steps.length).toBeGreaterThan(0);
  expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
}
