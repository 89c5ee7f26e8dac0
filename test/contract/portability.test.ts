import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PLATFORM_CODES } from '../../src/sources/source.ts';
import { type InMemory, inMemory } from '../support/in-memory.ts';

const PASSWORD = '${env:HEADWATER_SECRET_DB}';
const CANARY = 'canary-1a2b3c-password';
const DATABASE = { host: 'db.example.com', username: 'reader', password: PASSWORD, database: 'shop' };

/** Debezium keeps there what it has seen of the schemas; the other platforms leave it out. */
const HISTORY = { bootstrap_servers: 'kafka.example.com:9092' };

/** One config for each connector that several platforms have; what only one of them wants goes with it. */
const CONFIGS: Readonly<Record<string, Record<string, unknown>>> = {
  postgresql: { ...DATABASE, port: 5432, schemas: ['public'], tables: ['public.orders'], tls_mode: 'require' },
  mysql: { ...DATABASE, ...HISTORY, port: 3306, tables: ['shop.orders'], tls_mode: 'require' },
  mariadb: { ...DATABASE, ...HISTORY, port: 3306, tables: ['shop.orders'] },
  sqlserver: { ...DATABASE, ...HISTORY, port: 1433, schemas: ['dbo'], tables: ['dbo.orders'] },
  oracle: { ...DATABASE, ...HISTORY, port: 1521, schemas: ['SHOP'], tables: ['SHOP.ORDERS'] },
  mongodb: { ...DATABASE, port: 27_017, tables: ['shop.orders'] },
};
/** What a vendor asks for besides, which has no portable name. */
const BESIDES: Readonly<Record<string, readonly string[]>> = {
  'streamkap/mongodb': ['signal.data.collection.schema.or.database'],
  'streamkap/oracle': ['signal.data.collection.schema.or.database'],
  'streamkap/sqlserver': ['signal.data.collection.schema.or.database'],
  'streamkap/mysql': ['signal.data.collection.schema.or.database'],
  'streamkap/mariadb': ['signal.data.collection.schema.or.database'],
};

let app: InMemory;
beforeAll(async () => {
  app = await inMemory({ HEADWATER_SECRET_DB: CANARY, KAFKA_CONNECT_URL: 'http://127.0.0.1:18083' });
});
afterAll(async () => app.close());

const catalogs = async (): Promise<[string, string][]> => {
  const pairs: [string, string][] = [];
  for (const code of PLATFORM_CODES) {
    const connectors = (await app.app.services.platforms.get(code)?.connectors()) ?? [];
    for (const connector of connectors) if (CONFIGS[connector.code]) pairs.push([code, connector.code]);
  }
  return pairs;
};

describe('the same portable config', () => {
  it('fits every platform that has the connector, and shows what each would be sent', async () => {
    const pairs = await catalogs();
    expect(pairs.length).toBeGreaterThan(15);
    const wrong: string[] = [];
    for (const [platform, connector] of pairs) {
      const config = { ...CONFIGS[connector], ...(await besides(platform, connector)) };
      const answer = await app.call('create_source', { platform, connector, config, name: 'Shop', dry_run: true });
      if (answer.isError) wrong.push(`${platform}/${connector}: ${answer.text}`);
      else if (!answer.text.includes('db.example.com') && !answer.text.includes('[secret]'))
        wrong.push(`${platform}/${connector}: no host`);
      expect(answer.text).not.toContain(CANARY);
    }
    expect(wrong).toEqual([]);
  });

  it('is shown side by side in one dry run', async () => {
    const { plan } = await app.done('create_source', {
      connector: 'postgresql',
      config: CONFIGS['postgresql'],
      name: 'Shop',
      dry_run: true,
    });
    expect(Object.keys((plan as { elsewhere: object }).elsewhere).sort()).toEqual([
      'camelai',
      'kafka_connect',
      'kaireon',
      'streamkap',
    ]);
    expect(plan).toMatchObject({
      platform: 'local',
      elsewhere: {
        streamkap: {
          requests: [{ method: 'POST', body: { config: { 'database.hostname.user.defined': 'db.example.com' } } }],
        },
        kaireon: { requests: [{ method: 'POST', body: { type: 'postgresql', config: { host: 'db.example.com' } } }] },
        camelai: { requests: [{ method: 'POST', body: { type: 'POSTGRES', hostname: 'db.example.com' } }] },
        kafka_connect: { requests: [{ method: 'PUT', body: { 'database.hostname': 'db.example.com' } }] },
      },
    });
  });

  it('does not take both names of one field', async () => {
    const config = { ...CONFIGS['postgresql'], 'database.user': 'another' };
    const { error } = await app.call('create_source', {
      platform: 'streamkap',
      connector: 'postgresql',
      config,
      dry_run: true,
    });
    expect(error).toMatchObject({ code: 'INVALID_CONFIG', fields: [{ field: '/config/username' }] });
  });

  it('is left without what a platform has nothing for, and says so', async () => {
    const answer = await app.done('create_source', {
      platform: 'kaireon',
      connector: 'postgresql',
      config: CONFIGS['postgresql'],
      dry_run: true,
    });
    expect((answer['warnings'] as string[]).join()).toMatch(/nothing for schemas, tables/);
  });
});

async function besides(platform: string, connector: string): Promise<Record<string, unknown>> {
  const { schema } = await app.done('get_connector_schema', { platform, connector, detail: 'full' });
  const { required = [], properties = {} } = schema as {
    required?: string[];
    properties?: Record<string, { default?: unknown }>;
  };
  const known = BESIDES[`${platform}/${connector}`] ?? [];
  const names = known.filter((name) => required.includes(name) || properties[name] !== undefined);
  return Object.fromEntries(names.map((name) => [name, 'shop.signals']));
}
