import type { Socket } from 'node:net';
import { type Facts, StepFailure } from '../problems/index.ts';
import { connectionLost } from '../tls-failures.ts';

const HEADER = 4;
/** Nothing that is asked here has an answer as long; the protocol's own limit is 16 MB, and then continued. */
const LONGEST_PACKET = 4 * 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;
/** Packets that wait to be read; beyond, the socket is not read from. */
const MOST_WAITING = 1000;

interface Waiting {
  resolve: (payload: Buffer) => void;
  reject: (error: unknown) => void;
}

/**
 * MySQL's packets over a socket: three bytes of length, one of sequence, the payload. What the server sends is bounded
 * and in order, or the socket is closed: a driver's parser is never reached by anything else, for there is none.
 */
export class Packets {
  readonly #socket: Socket;
  readonly #facts: Facts;
  #whole: Buffer[] = [];
  #read = 0;
  #pieces: Buffer[] = [];
  #held = 0;
  #wanted = HEADER;
  #total = 0;
  #sequence: number;
  #waiting: Waiting | undefined;
  #failure: StepFailure | undefined;

  /** `sequence`: the number of the packet that comes next, whichever side sends it. */
  constructor(socket: Socket, facts: Facts, sequence: number) {
    this.#socket = socket;
    this.#facts = facts;
    this.#sequence = sequence;
    socket.on('data', this.#onData);
    socket.once('close', this.#onClose);
    if (socket.destroyed) this.#onClose();
    else socket.resume();
  }

  /** The next payload. @throws StepFailure CONNECTION_LOST or WRONG_PROTOCOL */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#serve();
    });
  }

  send(payload: Buffer): void {
    const header = Buffer.alloc(HEADER);
    header.writeUIntLE(payload.length, 0, 3);
    header[3] = this.#takeNumber();
    this.#socket.write(Buffer.concat([header, payload]));
  }

  /** Sends the first packet of a command. */
  command(code: number, argument: string | Buffer = ''): void {
    this.#sequence = 0;
    this.send(Buffer.concat([Buffer.from([code]), Buffer.from(argument)]));
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
    if (this.#whole.length - this.#read > MOST_WAITING) this.#socket.pause();
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
      const length = all.readUIntLE(at, 3);
      if (length > LONGEST_PACKET) return void this.broken('its answer is not of this protocol');
      const end = at + HEADER + length;
      if (end > all.length) {
        this.#wanted = end - at;
        break;
      }
      if (all[at + 3] !== this.#takeNumber()) return void this.broken('its packets are out of order');
      this.#whole.push(all.subarray(at + HEADER, end));
      at = end;
    }
    this.#pieces = [all.subarray(at)];
    this.#held = all.length - at;
  }

  #takeNumber(): number {
    const number = this.#sequence;
    this.#sequence = (number + 1) % 256;
    return number;
  }

  #serve(): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    const payload = this.#whole[this.#read];
    if (payload) {
      this.#read += 1;
      waiting.resolve(payload);
    } else if (this.#failure) waiting.reject(this.#failure);
    else {
      this.#whole = [];
      this.#read = 0;
      this.#socket.resume();
      return;
    }
    this.#waiting = undefined;
  }
}
