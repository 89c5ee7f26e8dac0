import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { knownProtocol } from './fingerprint.ts';
import { type Facts, StepFailure } from './problems/index.ts';

const SILENCE_MS = 700;

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
  const masked = unmask(dial, stop).then((what) => {
    if (what === undefined) return answer;
    throw new StepFailure('WRONG_PROTOCOL', { ...facts, what });
  });
  try {
    return await Promise.race([answer, masked]);
  } finally {
    done.abort();
    masked.catch(() => {});
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
