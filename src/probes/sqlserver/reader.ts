/** Reads a message's fields in order, little-endian, and never past its end. Every method throws where the bytes run out. */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** An unsigned number of 1 to 6 bytes. */
  uint(length: number): number {
    return this.take(length).readUIntLE(0, length);
  }

  take(length: number): Buffer {
    if (length > this.left) throw new RangeError('the message is too short');
    const taken = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return taken;
  }

  /** UTF-16 text behind its length in characters, which has `width` bytes ("B_VARCHAR", "US_VARCHAR"). */
  text(width: 1 | 2): string {
    return this.take(this.uint(width) * 2).toString('utf16le');
  }

  /** The bytes behind a length of `width` bytes, to be read by themselves. */
  part(width: 2 | 4): Reader {
    return new Reader(this.take(this.uint(width)));
  }
}
