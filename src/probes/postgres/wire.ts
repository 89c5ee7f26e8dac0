import type { Socket } from 'node:net';
import { fingerprint } from '../fingerprint.ts';
import { nextBytes } from '../next-bytes.ts';
import { type Facts, StepFailure } from '../problems/index.ts';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const AUTHENTICATION = 0x52;

/**
 * Asks a PostgreSQL server for TLS (protocol 3.0, SSLRequest). True: the next bytes are a TLS handshake.
 * @throws StepFailure WRONG_PROTOCOL where something else answers, CONNECTION_LOST where it hangs up
 */
export async function requestTls(socket: Socket, facts: Facts, signal: AbortSignal): Promise<boolean> {
  socket.write(SSL_REQUEST);
  const answer = await nextBytes(socket, signal);
  if (!answer) throw new StepFailure('CONNECTION_LOST', facts);
  // More than one byte before TLS has begun is not from the server we asked.
  if (answer.length === 1 && answer[0] === 0x53) return true;
  if (answer.length === 1 && answer[0] === 0x4e) return false;
  throw new StepFailure('WRONG_PROTOCOL', { ...facts, what: fingerprint(answer) });
}

/** How the server wants to be logged in to, from its first message. */
export type AuthRequest = 'none' | 'password' | 'md5' | 'scram-sha-256' | 'other' | 'refused';

const AUTH_REQUESTS: Readonly<Record<number, AuthRequest>> = {
  0: 'none',
  2: 'other', // Kerberos
  3: 'password',
  5: 'md5',
  7: 'other', // GSSAPI
  9: 'other', // SSPI
  10: 'scram-sha-256',
};

/** Reads the first message of a server after the startup message. @throws where it cannot be PostgreSQL's */
export function authRequest(message: Buffer): AuthRequest {
  if (message[0] !== AUTHENTICATION) return 'refused';
  const request = message.length < 9 ? undefined : AUTH_REQUESTS[message.readUInt32BE(5)];
  if (request === undefined) throw new Error('no such authentication');
  return request;
}
