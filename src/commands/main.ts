import { readSettings, readTerminalWishes } from '../settings.ts';
import { VERSION } from '../version.ts';
import { globalFlags, readArguments } from './arguments.ts';
import type { Outcome } from './command.ts';
import { errorLines, exitCodeOf, shown } from './errors.ts';
import { helpOf, overview } from './help.ts';
import { COMMANDS, type CommandEntry } from './index.ts';
import { toJson } from './output/json.ts';
import { createOutput, type Output } from './output/output.ts';
import { didYouMean, usageError } from './usage-error.ts';

/** Runs a command, says what came of it, and ends the process with its exit code. */
export async function main(args: readonly string[]): Promise<never> {
  const wishes = readTerminalWishes();
  const err = createOutput(process.stderr, wishes, () => {});
  const out = createOutput(process.stdout, wishes, () => {
    err.write('headwater: the output cannot be written\n');
    process.exit(1);
  });
  const code = await run(args, out, err);
  await Promise.all([out.flushed(), err.flushed()]);
  // A cancelled name lookup would hold the process until the system gives it up.
  process.exit(code);
}

async function run(args: readonly string[], out: Output, err: Output): Promise<number> {
  const json = globalFlags(args).has('json');
  try {
    const { document, lines, notes = [], ok = true } = await outcomeOf(args, out, err, json);
    const text = () => lines().map((line) => `${line}\n`);
    out.write(json ? toJson(document, out) : text().join(''));
    if (!json) for (const note of notes) err.write(`${note}\n`);
    return ok ? 0 : 1;
  } catch (thrown) {
    const error = shown(thrown);
    if (json) out.write(toJson({ error }, out));
    else err.write(`${errorLines(err, error).join('\n')}\n`);
    return exitCodeOf(error);
  }
}

async function outcomeOf(args: readonly string[], out: Output, err: Output, json: boolean): Promise<Outcome> {
  const flags = globalFlags(args);
  const at = args.findIndex((arg) => !arg.startsWith('-'));
  const name = at < 0 ? undefined : args[at];
  const rest = args.filter((_, index) => index !== at);
  if (name === 'help' || flags.has('help')) return await help(out, name === 'help' ? firstWord(rest) : name);
  if (flags.has('version')) return { document: { version: VERSION }, lines: () => [VERSION] };

  const [known, entry] = commandNamed(name ?? 'stdio');
  const command = await entry.load();
  const input = readArguments(known, command, rest);
  // Help and wrong arguments need none of it.
  const { prepareApp } = await import('../app.ts');
  const app = await prepareApp(readSettings(undefined, command.standard));
  for (const { file, message } of app.leftOut) err.write(`headwater: ${file} was left out: ${message}\n`);
  try {
    // The tables that `input` was read by are those that `run` was typed for.
    return await command.run(input as never, { app, out, json });
  } finally {
    await app.close();
  }
}

async function help(out: Output, name: string | undefined): Promise<Outcome> {
  if (name === undefined) return { document: { version: VERSION, commands: summaries() }, lines: () => overview(out) };
  const [known, entry] = commandNamed(name);
  const command = await entry.load();
  return { document: { command: known, summary: entry.summary }, lines: () => helpOf(out, known, command) };
}

function summaries(): { command: string; summary: string }[] {
  return Object.entries(COMMANDS).map(([command, { summary }]) => ({ command, summary }));
}

function commandNamed(name: string): [name: string, entry: CommandEntry] {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry) return [name, entry];
  const known = Object.keys(COMMANDS);
  throw usageError(
    `There is no command ${JSON.stringify(name)}.${didYouMean(name, known)}`,
    `Commands: ${known.join(', ')}, help.`,
  );
}

function firstWord(args: readonly string[]): string | undefined {
  return args.find((arg) => !arg.startsWith('-'));
}
