import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { operatorCall } from '../../../src/commands/shared.ts';
import { readSettings } from '../../../src/settings.ts';
import { createSource } from '../../../src/sources/create.ts';
import type { Services } from '../../../src/sources/services.ts';
import { testNewConfig, testSource } from '../../../src/sources/test.ts';
import { shopConfig } from '../../support/headwater.ts';
import { type TemporaryFolder, temporaryFolder } from '../../support/temp.ts';

/** A platform that reads changes as they happen wants to know of every database whether it is fit for that. */

let folder: TemporaryFolder;
let app: ReturnType<typeof createApp>;
beforeAll(async () => {
  folder = await temporaryFolder('checks');
  app = createApp(readSettings({ HEADWATER_HOME: folder.path }));
});
afterAll(async () => {
  await app.close();
  await folder.remove();
});

function services(streams: boolean): Services {
  const [local] = [...app.services.platforms.values()];
  if (!local) throw new Error('no platform');
  return { ...app.services, platforms: new Map([[local.code, { ...local, streams }]]) };
}

const call = (of: Services) => operatorCall(of, 'test_connection', new AbortController().signal);
const pg = () => ({ connector: 'postgresql', config: shopConfig() });

test.each([
  [true, undefined, true],
  [false, undefined, false],
  [true, [], false],
  [false, ['cdc'], true],
])('the platform streams: %s, asked for: %j, looked at: %s', async (streams, checks, looked) => {
  const of = services(streams);
  const { steps } = await testNewConfig(of, { ...pg(), ...(checks ? { checks } : {}) }, call(of));
  expect(steps.some(({ id }) => id.startsWith('cdc_'))).toBe(looked);
});

test('a source is not created where it could not stream', async () => {
  const of = services(true);
  // The reader of the shop may not replicate.
  await expect(createSource(of, { ...pg(), name: 'streamed' }, call(of))).rejects.toMatchObject({
    code: 'TEST_FAILED',
  });
  const plain = services(false);
  const { source } = await createSource(plain, { ...pg(), name: 'read' }, call(plain));
  expect(source?.status).toBe('Active');
  const { ok } = await testSource(of, source?.id ?? '', {}, call(of));
  expect(ok).toBe(false);
});

test('what cannot be captured is not asked about it', async () => {
  const of = services(true);
  const config = { base_url: 'http://127.0.0.1:65001/mcp' };
  const { steps } = await testNewConfig(of, { connector: 'mcp', config }, call(of));
  expect(steps.some(({ id }) => id.startsWith('cdc_'))).toBe(false);
});
