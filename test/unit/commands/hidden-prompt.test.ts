import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { askHidden } from '../../../src/commands/hidden-prompt.ts';

/** A terminal that sends what it is given, and keeps what is shown. */
function terminal() {
  const events = new EventEmitter();
  const modes: boolean[] = [];
  let shown = '';
  const input = {
    setRawMode: (on: boolean) => void modes.push(on),
    on: (event: string, listener: (chunk: Buffer) => void) => events.on(event, listener),
    off: (event: string, listener: (chunk: Buffer) => void) => events.off(event, listener),
    resume: () => {},
    pause: () => {},
  };
  const asked = askHidden('Secret: ', input, (text) => {
    shown += text;
  });
  // Whoever only looks at what was shown must not end the test run with a rejection that nobody heard.
  asked.catch(() => {});
  return {
    asked,
    modes,
    shown: () => shown,
    listeners: () => events.listenerCount('data'),
    send: (...chunks: (string | Buffer)[]) => {
      for (const chunk of chunks) events.emit('data', Buffer.from(chunk as string));
    },
  };
}

describe('a hidden prompt', () => {
  it.each([
    ['what is typed', ['hun', 'ter2', '\r'], 'hunter2'],
    ['characters of several bytes, cut anywhere', [Buffer.from([0xc3]), Buffer.from([0xa4, 0x0d])], 'ä'],
    ['corrections', ['hunx\u007fter3\b2\r'], 'hunter2'],
    ['beginning anew with Ctrl-U', ['wrong\u0015right\r'], 'right'],
    ['nothing of arrows and other keys', ['a\u001b[A\u001bOPb\u001b[3~c\u001b[1;5Dd\t\r'], 'abcd'],
    ['a sequence that comes in pieces', ['a\u001b', '[', 'Ab\r'], 'ab'],
    ['surrogate pairs, corrected whole', ['a🔑\u007fb\r'], 'ab'],
    [
      'a paste of several lines',
      ['\u001b[200~-----BEGIN\rMIIB==\n-----END\r\u001b[201~', '\r'],
      '-----BEGIN\nMIIB==\n-----END\n',
    ],
    ['what looks like keys inside a paste', ['\u001b[200~a\u007f\u0003b\u001b[201~\r'], 'a\u007f\u0003b'],
  ])('takes %s', async (_, chunks, text) => {
    const { asked, send } = terminal();
    send(...chunks);
    expect(await asked).toEqual({ text, cutOff: false });
  });

  it('shows the question and nothing else, and leaves the terminal as it was', async () => {
    const { asked, send, shown, modes, listeners } = terminal();
    send('hunter2', '\r');
    await asked;
    expect(shown()).toBe('Secret: \u001b[?2004h\u001b[?2004l\n');
    expect(modes).toEqual([true, false]);
    expect(listeners()).toBe(0);
  });

  it.each(['\u0003', '\u0004'])('ends with Ctrl-C and Ctrl-D: %j', async (key) => {
    const { asked, send, modes } = terminal();
    send('hun', key);
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(modes).toEqual([true, false]);
  });

  it('swallows the lines behind the first of a paste that is not marked, and says so', async () => {
    const { asked, send, listeners } = terminal();
    send('-----BEGIN\rMIIB', 'more\r');
    setTimeout(() => send('-----END\r'), 10);
    expect(await asked).toEqual({ text: '-----BEGIN', cutOff: true });
    expect(listeners()).toBe(0);
  });

  it('takes no more than 64 KiB', async () => {
    const { asked, send } = terminal();
    send('x'.repeat(64 * 1024 + 1));
    await expect(asked).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });
});
