import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { framed, HEADER, MESSAGE } from './packets.ts';

/**
 * A socket whose bytes travel inside prelogin packets, as TDS 7 wants the handshake of TLS to; once that is done they
 * travel as they are. TLS must be no newer than 1.2: with 1.3 the client's last words of the handshake cannot be told
 * from the first behind it.
 */
export class Wrapped extends Duplex {
  readonly #socket: Socket;
  #wraps = true;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.once('close', this.#onClose);
  }

  /** From now on both sides talk as they are. */
  unwrap(): void {
    this.#wraps = false;
  }

  /** From now on only what is written goes this way; what comes is for whoever reads the socket itself. */
  release(): void {
    this.unwrap();
    this.#socket.off('data', this.#onData);
    this.#socket.pause();
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(bytes, done);
  }

  /** What TLS says in one go is one message. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.off('data', this.#onData);
    this.#socket.destroy();
    done(error);
  }

  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    this.#socket.write(this.#wraps ? framed(MESSAGE.prelogin, bytes) : bytes, done);
  }

  readonly #onClose = () => {
    this.destroy(this.#socket.errored ?? undefined);
  };

  readonly #onData = (bytes: Buffer) => {
    this.#held = Buffer.concat([this.#held, bytes]);
    const unwrapped = this.#wraps ? this.#taken() : this.#rest();
    if (unwrapped.length > 0 && !this.push(unwrapped)) this.#socket.pause();
  };

  /** The payloads of whole packets. What is no packet goes to TLS as it is, which knows what to say of it. */
  #taken(): Buffer {
    const payloads: Buffer[] = [];
    while (this.#held.length >= HEADER) {
      const [type] = this.#held;
      const length = this.#held.readUInt16BE(2);
      if ((type !== MESSAGE.prelogin && type !== MESSAGE.reply) || length < HEADER) return this.#rest();
      if (this.#held.length < length) break;
      payloads.push(this.#held.subarray(HEADER, length));
      this.#held = this.#held.subarray(length);
    }
    return Buffer.concat(payloads);
  }

  #rest(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }
}
