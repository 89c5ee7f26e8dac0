import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import type { Connector } from '../../src/connectors/define-connector.ts';
import { isSecret } from '../../src/connectors/fields.ts';
import { connectorSchema } from '../../src/connectors/json-schema.ts';
import { findConnector } from '../../src/connectors/search.ts';
import { HeadwaterError } from '../../src/errors.ts';
import { STREAMKAP_CONNECTORS } from '../../src/platforms/streamkap/catalog/index.ts';
import { STREAMKAP_EXAMPLE } from '../support/facts/streamkap-example.ts';
import { projectRoot } from '../support/root.ts';

interface Fact {
  type: 'string' | 'port' | 'json' | 'integer' | 'boolean' | 'array' | 'object';
  required?: true;
  needed?: true;
  default?: unknown;
  enum?: string[];
  min?: number;
  max?: number;
  secret?: true;
  when?: { field: string; is: unknown[] }[];
  assigned?: true;
  least?: number;
  requires?: string[];
}

type Json = Record<string, unknown>;

const FACTS = JSON.parse(readFileSync(join(projectRoot, 'test/support/facts/streamkap.json'), 'utf8')) as Record<
  string,
  { name: string; fields: Record<string, Fact> }
>;
const ROWS = Object.entries(FACTS).map(([code, facts]) => ({ code, ...facts }));

const vendorCode = (connector: Connector) => connector.vendorCode ?? connector.code;
const of = (code: string) => findConnector(STREAMKAP_CONNECTORS, code);
const propertiesOf = (schema: Json) => schema['properties'] as Record<string, Json>;

/** What a published schema says of a field, in the words of the facts. */
function said(connector: Connector, name: string): Fact {
  const { schema } = connectorSchema(connector, 'full');
  const property = propertiesOf(schema)[name] ?? {};
  const facts = connector.fields[name]?.facts;
  const number = (property['anyOf'] as Json[] | undefined)?.some(({ type }) => type === 'integer');
  const items = property['type'] === 'array' ? property['minItems'] : undefined;
  return {
    type: number ? 'port' : (property['type'] as Fact['type']),
    ...((schema['required'] as string[]).includes(name) ? { required: true } : {}),
    ...(facts?.needed ? { needed: true } : {}),
    ...('default' in property ? { default: property['default'] } : {}),
    ...('enum' in property ? { enum: property['enum'] as string[] } : {}),
    ...('const' in property ? { enum: [property['const'] as string] } : {}),
    ...('minimum' in property && property['minimum'] !== Number.MIN_SAFE_INTEGER
      ? { min: property['minimum'] as number }
      : {}),
    ...('maximum' in property && property['maximum'] !== Number.MAX_SAFE_INTEGER
      ? { max: property['maximum'] as number }
      : {}),
    ...(facts && isSecret(facts) ? { secret: true } : {}),
    ...(facts?.shownWhen ? { when: facts.shownWhen as Fact['when'] & object } : {}),
    ...(items ? { least: items as number } : {}),
  };
}

function faults(connector: Connector, config: Json): { field: string; message: string }[] {
  try {
    parseConfig(connector, config);
    return [];
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return error.details.fields ?? [{ field: '', message: error.message }];
  }
}

const without = (config: Json, name: string) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key !== name));

it('has every source that Streamkap has, and no other', () => {
  expect(STREAMKAP_CONNECTORS.map(vendorCode).sort()).toEqual(ROWS.map(({ code }) => code).sort());
});

it('finds each by its own code, and by the vendor’s', () => {
  for (const connector of STREAMKAP_CONNECTORS) {
    expect(of(connector.code).code).toBe(connector.code);
    expect(of(vendorCode(connector)).code).toBe(connector.code);
  }

  const others = STREAMKAP_CONNECTORS.flatMap(({ aliases }) => aliases);
  expect(new Set([...others, ...STREAMKAP_CONNECTORS.map(({ code }) => code)]).size).toBe(
    others.length + STREAMKAP_CONNECTORS.length,
  );
});

it('95 % of the essential schemas cost at most 4 kB', () => {
  const sizes = STREAMKAP_CONNECTORS.map((each) => JSON.stringify(connectorSchema(each, 'essential').schema).length);
  expect(sizes.filter((size) => size <= 4096).length / sizes.length).toBeGreaterThanOrEqual(0.95);
});

it('takes the example of the documentation as it is, and sends it so', () => {
  const connector = of('alloydb');
  const { settings, secrets } = parseConfig(connector, STREAMKAP_EXAMPLE.config);
  const sent = connector.compose?.({ ...settings, ...secrets });
  expect(Object.keys(secrets)).toEqual(['database.password']);
  expect({ ...sent, 'database.password': '<string>' }).toEqual(STREAMKAP_EXAMPLE.config);
});

describe.each(ROWS)('$code', ({ code, name, fields }) => {
  const connector = of(code);

  it('is named as Streamkap names it', () => {
    expect(connector.name).toBe(name);
  });

  it('has exactly these fields', () => {
    const own = Object.entries(connector.fields).filter(([, { facts }]) => !facts.virtual);
    expect(own.map(([field]) => field).sort()).toEqual(Object.keys(fields).sort());
    expect(Object.keys(propertiesOf(connectorSchema(connector, 'full').schema)).sort()).toEqual(
      Object.keys(fields).sort(),
    );
  });

  it('says of each what the facts say', () => {
    const told = Object.fromEntries(Object.keys(fields).map((field) => [field, said(connector, field)]));
    const known = Object.fromEntries(
      Object.entries(fields).map(([field, { assigned: _, requires: __, ...fact }]) => {
        // JSON text is text to a schema.
        const type = fact.type === 'json' ? 'string' : fact.type;
        // Of one field it is known that it is required at times, but not when.
        const { needed, ...rest } = fact;
        return [field, { ...rest, type, ...(needed && fact.when ? { needed } : {}) }];
      }),
    );
    expect(told).toEqual(known);
  });

  it('is a JSON Schema that takes the example', () => {
    const { schema } = connectorSchema(connector, 'full');
    const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema);
    expect(validate(connector.example), JSON.stringify(validate.errors)).toBe(true);
    expect(faults(connector, { ...connector.example })).toEqual([]);
  });

  it('refuses a config without what is required', () => {
    for (const [field, { required }] of Object.entries(fields)) {
      if (!required) continue;
      const found = faults(connector, without({ ...connector.example }, field));
      expect(found.map(({ field: path }) => path)).toContain(`/config/${field}`);
    }
  });

  it('asks for what is required while something else holds, and only then', () => {
    const { schema } = connectorSchema(connector, 'full');
    const validate = new Ajv2020({ strict: false }).compile(schema);
    for (const [field, { needed, when = [], default: standard }] of Object.entries(fields)) {
      if (!needed || when.length === 0 || standard !== undefined) continue;
      const holds = Object.fromEntries(when.map((condition) => [condition.field, condition.is[0]]));
      const config = without({ ...connector.example, ...holds }, field);
      expect(faults(connector, config).map(({ field: path }) => path)).toContain(`/config/${field}`);
      expect(validate(config)).toBe(false);
      const fails = Object.fromEntries(when.map(({ field: other, is }) => [other, otherValue(fields[other], is)]));
      const free = without({ ...connector.example, ...fails }, field);
      expect(faults(connector, free).map(({ field: path }) => path)).not.toContain(`/config/${field}`);
    }
  });

  it('refuses values outside of what is permitted', () => {
    for (const [field, { enum: options, min, max }] of Object.entries(fields)) {
      const wrong = [
        ...(options ? ['no such value'] : []),
        ...(min === undefined ? [] : [min - 1]),
        ...(max === undefined ? [] : [max + 1]),
      ];
      for (const value of wrong) {
        const found = faults(connector, { ...connector.example, [field]: value });
        expect(found.map(({ field: path }) => path)).toContain(`/config/${field}`);
      }
    }
  });

  it('takes every default', () => {
    for (const [field, { default: standard, secret }] of Object.entries(fields)) {
      if (standard === undefined || secret) continue;
      const found = faults(connector, { ...connector.example, [field]: standard });
      expect(found.filter(({ field: path }) => path === `/config/${field}`)).toEqual([]);
    }
  });

  it('names the key that was meant', () => {
    const [first = ''] = Object.keys(fields);
    const found = faults(connector, { ...connector.example, [`${first}x`]: 'a' });
    expect(found).toContainEqual({ field: `/config/${first}x`, message: expect.stringContaining(first) });
  });

  it('tests as far as it says', async () => {
    const probe = await connector.probe();
    expect(typeof probe.plan).toBe('function');
    expect(connector.capabilities).toContain('test');
  });
});

function otherValue(fact: Fact | undefined, is: readonly unknown[]): unknown {
  if (fact?.type === 'boolean') return !is[0];
  return fact?.enum?.find((value) => !is.includes(value));
}
