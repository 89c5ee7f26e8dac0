import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/connectors/config.ts';
import type { Connector } from '../../src/connectors/define-connector.ts';
import { isSecret } from '../../src/connectors/fields.ts';
import { connectorSchema } from '../../src/connectors/json-schema.ts';
import { HeadwaterError } from '../../src/errors.ts';
import { CATALOG } from '../../src/platforms/kafka-connect/catalog/index.ts';
import { expectPlanned, expectSecretsMarked, expectValidSchemas } from '../support/catalog-checks.ts';
import { kafkaConnectFacts } from '../support/kafka/facts.ts';

const FACTS = kafkaConnectFacts();
const KNOWN = CATALOG.filter(({ vendorCode = '' }) => vendorCode in FACTS);

/** Settings that plugins take and do not list: for their driver, and for the class that keeps the history. */
const UNLISTED = [/^driver\./, /^schema\.history\.internal\.kafka\./, /^extra$/];
/** Where Headwater sends another default than the plugin has, each with its reason in `made.ts`. */
const OTHER_DEFAULTS: Readonly<Record<string, Record<string, string | undefined>>> = {
  postgresql: { 'plugin.name': 'pgoutput', 'slot.name': undefined, 'publication.name': undefined },
  oracle: { 'database.port': '1521' },
};
/** Told by the plugin as one class; what counts is what the worker has been set to. */
const OF_THE_WORKER = ['key.converter', 'value.converter'];
/** Choices that the framework documents and does not recommend. */
const CHOICES: Readonly<Record<string, string[]>> = { 'errors.tolerance': ['all', 'none'] };
/** Required by the plugin, and made by Headwater of the name. */
const MADE = ['topic.prefix', 'database.server.id', 'name', 'connector.class'];
/** Required by Headwater alone: a login without is none that these servers give. */
const STRICTER = ['database.user', 'database.dbname', 'database.hostname'];

interface Property {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  anyOf?: Property[];
  writeOnly?: boolean;
}

const factsOf = ({ vendorCode = '' }: Connector) => FACTS[vendorCode] ?? { version: '', settings: {} };
const schemaOf = (connector: Connector) =>
  connectorSchema(connector, 'full').schema as { required: string[]; properties: Record<string, Property> };
const problems = (connector: Connector, config: Record<string, unknown>) => {
  try {
    parseConfig(connector, config);
    return [];
  } catch (error) {
    if (!(error instanceof HeadwaterError)) throw error;
    return (error.details.fields ?? []).map(({ field, message }) => `${field} ${message}`);
  }
};
const without = (config: object, name: string) =>
  Object.fromEntries(Object.entries(config).filter(([key]) => key !== name));

describe('catalog of Kafka Connect', () => {
  it('has the plugins in the order of their codes', () => {
    expect(CATALOG.map(({ code }) => code)).toEqual([
      'file',
      'jdbc',
      'mariadb',
      'mongodb',
      'mysql',
      'oracle',
      'postgresql',
      'sqlserver',
    ]);
    expect(KNOWN).toHaveLength(7);
  });

  it.each(KNOWN)(
    '$code has no field that the plugin does not know, in type, default, choices and secrecy',
    (connector) => {
      const { settings } = factsOf(connector);
      const { properties } = schemaOf(connector);
      const unknown = Object.keys(properties).filter(
        (name) => !settings[name] && !UNLISTED.some((is) => is.test(name)),
      );
      expect(unknown).toEqual([]);
      const told = Object.entries(properties).flatMap(([name, property]) =>
        settings[name] ? [[name, property] as const] : [],
      );
      const ours = told.map(([name, property]) => [
        name,
        {
          type: typeOf(property),
          default: property.default === undefined ? undefined : String(property.default).toLowerCase(),
          enum: choicesOf(property),
          secret: property.writeOnly === true,
        },
      ]);
      const theirs = told.map(([name]) => {
        const fact = settings[name] ?? { type: '' };
        const others = OTHER_DEFAULTS[connector.code] ?? {};
        const own = OF_THE_WORKER.includes(name) ? undefined : fact.default;
        const standard = name in others ? others[name] : own;
        return [
          name,
          {
            type: TYPES[fact.type] ?? 'text',
            default: standard === undefined ? undefined : String(standard).toLowerCase(),
            enum: CHOICES[name] ?? fact.enum,
            secret: fact.type === 'PASSWORD',
          },
        ];
      });
      expect(ours).toEqual(theirs);
    },
  );

  it.each(KNOWN)('$code requires what the plugin requires', (connector) => {
    const { settings } = factsOf(connector);
    const theirs = Object.keys(settings).filter((name) => settings[name]?.required && !MADE.includes(name));
    const { required, properties } = schemaOf(connector);
    expect(theirs.filter((name) => name in properties && !required.includes(name))).toEqual([]);
    const alone = required.filter((name) => !settings[name]?.required && !STRICTER.includes(name));
    expect(alone.filter((name) => !name.startsWith('schema.history.'))).toEqual([]);
  });

  it.each(CATALOG)('$code: its example is valid, and what it requires is asked for by name', (connector) => {
    expect(problems(connector, { ...connector.example })).toEqual([]);
    for (const name of schemaOf(connector).required) {
      const said = problems(connector, without(connector.example, name));
      expect(said.filter((problem) => problem.startsWith(`/config/${name} `))).toHaveLength(1);
    }
  });

  it.each(CATALOG)('$code refuses what it does not know, with what may have been meant', (connector) => {
    const [name = ''] = Object.keys(connector.example);
    const misspelt = `${name.slice(0, -1)}${name.at(-1) === 'x' ? 'y' : 'x'}`;
    const said = problems(connector, { ...connector.example, [misspelt]: 'a' });
    expect(said.join()).toContain(`/config/${misspelt}`);
    expect(said.join()).toContain(name);
  });

  it.each(CATALOG)(
    '$code: its schema is one, marks its secrets, and a test of its example can be planned',
    async (connector) => {
      expectValidSchemas(connector);
      expectSecretsMarked(connector);
      await expectPlanned(connector);
    },
  );

  it.each(CATALOG)('$code: the short schema is short', (connector) => {
    expect(JSON.stringify(connectorSchema(connector, 'essential').schema).length).toBeLessThanOrEqual(4096);
  });

  it.each(KNOWN)('$code: every further setting of the plugin goes through extra', (connector) => {
    const { settings } = factsOf(connector);
    const further = Object.keys(settings).filter((name) => !connector.fields[name] && !MADE.includes(name));
    const plain = further.filter((name) => settings[name]?.type !== 'PASSWORD');
    const extra = Object.fromEntries(plain.map((name) => [name, '1']));
    expect(problems(connector, { ...connector.example, extra })).toEqual([]);
  });

  it('keeps fields, our own settings and open secrets out of extra', () => {
    const postgresql = KNOWN.find(({ code }) => code === 'postgresql');
    if (!postgresql) throw new Error('no postgresql');
    const said = (extra: Record<string, unknown>) => problems(postgresql, { ...postgresql.example, extra }).join();
    expect(said({ 'slot.name': 'a' })).toContain('/config/extra has "slot.name", which is a field of its own');
    expect(said({ 'slot.nam': 'a' })).toContain('did you mean the field slot.name?');
    expect(said({ name: 'b' })).toContain('which Headwater says itself');
    expect(said({ 'producer.override.sasl.jaas.config': 'x' })).toContain('has the secret');
    expect(said({ 'value.converter.basic.auth.user.info': 'u:p' })).toContain('has the secret');
    expect(said({ 'producer.override.ssl.key.password': '${env:HEADWATER_SECRET_A}' })).toContain('${worker:');
    expect(said({ 'producer.override.ssl.key.password': '${worker:file:/a:b}' })).toBe('');
    expect(said({ 'transforms.a.field': '${env:HEADWATER_SECRET_A}' })).toContain('has a reference');
    expect(said({ a: ['b'] })).toContain('must be text, a number or a boolean');
  });

  it('secrets are what the plugins call passwords', () => {
    for (const { fields, vendorCode = '' } of KNOWN) {
      const secret = Object.keys(fields).filter((name) => fields[name] && isSecret(fields[name].facts));
      const theirs = Object.entries(FACTS[vendorCode]?.settings ?? {}).filter(([, { type }]) => type === 'PASSWORD');
      const listed = secret.filter((name) => !name.startsWith('driver.'));
      expect(listed.sort()).toEqual(theirs.map(([name]) => name).sort());
    }
  });

  it.each([
    [
      'postgresql',
      { tls_mode: 'verify-full', 'database.sslrootcert': '/ca.pem' },
      { 'database.sslmode': 'verify-full' },
    ],
    ['mysql', { tls_mode: 'verify-full' }, { 'database.ssl.mode': 'verify_identity' }],
    ['mysql', { tls_mode: 'prefer' }, { 'database.ssl.mode': 'preferred' }],
    ['mariadb', { tls_mode: 'require' }, { 'database.ssl.mode': 'trust' }],
    ['mariadb', { tls_mode: 'prefer' }, { 'database.ssl.mode': 'trust' }],
    ['sqlserver', { tls_mode: 'require' }, { 'driver.encrypt': 'true', 'driver.trustServerCertificate': true }],
    ['sqlserver', { tls_mode: 'disable' }, { 'driver.encrypt': 'false' }],
    ['sqlserver', { schemas: ['dbo', 'a.b'] }, { 'table.include.list': 'dbo\\..*,a.b\\..*' }],
    ['oracle', { tls_mode: 'disable', schemas: ['HR'] }, { 'table.include.list': 'HR\\..*' }],
    [
      'mongodb',
      { replica_set: 'rs0', tls_mode: 'verify-full' },
      { 'mongodb.connection.string': 'mongodb://db.example.com:27017/?replicaSet=rs0', 'mongodb.ssl.enabled': true },
    ],
    [
      'mongodb',
      { port: 27018, tls_mode: 'disable' },
      { 'mongodb.connection.string': 'mongodb://db.example.com:27018/', 'mongodb.ssl.enabled': false },
    ],
  ])('%s takes portable %j as %j', (code, portable, own) => {
    const connector = CATALOG.find((each) => each.code === code);
    if (!connector) throw new Error(`no ${code}`);
    const login = { host: 'db.example.com', username: 'u', password: '${env:HEADWATER_SECRET_A}' };
    const brokers = connector.fields['schema.history.internal'] ? { bootstrap_servers: 'b:9092' } : {};
    const database = code === 'mongodb' ? {} : { database: 'shop' };
    const { settings } = parseConfig(connector, { ...login, ...brokers, ...database, ...portable });
    expect(connector.compose?.(settings) ?? settings).toMatchObject(own);
  });

  it.each([
    [
      'postgresql',
      'postgresql://u:p%40ss@db:5433/shop?sslmode=require',
      {
        'database.hostname': 'db',
        'database.port': 5433,
        'database.dbname': 'shop',
        'database.user': 'u',
        'database.sslmode': 'require',
      },
      'database.password',
    ],
    [
      'mysql',
      'mysql://u:p@db/shop',
      { 'database.hostname': 'db', 'database.user': 'u', 'database.include.list': 'shop' },
      'database.password',
    ],
    [
      'mariadb',
      'mariadb://u:p@db/shop',
      { 'database.hostname': 'db', 'database.include.list': 'shop' },
      'database.password',
    ],
    [
      'sqlserver',
      'sqlserver://u:p@db:1434/shop',
      { 'database.port': 1434, 'database.names': 'shop', 'database.user': 'u' },
      'database.password',
    ],
    [
      'mongodb',
      'mongodb+srv://u:p@cluster0.example.net/?retryWrites=true',
      { 'mongodb.connection.string': 'mongodb+srv://cluster0.example.net/?retryWrites=true', 'mongodb.user': 'u' },
      'mongodb.password',
    ],
    [
      'mongodb',
      'mongodb://u:${env:HEADWATER_SECRET_A}@a:1,b:2/shop',
      { 'mongodb.connection.string': 'mongodb://a:1,b:2/shop', 'mongodb.authsource': 'shop' },
      'mongodb.password',
    ],
  ])('%s takes a connection string apart: %s', (code, connection_string, own, secret) => {
    const connector = CATALOG.find((each) => each.code === code);
    if (!connector) throw new Error(`no ${code}`);
    const brokers = connector.fields['schema.history.internal'] ? { bootstrap_servers: 'b:9092' } : {};
    const { settings, secrets } = parseConfig(connector, { connection_string, ...brokers });
    expect(settings).toMatchObject(own);
    expect(Object.keys(secrets)).toEqual([secret]);
  });

  it('conditions: brokers are asked for where the history is kept in Kafka, and nowhere else', () => {
    const mysql = KNOWN.find(({ code }) => code === 'mysql');
    if (!mysql) throw new Error('no mysql');
    const brokers = 'schema.history.internal.kafka.bootstrap.servers';
    const config = without(mysql.example, brokers);
    expect(problems(mysql, config)).toEqual([expect.stringContaining(`/config/${brokers} is required`)]);
    const elsewhere = { ...config, 'schema.history.internal': 'io.debezium.storage.file.history.FileSchemaHistory' };
    expect(problems(mysql, elsewhere)).toEqual([]);
  });
});

const TYPES: Readonly<Record<string, string>> = { INT: 'number', LONG: 'number', BOOLEAN: 'boolean' };

function typeOf({ type, anyOf, enum: choices }: Property): string {
  if (anyOf) return anyOf.some((each) => each.type === 'integer') ? 'number' : 'text';
  if (type === 'integer' || type === 'number') return 'number';
  return type === 'boolean' && !choices ? 'boolean' : 'text';
}

function choicesOf(property: Property): unknown[] | undefined {
  return property.enum ? [...property.enum].sort() : undefined;
}
