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
export function frames({ onFirst, onMessages, onBroken }: FrameOptions): (bytes: Buffer) => void {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = HEADER;
  let total = 0;
  let first = true;
  let broken = false;
  return (bytes) => {
    if (broken) return;
    held.push(bytes);
    heldBytes += bytes.length;
    total += bytes.length;
    try {
      if (total > MOST_BYTES) throw new Error('too much');
      // The type alone tells most other protocols, so it is not waited for more.
      if (heldBytes < wanted && !(first && !FIRST_TYPES.has(held[0]?.[0] ?? 0))) return;
      const all = held.length === 1 ? bytes : Buffer.concat(held);
      held = [all];
      const end = wholeMessages(all, first);
      if (end > 0) {
        if (first) onFirst(all.subarray(0, 1 + all.readUInt32BE(1)));
        first = false;
        held = [all.subarray(end)];
        heldBytes -= end;
        onMessages(all.subarray(0, end));
      }
      wanted = heldBytes < HEADER ? HEADER : 1 + (held[0] ?? all).readUInt32BE(1);
    } catch {
      broken = true;
      onBroken(fingerprint(held.length === 1 ? (held[0] ?? bytes) : Buffer.concat(held)));
    }
  };
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
