/** One event of a stream of server-sent events. */
export interface SseEvent {
  event: string;
  data: string;
}

/** A stream longer than its bound. */
export class StreamTooLong extends Error {}

/** The events of a stream as they come (WHATWG HTML, "Server-sent events"). @throws StreamTooLong */
export async function* sseEvents(chunks: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<SseEvent> {
  let event = 'message';
  let data: string[] = [];
  for await (const line of linesOf(chunks, mostBytes)) {
    if (line.startsWith('data:')) data.push(fieldOf(line));
    else if (line.startsWith('event:')) event = fieldOf(line);
    if (line !== '') continue;
    if (data.length > 0) yield { event, data: data.join('\n') };
    event = 'message';
    data = [];
  }
}

async function* linesOf(chunks: AsyncIterable<Buffer>, mostBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let size = 0;
  let pieces: string[] = [];
  let afterCr = false;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > mostBytes) throw new StreamTooLong();
    const text = decoder.decode(chunk, { stream: true });
    // Its line has ended with the CR: nobody knows whether an LF will come.
    const piece = afterCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') afterCr = text.endsWith('\r');
    pieces.push(piece);
    // Nothing is looked through twice, however small the pieces of a long line are.
    if (!/[\r\n]/.test(piece)) continue;
    const lines = pieces.join('').split(/\r\n|\n|\r/);
    pieces = [lines.pop() ?? ''];
    yield* lines;
  }
}

function fieldOf(line: string): string {
  return line.slice(line.indexOf(':') + 1).replace(/^ /, '');
}
