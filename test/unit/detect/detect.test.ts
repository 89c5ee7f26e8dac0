import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Opened } from '../../../src/detect/allow.ts';
import { type Detected, detect } from '../../../src/detect/index.ts';
import { keysOf } from '../../../src/detect/readers/dotenv.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder('detect');
});
afterEach(() => folder.remove());

const KNOWN = new Set(['postgresql', 'mysql', 'mariadb', 'mongodb', 'sqlserver', 'oracle']);
const CLOSED: Opened = { envPrefix: 'HEADWATER_SECRET_', variables: [], directories: ['/run/secrets'] };

/** What is found in a project of these files. */
async function found(files: Readonly<Record<string, string>>, opened = CLOSED): Promise<Detected> {
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, file)), { recursive: true });
    await writeFile(join(folder.path, file), text);
  }
  return await detect(folder.path, KNOWN, opened);
}

const one = async (files: Readonly<Record<string, string>>, opened?: Opened) => {
  const { proposals } = await found(files, opened);
  expect(proposals).toHaveLength(1);
  return proposals[0];
};

describe('keys of .env files', () => {
  it.each([
    ['plain ones', 'A_B=1\nexport C_D = 2\n  E_F=', ['A_B', 'C_D', 'E_F']],
    ['none of comments', '# AB=1\n#CD=2\nEF=1 # GH=2', ['EF']],
    ['none inside quoted values', "AB='x\nCD=1\nEF=2'\nGH=3", ['AB', 'GH']],
    ['past escaped quotes', 'AB="x\\"\nCD=1"\nEF=2', ['AB', 'EF']],
    ['none inside values of whatever else is a key', 'x="\nAB=1"\na.b: \'\nCD=2\'\nEF=3', ['EF']],
    ['past backticks', 'AB=`x\nCD=1`\nEF=2', ['AB', 'EF']],
    ['all where a quote is never closed', "AB='x\nCD=1", ['AB', 'CD']],
    ['with Windows line ends', 'AB=1\r\nCD="2"\r\nEF=3', ['AB', 'CD', 'EF']],
  ])('%s', (_, text, keys) => {
    expect(keysOf(text)).toEqual(keys);
  });
});

describe('proposals', () => {
  it('of a URL in .env, whose database the project says', async () => {
    const prisma = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}';
    expect(
      await one({ '.env': 'DATABASE_URL=x', '.env.example': 'DATABASE_URL=', 'prisma/schema.prisma': prisma }),
    ).toEqual({
      connector: 'postgresql',
      config: { connection_string: '${env:DATABASE_URL}' },
      fill_in: [],
      allow: [
        { setting: 'HEADWATER_ENV_PREFIX', value: 'DATABASE_URL', why: expect.any(String) },
        { why: expect.stringContaining('DATABASE_URL must be set') },
      ],
      found_in: [
        { file: '.env', what: 'DATABASE_URL' },
        { file: '.env.example', what: 'DATABASE_URL' },
        { file: 'prisma/schema.prisma', what: 'datasource db, provider postgresql' },
      ],
      notes: [],
    });
  });

  it.each([
    ['a driver', { 'package.json': '{"dependencies":{"mysql2":"3"}}' }, 'mysql'],
    ['a Prisma schema without URL', { 'prisma/schema.prisma': 'datasource db { provider = "mysql"\n }' }, 'mysql'],
    ['a service', { 'compose.yaml': 'services: {db: {image: "postgres:16"}}' }, 'postgresql'],
    [
      'Drizzle before a driver',
      { 'drizzle.config.ts': "dialect: 'mysql'", 'package.json': '{"dependencies":{"pg":"8"}}' },
      'mysql',
    ],
  ])('take the database from %s', async (_, files, connector) => {
    const { proposals } = await found({ '.env': 'DATABASE_URL=x', ...files });
    expect(proposals[0]).toMatchObject({ connector, config: { connection_string: '${env:DATABASE_URL}' } });
  });

  it('take the database from the package that the variables belong to', async () => {
    const { proposals } = await found({
      'apps/a/.env': 'A_DATABASE_URL=',
      'apps/a/package.json': '{"dependencies":{"pg":"8"}}',
      'apps/b/.env': 'B_DATABASE_URL=',
      'apps/b/package.json': '{"dependencies":{"mongodb":"6"}}',
    });
    expect(proposals.map(({ connector }) => connector)).toEqual(['postgresql', 'mongodb']);
  });

  it('leave open what nothing tells', async () => {
    expect(await one({ '.env': 'DB_HOST=\nDB_USER=\nDB_PASSWORD=\nDB_NAME=' })).toMatchObject({
      connector: null,
      candidates: ['postgresql', 'mysql', 'mariadb', 'mongodb', 'sqlserver'],
      config: { password: '${env:DB_PASSWORD}' },
      fill_in: [
        { field: 'host', from: 'the variable DB_HOST' },
        { field: 'username', from: 'the variable DB_USER' },
        { field: 'database', from: 'the variable DB_NAME' },
      ],
    });
    const two = { 'package.json': '{"dependencies":{"pg":"8","mysql2":"3"}}' };
    expect(await one({ ...two, '.env': 'DB_PASSWORD=' })).toMatchObject({ candidates: ['postgresql', 'mysql'] });
  });

  it('of variables in groups, by the engine that their names have', async () => {
    const keys = [
      'PGPASSWORD',
      'PGHOST',
      'SHOP_MONGO_URI',
      'MYSQL_PASSWORD',
      'MSSQL_CONNECTION_STRING',
      'ORACLE_PASSWORD',
    ];
    const { proposals } = await found({ '.env': [...keys, 'STRIPE_API_KEY', 'APP_URL', 'USER_NAME'].join('=\n') });
    expect(proposals.map(({ connector, config }) => [connector, ...Object.values(config)])).toEqual([
      ['postgresql', '${env:PGPASSWORD}'],
      ['mongodb', '${env:SHOP_MONGO_URI}'],
      ['mysql', '${env:MYSQL_PASSWORD}'],
      ['sqlserver', '${env:MSSQL_CONNECTION_STRING}'],
      ['oracle', '${env:ORACLE_PASSWORD}'],
    ]);
  });

  it('of services, reached through the ports that they publish', async () => {
    const compose = `
x-all: &all { restart: always }
services:
  main:
    <<: *all
    image: docker.io/bitnami/postgresql:16@sha256:0a
    ports: ["127.0.0.1:5433:5432/tcp"]
    environment: { POSTGRESQL_PASSWORD: CANARY, POSTGRESQL_USERNAME: CANARY }
  maria:
    image: "\${REGISTRY:-quay.io}/mariadb:11"
    ports: [{ target: 3306, published: "\${PORT:-3307}" }]
    environment: [MARIADB_USER=CANARY, "MARIADB_PASSWORD=\${MARIA_PASSWORD:?CANARY}"]
  mongo:
    image: mongo:8
    environment: { MONGO_INITDB_ROOT_PASSWORD_FILE: /run/secrets/mongo }
  web: { image: nginx, ports: ["80:80"] }
secrets: { mongo: { file: ./secrets/mongo.txt } }
`;
    const { proposals } = await found({ 'docker-compose.yml': compose });
    expect(proposals).toMatchObject([
      {
        connector: 'postgresql',
        config: { host: 'localhost', port: 5433, password: '${credential:main}' },
        fill_in: [{ field: 'username', from: 'POSTGRESQL_USERNAME in the file' }],
        allow: [{ command: 'headwater secret set main' }],
      },
      { connector: 'mariadb', config: { host: 'localhost', port: 3307, password: '${env:MARIA_PASSWORD}' } },
      {
        connector: 'mongodb',
        config: { password: `\${file:${folder.path}/secrets/mongo.txt}` },
        allow: [{ setting: 'HEADWATER_REFERENCE_DIRS', value: `/run/secrets,${folder.path}/secrets` }],
        notes: [expect.stringContaining('publishes no port')],
      },
    ]);
    expect(JSON.stringify(proposals)).not.toContain('CANARY');
  });

  it('join what speaks of one variable, the more direct word first', async () => {
    const compose =
      'services: {db: {image: mysql, ports: ["3306:3306"], environment: {MYSQL_PASSWORD: "${DB_PASSWORD}", MYSQL_USER: "${DB_USER}"}}}';
    expect(await one({ '.env': 'DB_PASSWORD=\nDB_USER=\nDB_HOST=', 'compose.yml': compose })).toMatchObject({
      connector: 'mysql',
      config: { host: 'localhost', port: 3306, password: '${env:DB_PASSWORD}' },
      fill_in: [{ field: 'username', from: 'the variable DB_USER' }],
    });
  });

  it('of dbt targets, and of what has no connector', async () => {
    const profiles = `
shop:
  outputs:
    dev: { type: postgres, host: db.example.com, port: 5432, user: CANARY, dbname: shop, password: "{{ env_var('DBT_PASSWORD', 'CANARY') }}" }
    literal: { type: sqlserver, server: "CANARY:x@y/z", port: CANARY, password: CANARY }
    prod: { type: snowflake, account: CANARY, password: CANARY }
`;
    const { proposals, unsupported } = await found({ '.dbt/profiles.yml': profiles });
    expect(proposals).toMatchObject([
      {
        connector: 'postgresql',
        config: { host: 'db.example.com', port: 5432, database: 'shop', password: '${env:DBT_PASSWORD}' },
        fill_in: [{ field: 'username', from: 'user in the file' }],
      },
      { connector: 'sqlserver', config: { password: '${credential:shop-literal}' } },
    ]);
    expect(unsupported).toMatchObject([{ engine: 'snowflake' }]);
    expect(JSON.stringify([proposals, unsupported])).not.toContain('CANARY');
  });

  it('of Drizzle and Prisma configs, which are not run', async () => {
    const drizzle = `throw new Error();
export default defineConfig({ dialect: 'postgresql', dbCredentials: {
  host: process.env.SHOP_HOST!, port: Number(process.env['SHOP_PORT']), user: 'CANARY', password: process.env.SHOP_PASSWORD!,
  // password: process.env.OLD_PASSWORD
} });`;
    expect(await one({ 'drizzle.config.ts': drizzle })).toMatchObject({
      connector: 'postgresql',
      config: { password: '${env:SHOP_PASSWORD}' },
      fill_in: [
        { field: 'host', from: 'the variable SHOP_HOST' },
        { field: 'port', from: 'the variable SHOP_PORT' },
        { field: 'username', from: 'user in the file' },
      ],
    });
    await folder.remove();
    await mkdir(folder.path);
    const prisma = {
      'prisma.config.ts': "datasource: { url: env('SHOP_URL') }",
      'prisma/schema.prisma': 'datasource db {\nprovider = "mysql"\n}',
    };
    expect(await one(prisma)).toMatchObject({ connector: 'mysql', config: { connection_string: '${env:SHOP_URL}' } });
  });

  it('say what is to be allowed, and nothing where all of it is', async () => {
    const files = { '.env': 'HEADWATER_SECRET_DB_URL=\n' };
    const opened = { ...CLOSED, variables: ['HEADWATER_SECRET_DB_URL'] };
    expect(await one(files, opened)).toMatchObject({ allow: [] });
    expect(await one(files)).toMatchObject({ allow: [{ why: expect.stringContaining('must be set') }] });
    const { notes } = await found({ '.env': 'SHOP_DB_URL=\nCRM_DB_URL=' });
    expect(notes).toEqual([expect.stringContaining('HEADWATER_ENV_PREFIX takes one value')]);
  });

  it('give each stored secret a name of its own', async () => {
    const compose = 'services: {db: {image: mysql, environment: {MYSQL_PASSWORD: x}}}';
    const { proposals } = await found({ 'a/compose.yml': compose, 'b/compose.yml': compose });
    expect(proposals.map(({ config }) => config['password'])).toEqual(['${credential:db}', '${credential:db-2}']);
  });
});

describe('what is looked at', () => {
  it('is inside the folder, near its top, and no link out of it', async () => {
    const outside = await temporaryFolder('detect-outside');
    await writeFile(join(outside.path, 'x.env'), 'OUT_DB_URL=');
    await mkdir(join(folder.path, 'real'));
    await symlink(join(outside.path, 'x.env'), join(folder.path, '.env'));
    await symlink(outside.path, join(folder.path, 'linked'));
    await symlink('real/settings', join(folder.path, 'shop.env'));
    await writeFile(join(folder.path, 'real/settings'), 'IN_DB_URL=');
    await symlink('loop.env', join(folder.path, 'loop.env'));
    execFileSync('mkfifo', [join(folder.path, 'pipe.env')]);
    const { proposals, left_out: leftOut } = await found({
      'node_modules/x/.env': 'MODULE_DB_URL=',
      '.git/x.env': 'GIT_DB_URL=',
      'a/b/c/d/e/f/g/.env': 'DEEP_DB_URL=',
      'large.env': `LARGE_DB_URL=${'x'.repeat(300_000)}`,
    });
    expect(proposals.map(({ config }) => config['connection_string'])).toEqual(['${env:IN_DB_URL}']);
    expect(leftOut).toEqual([
      '.env: leads out of the folder',
      'large.env: is larger than 262144 bytes',
      'pipe.env: is no file',
      'what is deeper than 6 folders',
    ]);
    await outside.remove();
  });

  it('may be anything, and nothing comes of it', async () => {
    const bomb = `a: &a [x]\n${'bcdefghi'.split('').reduce((text, name, at, all) => `${text}${name}: &${name} [*${all[at - 1] ?? 'a'},*${all[at - 1] ?? 'a'},*${all[at - 1] ?? 'a'},*${all[at - 1] ?? 'a'},*${all[at - 1] ?? 'a'},*${all[at - 1] ?? 'a'}]\n`, '')}services: *i`;
    const { proposals } = await found({
      'compose.yml': bomb,
      'docker-compose.yml': '\u0000: [}{',
      'profiles.yml': '- a\n- b',
      'package.json': '{"dependencies": [null',
      'a/package.json': 'null',
      'schema.prisma': 'datasource',
      '.env': '\ufeff=\u0000\n===',
    });
    expect(proposals).toEqual([]);
  });

  it('is a folder that is there', async () => {
    await expect(detect(join(folder.path, 'gone'), KNOWN, CLOSED)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    await writeFile(join(folder.path, 'file'), '');
    await expect(detect(join(folder.path, 'file'), KNOWN, CLOSED)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});

it('no value of a .env ever comes out, whatever it looks like', async () => {
  const key = fc.constantFrom(
    'DATABASE_URL',
    'PGPASSWORD',
    'DB_HOST',
    'DB_PASSWORD',
    'MYSQL_USER',
    'PORT',
    'X',
    'MONGO_URI',
  );
  const piece = fc.constantFrom(
    '\n',
    '=',
    '#',
    ' ',
    '\\',
    '${',
    '}',
    '$',
    'DB_PASSWORD=',
    'export ',
    'CANARY',
    'CANARY_DB_URL=',
    ':',
    '@',
    'é',
  );
  const value = fc.array(piece, { maxLength: 10 }).map((pieces) => `CANARY${pieces.join('')}`);
  const line = fc.tuple(key, value, fc.constantFrom('"', "'", '`')).map(([name, text, quote]) => {
    const quoted = `${name}=${quote}${text.replaceAll('\\', '')}${quote}`;
    return text.includes('\n') ? quoted : fc.sample(fc.constantFrom(quoted, `${name}=${text}`), 1)[0];
  });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      expect(JSON.stringify(await found({ '.env': lines.join('\n') }))).not.toContain('CANARY');
    }),
    { numRuns: 300 },
  );
});
