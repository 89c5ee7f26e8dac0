import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { secure } from '../net/tls.ts';
import { knownProtocol, TLS_FIRST } from './fingerprint.ts';
import { type Facts, StepFailure } from './problems/index.ts';

const SILENCE_MS = 700;
const TLS_PATIENCE_MS = 1500;

/** Opens a further connection to the same place. */
type Dial = (signal: AbortSignal) => Promise<Socket>;

/**
 * Waits for `answer`, and when it keeps waiting asks over a second connection what listens there: servers of line-based
 * protocols say nothing until they have read a line. The first connection, which may be of a slow but right server, is
 * not disturbed.
 * @throws StepFailure WRONG_PROTOCOL once something else has given itself away; whatever `answer` throws
 */
export async function unlessUnmasked<T>(
  answer: Promise<T>,
  { dial, facts, signal }: { dial: Dial; facts: Facts; signal: AbortSignal },
): Promise<T> {
  const done = new AbortController();
  const stop = AbortSignal.any([signal, done.signal]);
  const told = answer.catch(async (error: unknown) => {
    if (isLost(error) && (await speaksTls(dial, facts, stop))) {
      throw new StepFailure('WRONG_PROTOCOL', { ...facts, what: TLS_FIRST });
    }
    throw error;
  });
  const masked = unmask(dial, stop).then((what) => {
    if (what === undefined) return told;
    throw new StepFailure('WRONG_PROTOCOL', { ...facts, what });
  });
  try {
    return await Promise.race([told, masked]);
  } finally {
    done.abort();
    masked.catch(() => {});
  }
}

function isLost(error: unknown): boolean {
  return error instanceof StepFailure && error.problem.code === 'CONNECTION_LOST';
}

/** Whether TLS is what a server wants to hear first: one that does hangs up on anything else, mostly without a word. */
async function speaksTls(dial: Dial, facts: Facts, signal: AbortSignal): Promise<boolean> {
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(TLS_PATIENCE_MS)]);
    const socket = await dial(limited);
    try {
      const { socket: secured } = await secure(
        socket,
        { host: facts.host ?? '' },
        { signal: limited, now: new Date(0) },
      );
      secured.destroy();
      return true;
    } finally {
      socket.destroy();
    }
  } catch {
    return false;
  }
}

/** What a server says to an HTTP request, if that tells what it is. */
async function unmask(dial: Dial, signal: AbortSignal): Promise<string | undefined> {
  try {
    await setTimeout(SILENCE_MS, undefined, { signal });
    const socket = await dial(signal);
    try {
      socket.write('GET / HTTP/1.0\r\n\r\n');
      const bytes = await new Promise<Buffer | undefined>((resolve) => {
        socket.once('data', resolve);
        socket.once('close', () => resolve(undefined));
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      });
      return bytes && knownProtocol(bytes);
    } finally {
      socket.destroy();
    }
  } catch {
    return undefined;
  }
}
