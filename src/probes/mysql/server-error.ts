import { Reader } from './reader.ts';

export const ERROR = 0xff;

/** The server's own refusal ("ERR_Packet"). Its message is from outside, and begins with the SQL state. */
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
  return new ServerError(errno, reader.rest().toString('utf8'));
}

/** The words alone. Cleaned first: what stands in place of the SQL state may be the beginning of a secret. */
export function withoutState(cleaned: string): string {
  // Before the capabilities are known there is no state in it.
  return cleaned.replace(/^#[0-9A-Z]{5}/, '');
}
