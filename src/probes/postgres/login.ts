import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Client as PgClient } from 'pg';
import type { Secret } from '../../secrets/secret.ts';
import { fingerprint } from '../fingerprint.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { type AuthRequest, authRequest } from './wire.ts';

declare module 'pg' {
  interface Client {
    /** What goes into the startup message; filled from the environment where a config is silent. */
    connectionParameters: { options?: string; replication?: string; client_encoding?: string };
  }
}

const GOODBYE_MS = 100;

export interface Login {
  /** The server's first message, read before the client library sees it. Rejects with StepFailure WRONG_PROTOCOL. */
  firstMessage: Promise<AuthRequest>;
  /** The whole login. Rejects with the driver's or the server's error. */
  ready: Promise<PgClient>;
  /** Says goodbye and closes the socket, waiting for the server no longer than a moment. */
  end: () => Promise<void>;
}

export interface Account {
  username: string;
  password: Secret | undefined;
  database: string;
}

/** Starts a login over a socket that is already connected, judged and, where wanted, encrypted. */
export async function login(socket: Socket, account: Account, facts: Facts): Promise<Login> {
  const { Client } = await import('pg');
  const client = new Client({
    stream: () => connected(socket),
    // Every field is set, and the password is a function, so that neither PG* variables nor ~/.pgpass are read.
    host: 'connected',
    port: facts.port ?? 5432,
    user: account.username,
    database: account.database,
    password: () => account.password?.reveal() ?? '',
    application_name: 'headwater',
    ssl: false,
    connectionTimeoutMillis: 0,
    types: { getTypeParser: () => (text: string) => text },
  });
  client.connectionParameters.options = undefined as never;
  client.connectionParameters.replication = undefined as never;
  client.connectionParameters.client_encoding = 'UTF8';
  client.on('error', () => {});
  const firstMessage = new Promise<AuthRequest>((resolve, reject) => {
    socket.once('close', () => reject(new StepFailure('CONNECTION_LOST', facts)));
    socket.prependOnceListener('data', (bytes: Buffer) => {
      const request = authRequest(bytes);
      if (request !== undefined) return resolve(request);
      reject(new StepFailure('WRONG_PROTOCOL', { ...facts, what: fingerprint(bytes) }));
      socket.destroy();
    });
  });
  firstMessage.catch(() => {});
  const ready = client.connect().then(() => client);
  ready.catch(() => {});
  socket.resume();
  const end = async () => {
    await Promise.race([client.end().catch(() => {}), setTimeout(GOODBYE_MS, undefined, { ref: false })]);
    socket.destroy();
  };
  return { firstMessage, ready, end };
}

/** The driver wants to connect its stream itself; this one only says that it is. */
function connected(socket: Socket): Socket {
  socket.connect = () => {
    process.nextTick(() => socket.emit('connect'));
    return socket;
  };
  return socket;
}
