import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';

/**
 * A forwarded channel as whoever uses a TCP connection knows one: it ends when the other side does, says `close` once,
 * and takes what is only of use to a real socket without doing anything. It has no address of its own.
 */
class TunnelSocket extends Duplex {
  readonly connecting = false;
  readonly pending = false;
  readonly #channel: ClientChannel;
  #ended = false;

  constructor(channel: ClientChannel) {
    super({ allowHalfOpen: false });
    this.#channel = channel;
    channel.on('data', (bytes: Buffer) => {
      if (!this.push(bytes)) channel.pause();
    });
    channel.once('end', () => this.#end());
    channel.once('close', () => {
      this.#end();
      // What has come is still there to be read; nothing that is written would arrive.
      if (this.readableLength === 0) this.destroy();
    });
    channel.on('error', (error: Error) => this.destroy(error));
    // As with a socket of `Egress.connect`: whoever uses it sees an error as `close`.
    this.on('error', () => {});
  }

  #end(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    this.push(null);
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#channel.writable) this.#channel.write(chunk, encoding, done);
    else done(Object.assign(new Error('the tunnel is closed'), { code: 'EPIPE' }));
  }

  override _final(done: (error?: Error | null) => void): void {
    quietly(() => this.#channel.end());
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    quietly(() => this.#channel.close());
    done(error);
  }

  /** As of a socket: what was written goes out first. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** ssh2 throws where its connection has gone. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // there is nothing left to be told
  }
}

export function tunnelSocket(channel: ClientChannel): Socket {
  return new TunnelSocket(channel) as unknown as Socket;
}
