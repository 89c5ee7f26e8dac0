import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import { connectorSchema } from '../../src/connectors/json-schema.ts';
import { findConnector } from '../../src/connectors/search.ts';
import { CONNECTORS } from '../../src/platforms/camelai/catalog/index.ts';
import { Secret } from '../../src/secrets/secret.ts';
import {
  expectPlanned,
  expectSecretsMarked,
  expectValidSchemas,
  problemsOf,
  publishedFields,
  publishedNeed,
  without,
} from '../support/catalog-checks.ts';
import FACTS from '../support/facts/camelai.json' with { type: 'json' };

interface FieldFact {
  type: string;
  required?: boolean;
  default?: number;
  secret: boolean;
  min_length?: number;
  max_length?: number;
}
interface Fact {
  name: string;
  fields: Record<string, FieldFact>;
  alternatives?: string[][];
}

const FACT_ROWS = Object.entries(FACTS.types as unknown as Record<string, Fact>);
const connectorOf = (type: string) => findConnector(CONNECTORS, type);

it('has the twelve types and none but those', () => {
  expect(CONNECTORS.map(({ vendorCode }) => vendorCode).sort()).toEqual(FACT_ROWS.map(([type]) => type).sort());
  expect(CONNECTORS).toHaveLength(12);
});

it('finds each by its type in capitals and in small letters', () => {
  for (const [type] of FACT_ROWS) {
    expect(connectorOf(type).vendorCode).toBe(type);
    expect(connectorOf(type.toLowerCase()).vendorCode).toBe(type);
  }
});

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  'string (uri)': 'string',
  integer: 'integer',
  'array<string>': 'array',
  'array<object>': 'array',
  'any (JSON object in vendor examples)': 'string',
};

describe.each(FACT_ROWS)('%s', (type, fact) => {
  const connector = connectorOf(type);
  const published = publishedFields(connector);

  it('has the fields that are documented, as they are documented', () => {
    expect(connector.name).toBe(fact.name);
    // Of DATABRICKS no page names the credentials, so that they are taken as the caller names them.
    const own = Object.keys(published).filter((name) => type !== 'DATABRICKS' || name !== 'credentials');
    expect(own.sort()).toEqual(Object.keys(fact.fields).sort());
    for (const [name, row] of Object.entries(fact.fields)) {
      const field = published[name];
      expect(field?.type, name).toBe(TYPES[row.type]);
      expect(field?.default, name).toBe(row.default);
      expect(field?.writeOnly ?? false, name).toBe(row.secret);
      if (!row.secret && row.min_length !== undefined) expect(field?.minLength, name).toBe(row.min_length);
      if (!row.secret && row.max_length !== undefined) expect(field?.maxLength, name).toBe(row.max_length);
    }
  });

  it('asks for what is required, or for one of what is required in words', () => {
    const required = Object.entries(fact.fields)
      .filter(([, row]) => row.required)
      .map(([name]) => name);
    expect(publishedNeed(connector).required.sort()).toEqual(required.sort());
    const alternatives = (fact.alternatives ?? []).map(([first = '']) => first);
    expect(publishedNeed(connector).oneOf).toEqual(alternatives.sort());
  });

  it('refuses a config without what is required, naming it', () => {
    for (const name of publishedNeed(connector).required)
      expect(problemsOf(connector, without(connector.example, name))).toHaveProperty([`/config/${name}`]);
    const { oneOf } = publishedNeed(connector);
    if (oneOf.length === 0) return;
    const parts = ['port', 'username', 'password', 'database_name'].filter(
      (name) => oneOf.includes('hostname') && name,
    );
    const none = without(connector.example, ...oneOf, ...parts);
    expect(Object.values(problemsOf(connector, none))[0]).toMatch(/is required, or/);
    const both = { ...connector.example, ...Object.fromEntries(oneOf.map((name) => [name, 'some-text'])) };
    expect(Object.values(problemsOf(connector, both))[0]).toMatch(/cannot go with/);
  });

  it('has a valid schema and a valid example', async () => {
    await expectPlanned(connector);
    expectValidSchemas(connector);
    expectSecretsMarked(connector);
    expect(() => parseConfig(connector, connector.example)).not.toThrow();
    expect(JSON.stringify(connectorSchema(connector, 'essential').schema).length).toBeLessThanOrEqual(4096);
  });

  it('refuses what it does not know', () => {
    expect(problemsOf(connector, { ...connector.example, hostnam: 'x' })).toHaveProperty(['/config/hostnam']);
  });
});

describe('what is given', () => {
  const portable = { host: 'db.example.com', port: 5432, database: 'shop', username: 'reader', password: 'pw-1234567' };

  it.each(['postgresql', 'mysql', 'sqlserver', 'singlestore'])('may be portable: %s', (code) => {
    const { settings, secrets } = parseConfig(connectorOf(code), { ...portable, tls_mode: 'require' });
    expect(settings).toEqual({
      hostname: 'db.example.com',
      port: 5432,
      database_name: 'shop',
      username: 'reader',
      tls_mode: 'require',
    });
    expect(Object.keys(secrets)).toEqual(['password']);
  });

  it('becomes a connection string for MongoDB', () => {
    const mongodb = connectorOf('mongodb');
    const { settings } = parseConfig(mongodb, portable);
    const made = mongodb.compose?.({ ...settings, password: new Secret('pw-1234567') }) ?? {};
    const text = made['connection_string'];
    expect(Object.keys(made)).toEqual(['connection_string']);
    expect(text instanceof Secret && text.reveal()).toBe('mongodb://reader:pw-1234567@db.example.com:5432/shop');
  });

  it('may be a connection string, as a whole reference or a literal', () => {
    const postgresql = connectorOf('postgresql');
    const literal = parseConfig(postgresql, {
      connection_string: 'postgresql://reader:pw-1234567@db.example.com/shop',
    });
    expect(literal.settings).toEqual({});
    expect(literal.secrets['connection_string']).toBeInstanceOf(Secret);
    const reference = parseConfig(postgresql, { connection_string: '${env:HEADWATER_SECRET_DB}' });
    expect(reference.secrets['connection_string']).toEqual({ scheme: 'env', target: 'HEADWATER_SECRET_DB' });
    expect(problemsOf(postgresql, { connection_string: '${env:HEADWATER_SECRET_DB}', username: 'x' })).toHaveProperty([
      '/config/username',
    ]);
  });

  it('may be in the words of its API', () => {
    const mysql = connectorOf('mysql');
    expect(problemsOf(mysql, { ...mysql.example, type: 'MYSQL' })).toEqual({});
    expect(problemsOf(mysql, { ...mysql.example, type: 'POSTGRES' })).toHaveProperty(['/config/type']);
    const key = { type: 'service_account', project_id: 'acme' };
    const { settings, secrets } = parseConfig(connectorOf('bigquery'), { service_account_key: key });
    expect(settings).toEqual({});
    expect(Object.keys(secrets)).toEqual(['service_account_key']);
  });

  it('is not half a set of parts', () => {
    expect(Object.keys(problemsOf(connectorOf('mssql'), { hostname: 'db.example.com' }))).toEqual([
      '/config/username',
      '/config/database_name',
    ]);
  });

  it('is a password or a public key for Snowflake, never both and never neither', () => {
    const snowflake = connectorOf('snowflake');
    const base = { account: 'xy12345', user: 'CAMEL' };
    expect(Object.keys(problemsOf(snowflake, base))).toEqual(['/config/password']);
    expect(problemsOf(snowflake, { ...base, public_key: 'MIIB' })).toEqual({});
    expect(Object.keys(problemsOf(snowflake, { ...base, password: 'p', public_key: 'MIIB' }))).toEqual([
      '/config/public_key',
    ]);
  });

  it('is a list of links whose names say what they are', () => {
    const file = connectorOf('file');
    const of = (...file_urls: unknown[]) => problemsOf(file, { file_urls });
    expect(of({ url: 'https://data.example.com/a.parquet', filename: 'a.parquet' })).toEqual({});
    expect(of({ url: 'https://data.example.com/a', filename: 'a.docx' })).toHaveProperty([
      '/config/file_urls/0/filename',
    ]);
    expect(of({ filename: 'a.csv' })).toHaveProperty(['/config/file_urls/0/url']);
    expect(of({ url: 'ftp://data.example.com/a.csv', filename: 'a.csv' })).toHaveProperty(['/config/file_urls/0/url']);
    expect(of({ url: 'https://d.example.com/a.csv', filename: 'a.csv', name: 1 })).toHaveProperty([
      '/config/file_urls/0/name',
    ]);
    expect(of('https://data.example.com/a.csv')).toHaveProperty(['/config/file_urls/0']);
    expect(of()).toHaveProperty(['/config/file_urls']);
  });

  it('keeps a signed link as a secret', () => {
    const file = connectorOf('file');
    const url = 'https://data.example.com/a.csv?X-Amz-Signature=0123456789abcdef';
    const list = [{ url, filename: 'a.csv' }];
    expect(problemsOf(file, { file_urls: list })['/config/file_urls/0/url']).toMatch(/signed_file_urls/);
    const { settings, secrets } = parseConfig(file, { signed_file_urls: JSON.stringify(list) });
    expect(settings).toEqual({});
    const made = file.compose?.({ signed_file_urls: secrets['signed_file_urls'] });
    expect(JSON.stringify(made)).toBe('{"file_urls":[{"url":"[secret]","filename":"[secret]"}]}');
    expect(problemsOf(file, { signed_file_urls: '{}' })).toHaveProperty(['/config/signed_file_urls']);
  });
});
