import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import type { Parameter, Parameters, Values } from './parameters.ts';
import { didYouMean, usageError } from './usage-error.ts';

/** What every command takes. */
export const GLOBAL_FLAGS = {
  json: { short: undefined, description: 'Print one JSON document, for programs.' },
  help: { short: 'h', description: 'Show this help.' },
  version: { short: 'V', description: 'Show the version.' },
} as const;
export type GlobalFlag = keyof typeof GLOBAL_FLAGS;

/** Which of the global flags are there, wherever they stand. */
export function globalFlags(args: readonly string[]): ReadonlySet<GlobalFlag> {
  const end = args.indexOf('--');
  const options = end < 0 ? args : args.slice(0, end);
  const found = Object.entries(GLOBAL_FLAGS) as [GlobalFlag, { short: string | undefined }][];
  return new Set(
    found
      .filter(([name, { short }]) => options.some((arg) => arg === `--${name}` || (short && arg === `-${short}`)))
      .map(([name]) => name),
  );
}

/**
 * Reads a command's arguments by its tables.
 * @throws HeadwaterError INVALID_ARGUMENTS for what is unknown, missing or of the wrong form
 */
export function readArguments(name: string, command: Command, args: readonly string[]): Values<Parameters> {
  const options: Parameters = command.options;
  const types = Object.entries(options).map(([option, { placeholder }]) => [
    option,
    { type: placeholder === undefined ? ('boolean' as const) : ('string' as const) },
  ]);
  const { tokens, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(types),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, value, inlineValue } = token;
    const own = rawName.startsWith('--') && Object.hasOwn(options, token.name);
    if (!own && !isGlobal(rawName)) throw unknownOption(name, rawName, Object.keys(options));
    const read = readOption(rawName, options[token.name], value, inlineValue === true);
    if (own) values[token.name] = read;
  }
  Object.assign(values, readPositionals(name, command, positionals));
  refuseMissing(name, options, values);
  return values;
}

function readOption(
  rawName: string,
  option: Parameter | undefined,
  given: string | undefined,
  inline: boolean,
): unknown {
  if (option?.placeholder === undefined) {
    if (given !== undefined) throw usageError(`${rawName} takes no value.`);
    return true;
  }
  // `--config --json` is a forgotten value; `--config -` is standard input.
  if (given === undefined || (!inline && given.length > 1 && given.startsWith('-'))) {
    throw usageError(`${rawName} needs a value: ${rawName} ${option.placeholder}`);
  }
  return readValue(rawName, option, given);
}

function readValue(what: string, { read, expects, choices }: Parameter, given: string): unknown {
  const value = read(given);
  if (value !== undefined) return value;
  throw usageError(`${what} must be ${expects ?? 'some text'}.`, choices && didYouMean(given, choices).trim());
}

function readPositionals(
  name: string,
  { positionals, surplus }: Pick<Command, 'positionals' | 'surplus'>,
  given: readonly string[],
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const left = [...given];
  for (const [key, positional] of Object.entries(positionals)) {
    const word = positional.rest ? left.splice(0).join(' ') : (left.shift() ?? '');
    if (word !== '') values[key] = readValue(positional.placeholder ?? key, positional, word);
    else if (positional.required) throw missing(name, positional.placeholder ?? key);
  }
  if (left.length > 0 && surplus) throw usageError(surplus.message, surplus.hint);
  if (left.length > 0) throw usageError(`"${left[0]}" is one argument too many.`, seeHelp(name));
  return values;
}

function refuseMissing(name: string, options: Parameters, values: Readonly<Record<string, unknown>>): void {
  for (const [option, { required, placeholder }] of Object.entries(options)) {
    if (required && values[option] === undefined) throw missing(name, `--${option} ${placeholder}`);
  }
}

function missing(name: string, what: string): Error {
  return usageError(`${what} is missing.`, seeHelp(name));
}

function unknownOption(name: string, rawName: string, options: readonly string[]): Error {
  const known = [...options, ...Object.keys(GLOBAL_FLAGS)].map((option) => `--${option}`);
  return usageError(`${name} has no option ${rawName}.${didYouMean(rawName, known)}`, seeHelp(name));
}

function isGlobal(rawName: string): boolean {
  return Object.entries(GLOBAL_FLAGS).some(([flag, { short }]) => rawName === `--${flag}` || rawName === `-${short}`);
}

function seeHelp(name: string): string {
  return `\`headwater ${name} --help\` shows how it is used.`;
}
