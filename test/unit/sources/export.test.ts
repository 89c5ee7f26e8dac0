import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operatorCall } from '../../../src/commands/shared.ts';
import { exportSource } from '../../../src/sources/export.ts';
import { attributeOf } from '../../../src/sources/terraform.ts';
import { type InMemory, inMemory } from '../../support/in-memory.ts';

const CANARY = 'canary-9f8e7d-password';
let app: InMemory;
let id: string;

beforeAll(async () => {
  app = await inMemory({ HEADWATER_SECRET_DB: CANARY });
  const config = {
    host: 'db.example.com',
    port: 6432,
    database: 'shop',
    username: 'reader',
    password: CANARY,
    schemas: ['public'],
    tables: ['public.orders', 'public.items'],
    tls_mode: 'verify-full',
    slot_name: 'shop_slot',
  };
  const answer = await app.call('create_source', {
    connector: 'postgresql',
    name: 'My Shop',
    config,
    run_test: false,
    tags: ['a'],
  });
  const made = answer.structured?.['source'] as { id: string } | undefined;
  id = made?.id ?? '';
});
afterAll(async () => app.close());

const exported = async (as: Parameters<typeof exportSource>[1]['as'], source_id = id) =>
  await exportSource(app.app.services, { source_id, as }, operatorCall(app.app.services, 'get_source'));

describe('a source as a file', () => {
  it.each(['json', 'kafka-connect', 'terraform'] as const)(
    'holds no secret as %s, and says what has to',
    async (as) => {
      const { text, notes } = await exported(as);
      expect(text + notes.join()).not.toContain(CANARY);
      expect(notes.join()).toMatch(/HEADWATER_SECRET_MY_SHOP_PASSWORD|TF_VAR_my_shop_database_password/);
      expect(text.endsWith('\n')).toBe(true);
    },
  );

  it('is portable as json: create_source takes it as it is', async () => {
    const document = JSON.parse((await exported('json')).text);
    expect(document).toMatchObject({
      connector: 'postgresql',
      name: 'My Shop',
      tags: ['a'],
      config: {
        host: 'db.example.com',
        port: 6432,
        password: '${env:HEADWATER_SECRET_MY_SHOP_PASSWORD}',
        tables: ['public.orders', 'public.items'],
      },
    });
    for (const platform of ['local', 'streamkap', 'kafka_connect', 'kaireon', 'camelai']) {
      const { tags: _, ...rest } = document;
      const answer = await app.call('create_source', { ...rest, name: `${platform} shop`, platform, dry_run: true });
      expect(answer.isError, answer.text).toBe(false);
    }
  });

  it('is what a worker of Kafka Connect takes, secrets read from its environment', async () => {
    const { text } = await exported('kafka-connect');
    expect(JSON.parse(text)).toMatchObject({
      config: {
        'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
        'database.hostname': 'db.example.com',
        'database.port': '6432',
        'database.password': '${env:HEADWATER_SECRET_MY_SHOP_PASSWORD}',
        'table.include.list': 'public.orders,public.items',
        'slot.name': 'shop_slot',
      },
    });
  });

  it('says what no source elsewhere knows, and a worker cannot do without', async () => {
    const config = { host: 'db.example.com', database: 'shop', username: 'reader', password: CANARY };
    const made = await app.call('create_source', { connector: 'mysql', name: 'My', config, run_test: false });
    const source = made.structured?.['source'] as { id: string };
    const { text, notes } = await exported('kafka-connect', source.id);
    expect(JSON.parse(text)).toMatchObject({
      config: {
        'database.include.list': 'shop',
        'schema.history.internal.kafka.bootstrap.servers': 'broker.invalid:9092',
      },
    });
    expect(notes.join()).toContain('put the brokers of the worker in the place of broker.invalid:9092');
  });

  it('is a resource of Streamkap’s Terraform provider, secrets as variables', async () => {
    const { text } = await exported('terraform');
    expect(text).toContain('resource "streamkap_source_postgresql" "my_shop" {');
    expect(text).toMatch(/ {2}database_hostname += "db\.example\.com"\n/);
    expect(text).toMatch(/ {2}database_password += var\.my_shop_database_password\n/);
    expect(text).toContain('variable "my_shop_database_password" {\n  type      = string\n  sensitive = true\n}');
  });

  it.each([
    ['database.hostname.user.defined', 'database_hostname'],
    ['transforms.InsertStaticKey1.static.field', 'transforms_insert_static_key1_static_field'],
    ['SourceRegexSupport.enabled', 'source_regex_support_enabled'],
    ['ssh.public.key.user.displayed', 'ssh_public_key'],
    ['heartbeat.data.collection.schema.or.database', 'heartbeat_data_collection_schema_or_database'],
    ['streamkap.snapshot.custom.table.config.user.defined', 'snapshot_custom_table_config'],
  ])('names %s as the provider does', (key, attribute) => {
    expect(attributeOf(key)).toBe(attribute);
  });

  it('says what the other tool has no connector for', async () => {
    const config = { url: 'https://api.example.com/orders' };
    const made = await app.call('create_source', { connector: 'rest_api', name: 'Api', config, run_test: false });
    const source = made.structured?.['source'] as { id: string };
    await expect(exported('kafka-connect', source.id)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(JSON.parse((await exported('json', source.id)).text)).toMatchObject({ config });
  });
});
