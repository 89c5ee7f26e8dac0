import { type Doc, numberOf, textOf } from './documents.ts';

/** The server's own refusal. Its message is from outside. */
export class ServerError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ServerError';
    this.code = code;
  }

  static of(answer: Doc): ServerError {
    return new ServerError(numberOf(answer['code']) ?? 0, textOf(answer['errmsg']) ?? '');
  }
}
