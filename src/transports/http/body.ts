import type { IncomingMessage } from 'node:http';
import type { Refusal } from './answers.ts';

/** Deeper than any config or schema, and shallow enough for everything that walks a value by recursion. */
const MOST_NESTING = 100;

/** Reads a request's body as JSON, or says why it is refused; `undefined` where the client went away. */
export async function readJson(
  request: IncomingMessage,
  mostBytes: number,
): Promise<{ json: unknown } | { refused: Refusal } | undefined> {
  const tooLarge = { refused: { status: 413, code: -32000, message: `A body is at most ${mostBytes} bytes` } };
  if (Number(request.headers['content-length']) > mostBytes) return tooLarge;
  const bytes = await collect(request, mostBytes);
  if (bytes === 'too large') return tooLarge;
  return bytes && parse(bytes);
}

/**
 * Not by iterating over the request: to leave that early closes the connection before the refusal goes out. What is not
 * collected is read all the same and dropped, until the answer ends the connection.
 */
export function collect(request: IncomingMessage, mostBytes: number): Promise<Buffer | 'too large' | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= mostBytes) chunks.push(chunk);
      else {
        chunks.length = 0;
        resolve('too large');
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', () => resolve(undefined));
    request.once('close', () => resolve(undefined));
  });
}

function parse(bytes: Buffer): { json: unknown } | { refused: Refusal } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (isTooDeep(text)) return { refused: { status: 400, code: -32600, message: 'The body is nested too deeply' } };
    return { json: JSON.parse(text) };
  } catch {
    return { refused: { status: 400, code: -32700, message: 'The body is not valid JSON' } };
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

/** Judged on the text, before anything is made of it. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (inString && unit === BACKSLASH) at++;
    else if (unit === QUOTE) inString = !inString;
    else if (!inString && OPENING.has(unit) && ++depth > MOST_NESTING) return true;
    else if (!inString && CLOSING.has(unit)) depth--;
  }
  return false;
}
