import { inspect } from 'node:util';

/**
 * A secret value. It prints as `[secret]` in every way JavaScript has of printing.
 * `reveal()` is for `secrets/`, `net/` and `probes/` only (a layer test proves it).
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }

  [Symbol.toPrimitive](): string {
    return '[secret]';
  }
}
