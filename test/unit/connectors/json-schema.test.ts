import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/connectors/config.ts';
import { CONNECTORS } from '../../../src/connectors/index.ts';
import { connectorSchema, type Detail, type JsonSchema } from '../../../src/connectors/json-schema.ts';

const validator = new AjvJsonSchemaValidator();
const DETAILS: Detail[] = ['essential', 'full'];
const rows = CONNECTORS.flatMap((connector) => DETAILS.map((detail) => ({ code: connector.code, detail, connector })));

describe.each(rows)('$code, $detail', ({ connector, detail }) => {
  const { schema, hiddenFields } = connectorSchema(connector, detail);
  const properties = schema['properties'] as Record<string, JsonSchema>;
  const validate = (value: unknown) => validator.getValidator(schema)(value).valid;

  test('is JSON Schema 2020-12 of one strict object', () => {
    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: false,
    });
    expect(JSON.stringify(schema)).not.toMatch(/\$ref|"(role|class|group|aka|destination|advanced)":/);
  });

  test('accepts the example, and so does the parser', () => {
    expect(validate(connector.example)).toBe(true);
    expect(() => parseConfig(connector, connector.example)).not.toThrow();
  });

  test('refuses what the parser refuses', () => {
    const { host: _, ...without } = connector.example;
    expect(validate(without)).toBe(false);
    expect(validate({ ...connector.example, sslmode: 'require' })).toBe(false);
    expect(validate({ ...connector.example, port: '5432' })).toBe(false);
    expect(validate({ ...connector.example, tls_mode: 'sometimes' })).toBe(false);
  });

  test('a connection string stands for all that is required', () => {
    expect(validate({ connection_string: '${env:HEADWATER_SECRET_DSN}' })).toBe(
      connector.connectionString !== undefined,
    );
    expect(validate({})).toBe(false);
  });

  test('every field is explained; secrets, and only they, are write-only', () => {
    for (const [name, property] of Object.entries(properties)) {
      expect(property).toMatchObject({ title: expect.any(String), description: expect.any(String) });
      const facts = connector.fields[name]?.facts;
      expect(property['writeOnly'] === true).toBe(facts?.class === 'secret' || facts?.class === 'secret_destination');
    }
  });

  test('says how many fields it leaves out', () => {
    expect(hiddenFields).toBe(Object.keys(connector.fields).length - Object.keys(properties).length);
    expect(hiddenFields > 0).toBe(detail === 'essential');
  });

  test('is built once', () => {
    expect(connectorSchema(connector, detail)).toBe(connectorSchema(connector, detail));
  });

  test('stays as it is', () => {
    expect(schema).toMatchSnapshot();
  });
});

test('the essential schema holds everything that is required, and is a part of the full one', () => {
  for (const connector of CONNECTORS) {
    const [essential, full] = DETAILS.map((detail) => connectorSchema(connector, detail).schema);
    expect(full?.['properties']).toMatchObject(essential?.['properties'] as object);
    expect(essential?.['anyOf'] ?? essential?.['required']).toEqual(full?.['anyOf'] ?? full?.['required']);
    expect(JSON.stringify(essential).length).toBeLessThanOrEqual(4096);
  }
});
