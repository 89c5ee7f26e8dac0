import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/connectors/config.ts';
import { postgresql } from '../../../src/connectors/databases/postgresql.ts';
import { CONNECTORS } from '../../../src/connectors/index.ts';
import { connectorSchema, type Detail, type JsonSchema } from '../../../src/connectors/json-schema.ts';

/** What an MCP client judges by. */
const validator = new AjvJsonSchemaValidator();
const accepts = (schema: JsonSchema, value: unknown) => validator.getValidator(schema)(value).valid;
const DETAILS: Detail[] = ['essential', 'full'];
const rows = CONNECTORS.flatMap((connector) => DETAILS.map((detail) => ({ code: connector.code, detail, connector })));

describe.each(rows)('$code, $detail', ({ connector, detail }) => {
  const { schema, hiddenFields } = connectorSchema(connector, detail);

  test('is JSON Schema 2020-12 of one strict object, and says nothing that is not JSON Schema', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
    });
    expect(JSON.stringify(schema)).not.toMatch(/"(\$ref|role|class|group|aka|destination|advanced|canonical)":/);
  });

  test('accepts the example, as the parser does, and nothing beside it', () => {
    expect(accepts(schema, connector.example)).toBe(true);
    expect(() => parseConfig(connector, connector.example)).not.toThrow();
    expect(accepts(schema, { ...connector.example, not_a_field: 1 })).toBe(false);
    expect(accepts(schema, {})).toBe(false);
  });

  test('says how many fields it leaves out, and is built once', () => {
    const shown = Object.keys(schema['properties'] as object).filter((name) => name in connector.fields);
    const ways = ((schema['properties'] as { auth?: { oneOf: { properties: object }[] } }).auth?.oneOf ?? []).map(
      ({ properties }) => Object.keys(properties).length - 1,
    );
    const inside = Object.values(connector.auth ?? {}).map((fields) => Object.keys(fields).length);
    const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
    expect(hiddenFields).toBe(Object.keys(connector.fields).length - shown.length + sum(inside) - sum(ways));
    if (detail === 'full') expect(hiddenFields).toBe(0);
    expect(connectorSchema(connector, detail)).toBe(connectorSchema(connector, detail));
  });
});

test.each(CONNECTORS.map((connector) => ({ code: connector.code, connector })))(
  'the essential schema of $code is a part of the full one and holds all that is required',
  ({ connector }) => {
    const [essential, full] = DETAILS.map((detail) => connectorSchema(connector, detail).schema);
    expect(full?.['properties']).toMatchObject(essential?.['properties'] as object);
    expect(essential?.['anyOf'] ?? essential?.['required']).toEqual(full?.['anyOf'] ?? full?.['required']);
  },
);

describe('postgresql', () => {
  const { schema, hiddenFields } = connectorSchema(postgresql, 'essential');

  test('what is needed only rarely is left out', () => {
    expect(schema['properties']).not.toHaveProperty('tls_ca');
    expect(hiddenFields).toBe(13);
  });

  test.each([
    ['no host', { host: undefined }],
    ["libpq's word for it", { sslmode: 'require' }],
    ['a port as text', { port: '5432' }],
    ['a port that is none', { port: 65536 }],
    ['a mode that is none', { tls_mode: 'sometimes' }],
    ['one schema that is no list', { schemas: 'public' }],
  ])('%s is refused by the schema, as by the parser', (_, over) => {
    const given: Record<string, unknown> = JSON.parse(JSON.stringify({ ...postgresql.example, ...over }));
    expect(accepts(schema, given)).toBe(false);
    expect(() => parseConfig(postgresql, given)).toThrow();
  });

  test('a connection string stands for all that is required', () => {
    expect(accepts(schema, { connection_string: '${env:HEADWATER_SECRET_DSN}' })).toBe(true);
    expect(accepts(schema, { connection_string: 'postgres://u@h/d', schemas: ['public'] })).toBe(true);
  });

  test('it stays as it is', () => {
    expect(connectorSchema(postgresql, 'full').schema).toMatchSnapshot();
  });
});
