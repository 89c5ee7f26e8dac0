import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import { findConnector } from '../../src/connectors/search.ts';
import { STREAMKAP_CONNECTORS } from '../../src/platforms/streamkap/catalog/index.ts';

/** The same words for the same things, whatever Streamkap calls them. */

const PLACE = { host: 'db.example.com', port: 1234, username: 'reader', password: '${env:HEADWATER_SECRET_DB}' };
const SIGNAL = { 'signal.data.collection.schema.or.database': 'a.signals' };
const SSH = {
  ssh_host: 'bastion.example.com',
  ssh_port: 2222,
  ssh_username: 'tunnel',
  ssh_private_key: '${file:/run/secrets/key}',
};

const RELATIONAL = {
  'database.hostname.user.defined': 'db.example.com',
  'database.port.user.defined': 1234,
  'database.user': 'reader',
};
const TUNNEL = { 'ssh.enabled': true, 'ssh.host': 'bastion.example.com', 'ssh.port': 2222, 'ssh.user': 'tunnel' };
const TABLES = { 'table.include.list.user.defined': 'a.b,a.c' };
const SCHEMAS = { 'schema.include.list': 'a' };

const rows: [code: string, given: object, sent: object][] = [
  ...['postgresql', 'alloydb', 'supabase'].map((code): [string, object, object] => [
    code,
    { database: 'shop', schemas: ['a'], tls_mode: 'verify-full', slot_name: 's', publication: 'p' },
    { 'database.dbname': 'shop', ...SCHEMAS, 'database.sslmode': 'require', 'slot.name': 's', 'publication.name': 'p' },
  ]),
  ['mysql', { database: 'a', tls_mode: 'require' }, { 'database.include.list.user.defined': 'a' }],
  ['mysql', { schemas: ['a', 'b'] }, { 'database.include.list.user.defined': 'a,b' }],
  [
    'mariadb',
    { database: 'a', tls_mode: 'verify-ca' },
    { 'database.include.list.user.defined': 'a', 'database.ssl.mode': 'trust' },
  ],
  [
    'sqlserver',
    { database: 'shop', schemas: ['a'], tls_mode: 'disable' },
    { 'database.names': 'shop', ...SCHEMAS, 'database.encrypt': false },
  ],
  ['oracle', { database: 'ORCL', schemas: ['a'], ...SIGNAL }, { 'database.dbname': 'ORCL', ...SCHEMAS, ...SIGNAL }],
  ['oracle_rds', { database: 'ORCL', schemas: ['a'], ...SIGNAL }, { 'database.dbname': 'ORCL', ...SCHEMAS, ...SIGNAL }],
  [
    'db2',
    { database: 'SHOP', schemas: ['a'], tls_mode: 'require', ...SIGNAL },
    { 'database.dbname': 'SHOP', 'schema.include.list.user.defined': 'a', ...SIGNAL },
  ],
  ['informix', { database: 'shop', schemas: ['a'] }, { 'database.dbname': 'shop', ...SCHEMAS }],
  ['planetscale', { database: 'a', tls_mode: 'require' }, { 'vitess.keyspace': 'a' }],
];

function sentFor(code: string, config: Record<string, unknown>): Record<string, unknown> {
  const connector = findConnector(STREAMKAP_CONNECTORS, code);
  const { settings, secrets } = parseConfig(connector, config);
  const sent = connector.compose?.({ ...settings, ...secrets }) ?? settings;
  return Object.fromEntries(
    Object.entries(sent).filter(([name]) => !connector.fields[name]?.facts.virtual && secrets[name] === undefined),
  );
}

describe('portable names', () => {
  it.each(rows)('become those of %s', (code, given, sent) => {
    const config = { ...PLACE, tables: ['a.b', 'a.c'], ...given };
    expect(sentFor(code, config)).toEqual({ ...RELATIONAL, ...TABLES, ...sent });
    expect(sentFor(code, { ...config, ...SSH })).toEqual({ ...RELATIONAL, ...TABLES, ...sent, ...TUNNEL });
  });

  it('become those of Redis and Elasticsearch', () => {
    expect(sentFor('redis', { ...PLACE, tls_mode: 'disable', 'redis.stream.name': 's' })).toEqual({
      'redis.host.user.defined': 'db.example.com',
      'redis.port.user.defined': 1234,
      'redis.username': 'reader',
      'ssl.enabled': false,
      'redis.stream.name': 's',
    });
    expect(sentFor('elasticsearch', { ...PLACE, tables: ['a', 'b'], 'datetime.field.name': 't' })).toEqual({
      'es.host': 'db.example.com',
      'es.port': 1234,
      'http.auth.user': 'reader',
      'endpoint.include.list.user.defined': 'a,b',
      'datetime.field.name': 't',
    });
  });

  it('lead a MongoDB of one’s own to its own connector', () => {
    const { instead } = findConnector(STREAMKAP_CONNECTORS, 'mongodb');
    expect(instead?.({ host: 'mongo.example.com' })).toBe('mongodb_hosted');
    expect(instead?.({ host: 'cluster0.abcde.mongodb.net' })).toBeUndefined();
    expect(instead?.({})).toBeUndefined();
  });

  it('make an address of Atlas, or of a server with its port', () => {
    const given = { tables: ['a.b'], database: 'a', username: 'u', ...SIGNAL };
    const string = (config: object) => {
      const connector = findConnector(STREAMKAP_CONNECTORS, 'mongodb');
      const { settings, secrets } = parseConfig(connector, { ...given, ...config });
      const made = connector.compose?.({ ...settings, ...secrets })['mongodb.connection.string.user.defined'];
      return (made as { reveal: () => string }).reveal();
    };
    expect(string({ host: 'c.abcde.mongodb.net', password: 'p/w:@' })).toBe(
      'mongodb+srv://u:p%2Fw%3A%40@c.abcde.mongodb.net/',
    );
    expect(string({ host: 'c-00.abcde.mongodb.net', port: 27017, tls_mode: 'verify-full', auth_source: 'admin' })).toBe(
      'mongodb://u@c-00.abcde.mongodb.net:27017/?authSource=admin&tls=true',
    );
  });
});
