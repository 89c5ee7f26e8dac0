import { Binary } from 'bson';
import { reached } from '../network.ts';
import type { StepOutcome } from '../probe.ts';
import { type ProblemDetails, StepFailure } from '../problems/index.ts';
import { type Doc, numberOf } from './documents.ts';
import { loginFailure } from './errors.ts';
import { createUser } from './remedies.ts';
import { ScramFault, type ScramMechanism, scram } from './scram.ts';
import type { Session } from './session.ts';

const UNREADABLE = 'its answer to a login cannot be read';
const NO_PROOF = 'it does not prove that it knows the password';
const MOST_ROUNDS = 3;

/**
 * Logs in, by the mechanism that the config names or the best that the server has for the user.
 * @throws StepFailure
 */
export async function logIn(session: Session): Promise<StepOutcome> {
  const { config, facts, encrypted, authSource } = session;
  const { username, password, auth_mechanism } = config;
  if (username === undefined) {
    reached(session.wire).loggedIn();
    return { skip: 'no user is set' };
  }
  if (password === undefined) throw new StepFailure('PASSWORD_MISSING', facts);
  const mechanism = auth_mechanism ?? mechanismOf(session);
  if (mechanism === 'PLAIN' && !encrypted) throw new StepFailure('LOGIN_NEEDS_TLS', facts);
  try {
    if (mechanism === 'PLAIN') await plain(session, `\0${username}\0${password.reveal()}`);
    else await scramLogin(session, mechanism, username, password.reveal());
  } catch (error) {
    if (error instanceof ScramFault) throw reached(session.wire).broken(UNREADABLE);
    throw loginFailure(error, session.asking, rejected(session));
  }
  session.loggedIn = true;
  reached(session.wire).loggedIn();
  return { evidence: `as ${username} of ${authSource} (${mechanism})` };
}

function mechanismOf({ hello }: Session): ScramMechanism {
  const offered = hello?.mechanisms;
  return offered === undefined || offered.includes('SCRAM-SHA-256') ? 'SCRAM-SHA-256' : 'SCRAM-SHA-1';
}

/** One code for a wrong user, a wrong password and a wrong database: what the server let slip says which is likely. */
function rejected(session: Session): ProblemDetails {
  const { authSource, hello, facts } = session;
  const known = hello?.mechanisms !== undefined && hello.mechanisms.length > 0;
  const database = session.clean(authSource, 63);
  const advice = known
    ? `Check the password first: the server seems to have a user ${facts.username} in ${database}.`
    : `Check all three, since servers do not say which is wrong: the user, the password, and auth_source, the database that ${facts.username} was created in (${database} was asked).`;
  return {
    fields: known ? ['password', 'username', 'auth_source'] : ['username', 'password', 'auth_source'],
    advice,
    remedies: known ? [] : createUser(session),
  };
}

async function plain(session: Session, payload: string): Promise<void> {
  const answer = await start(session, 'PLAIN', payload);
  if (answer['done'] !== true) throw reached(session.wire).broken(UNREADABLE);
}

async function scramLogin(session: Session, mechanism: ScramMechanism, username: string, password: string) {
  const wire = reached(session.wire);
  const login = scram(mechanism, username, password);
  const begun = await start(session, mechanism, login.first);
  const proof = await login.prove(payloadOf(begun));
  let answer = await go(session, begun, proof.message);
  if (!proof.proves(payloadOf(answer))) throw wire.broken(NO_PROOF);
  // Older servers want to hear nothing once more.
  for (let round = 0; answer['done'] !== true; round += 1) {
    if (round >= MOST_ROUNDS) throw wire.broken(UNREADABLE);
    answer = await go(session, begun, '');
  }
}

function start(session: Session, mechanism: string, payload: string): Promise<Doc> {
  const options = mechanism === 'PLAIN' ? {} : { options: { skipEmptyExchange: true } };
  return reached(session.wire).command({
    saslStart: 1,
    mechanism,
    payload: binary(payload),
    autoAuthorize: 1,
    ...options,
    $db: session.authSource,
  });
}

function go(session: Session, begun: Doc, payload: string): Promise<Doc> {
  const conversationId = numberOf(begun['conversationId']) ?? 0;
  const command = { saslContinue: 1, conversationId, payload: binary(payload), $db: session.authSource };
  return reached(session.wire).command(command);
}

function binary(text: string): Binary {
  return new Binary(Buffer.from(text));
}

function payloadOf({ payload }: Doc): string {
  if (payload instanceof Binary) return Buffer.from(payload.buffer.subarray(0, payload.position)).toString('utf8');
  return typeof payload === 'string' ? Buffer.from(payload, 'base64').toString('utf8') : '';
}
