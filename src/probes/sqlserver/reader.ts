import { ByteReader } from '../reader.ts';

/** Reads a message's fields in order. Every method throws where the bytes run out. */
export class Reader extends ByteReader {
  /** UTF-16 text behind its length in characters, which has `width` bytes ("B_VARCHAR", "US_VARCHAR"). */
  text(width: 1 | 2): string {
    return this.take(this.uint(width) * 2).toString('utf16le');
  }

  /** The bytes behind a length of `width` bytes, to be read by themselves. */
  part(width: 2 | 4): Reader {
    return new Reader(this.take(this.uint(width)));
  }
}
