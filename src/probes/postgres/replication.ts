import type { Socket } from 'node:net';
import { reached } from '../network.ts';
import { StepFailure } from '../problems/index.ts';
import { tlsOptions, upgrade } from '../tls.ts';
import { TRIAL_NAME } from './facts-query.ts';
import { login } from './login.ts';
import type { Row, Session } from './session.ts';
import { requestTls } from './wire.ts';

/** What came of opening a replication session. */
export type Trial = { system: Row } | { error: unknown };

/**
 * Opens a replication session beside the one there is, over a connection made in the same way, asks it who the server
 * is, and closes it: what roles and rules say of replication is true only if this succeeds.
 */
export async function tryReplication(session: Session): Promise<Trial> {
  const stop = new AbortController();
  session.onClose(() => stop.abort());
  try {
    return { system: await identified(session, stop.signal) };
  } catch (error) {
    return { error };
  }
}

async function identified(session: Session, signal: AbortSignal): Promise<Row> {
  const { config, facts, link } = session;
  const socket = await reached(link.dial)(signal);
  session.onClose(() => socket.destroy());
  const wire = session.wire === link.socket ? socket : await encrypted(session, socket, signal);
  const { username, password, database } = config;
  const opening = await login(wire, { username, password, database, replication: TRIAL_NAME }, facts);
  session.onClose(opening.end);
  try {
    const client = await opening.ready;
    const { rows } = await client.query<Row>('IDENTIFY_SYSTEM');
    return rows[0] ?? {};
  } finally {
    opening.end();
  }
}

async function encrypted(session: Session, socket: Socket, signal: AbortSignal): Promise<Socket> {
  const { config, context, facts, link } = session;
  // The first connection was encrypted: whoever now says that there is no TLS is not to be told a password.
  if (!(await requestTls(socket, facts, signal)))
    throw new StepFailure('TLS_NOT_OFFERED', { ...facts, what: config.tls_mode });
  const options = { ...tlsOptions(config), facts, context, signal };
  return (await upgrade(socket, reached(link.target), options)).socket;
}
