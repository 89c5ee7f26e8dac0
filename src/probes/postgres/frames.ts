import { fingerprint } from '../fingerprint.ts';

/**
 * The client library trusts its server: a notice without an end loops for ever in it, and a message cut short throws
 * out of the socket's event and ends the process. So it is given whole messages only, and none of those.
 */

/** Every type a server sends after its answer to SSLRequest (PostgreSQL, "Message Formats"). */
const TYPES = new Set(Buffer.from('RSKZTDCEANIcGHWdnt123sv'));
const FIRST_TYPES = new Set(Buffer.from('RENv'));
const ERROR = 0x45;
const NOTICE = 0x4e;
const HEADER = 5;
const NOTHING = Buffer.alloc(0);
const LONGEST_MESSAGE = 4 * 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;

export interface FrameOptions {
  /** The first message, header included, before `onMessages` has it. */
  onFirst: (message: Buffer) => void;
  /** One or more whole messages. What it throws counts as the server's fault. */
  onMessages: (messages: Buffer) => void;
  /** What the server sent is not the protocol: what it is instead. Called once; nothing is handed on after it. */
  onBroken: (what: string) => void;
}

/** Takes what the server sends, in pieces of any size. */
export function frames(options: FrameOptions): (bytes: Buffer) => void {
  const pieces = new Pieces(options);
  let broken = false;
  return (bytes) => {
    if (broken) return;
    try {
      pieces.take(bytes);
    } catch {
      broken = true;
      options.onBroken(fingerprint(pieces.begun ? NOTHING : pieces.held));
    }
  };
}

/** What has come and is not a whole message yet. Pieces are joined once, when they are enough for one. */
class Pieces {
  readonly #options: FrameOptions;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #wanted = HEADER;
  #total = 0;
  #first = true;

  constructor(options: FrameOptions) {
    this.#options = options;
  }

  /** A message of the protocol has come, so it is not some other one that speaks. */
  get begun(): boolean {
    return !this.#first;
  }

  get held(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  /** @throws where the bytes are not of the protocol, or too many */
  take(bytes: Buffer): void {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    this.#total += bytes.length;
    if (this.#total > MOST_BYTES) throw new Error('too much');
    // Most other protocols differ in the first byte, so no more is waited for.
    if (this.#bytes >= this.#wanted || this.#first) this.#handOn(this.held);
  }

  #handOn(all: Buffer): void {
    const end = wholeMessages(all, this.#first);
    const rest = all.subarray(end);
    if (end > 0) {
      if (this.#first) this.#options.onFirst(all.subarray(0, 1 + all.readUInt32BE(1)));
      this.#first = false;
      this.#options.onMessages(all.subarray(0, end));
    }
    this.#pieces = [rest];
    this.#bytes = rest.length;
    this.#wanted = rest.length < HEADER ? HEADER : 1 + rest.readUInt32BE(1);
  }
}

/** Where the last whole message ends. @throws where the bytes are not of the protocol */
function wholeMessages(bytes: Buffer, first: boolean): number {
  let at = 0;
  for (;;) {
    const type = bytes[at];
    if (type !== undefined && !(first && at === 0 ? FIRST_TYPES : TYPES).has(type)) throw new Error('no such type');
    if (bytes.length - at < HEADER) return at;
    const length = bytes.readUInt32BE(at + 1);
    if (length < 4 || length > LONGEST_MESSAGE) throw new Error('no such length');
    const end = at + 1 + length;
    if (end > bytes.length) return at;
    if (type === ERROR || type === NOTICE) requireFields(bytes.subarray(at + HEADER, end));
    at = end;
  }
}

/** The fields of an error or a notice: each a letter and a text ended by zero, a zero after the last. */
function requireFields(body: Buffer): void {
  let at = 0;
  while (body[at] !== 0) {
    const stop = body.indexOf(0, at + 1);
    if (stop < 0) throw new Error('no end');
    at = stop + 1;
  }
}
