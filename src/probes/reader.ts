/** Reads bytes in order, numbers little-endian, and never past their end. Every method throws where they run out. */
export class ByteReader {
  protected readonly bytes: Buffer;
  protected at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** An unsigned number of 1 to 6 bytes. */
  uint(length: number): number {
    return this.take(length).readUIntLE(0, length);
  }

  take(length: number): Buffer {
    if (length > this.left) throw new RangeError('the bytes run out');
    const taken = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return taken;
  }
}
