import { Reader } from './reader.ts';

export const ERROR = 0xff;

/** The server's own refusal ("ERR_Packet"). Its message is from outside. */
export class ServerError extends Error {
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.name = 'ServerError';
    this.errno = errno;
  }
}

/** @throws RangeError where the packet is cut short */
export function serverError(payload: Buffer): ServerError {
  const reader = new Reader(payload);
  reader.uint(1);
  const errno = reader.uint(2);
  const text = reader.rest().toString('utf8');
  // Before the capabilities are known there is no SQL state in it.
  return new ServerError(errno, text.replace(/^#[0-9A-Z]{5}/, ''));
}
