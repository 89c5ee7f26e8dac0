import type { Socket } from 'node:net';
import { type Document, deserialize, serialize } from 'bson';
import { fingerprint } from '../fingerprint.ts';
import { type Facts, StepFailure } from '../problems/index.ts';
import { connectionLost } from '../tls-failures.ts';
import { type Doc, docOf, numberOf } from './documents.ts';
import { ServerError } from './server-error.ts';

const HEADER = 16;
const OP_MSG = 2013;
const FLAGS = 4;
const CHECKSUM = 4;
const CHECKSUM_PRESENT = 1;
/** Required bits that are known but never asked for, and bits that nobody knows. */
const OTHER_REQUIRED_FLAGS = 0xfffe;
/** The largest document is 16 MB, and a little comes around it. */
const LONGEST_MESSAGE = 17 * 1024 * 1024;
/** Until somebody has proved who they are: a document of 17 MB can be made to take ten seconds to read. */
const LONGEST_BEFORE_LOGIN = 256 * 1024;
const MOST_BYTES = 96 * 1024 * 1024;
const SHOWN_BYTES = 64;

interface Waiting {
  exact: boolean;
  resolve: (answer: Doc) => void;
  reject: (error: unknown) => void;
}

/**
 * MongoDB's messages over a socket ("OP_MSG"): each command gets one answer, matched by its number. What the server
 * sends is bounded and has the right form, or the socket is closed.
 */
export class Wire {
  readonly socket: Socket;
  readonly #facts: Facts;
  readonly #waiting = new Map<number, Waiting>();
  #pieces: Buffer[] = [];
  #held = 0;
  #wanted = HEADER;
  #total = 0;
  #number = 0;
  #longest = LONGEST_BEFORE_LOGIN;
  #failure: StepFailure | undefined;
  /** What came first, for whoever wants to know what answers there. */
  first: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, facts: Facts) {
    this.socket = socket;
    this.#facts = facts;
    socket.on('data', this.#onData);
    socket.on('error', () => {});
    socket.once('close', this.#onClose);
    if (socket.destroyed) this.#onClose();
    else socket.resume();
  }

  /** How many commands have no answer yet. */
  get open(): number {
    return this.#waiting.size;
  }

  /**
   * One command. `exact` keeps the types of numbers apart.
   * @throws ServerError for the server's refusal, StepFailure where it breaks the protocol or hangs up
   */
  async command(command: Document, exact = false): Promise<Doc> {
    const answer = await new Promise<Doc>((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#number += 1;
      this.#waiting.set(this.#number, { exact, resolve, reject });
      this.socket.write(framed(this.#number, serialize(command, { ignoreUndefined: true })));
    });
    if (numberOf(unwrapped(answer['ok'])) === 1) return answer;
    throw ServerError.of(answer);
  }

  /** From now on answers may be as long as documents are. */
  loggedIn(): void {
    this.#longest = LONGEST_MESSAGE;
  }

  /** Says that what came is not the protocol, and hangs up. */
  broken(what: string): StepFailure {
    const failure = new StepFailure('WRONG_PROTOCOL', { ...this.#facts, what });
    this.#fail(failure);
    this.socket.destroy();
    return failure;
  }

  readonly #onData = (bytes: Buffer) => {
    if (this.first.length < SHOWN_BYTES) this.first = Buffer.concat([this.first, bytes]).subarray(0, SHOWN_BYTES);
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    this.#total += bytes.length;
    if (this.#total > MOST_BYTES) this.broken('it sends without end');
    else if (this.#held >= this.#wanted) this.#cut();
  };

  readonly #onClose = () => {
    // Another server's word may be shorter than a header.
    if (this.first.length > 0 && this.#total < HEADER) this.broken(fingerprint(this.first));
    else this.#fail(connectionLost(this.socket, this.#facts));
  };

  #fail(failure: StepFailure): void {
    this.#failure ??= failure;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }

  /** Takes whole messages out of what has come. Pieces are joined once, when they are enough for one. */
  #cut(): void {
    const all = this.#pieces.length === 1 ? (this.#pieces[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#pieces);
    let at = 0;
    this.#wanted = HEADER;
    while (all.length - at >= HEADER) {
      const length = all.readInt32LE(at);
      const fits = length > HEADER + FLAGS && length <= this.#longest && all.readInt32LE(at + 12) === OP_MSG;
      if (!fits || !this.#waiting.has(all.readInt32LE(at + 8))) return void this.broken(fingerprint(this.first));
      if (at + length > all.length) {
        this.#wanted = length;
        break;
      }
      this.#answer(all.subarray(at, at + length));
      if (this.#failure) return;
      at += length;
    }
    this.#pieces = [all.subarray(at)];
    this.#held = all.length - at;
  }

  #answer(message: Buffer): void {
    const number = message.readInt32LE(8);
    const waiting = this.#waiting.get(number);
    if (!waiting) return;
    const body = bodyOf(message, waiting.exact);
    if (!body) return void this.broken('its answer cannot be read');
    this.#waiting.delete(number);
    waiting.resolve(body);
  }
}

function framed(number: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEADER + FLAGS + 1);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(number, 4);
  head.writeInt32LE(OP_MSG, 12);
  return Buffer.concat([head, body]);
}

/** The one document of an answer; undefined where there is anything else. */
function bodyOf(message: Buffer, exact: boolean): Doc | undefined {
  const flags = message.readUInt32LE(HEADER);
  if ((flags & OTHER_REQUIRED_FLAGS) !== 0) return undefined;
  const end = message.length - ((flags & CHECKSUM_PRESENT) !== 0 ? CHECKSUM : 0);
  const body = message.subarray(HEADER + FLAGS + 1, end);
  if (message[HEADER + FLAGS] !== 0) return undefined;
  try {
    return docOf(deserialize(body, { promoteValues: !exact, bsonRegExp: true, validation: { utf8: false } }));
  } catch {
    // Cut short, of unknown types, or nested more deeply than there is room for.
    return undefined;
  }
}

function unwrapped(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}
