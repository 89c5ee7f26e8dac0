import { ByteReader } from '../reader.ts';

/** Reads one packet's fields in order ("Protocol Basics: Data Types"). Every method throws where the bytes run out. */
export class Reader extends ByteReader {
  rest(): Buffer {
    return this.take(this.left);
  }

  /** Bytes up to a zero, which is read over. */
  zeroEnded(): Buffer {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) throw new RangeError('a text without an end');
    const taken = this.take(end - this.at);
    this.at += 1;
    return taken;
  }

  /** A length-encoded number ("Protocol::LengthEncodedInteger"); undefined for the mark of NULL. */
  lengthEncoded(): number | undefined {
    const first = this.uint(1);
    if (first < 0xfb) return first;
    if (first === 0xfb) return undefined;
    if (first === 0xfc) return this.uint(2);
    if (first === 0xfd) return this.uint(3);
    throw new RangeError('a length that no packet has');
  }

  /** A length-encoded text; null for NULL. */
  text(): string | null {
    const length = this.lengthEncoded();
    return length === undefined ? null : this.take(length).toString('utf8');
  }
}
