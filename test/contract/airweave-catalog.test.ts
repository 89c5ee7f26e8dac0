import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import type { Connector } from '../../src/connectors/define-connector.ts';
import { type Field, type Fields, isSecret } from '../../src/connectors/fields.ts';
import { connectorSchema } from '../../src/connectors/json-schema.ts';
import { lintConnector } from '../../src/connectors/lint.ts';
import { valueAt } from '../../src/connectors/paths.ts';
import { HeadwaterError } from '../../src/errors.ts';
import { AIRWEAVE_CONNECTORS, rhythmOf } from '../../src/platforms/airweave/catalog/index.ts';
import { parseReference } from '../../src/secrets/references.ts';
import { projectRoot } from '../support/root.ts';

interface FactField {
  type: string;
  required: boolean;
  default?: unknown;
  secret?: boolean;
  min?: number;
  pattern?: string;
}

interface FactSource {
  name: string;
  methods: string[];
  requires_byoc: boolean;
  oauth_type: string | null;
  providers: string[];
  continuous: boolean;
  federated: boolean;
  feature_flag: string | null;
  auth_fields: Record<string, FactField>;
  config_fields: Record<string, FactField>;
}

/** What is known of Airweave's sources: their names, fields, types, defaults and bounds. */
const FACTS = JSON.parse(readFileSync(join(projectRoot, 'test/support/facts/airweave.json'), 'utf8')) as Readonly<
  Record<string, FactSource>
>;

type Json = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  integer: 'integer',
  boolean: 'boolean',
  array: 'array<string>',
};

/** A field of ours in the words of the facts. */
function told(name: string, field: Field, json: Json, required: readonly string[]): FactField {
  const least = (json['minLength'] ?? json['minItems']) as number | undefined;
  const hasMin = least !== undefined && least > 0 && !isSecret(field.facts);
  return {
    type: TYPES[String(json['type'])] ?? String(json['type']),
    required: required.includes(name),
    ...(json['default'] === undefined ? {} : { default: json['default'] }),
    ...(isSecret(field.facts) ? { secret: true } : {}),
    ...(hasMin ? { min: least } : {}),
  };
}

/** The fact without what a secret's schema leaves to the rules, and without the bound that every required text has. */
function comparable({ type, required, default: standard, secret, min }: FactField): FactField {
  const least = secret ? undefined : (min ?? (required && type === 'string' ? 1 : undefined));
  return {
    type,
    required,
    ...(standard === undefined || secret ? {} : { default: standard }),
    ...(secret ? { secret } : {}),
    ...(least === undefined ? {} : { min: least }),
  };
}

const mapped = (fields: Readonly<Record<string, FactField>>) =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, comparable(field)]));

function ours(fields: Fields, schema: Json): Record<string, FactField> {
  const properties = schema['properties'] as Record<string, Json>;
  const required = (schema['required'] as string[] | undefined) ?? [];
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, told(name, field, properties[name] ?? {}, required)]),
  );
}

function waySchema(connector: Connector, method: string): Json {
  const { properties } = connectorSchema(connector, 'full').schema as { properties: Record<string, Json> };
  const ways = properties['auth']?.['oneOf'] as { properties: { method: { const: string } } }[];
  return (ways.find((way) => way.properties.method.const === method) ?? {}) as unknown as Json;
}

function refusal(connector: Connector, config: Json): Record<string, string> {
  try {
    parseConfig(connector, config);
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    expect(error.code).toBe('INVALID_CONFIG');
    return Object.fromEntries((error.details.fields ?? []).map(({ field, message }) => [field, message]));
  }
  return {};
}

/** What breaks a pattern, or is too short. */
const wrongValues = (fields: Readonly<Record<string, FactField>>) =>
  Object.entries(fields).flatMap(([name, { min = 0, pattern, type }]) => {
    if (pattern) return [[name, '!'.repeat(Math.max(min, 1))] as const];
    return min > 1 && type === 'string' ? [[name, 'x'] as const] : [];
  });

const without = (config: Json, name: string) =>
  Object.fromEntries(Object.entries(config).filter(([other]) => other !== name));

it('has every public source, in order, and none besides', () => {
  expect(AIRWEAVE_CONNECTORS.map(({ code }) => code)).toEqual(Object.keys(FACTS));
  expect(AIRWEAVE_CONNECTORS).toHaveLength(52);
});

it('95 % of the essential schemas cost at most 4 kB', () => {
  const sizes = AIRWEAVE_CONNECTORS.map(
    (connector) => JSON.stringify(connectorSchema(connector, 'essential').schema).length,
  );
  expect(sizes.filter((size) => size <= 4096).length / sizes.length).toBeGreaterThanOrEqual(0.95);
});

describe.each(AIRWEAVE_CONNECTORS.map((connector) => [connector.code, connector] as const))('%s', (code, connector) => {
  const facts = FACTS[code] as FactSource;
  const { schema } = connectorSchema(connector, 'full');
  const example = connector.example as Json;

  it('has the name, the rhythm and the ways to sign in of the facts', () => {
    expect(connector.name).toBe(facts.name);
    expect(rhythmOf(code)).toEqual({ isFederated: facts.federated, isContinuous: facts.continuous });
    // A browser without an application of one's own is refused where the source asks for one.
    const methods = facts.methods.filter((method) => !(facts.requires_byoc && method === 'oauth_browser'));
    expect(Object.keys(connector.auth ?? {}).sort()).toEqual([...methods].sort());
    expect(connector.note ?? '').toContain(facts.feature_flag ?? (facts.federated ? 'live' : ''));
  });

  it('has the config fields of the facts', () => {
    expect(ours(connector.fields, schema as Json)).toEqual(mapped(facts.config_fields));
  });

  it('has the credentials of the facts', () => {
    const direct = connector.auth?.['direct'];
    expect(direct ? ours(direct, waySchema(connector, 'direct')) : {}).toEqual(
      facts.methods.includes('direct') ? mapped(facts.auth_fields) : {},
    );
  });

  it('holds what is given to the bounds and patterns of the facts', () => {
    const inside = facts.methods.includes('direct') ? facts.auth_fields : {};
    for (const [name, wrong] of wrongValues(facts.config_fields))
      expect(refusal(connector, { ...example, [name]: wrong })).toHaveProperty([`/config/${name}`]);
    for (const [name, wrong] of wrongValues(inside)) {
      const auth = { ...(example['auth'] as Json), [name]: wrong };
      expect(refusal(connector, { ...example, auth })).toHaveProperty([`/config/auth/${name}`]);
    }
  });

  it('serves the auth providers of the facts', () => {
    const told = connector.auth?.['auth_provider']?.['provider_readable_id']?.facts.description ?? '';
    const named = ['composio', 'pipedream', 'custom'].filter((provider) => told.includes(provider));
    expect(named).toEqual(facts.methods.includes('auth_provider') ? facts.providers : []);
  });

  it('has a schema and an example that are valid', () => {
    const validate = new Ajv2020({ strict: true, strictTypes: false, validateFormats: false }).addVocabulary([]);
    expect(validate.validate(schema, example), JSON.stringify(validate.errors)).toBe(true);
    const { secrets } = parseConfig(connector, example);
    for (const path of Object.keys(secrets)) expect(parseReference(String(valueAt(example, path))), path).toBeDefined();
    const { normalise: _, note: __, defaults: ___, vendorCode: ____, ...plain } = connector;
    expect(lintConnector(plain)).toEqual([]);
  });

  it('refuses an example that lacks what is required, with its pointer', () => {
    for (const name of (schema['required'] as string[]).filter((each) => each !== 'auth'))
      expect(refusal(connector, without(example, name)), name).toHaveProperty([`/config/${name}`]);
    const auth = example['auth'] as Json;
    const required = (waySchema(connector, String(auth['method']))['required'] as string[]).filter(
      (n) => n !== 'method',
    );
    for (const name of required)
      expect(refusal(connector, { ...example, auth: without(auth, name) })).toHaveProperty([`/config/auth/${name}`]);
  });

  it('refuses unknown keys and says which was meant', () => {
    expect(refusal(connector, { ...example, bogus_key_zz: 1 })).toHaveProperty(['/config/bogus_key_zz']);
    const [name] = Object.keys(connector.fields);
    if (name === undefined) return;
    const typo = `${name}x`;
    expect(refusal(connector, { ...example, [typo]: 'x' })[`/config/${typo}`]).toContain(`did you mean ${name}`);
  });
});
