import { HeadwaterError } from '../../errors.ts';
import { networkFailure } from '../network.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { telling } from './errors.ts';
import { loginMessage } from './login.ts';
import { MESSAGE, Messages } from './packets.ts';
import { nextAnswer } from './query.ts';
import type { Session } from './session.ts';
import type { Route } from './tokens.ts';
import { clearWire, type Place, secureWire, type Wire, withLoginEncrypted } from './wire.ts';

export interface SignedIn {
  messages: Messages;
  wire: Wire;
  /** Where the server sent us, when it did not serve the login itself. */
  at?: string;
}

/**
 * Logs in over a wire, and goes where the server sends us to, once: Azure does so inside its own network. That place is
 * judged like any other.
 * @throws ServerError for the server's refusal, StepFailure for all else
 */
export async function signIn(
  session: Session,
  wire: Wire,
  place: Place,
  database: string | undefined,
): Promise<SignedIn> {
  const first = await send(session, wire, place, database);
  if (!first.route) return first;
  const at = session.clean(`${first.route.host}:${first.route.port}`, 200);
  first.wire.socket.destroy();
  const there = await follow(session, first.route, at, place);
  const second = await send(session, there.wire, there.place, database);
  if (second.route)
    throw new StepFailure('ROUTED_ELSEWHERE', { ...session.facts, what: `${at}, and further from there` });
  return { messages: second.messages, wire: second.wire, at };
}

/** Another connection to where the first one went, logged in to the login's own database. */
export async function signInElsewhere(session: Session, signal: AbortSignal): Promise<Messages> {
  const place = session.place(signal);
  const wire = await wireTo(await place.dial(signal), place);
  return (await signIn(session, wire, place, undefined)).messages;
}

async function send(
  session: Session,
  given: Wire,
  place: Place,
  database: string | undefined,
): Promise<SignedIn & { route?: Route }> {
  const { username, password } = session.config;
  const { host } = place.target;
  const wire = await withLoginEncrypted(given, place);
  const messages = new Messages(wire.socket, place.facts);
  messages.send(MESSAGE.login, loginMessage({ host, username, password, database }), wire.loginOver);
  const answer = await nextAnswer(messages);
  const error = telling(answer.errors);
  if (error) throw error;
  if (!answer.accepted) throw messages.broken('its answer to a login cannot be read');
  return { messages, wire, ...(answer.route ? { route: answer.route } : {}) };
}

async function follow(
  session: Session,
  { host: named, port }: Route,
  what: string,
  place: Place,
): Promise<{ wire: Wire; place: Place }> {
  const { egress } = session.context;
  const facts: Facts = { ...session.facts, what };
  if (place.tunnelled) throw new StepFailure('ROUTED_ELSEWHERE', facts);
  // An instance behind the name says nothing that the port does not.
  const host = named.replace(/\\.*$/s, '');
  try {
    const target = egress.judge(await egress.lookup(egress.admitName(host), port));
    const dial = async (until: AbortSignal) => session.keep(await egress.connect(target, until));
    const there = { ...place, target, dial, facts: { ...session.facts, host: session.clean(host, 200), port } };
    return { wire: await wireTo(await dial(place.signal), there), place: there };
  } catch (error) {
    if (error instanceof HeadwaterError) {
      const fix = error.details.hint ?? '';
      throw new StepFailure('ROUTED_ELSEWHERE', { ...facts, fix }, { driver_code: error.code });
    }
    throw networkFailure(error, { ...facts, host: session.clean(host, 200), port }, 'TCP_UNREACHABLE');
  }
}

async function wireTo(socket: Awaited<ReturnType<Place['dial']>>, place: Place): Promise<Wire> {
  return place.mode === 'disable' ? clearWire(socket, place) : (await secureWire(socket, place)).wire;
}
