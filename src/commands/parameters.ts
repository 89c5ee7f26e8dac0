/** A value on the command line: a positional, or the value of an option. An option without placeholder is a flag. */
export interface Parameter<T = unknown> {
  /** How the help shows it: `FILE|-`. */
  placeholder?: string;
  description: string;
  required?: boolean;
  /** Takes all the words that are left, as one text. */
  rest?: boolean;
  /** @returns undefined where the text is not such a value */
  read: (text: string) => T | undefined;
  /** What `read` takes, for the message: `one of cdc`. */
  expects?: string;
  choices?: readonly string[];
}

export type Parameters = Readonly<Record<string, Parameter>>;

type RequiredNames<P extends Parameters> = { [N in keyof P]: P[N] extends { required: true } ? N : never }[keyof P];
type ValueOf<P> = P extends Parameter<infer T> ? T : never;
export type Values<P extends Parameters> = { [N in RequiredNames<P>]: ValueOf<P[N]> } & {
  [N in Exclude<keyof P, RequiredNames<P>>]?: ValueOf<P[N]>;
};

export const flag = (description: string): Parameter<boolean> => ({ description, read: () => true });

export const text = (placeholder: string, description: string) => ({ placeholder, description, read: notEmpty });

export function choice<const T extends string>(
  placeholder: string,
  choices: readonly T[],
  description: string,
): Parameter<T> {
  return {
    placeholder,
    description,
    choices,
    expects: choices.length > 1 ? `one of ${choices.join(', ')}` : choices.join(),
    read: (given) => choices.find((each) => each.toLowerCase() === given.toLowerCase()),
  };
}

export function number(
  placeholder: string,
  { min, max, whole = false }: { min: number; max: number; whole?: boolean },
  description: string,
): Parameter<number> {
  return {
    placeholder,
    description,
    expects: `${whole ? 'a whole number' : 'a number'} from ${min} to ${max}`,
    read: (given) => {
      const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
      return value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : undefined;
    },
  };
}

function notEmpty(given: string): string | undefined {
  return given.trim() === '' ? undefined : given;
}
