import { telling } from './errors.ts';
import { MESSAGE, type Messages } from './packets.ts';
import { type Answer, answerIn, type Row } from './tokens.ts';

/** What stands before a batch since 2005: that it belongs to no transaction ("ALL_HEADERS"). */
const HEADERS = (() => {
  const headers = Buffer.alloc(22);
  headers.writeUInt32LE(22, 0);
  headers.writeUInt32LE(18, 4);
  headers.writeUInt16LE(2, 8);
  headers.writeUInt32LE(1, 18);
  return headers;
})();

/**
 * One batch. Where it takes longer than `limitMs` the server is told to stop, and the connection can be used again.
 * @returns undefined where it took too long
 * @throws ServerError for the server's refusal, StepFailure where it breaks the protocol
 */
export async function batch(messages: Messages, statement: string, limitMs: number): Promise<Row[] | undefined> {
  let stopping = false;
  const timer = setTimeout(() => {
    stopping = true;
    messages.send(MESSAGE.attention, Buffer.alloc(0));
  }, limitMs);
  try {
    messages.send(MESSAGE.batch, Buffer.concat([HEADERS, Buffer.from(statement, 'utf16le')]));
    let answer = await nextAnswer(messages);
    // What was told to stop may have been done already; that it was told is answered in any case.
    const stopped = stopping;
    while (stopping && !answer.stopped) answer = await nextAnswer(messages);
    if (stopped) return undefined;
    const error = telling(answer.errors);
    if (error) throw error;
    return answer.rows;
  } finally {
    clearTimeout(timer);
  }
}

/** The next message, read. @throws StepFailure WRONG_PROTOCOL */
export async function nextAnswer(messages: Messages): Promise<Answer> {
  const message = await messages.next();
  try {
    return answerIn(message);
  } catch {
    throw messages.broken('its answer cannot be read');
  }
}
