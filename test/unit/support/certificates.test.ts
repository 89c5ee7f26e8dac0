import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { type Certificate, createAuthority, selfSigned } from '../../support/certificates.ts';

const authority = await createAuthority();

/** What a client that trusts the authority says of a certificate: `ok`, or why not. */
async function verdict({ certPem, keyPem }: Certificate): Promise<string> {
  const server = createServer({ cert: certPem, key: keyPem }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', servername: 'db.example', ca: authority.certPem });
  try {
    await once(socket, 'secureConnect');
    return 'ok';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    socket.destroy();
    server.close();
  }
}

const HOUR_MS = 3_600_000;

test.each([
  ['ok', () => authority.issue({ names: ['db.example'], ips: ['127.0.0.1'] })],
  ['ERR_TLS_CERT_ALTNAME_INVALID', () => authority.issue({ names: ['other.example'] })],
  ['CERT_HAS_EXPIRED', () => authority.issue({ names: ['db.example'], notAfter: new Date(Date.now() - HOUR_MS) })],
  ['CERT_NOT_YET_VALID', () => authority.issue({ names: ['db.example'], notBefore: new Date(Date.now() + HOUR_MS) })],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', () => selfSigned({ names: ['db.example'] })],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', async () => (await createAuthority('Other')).issue({ names: ['db.example'] })],
])('a client says %s', async (expected, make) => {
  expect(await verdict(await make())).toBe(expected);
});
