import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Binary, type Document } from 'bson';
import { scram } from '../../src/probes/mongodb/scram.ts';
import { Wire } from '../../src/probes/mongodb/wire.ts';

export interface MongoPlace {
  port: number;
  tls?: boolean;
  /** Logs in by SCRAM-SHA-256 to `admin`. */
  username?: string;
  password?: string;
}

/** One command over a connection of its own: what tests prepare servers with. */
export async function mongoCommand(place: MongoPlace, database: string, command: Document): Promise<Document> {
  const socket = await dial(place);
  const wire = new Wire(socket, {});
  try {
    if (place.username !== undefined) await logIn(wire, place.username, place.password ?? '');
    return await wire.command({ ...command, $db: database });
  } finally {
    socket.destroy();
  }
}

async function dial({ port, tls }: MongoPlace): Promise<Socket> {
  const host = '127.0.0.1';
  const socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
  await once(socket, tls ? 'secureConnect' : 'connect');
  return socket;
}

async function logIn(wire: Wire, username: string, password: string): Promise<void> {
  const login = scram('SCRAM-SHA-256', username, password);
  const payload = (text: string) => new Binary(Buffer.from(text));
  const text = ({ payload: given }: Document) => Buffer.from((given as Binary).buffer).toString();
  const mechanism = 'SCRAM-SHA-256';
  const begun = await wire.command({ saslStart: 1, mechanism, payload: payload(login.first), $db: 'admin' });
  const { conversationId } = begun;
  const proof = await login.prove(text(begun));
  const next = (message: string) =>
    wire.command({ saslContinue: 1, conversationId, payload: payload(message), $db: 'admin' });
  if ((await next(proof.message))['done'] !== true) await next('');
}
