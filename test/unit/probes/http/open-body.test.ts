import { expect, it } from 'vitest';
import { startApi } from '../../../support/api-server.ts';
import { inMemory } from '../../../support/in-memory.ts';

it('an answer that never ends, ends at its deadline, and its connection with it', async () => {
  const session = await inMemory();
  const server = await startApi((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('[');
  });
  const report = await session.done('test_connection', {
    connector: 'rest_api',
    config: { url: server.url },
    timeout_s: 1,
  });
  expect(report['steps']).toContainEqual(expect.objectContaining({ id: 'protocol', code: 'HTTP_TIMEOUT' }));
  await session.close();
  await server.stop();
});
