import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startSsh } from '../../../src/net/ssh-tunnel.ts';
import { listen } from '../probes/servers.ts';

test('an SSH server is not let choose a group, which may be one that takes minutes to look at', async () => {
  let heard = '';
  const server = await listen((socket) => {
    socket.write('SSH-2.0-other\r\n');
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
    });
  });
  const socket = connect(server.port, server.host);
  await once(socket, 'connect');
  const connection = await startSsh(socket);
  await expect.poll(() => heard).toContain('curve25519-sha256');
  expect(heard).not.toContain('group-exchange');
  connection.close();
  await server.stop();
});
