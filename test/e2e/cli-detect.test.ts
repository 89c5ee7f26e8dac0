import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { headwater, jsonOf } from '../support/headwater.ts';
import { type TemporaryFolder, temporaryFolder } from '../support/temp.ts';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder('cli-detect');
});
afterAll(() => folder.remove());

const CANARY = 'CANARY-hunter2';
const KEY = `-----BEGIN PRIVATE KEY-----\nDB_PASSWORD=${CANARY}\n${CANARY}==\n-----END PRIVATE KEY-----`;

const FILES = {
  '.env': `DATABASE_URL="postgres://u:${CANARY}@h/d"\nDB_PASSWORD='${CANARY}'\nSHOP_MONGO_URI=${CANARY}\nTLS_KEY="${KEY}"\n`,
  'deploy/prod.env': `MYSQL_HOST=${CANARY}\nMYSQL_PASSWORD=${CANARY}\n`,
  'docker-compose.yml': `services:\n  db:\n    image: postgres:16\n    ports: ["5433:5432"]\n    environment:\n      POSTGRES_PASSWORD: ${CANARY}\n      POSTGRES_USER: ${CANARY}\n`,
  'broken/compose.yml': `services:\n  db:\n    image: [postgres\n    environment: {POSTGRES_PASSWORD: ${CANARY}\n`,
  'prisma/schema.prisma': `datasource db {\n  provider = "postgresql"\n  url = "postgres://u:${CANARY}@h/d"\n}\n`,
  'drizzle.config.ts': `export default { dialect: 'mysql', dbCredentials: { password: '${CANARY}', user: "${CANARY}" } };\n`,
  '.dbt/profiles.yml': `shop:\n  outputs:\n    dev: {type: postgres, host: db.example.com, user: ${CANARY}, password: ${CANARY}, dbname: shop}\n`,
} as const;

it('proposes sources, and nothing of a value reaches its output or a log', async () => {
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(join(folder.path, file, '..'), { recursive: true });
    await writeFile(join(folder.path, file), text);
  }
  const env = { HEADWATER_HOME: join(folder.path, 'home'), HEADWATER_LOG_LEVEL: 'debug' };
  const shown = await headwater(['detect', folder.path], { env });
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/^ +connection_string +\$\{env:DATABASE_URL\}$/m);
  expect(shown.stdout).toMatch(/^ +→ headwater secret set db$/m);
  expect(shown.stdout).toMatch(/^ +host +db\.example\.com$/m);
  const json = await headwater(['detect', folder.path, '--json'], { env });
  const { proposals } = jsonOf(json) as { proposals: { connector: string | null }[] };
  expect(proposals.length).toBeGreaterThanOrEqual(7);
  for (const text of [shown.stdout, shown.stderr, json.stdout, json.stderr]) {
    for (const word of ['CANARY', 'hunter2', 'BEGIN PRIVATE']) expect(text).not.toContain(word);
  }
});

it('says where nothing is found, and where there is no folder', async () => {
  await mkdir(join(folder.path, 'empty'));
  expect(await headwater(['detect', join(folder.path, 'empty')])).toMatchObject({
    code: 0,
    stdout: 'Nothing that 0 files of 1 folders name is a source.',
  });
  expect(await headwater(['detect', join(folder.path, 'gone')])).toMatchObject({ code: 2 });
  expect(await headwater(['detect'])).toMatchObject({ code: 2 });
});
