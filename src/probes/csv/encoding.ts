import { isUtf8 } from 'node:buffer';
import { StringDecoder } from 'node:string_decoder';

export const ENCODINGS = ['utf-8', 'utf-16le', 'windows-1252', 'latin1'] as const;
/** `utf-16be` is recognised, but nobody need ask for it. */
export type Encoding = (typeof ENCODINGS)[number] | 'utf-16be';

export interface Detected {
  encoding: Encoding;
  from: 'byte order mark' | 'config' | 'content';
  /** Bytes of the byte order mark. */
  skip: number;
}

/** A byte order mark says it; then the config; then the bytes themselves. `isWhole`: nothing comes behind the head. */
export function detectEncoding(head: Buffer, wanted: Encoding | undefined, isWhole: boolean): Detected {
  const mark = head.subarray(0, 3).toString('hex');
  if (mark === 'efbbbf') return { encoding: 'utf-8', from: 'byte order mark', skip: 3 };
  if (mark.startsWith('fffe')) return { encoding: 'utf-16le', from: 'byte order mark', skip: 2 };
  if (mark.startsWith('feff')) return { encoding: 'utf-16be', from: 'byte order mark', skip: 2 };
  if (wanted !== undefined) return { encoding: wanted, from: 'config', skip: 0 };
  const text = isUtf8(isWhole ? head : whole(head)) ? 'utf-8' : 'windows-1252';
  return { encoding: wideOrder(head) ?? text, from: 'content', skip: 0 };
}

/** UTF-16 of text in a Latin script has a zero in every other byte. */
function wideOrder(head: Buffer): Encoding | undefined {
  const bytes = head.subarray(0, 4096 & ~1);
  if (bytes.length < 4) return undefined;
  const zeros = [0, 0];
  bytes.forEach((byte, at) => {
    if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  });
  const [even = 0, odd = 0] = zeros.map((count) => count / (bytes.length / 2));
  if (odd > 0.4 && even < 0.05) return 'utf-16le';
  return even > 0.4 && odd < 0.05 ? 'utf-16be' : undefined;
}

/** Without the beginning of a character that the cut has left at the end. */
function whole(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return bytes;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}

/** Bytes that are not text in this encoding. `before`: the text up to them. */
export class BadBytes extends Error {
  readonly before: string;
  constructor(before: string) {
    super('not text');
    this.name = 'BadBytes';
    this.before = before;
  }
}

export interface Decoder {
  /** @throws BadBytes */
  push(bytes: Buffer): string;
  /** What is left, or nothing. @throws BadBytes where the last character is not whole */
  end(): string;
}

export function createDecoder(encoding: Encoding): Decoder {
  if (encoding === 'utf-8') return utf8Decoder();
  if (encoding === 'utf-16le' || encoding === 'utf-16be') return wideDecoder(encoding === 'utf-16be');
  return { push: (bytes) => windows1252(bytes.toString('latin1')), end: () => '' };
}

function utf8Decoder(): Decoder {
  let left = Buffer.alloc(0);
  return {
    push(bytes) {
      const all = left.length > 0 ? Buffer.concat([left, bytes]) : bytes;
      const text = whole(all);
      // Copied: the caller may fill its buffer again.
      left = Buffer.from(all.subarray(text.length));
      const decoded = text.toString('utf8');
      if (!isUtf8(text)) throw new BadBytes(decoded.slice(0, Math.max(0, decoded.indexOf('\ufffd'))));
      return decoded;
    },
    end() {
      if (left.length > 0) throw new BadBytes('');
      return '';
    },
  };
}

function wideDecoder(swapped: boolean): Decoder {
  const decoder = new StringDecoder('utf16le');
  let left = Buffer.alloc(0);
  return {
    push(bytes) {
      const all = left.length > 0 ? Buffer.concat([left, bytes]) : bytes;
      const pairs = Buffer.from(all.subarray(0, all.length & ~1));
      left = Buffer.from(all.subarray(pairs.length));
      return decoder.write(swapped ? pairs.swap16() : pairs);
    },
    end() {
      if (left.length > 0) throw new BadBytes('');
      return decoder.end();
    },
  };
}

/** The characters that windows-1252 has where ISO 8859-1 has controls (WHATWG Encoding, index windows-1252). */
const HIGH = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function windows1252(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (character) => HIGH.charAt(character.charCodeAt(0) - 0x80));
}
