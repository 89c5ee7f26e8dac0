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

/** Stands for a secret in what is only shown, and prints as where it comes from. It holds none and cannot be sent. */
export class PlannedSecret extends Secret {
  readonly #shown: string;

  constructor(shown: string) {
    super('');
    this.#shown = shown;
  }

  override reveal(): string {
    throw new TypeError('a planned secret was to be sent');
  }

  override toJSON(): string {
    return this.#shown;
  }
}

/** Several secrets as one text for the vault. */
export function packSecrets(secrets: Readonly<Record<string, Secret>>): string {
  return JSON.stringify(textsOf(secrets));
}

/** Several secrets as the texts that a form would give them as. They are sealed or sent as they are, never shown. */
export function textsOf(secrets: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(secrets).map(([name, secret]) => [name, secret.reveal()]));
}

/** What `packSecrets` made, as secrets again. */
export function unpackSecrets(text: string): Record<string, Secret> {
  const values = JSON.parse(text) as Record<string, string>;
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, new Secret(value)]));
}
