import { describe, expect, it } from 'vitest';
import { sseEvents } from '../../../../src/probes/mcp/sse.ts';

/** So many events of a stream that comes in these pieces and then stays open. */
async function eventsOf(pieces: readonly Buffer[], count: number) {
  const open = async function* () {
    yield* pieces;
    await new Promise(() => {});
  };
  const events = sseEvents(open(), 1024);
  const found: unknown[] = [];
  while (found.length < count) found.push((await events.next()).value);
  return found;
}

describe('events', () => {
  it.each(['\n', '\r\n', '\r'])('with lines that end in %j come at once, wherever the stream is cut', async (end) => {
    const lines = ['event: greeting', 'data: grüße', 'data: 2', '', ': noise', 'data: 3', '', 'data: 4', ''];
    // Of what ends in CRLF, only the CR has come.
    const stream = Buffer.from(`${lines.join(end)}${end.slice(0, 1)}`);
    const wanted = [
      { event: 'greeting', data: 'grüße\n2' },
      { event: 'message', data: '3' },
      { event: 'message', data: '4' },
    ];
    for (let size = 1; size <= stream.length; size += 1) {
      const pieces = Array.from({ length: Math.ceil(stream.length / size) }, (_, at) =>
        stream.subarray(at * size, (at + 1) * size),
      );
      expect(await eventsOf(pieces, wanted.length), `pieces of ${size}`).toEqual(wanted);
    }
  });

  it('a CR and its LF are one line end, also in two pieces', async () => {
    const pieces = ['data: 1\r', '\n', 'data: 2\r', '\n\ndata: 3\n\n'].map((piece) => Buffer.from(piece));
    expect(await eventsOf(pieces, 2)).toEqual([
      { event: 'message', data: '1\n2' },
      { event: 'message', data: '3' },
    ]);
  });
});
