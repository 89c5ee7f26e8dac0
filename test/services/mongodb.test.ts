import { it } from 'vitest';
import { startFerretdb } from '../support/ferretdb.ts';
import { inMemory } from '../support/in-memory.ts';

it('try', async () => {
  const server = await startFerretdb({ admin: { username: 'root', password: 'rootpw-1234' } });
  const s = await inMemory({ HEADWATER_EGRESS: 'allow_private', HEADWATER_INLINE_SECRETS: 'allow' });
  console.log(
    JSON.stringify(
      await server.command('shop', {
        insert: 'orders',
        documents: [
          { _id: 1, a: 'x' },
          { _id: 2, b: [1, { c: 2 }] },
        ],
      }),
    ),
  );
  for (const config of [
    { password: 'rootpw-1234', username: 'root' },
    { password: 'nope-1234', username: 'root' },
    { database: 'shop', username: 'root', password: 'rootpw-1234' },
    {},
  ]) {
    const c = { connector: 'mongodb', config: { host: '127.0.0.1', port: server.port, tls_mode: 'prefer', ...config } };
    const a = await s.call('test_connection', { ...c, checks: ['cdc'] });
    console.log(a.isError ? a.text : JSON.stringify(a.structured, undefined, 1));
  }
  const c = {
    connector: 'mongodb',
    config: { host: '127.0.0.1', port: server.port, username: 'root', password: 'rootpw-1234' },
  };
  console.log(
    (await s.call('discover_source', c)).text,
    (await s.call('discover_source', { ...c, stream: 'shop.orders' })).text,
  );
  console.log(server.log().slice(-3000));
  await s.close();
  await server.stop();
});
