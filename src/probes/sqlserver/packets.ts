import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { type Facts, StepFailure } from '../problems/index.ts';
import { connectionLost } from '../tls-failures.ts';

/** Types of messages (MS-TDS 2.2.3.1.1). */
export const MESSAGE = { batch: 0x01, reply: 0x04, attention: 0x06, login: 0x10, prelogin: 0x12 } as const;

export const HEADER = 8;
const END_OF_MESSAGE = 0x01;
const PACKET_SIZE = 4096;
/** Nothing that is asked here has an answer as long. */
const LONGEST_MESSAGE = 16 * 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
/** Messages that nobody has asked for yet: an answer, and one to what was told to stop. */
const MOST_WAITING = 16;

interface Waiting {
  resolve: (message: Buffer) => void;
  reject: (error: unknown) => void;
}

/** A message as packets: eight bytes of header each, of which type, status and length (big-endian, itself included). */
export function framed(type: number, payload: Buffer): Buffer {
  const room = PACKET_SIZE - HEADER;
  const count = Math.max(1, Math.ceil(payload.length / room));
  const packets = Array.from({ length: count }, (_, i) => {
    const body = payload.subarray(i * room, (i + 1) * room);
    const header = Buffer.alloc(HEADER);
    header[0] = type;
    header[1] = i === count - 1 ? END_OF_MESSAGE : 0;
    header.writeUInt16BE(HEADER + body.length, 2);
    header[6] = (i + 1) % 256;
    return Buffer.concat([header, body]);
  });
  return Buffer.concat(packets);
}

/**
 * The messages of a server that has been logged in to, or is about to be. What it sends is bounded and made of reply
 * packets, or the socket is closed: no parser is ever reached by anything else.
 */
export class Messages {
  readonly #socket: Socket;
  readonly #facts: Facts;
  #pieces: Buffer[] = [];
  #held = 0;
  #wanted = HEADER;
  #total = 0;
  /** Payloads of the message that has begun. */
  #parts: Buffer[] = [];
  #length = 0;
  #whole: Buffer[] = [];
  #waiting: Waiting | undefined;
  #failure: StepFailure | undefined;

  constructor(socket: Socket, facts: Facts) {
    this.#socket = socket;
    this.#facts = facts;
    socket.on('data', this.#onData);
    socket.once('close', this.#onClose);
    if (socket.destroyed) this.#onClose();
    else socket.resume();
  }

  /** The payload of the next message. @throws StepFailure CONNECTION_LOST or WRONG_PROTOCOL */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#serve();
    });
  }

  /** `over`: where a login is encrypted alone, it goes another way than the answer comes. */
  send(type: number, payload: Buffer, over: Writable = this.#socket): void {
    over.write(framed(type, payload));
  }

  /** Says that what came is not the protocol, and hangs up. */
  broken(what: string): StepFailure {
    this.#failure ??= new StepFailure('WRONG_PROTOCOL', { ...this.#facts, what });
    this.#socket.destroy();
    return this.#failure;
  }

  readonly #onData = (bytes: Buffer) => {
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    this.#total += bytes.length;
    if (this.#total > MOST_BYTES) this.broken('it sends without end');
    else if (this.#held >= this.#wanted) this.#cut();
    this.#serve();
  };

  readonly #onClose = () => {
    this.#failure ??= connectionLost(this.#socket, this.#facts);
    this.#serve();
  };

  /** Takes whole packets out of what has come. Pieces are joined once, when they are enough for one. */
  #cut(): void {
    const all = this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces);
    let at = 0;
    this.#wanted = HEADER;
    while (all.length - at >= HEADER) {
      const length = all.readUInt16BE(at + 2);
      if (all[at] !== MESSAGE.reply || length < HEADER) return void this.broken('its answer is not of this protocol');
      if (length > all.length - at) {
        this.#wanted = length;
        break;
      }
      this.#length += length;
      if (this.#length > LONGEST_MESSAGE) return void this.broken('its answer is too long');
      if (this.#whole.length >= MOST_WAITING) return void this.broken('it sends without end');
      this.#parts.push(all.subarray(at + HEADER, at + length));
      if (((all[at + 1] ?? 0) & END_OF_MESSAGE) !== 0) this.#complete();
      at += length;
    }
    this.#pieces = [all.subarray(at)];
    this.#held = all.length - at;
  }

  #complete(): void {
    this.#whole.push(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#length = 0;
  }

  #serve(): void {
    const waiting = this.#waiting;
    const message = this.#whole[0];
    if (!waiting) return;
    if (message) {
      this.#whole.shift();
      waiting.resolve(message);
    } else if (this.#failure) waiting.reject(this.#failure);
    else return;
    this.#waiting = undefined;
  }
}
