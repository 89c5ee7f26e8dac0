import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import { CONNECTORS } from '../../src/connectors/index.ts';
import { connectorSchema } from '../../src/connectors/json-schema.ts';
import { lintConnector } from '../../src/connectors/lint.ts';
import { valueAt } from '../../src/connectors/paths.ts';
import { findConnector, searchConnectors } from '../../src/connectors/search.ts';
import { parseReference } from '../../src/secrets/references.ts';
import { projectRoot } from '../support/root.ts';

const SSH_SECRETS = ['ssh_password', 'ssh_private_key', 'ssh_passphrase'];

const OAUTH_SECRETS = ['auth/client_secret', 'auth/access_token', 'auth/refresh_token'];

/** A row per connector: what people call it, and what a test of it needs at least. */
const ROWS: Readonly<
  Record<string, { calledAlso: readonly string[]; required: readonly string[]; secrets: readonly string[] }>
> = {
  csv: {
    calledAlso: ['CSV', 'tsv', 'csv file', 'delimited', 'tab separated values', 'spreadsheet'],
    required: ['path'],
    secrets: ['auth/token', 'auth/password', 'auth/value'],
  },
  mariadb: {
    calledAlso: ['maria', 'maria db', 'MariaDB', 'mariadb server', 'galera', 'skysql'],
    required: ['host', 'username'],
    secrets: ['password', 'tls_key', ...SSH_SECRETS, 'connection_string'],
  },
  mcp: {
    calledAlso: ['MCP', 'mcp server', 'mcp-server', 'Model Context Protocol', 'remote mcp'],
    required: ['base_url'],
    secrets: ['auth/token', 'auth/value', ...OAUTH_SECRETS],
  },
  mongodb: {
    calledAlso: ['mongo', 'MongoDB', 'mongo db', 'mongod', 'atlas', 'documentdb', 'cosmos', 'ferretdb'],
    required: ['host'],
    secrets: ['password', 'tls_key', 'ssh_password', 'ssh_private_key', 'ssh_passphrase', 'connection_string'],
  },
  mysql: {
    calledAlso: ['my sql', 'MySQL', 'mysq', 'tidb', 'planetscale', 'percona', 'singlestore', 'vitess'],
    required: ['host', 'username'],
    secrets: ['password', 'tls_key', ...SSH_SECRETS, 'connection_string'],
  },
  oracle: {
    calledAlso: ['Oracle', 'oracle db', 'oracledb', 'Oracle Database', 'autonomous database', 'tns'],
    required: ['host', 'username', 'service_name'],
    secrets: ['password', 'ssh_password', 'ssh_private_key', 'ssh_passphrase'],
  },
  postgresql: {
    calledAlso: ['postgres', 'pg', 'psql', 'postgre sql', 'PostgreSQL', 'postgrse', 'supabase', 'neon'],
    required: ['host', 'database', 'username'],
    secrets: ['password', 'tls_key', ...SSH_SECRETS, 'connection_string'],
  },
  rest_api: {
    calledAlso: ['rest', 'REST API', 'http api', 'rest-api', 'json api'],
    required: ['url'],
    secrets: ['auth/token', 'auth/password', 'auth/value', ...OAUTH_SECRETS],
  },
  sqlserver: {
    calledAlso: ['mssql', 'SQL Server', 'ms sql', 'Azure SQL', 'azure sql database', 'Microsoft SQL Server', 'tds'],
    required: ['host', 'database', 'username'],
    secrets: ['password', 'ssh_password', 'ssh_private_key', 'ssh_passphrase', 'connection_string'],
  },
  webhook: {
    calledAlso: ['Webhook', 'web hook', 'callback'],
    required: ['url'],
    secrets: ['auth/token', 'auth/password', 'auth/value'],
  },
};

it('every connector has its row', () => {
  expect(CONNECTORS.map(({ code }) => code)).toEqual(Object.keys(ROWS).sort());
});

it('no two connectors share a name', () => {
  const names = CONNECTORS.flatMap(({ code, aliases }) => [code, ...aliases]);
  expect(new Set(names).size).toBe(names.length);
});

it('95 % of the essential schemas cost at most 4 kB', () => {
  const sizes = CONNECTORS.map((connector) => JSON.stringify(connectorSchema(connector, 'essential').schema).length);
  expect(sizes.filter((size) => size <= 4096).length / sizes.length).toBeGreaterThanOrEqual(0.95);
});

describe.each(CONNECTORS.map((connector) => [connector.code, connector] as const))('%s', (code, connector) => {
  const row = ROWS[code];
  const { schema } = connectorSchema(connector, 'full');
  const properties = schema['properties'] as Record<string, Record<string, unknown>>;

  it('is found by every name people use', () => {
    for (const name of row?.calledAlso ?? [])
      expect(searchConnectors(CONNECTORS, { query: name })[0]?.code, name).toBe(code);
    for (const name of [code, connector.name, ...connector.aliases])
      expect(findConnector(CONNECTORS, name).code).toBe(code);
  });

  it("passes the lint that connectors of one's own pass", () => {
    expect(lintConnector(connector)).toEqual([]);
  });

  it('has a well-formed code, name and address of its documentation', () => {
    expect(code).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(connector.name.length).toBeGreaterThan(1);
    expect(connector.docsUrl).toMatch(/^https:\/\//);
    expect(connector.prerequisites.length).toBeGreaterThan(0);
  });

  it('tells every field in a title and a sentence', () => {
    for (const [name, { facts }] of Object.entries(connector.fields)) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(facts.title.length, name).toBeGreaterThan(1);
      expect(facts.description.length, name).toBeGreaterThan(10);
      expect(facts.description.length, name).toBeLessThanOrEqual(220);
    }
  });

  it('marks its secrets, and nothing else', () => {
    const marked = (from: string, group: Record<string, Record<string, unknown>>): string[] =>
      Object.entries(group).flatMap(([name, property]) => (property['writeOnly'] === true ? [from + name] : []));
    const ways = (properties['auth']?.['oneOf'] ?? []) as { properties: Record<string, Record<string, unknown>> }[];
    const inside = ways.flatMap((way) => marked('auth/', way.properties));
    expect([...new Set([...marked('', properties), ...inside])]).toEqual(row?.secrets);
  });

  it('asks for what a test needs', () => {
    const ways = (schema['anyOf'] ?? schema['oneOf']) as { required: string[] }[] | undefined;
    const required = ways ? ways[0]?.required : schema['required'];
    expect(required).toEqual(row?.required);
  });

  it('has an example that is valid and holds references only', () => {
    const { secrets } = parseConfig(connector, connector.example);
    for (const path of Object.keys(secrets))
      expect(parseReference(String(valueAt(connector.example, path))), path).toBeDefined();
  });

  it('is one file of at most 80 lines', () => {
    const files = ['databases', 'warehouses', 'streams', 'storage', 'saas', 'files', 'apis'].map((folder) =>
      join(projectRoot, 'src/connectors', folder, `${code.replaceAll('_', '-')}.ts`),
    );
    const texts = files.flatMap((file) => {
      try {
        return [readFileSync(file, 'utf8')];
      } catch {
        return [];
      }
    });
    expect(texts).toHaveLength(1);
    expect(texts[0]?.split('\n').length).toBeLessThanOrEqual(80);
  });
});
