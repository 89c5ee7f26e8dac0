import type { Socket } from 'node:net';
import type { Client as PgClient } from 'pg';
import type { Secret } from '../../secrets/secret.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { connectionLost } from '../tls-failures.ts';
import { type FrameOptions, frames } from './frames.ts';
import { type AuthRequest, authRequest } from './wire.ts';

declare module 'pg' {
  interface ClientConfig {
    pipeline?: boolean;
  }
  interface Client {
    /** The server process that the connection was told it has. */
    readonly processID: number | null;
    /** What goes into the startup message; filled from the environment where a config is silent. */
    connectionParameters: { options?: string; replication?: string; client_encoding?: string };
  }
}

export interface Login {
  /** The server's first message, read before the client library sees it. Rejects with StepFailure WRONG_PROTOCOL. */
  firstMessage: Promise<AuthRequest>;
  /** The whole login. Rejects with the driver's or the server's error. */
  ready: Promise<PgClient>;
  /** Says goodbye and closes the socket. The server ends its session by itself; waiting for that costs a round trip. */
  end: () => void;
}

export interface Account {
  username: string;
  password: Secret | undefined;
  database: string;
  /** A replication session, by which name. */
  replication?: string;
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
    // Without one nothing is sent: the step that sees the request says so, and ends the login.
    password: () => account.password?.reveal() ?? new Promise<string>(() => {}),
    application_name: account.replication ?? 'headwater',
    ssl: false,
    connectionTimeoutMillis: 0,
    types: { getTypeParser: () => (text: string) => text },
    // Several questions may be on their way at once.
    pipeline: account.replication === undefined,
  });
  client.connectionParameters.options = undefined as never;
  client.connectionParameters.replication = account.replication === undefined ? (undefined as never) : 'database';
  client.connectionParameters.client_encoding = 'UTF8';
  client.on('error', () => {});
  const ready = client.connect().then(() => client);
  ready.catch(() => {});
  const firstMessage = new Promise<AuthRequest>((resolve, reject) => {
    const lost = () => reject(connectionLost(socket, facts));
    socket.once('close', lost);
    if (socket.destroyed) lost();
    guard(socket, {
      onFirst: (message) => resolve(authRequest(message)),
      onBroken: (what) => {
        const failure = new StepFailure('WRONG_PROTOCOL', { ...facts, what });
        reject(failure);
        socket.destroy(failure);
      },
    });
  });
  firstMessage.catch(() => {});
  socket.resume();
  const end = () => {
    client.end().catch(() => {});
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

/** Puts the check of every message between the socket and the client library, which has just begun to listen to it. */
function guard(socket: Socket, options: Omit<FrameOptions, 'onMessages'>): void {
  const listeners = socket.listeners('data') as ((bytes: Buffer) => void)[];
  socket.removeAllListeners('data');
  const onMessages = (messages: Buffer) => {
    for (const listener of listeners) listener(messages);
  };
  socket.on('data', frames({ ...options, onMessages }));
}
