import { expect, test } from 'vitest';
import { misspelt } from '../../../../src/probes/diagnosis/reaching.ts';
import { type Place, PROVIDERS, providerOf, strangerOf } from '../../../../src/probes/providers/index.ts';

const at = (engine: Place['engine'], host: string, more: Partial<Place> = {}): Place => ({ engine, host, ...more });

test.each<[Place, string | undefined]>([
  [at('postgresql', 'db.abcdefghijkl.supabase.co'), 'supabase'],
  [at('postgresql', 'db.abcdefghijkl.supabase.co', { port: 6543 }), 'supabase_pooler'],
  [at('postgresql', 'aws-0-eu-central-1.pooler.supabase.com'), 'supabase_pooler'],
  [at('postgresql', 'ep-cool-name-123456.eu-central-1.aws.neon.tech'), 'neon'],
  [at('postgresql', 'ep-cool-name-123456-pooler.eu-central-1.aws.neon.tech'), 'neon_pooler'],
  [at('postgresql', 'shop.cabcdefghijk.eu-west-1.rds.amazonaws.com'), 'rds'],
  [at('mysql', 'SHOP.cabcdefghijk.eu-west-1.RDS.amazonaws.com.'), 'rds'],
  [at('sqlserver', 'shop.cabcdefghijk.eu-west-1.rds.amazonaws.com'), 'rds'],
  [at('postgresql', 'shop.cluster-cabcdefghijk.eu-west-1.rds.amazonaws.com'), 'aurora'],
  [at('mysql', 'shop.cluster-custom-cabcdefghijk.eu-west-1.rds.amazonaws.com'), 'aurora'],
  [at('postgresql', 'shop.cluster-ro-cabcdefghijk.eu-west-1.rds.amazonaws.com'), 'aurora_reader'],
  [at('postgresql', 'shop.proxy-cabcdefghijk.eu-west-1.rds.amazonaws.com'), 'rds_proxy'],
  [at('postgresql', 'shop.cabcdefghijk.cn-north-1.rds.amazonaws.com.cn'), 'rds'],
  [at('postgresql', 'a1b2c3.d4e5f6.europe-west1.sql.goog'), 'cloud_sql'],
  [at('postgresql', 'a1b2c3.d4e5f6.europe-west1.alloydb.goog'), 'alloydb'],
  [at('postgresql', 'shop.postgres.database.azure.com'), 'azure_database'],
  [at('mysql', 'shop.mysql.database.azure.com'), 'azure_database'],
  [at('sqlserver', 'shop.database.windows.net'), 'azure_sql'],
  [at('postgresql', 'ec2-54-1-2-3.compute-1.amazonaws.com'), 'heroku'],
  [at('postgresql', 'ec2-54-1-2-3.eu-west-1.compute.amazonaws.com'), 'heroku'],
  [at('mysql', 'aws.connect.psdb.cloud'), 'planetscale'],
  [at('mysql', 'gateway01.eu-central-1.prod.aws.tidbcloud.com'), 'tidb_cloud'],
  [at('mongodb', 'cluster0.abcde.mongodb.net'), 'atlas'],
  [at('mongodb', 'cluster0-shard-00-01.abcde.mongodb.net'), 'atlas'],
  [at('mongodb', 'atlas-sql-63f0-abcde.a.query.mongodb.net'), 'atlas_sql'],
  [at('mongodb', 'atlas-online-archive-63f0-abcde.a.query.mongodb.net'), 'atlas_sql'],
  [at('mongodb', 'docs.cluster-cabcdefghijk.eu-west-1.docdb.amazonaws.com'), 'documentdb'],
  [at('mongodb', 'shop.mongo.cosmos.azure.com'), 'cosmos_mongo'],
  [at('kafka', 'pkc-12345.eu-central-1.aws.confluent.cloud'), 'confluent'],
  [at('postgresql', 'db.example.com'), undefined],
  [at('postgresql', 'rds.amazonaws.com.evil.example'), undefined],
  [at('postgresql', 'notneon.tech'), undefined],
  [at('mongodb', 'shop.cabcdefghijk.eu-west-1.rds.amazonaws.com'), undefined],
])('%o is %s', (place, code) => {
  expect(providerOf(place)?.code).toBe(code);
});

test.each<[Place, string | undefined]>([
  [at('postgresql', 'xy12345.eu-central-1.snowflakecomputing.com'), 'snowflake'],
  [at('mysql', 'dbc-1234.cloud.databricks.com'), 'databricks'],
  [at('postgresql', 'adb-1234.5.azuredatabricks.net'), 'databricks'],
  [at('postgresql', 'cluster0.abcde.mongodb.net'), 'atlas'],
  [at('postgresql', 'db.abcdefghijkl.supabase.co'), undefined],
  [at('postgresql', 'db.example.com'), undefined],
])('%o does not speak the protocol: %s', (place, code) => {
  expect(strangerOf(place)?.code).toBe(code);
});

test.each([
  ['shop.cabc.eu-west-1.rds.amazonaws.co', 'shop.cabc.eu-west-1.rds.amazonaws.com'],
  ['shop.cabc.eu-west-1.rsd.amazonaws.com', 'shop.cabc.eu-west-1.rds.amazonaws.com'],
  ['db.abcdefghijkl.supabase.c', 'db.abcdefghijkl.supabase.co'],
  ['ep-cool.eu-central-1.aws.neon.tec', 'ep-cool.eu-central-1.aws.neon.tech'],
  ['shop.postgres.database.azure.cm', 'shop.postgres.database.azure.com'],
])('%s was meant to be %s', (host, meant) => {
  expect(misspelt(host)?.meant).toBe(meant);
});

test.each(['db.example.com', 'shop.cabc.eu-west-1.rds.amazonaws.com', 'localhost', 'a.co', '10.0.0.1', 'neon.tech'])(
  '%s is not misspelt',
  (host) => {
    expect(misspelt(host)).toBeUndefined();
  },
);

test('every provider has a name of its own and says who changes settings there', () => {
  const codes = PROVIDERS.map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const { name, code, note = 'A note.', suspicions = [] } of PROVIDERS) {
    expect(code).toMatch(/^[a-z][a-z_]*$/);
    expect(name.length).toBeGreaterThan(2);
    expect(note).toMatch(/\.$/);
    for (const { of } of suspicions) expect(of.length, code).toBeGreaterThan(0);
  }
});
