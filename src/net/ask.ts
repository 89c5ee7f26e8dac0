import type { Socket } from 'node:net';
import { HeadwaterError } from '../errors.ts';
import { createRedactor } from '../secrets/redact.ts';
import { Secret } from '../secrets/secret.ts';
import { isPrivateAddress } from './address.ts';
import type { Egress } from './egress.ts';
import { failureOf, ServerFailure, whyNoAnswer } from './operator-http.ts';
import { secure } from './tls.ts';

/** One request to a server that somebody's config names: the egress policy holds for it like for any other. */
export interface Question {
  url: URL;
  /** Makes it a POST of these, in this language. `Secret`s among them are opened on their way out. */
  fields?: Readonly<Record<string, string | Secret>>;
  encoding?: 'form' | 'json';
  /** HTTP basic authentication, each part form-encoded first (RFC 6749 §2.3.1). */
  basic?: { user: string; password: Secret };
}

export interface Answer {
  status: number;
  /** Parsed, where it is JSON; undefined for anything else. */
  json: unknown;
  /** Takes the secrets of the question out of a text from the answer, and what cannot be shown. */
  clean: (text: string, cap?: number) => string;
}

/**
 * Asks once. No redirect is followed, and a certificate is checked in full before anything is sent; in clear only to
 * private addresses, as far as these are open at all.
 * @throws HeadwaterError EGRESS_DENIED, PROVIDER_UNAVAILABLE, CANCELLED
 */
export type Ask = (question: Question, signal: AbortSignal) => Promise<Answer>;

const LIMIT_MS = 10_000;
const MOST_BYTES = 256 * 1024;

export function createAsk(egress: Egress, now: () => Date): Ask {
  return async (question, cancelled) => {
    const { url } = question;
    const signal = AbortSignal.any([cancelled, AbortSignal.timeout(LIMIT_MS)]);
    let socket: Socket | undefined;
    try {
      socket = await opened(egress, url, now, signal);
      const { exchangeOver, readBounded } = await import('./http.ts');
      const answer = await readBounded(await exchangeOver(socket, url.origin, requestOf(question), signal), MOST_BYTES);
      const text = answer.truncated ? '' : answer.body.toString('utf8');
      return { status: answer.status, json: parsed(text), clean: cleanerOf(question) };
    } catch (error) {
      if (cancelled.aborted) throw new HeadwaterError('CANCELLED', 'The call was cancelled.');
      if (error instanceof HeadwaterError) throw error;
      const { reason } = failureOf(error, signal);
      throw new HeadwaterError('PROVIDER_UNAVAILABLE', `${url.host} cannot be reached: ${whyNoAnswer(reason)}.`, {
        hint: 'Try again later. If it stays, check the address, and what stands between Headwater and the internet.',
      });
    } finally {
      socket?.destroy();
    }
  };
}

async function opened(egress: Egress, url: URL, now: () => Date, signal: AbortSignal): Promise<Socket> {
  const isTls = url.protocol === 'https:';
  const port = Number(url.port) || (isTls ? 443 : 80);
  const host = egress.admitName(url.hostname.replace(/^\[|\]$/g, ''));
  const target = egress.judge(await unlessAborted(egress.lookup(host, port), signal));
  if (!isTls && !target.addresses.every(({ address }) => isPrivateAddress(address))) {
    throw new ServerFailure('clear text');
  }
  const socket = await egress.connect(target, signal);
  if (!isTls) return socket;
  try {
    const secured = await secure(socket, target, { signal, now: now() }).catch((error: unknown) => {
      throw signal.aborted ? error : new ServerFailure('tls', error);
    });
    const [fault] = secured.facts.faults;
    if (fault) throw new ServerFailure(fault);
    return secured.socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** A name lookup cannot be cut off; it is left behind. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return Promise.race([
    work,
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    }),
  ]);
}

function requestOf({ url, fields, encoding = 'form', basic }: Question) {
  const headers = {
    accept: 'application/json',
    'user-agent': 'headwater',
    ...(basic ? { authorization: basicOf(basic) } : {}),
  };
  const path = url.pathname + url.search;
  if (!fields) return { method: 'GET' as const, path, headers };
  const open = Object.entries(fields).map(
    ([name, value]) => [name, value instanceof Secret ? value.reveal() : value] as const,
  );
  const isForm = encoding === 'form';
  return {
    method: 'POST' as const,
    path,
    headers: { ...headers, 'content-type': isForm ? 'application/x-www-form-urlencoded' : 'application/json' },
    body: isForm
      ? new URLSearchParams(open.map(([...pair]) => pair)).toString()
      : JSON.stringify(Object.fromEntries(open)),
  };
}

function basicOf({ user, password }: NonNullable<Question['basic']>): Secret {
  const encoded = (text: string) => new URLSearchParams([['', text]]).toString().slice(1);
  const pair = `${encoded(user)}:${encoded(password.reveal())}`;
  return new Secret(`Basic ${Buffer.from(pair).toString('base64')}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function cleanerOf({ fields = {}, basic }: Question): Answer['clean'] {
  const secrets = [...Object.values(fields), basic?.password].filter((value) => value instanceof Secret);
  const redactor = createRedactor(secrets, basic ? [basic.user] : []);
  return (text, cap) => redactor.clean(text, cap);
}
