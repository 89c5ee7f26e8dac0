import { setTimeout as sleep } from 'node:timers/promises';
import { HeadwaterError } from '../errors.ts';

/** What a prompt needs of a terminal; `process.stdin` has all of it. */
export interface HiddenInput {
  setRawMode: (on: boolean) => unknown;
  on: (event: 'data', listener: (chunk: Buffer) => void) => unknown;
  off: (event: 'data', listener: (chunk: Buffer) => void) => unknown;
  resume: () => unknown;
  pause: () => unknown;
}

/** What was typed or pasted; a paste may have several lines. */
export interface Typed {
  text: string;
  /** It ended within a paste that the terminal does not mark as one: the lines behind it were thrown away. */
  cutOff: boolean;
}

// Terminals mark what is pasted with these where they are asked to, so that its line ends are told from Enter.
const MARK_PASTES = '\u001b[?2004h';
const UNMARK_PASTES = '\u001b[?2004l';
const PASTE_BEGINS = '\u001b[200~';
const PASTE_ENDS = '\u001b[201~';
const ENTER = ['\r', '\n'];
/** Ctrl-C and Ctrl-D. */
const LEAVE = ['\u0003', '\u0004'];
const withoutLast = (text: string) => [...text].slice(0, -1).join('');
const EDITS: Readonly<Record<string, (text: string) => string>> = {
  '\u007f': withoutLast,
  '\b': withoutLast,
  '\u0015': () => '',
};
const LONGEST = 64 * 1024;
/** Within this time after Enter comes what was pasted behind it, and nothing that a person types. */
const REST_OF_PASTE_MS = 50;

/**
 * Asks at a terminal without showing what is typed. Nothing of it is left for the shell to read.
 * @throws HeadwaterError CANCELLED on Ctrl-C and Ctrl-D
 */
export async function askHidden(question: string, input: HiddenInput, write: (text: string) => void): Promise<Typed> {
  // Before the question is there, since whoever waits for it may be fast.
  input.setRawMode(true);
  write(`${question}${MARK_PASTES}`);
  try {
    return await typed(input);
  } finally {
    input.setRawMode(false);
    input.pause();
    write(`${UNMARK_PASTES}\n`);
  }
}

async function typed(input: HiddenInput): Promise<Typed> {
  const line = createLine();
  let listen: (chunk: Buffer) => void = () => {};
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const decoder = new TextDecoder();
      listen = (chunk) => {
        const end = line.take(decoder.decode(chunk, { stream: true }));
        if (end === 'enter') resolve(line.text());
        else if (end !== undefined) reject(end);
      };
      input.on('data', listen);
      input.resume();
    });
    await sleep(REST_OF_PASTE_MS);
    return { text, cutOff: line.rest().trim() !== '' };
  } finally {
    input.off('data', listen);
  }
}

/** What is typed, key by key. */
function createLine() {
  let keys = '';
  let text = '';
  let pasting = false;
  let ended = false;

  const key = (one: string): 'enter' | HeadwaterError | undefined => {
    if (one === PASTE_BEGINS || one === PASTE_ENDS) pasting = one === PASTE_BEGINS;
    else if (pasting) text += one === '\r' ? '\n' : one;
    else if (ENTER.includes(one)) return 'enter';
    else if (LEAVE.includes(one)) return new HeadwaterError('CANCELLED', 'Nothing was given.');
    else text = EDITS[one]?.(text) ?? (one >= ' ' ? text + one : text);
    if (text.length <= LONGEST) return undefined;
    return new HeadwaterError('INVALID_ARGUMENTS', `More than ${LONGEST} characters were given.`);
  };

  return {
    /** @returns what ended the line, if anything has */
    take(more: string): 'enter' | HeadwaterError | undefined {
      keys += more;
      while (!ended && keys !== '') {
        const one = firstKey(keys);
        if (one === undefined) return undefined;
        keys = keys.slice(one.length);
        const end = key(one);
        if (end === undefined) continue;
        ended = true;
        return end;
      }
      return undefined;
    },
    text: () => text,
    /** What came behind the end. */
    rest: () => keys,
  };
}

/** One character, or one sequence that a key or the terminal sends; undefined where its end is still to come. */
function firstKey(keys: string): string | undefined {
  if (!keys.startsWith('\u001b')) return String.fromCodePoint(keys.codePointAt(0) ?? 0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals send
  const whole = /^\u001b(?:\[[\d;?]*[A-Za-z~]|O[A-Za-z]|[^[O])/.exec(keys)?.[0];
  return whole ?? (keys.length > 16 ? '\u001b' : undefined);
}
