import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import type { Connector } from '../../src/connectors/define-connector.ts';
import { isSecret } from '../../src/connectors/fields.ts';
import { connectorSchema } from '../../src/connectors/json-schema.ts';
import { findConnector } from '../../src/connectors/search.ts';
import { CONNECTORS } from '../../src/platforms/kaireon/catalog/index.ts';
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
import FACTS from '../support/facts/kaireon.json' with { type: 'json' };

interface FieldFact {
  required: boolean;
  type?: string;
  default?: number;
  one_of?: string[];
}
interface Fact {
  name: string;
  status: string;
  fields: Record<string, FieldFact>;
  auth: { method: string; fields?: { name: string; secret?: boolean }[] }[];
}

const FACT_ROWS = Object.entries(FACTS.ids as unknown as Record<string, Fact>);
const vendorCodeOf = ({ vendorCode, code }: Connector) => vendorCode ?? code;
const connectorOf = (id: string) => {
  const found = CONNECTORS.find((connector) => vendorCodeOf(connector) === id);
  if (!found) throw new Error(`no connector for ${id}`);
  return found;
};

it('has the published ids and none but those', () => {
  expect(CONNECTORS.map(vendorCodeOf).sort()).toEqual(FACT_ROWS.map(([id]) => id).sort());
  expect(CONNECTORS.map(({ code }) => code)).toEqual(CONNECTORS.map(({ code }) => code).sort());
});

it('finds each by its published id', () => {
  for (const [id] of FACT_ROWS) expect(vendorCodeOf(findConnector(CONNECTORS, id))).toBe(id);
});

describe.each(FACT_ROWS)('%s', (id, fact) => {
  const connector = connectorOf(id);
  const published = publishedFields(connector);

  it('has the fields that are documented, as they are documented', () => {
    expect(connector.name).toBe(fact.name);
    expect(Object.keys(published).filter((name) => name !== 'auth')).toEqual(Object.keys(fact.fields));
    for (const [name, { type, default: standard }] of Object.entries(fact.fields)) {
      if (type === 'string') expect(published[name]?.type).toBe('string');
      if (type === 'number') expect(published[name]?.type).toBe('integer');
      expect(published[name]?.default).toBe(standard);
    }
  });

  it('asks for what is required', () => {
    const entries = Object.entries(fact.fields);
    expect(publishedNeed(connector).required).toEqual(entries.filter(([, { required }]) => required).map(([n]) => n));
    expect(publishedNeed(connector).oneOf).toEqual(
      entries
        .filter(([, { one_of }]) => one_of)
        .map(([name]) => name)
        .sort(),
    );
  });

  it('refuses a config without what is required, naming it', () => {
    for (const name of publishedNeed(connector).required)
      expect(problemsOf(connector, without(connector.example, name))).toHaveProperty([`/config/${name}`]);
    const { oneOf } = publishedNeed(connector);
    if (oneOf.length === 0) return;
    expect(Object.values(problemsOf(connector, without(connector.example, ...oneOf)))[0]).toMatch(/is required, or/);
    const both = { ...connector.example, ...Object.fromEntries(oneOf.map((name) => [name, 'https://a.example.com'])) };
    expect(Object.values(problemsOf(connector, both))[0]).toMatch(/cannot go with/);
  });

  it('knows the ways to keep credentials that are documented', () => {
    for (const { method, fields = [] } of fact.auth) {
      const way = connector.auth?.[method];
      expect(way).toBeDefined();
      for (const { name, secret = false } of fields) {
        expect(way?.[name] && isSecret(way[name].facts), `${method} ${name}`).toBe(secret);
      }
    }
    expect(Object.keys(connector.auth ?? {})).toContain('access_key');
  });

  it('says what is coming soon', () => {
    expect(connector.note).toBe(fact.status === 'coming-soon' ? 'vendor: coming soon' : undefined);
  });

  it('has a valid schema and a valid example', async () => {
    await expectPlanned(connector);
    expectValidSchemas(connector);
    expectSecretsMarked(connector);
    expect(() => parseConfig(connector, connector.example)).not.toThrow();
    expect(JSON.stringify(connectorSchema(connector, 'essential').schema).length).toBeLessThanOrEqual(4096);
  });
});

describe('what is given', () => {
  it('may be portable, and becomes the own form of KaireonAI', () => {
    const { settings, secrets } = parseConfig(connectorOf('postgresql'), {
      host: 'db.example.com',
      port: 5432,
      database: 'shop',
      username: 'reader',
      password: 'pw-1234567',
      tls_mode: 'require',
    });
    expect(settings).toEqual({
      host: 'db.example.com',
      port: 5432,
      database: 'shop',
      tls_mode: 'require',
      auth: { method: 'access_key', username: 'reader' },
    });
    expect(Object.keys(secrets)).toEqual(['auth/password']);
  });

  it('may be a connection string, which is taken apart', () => {
    const connection_string = 'mysql://reader:pw-1234567@db.example.com:3307/shop';
    const { settings, secrets } = parseConfig(connectorOf('mysql'), { connection_string });
    expect(settings).toEqual({
      host: 'db.example.com',
      port: 3307,
      database: 'shop',
      auth: { method: 'access_key', username: 'reader' },
    });
    expect(Object.keys(secrets)).toEqual(['auth/password']);
    const reference = { connection_string: '${env:HEADWATER_SECRET_DSN}' };
    expect(problemsOf(connectorOf('mysql'), reference)).toHaveProperty(['/config/connection_string']);
  });

  it('is refused under two names', () => {
    const config = { ...connectorOf('postgresql').example, username: 'other' };
    expect(problemsOf(connectorOf('postgresql'), config)).toEqual({
      '/config/username': 'is auth/username here; give one of them',
    });
  });

  it('is refused with a hint where it is not known', () => {
    const config = { ...connectorOf('databricks').example, http_paht: 'x' };
    expect(problemsOf(connectorOf('databricks'), config)['/config/http_paht']).toMatch(/did you mean httpPath/);
  });

  it('may be in the words of its API', () => {
    const { example } = connectorOf('snowflake');
    const base = without(example, 'auth');
    const login = parseConfig(connectorOf('snowflake'), {
      ...base,
      authMethod: 'access_key',
      authConfig: { username: 'svc', password: 'pw-1234567' },
    });
    expect(login.settings['auth']).toEqual({ method: 'access_key', username: 'svc' });
    expect(Object.keys(login.secrets)).toEqual(['auth/password']);
    const other = parseConfig(connectorOf('snowflake'), { ...base, authConfig: { privateKey: 'pw-1234567' } });
    expect(other.settings['auth']).toEqual({ method: 'other', auth_method: 'access_key' });
    const keys = parseConfig(connectorOf('gcs'), { bucket: 'a', project: 'b', authConfig: { key: 'pw-1234567' } });
    expect(Object.keys(keys.secrets)).toEqual(['auth/credentials']);
    const object = { bucket: 'a', project: 'b', auth: { method: 'access_key', credentials: { key: 'pw-1234567' } } };
    expect(Object.keys(parseConfig(connectorOf('gcs'), object).secrets)).toEqual(['auth/credentials']);
    expect(problemsOf(connectorOf('gcs'), { ...object, authConfig: { key: 'x' } })).toHaveProperty([
      '/config/authConfig',
    ]);
  });

  it('is no mask, and no credentials that are no object', () => {
    const of = (credentials: unknown) =>
      problemsOf(connectorOf('gcs'), { bucket: 'a', project: 'b', auth: { method: 'access_key', credentials } });
    expect(of({ key: '••••••••' })['/config/auth/credentials']).toMatch(/mask in key/);
    expect(of('a-key-alone')['/config/auth/credentials']).toMatch(/JSON object/);
    expect(of('${file:/run/secrets/keys.json}')).toEqual({});
  });

  it('asks for the user with a new password, since KaireonAI replaces all credentials', () => {
    const config = { ...connectorOf('mysql').example, auth: { method: 'access_key', password: 'pw-1234567' } };
    expect(problemsOf(connectorOf('mysql'), config)).toHaveProperty(['/config/auth/username']);
  });

  it('holds no credentials in a URL', () => {
    expect(problemsOf(connectorOf('webhook'), { url: 'https://u:p@hooks.example.com/' })).toHaveProperty([
      '/config/url',
    ]);
    expect(problemsOf(connectorOf('kafka'), { bootstrapServers: 'broker' })).toHaveProperty([
      '/config/bootstrapServers',
    ]);
  });
});

it('makes one connection string of MongoDB parts', () => {
  const mongodb = connectorOf('mongodb');
  const password = new Secret('p@ss/word');
  const made = mongodb.compose?.({
    host: 'db.example.com',
    port: 27017,
    username: 'reader',
    password,
    database: 'shop',
  });
  expect(Object.keys(made ?? {})).toEqual(['connectionString']);
  const text = made?.['connectionString'];
  expect(text instanceof Secret && text.reveal()).toBe('mongodb://reader:p%40ss%2Fword@db.example.com:27017/shop');
  expect(mongodb.compose?.({ host: 'db.example.com' })).toEqual({ host: 'db.example.com' });
});
