import type { Reader } from './reader.ts';

/** The server's own refusal (token ERROR). Its message is from outside. */
export class ServerError extends Error {
  readonly number: number;
  /** Where in the server it was raised; of a login, why it failed, where the server says so. */
  readonly state: number;

  constructor(number: number, state: number, message: string) {
    super(message);
    this.name = 'ServerError';
    this.number = number;
    this.state = state;
  }
}

/** @throws RangeError where the token is cut short */
export function serverError(token: Reader): ServerError {
  const number = token.uint(4);
  const state = token.uint(1);
  token.uint(1);
  return new ServerError(number, state, token.text(2));
}
