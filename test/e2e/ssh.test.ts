import { afterAll, beforeAll, expect, it } from 'vitest';
import { spawnProcess } from '../support/server-process.ts';
import { sharedPostgres } from '../support/shared-postgres.ts';
import { SHOP_DATABASE, SHOP_ROLES } from '../support/shop.ts';
import { keyPair, SSH_USER, type SshServer, startSshServer } from '../support/ssh-server.ts';

/** What is bundled has none of the native parts that ssh2 has where it is installed. */

const key = keyPair('ed25519', 'open sesame');
let server: SshServer;
beforeAll(async () => {
  // The one cipher whose fast part is native.
  const algorithms = { cipher: ['chacha20-poly1305@openssh.com' as const] };
  server = await startSshServer({ keys: [key.publicLine], upstream: sharedPostgres(), algorithms });
});
afterAll(() => server.stop());

it('the built command tests a database through a tunnel, with a locked key', async () => {
  const child = await spawnProcess({ args: ['test', 'postgresql', '--config', '-', '--json'] });
  const config = {
    host: 'db.internal',
    port: 5432,
    database: SHOP_DATABASE,
    username: SHOP_ROLES.reader,
    password: sharedPostgres().readerPassword,
    ssh_host: server.host,
    ssh_port: server.port,
    ssh_username: SSH_USER,
    ssh_private_key: key.privateKey,
    ssh_passphrase: 'open sesame',
    ssh_host_key: server.fingerprint,
  };
  child.write(JSON.stringify(config));
  child.endInput();
  expect(await child.exited).toMatchObject({ code: 0 });
  expect(JSON.parse(child.stdoutRaw().join('\n'))).toMatchObject({ ok: true, depth: 'read' });
  expect(server.forwards).toEqual(['db.internal:5432']);
  await child.close();
});
